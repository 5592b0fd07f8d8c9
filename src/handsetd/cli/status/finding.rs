//! What an examination finds.

use serde::Serialize;

/// One thing that was examined.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub(super) struct Finding {
    area: &'static str,
    level: Level,
    text: String,
    /// What to do; `None` if there is nothing to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    cure: Option<String>,
}

/// How serious a finding is.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Level {
    Ok,
    /// An administrator should know; nothing fails.
    Note,
    /// Something fails.
    Fault,
}

impl Level {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Fault => "fault",
        }
    }
}

impl Finding {
    pub(super) fn good(area: &'static str, text: impl Into<String>) -> Self {
        Self::new(area, Level::Ok, text)
    }

    pub(super) fn note(area: &'static str, text: impl Into<String>) -> Self {
        Self::new(area, Level::Note, text)
    }

    pub(super) fn fault(area: &'static str, text: impl Into<String>) -> Self {
        Self::new(area, Level::Fault, text)
    }

    fn new(area: &'static str, level: Level, text: impl Into<String>) -> Self {
        Self {
            area,
            level,
            text: text.into(),
            cure: None,
        }
    }

    /// Adds what to do.
    pub(super) fn cure(self, cure: impl Into<String>) -> Self {
        Self {
            cure: Some(cure.into()),
            ..self
        }
    }

    pub(super) fn area(&self) -> &'static str {
        self.area
    }

    pub(super) fn level(&self) -> Level {
        self.level
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn cure_text(&self) -> Option<&str> {
        self.cure.as_deref()
    }
}
