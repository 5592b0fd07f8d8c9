//! A step that waits.

use std::time::Duration;

use super::keyed::{KeyedError, is_common, mismatch};
use super::kind::Kind;
use super::outline::Outline;
use crate::rules::config::{Value, Values};
use crate::rules::context::Context;
use crate::rules::error::Error;
use crate::rules::template::Template;

impl From<Duration> for Outline {
    fn from(duration: Duration) -> Self {
        let duration = humantime::format_duration(duration).to_string();
        Self::new(Kind::Wait, duration, Vec::new())
    }
}

/// A pause whose duration is a template.
#[derive(Debug)]
pub(super) struct WaitTemplate(Template);

impl WaitTemplate {
    /// Compiles a step that waits for `value`.
    pub(super) fn compile(value: &Value, values: &Values) -> Result<Self, Vec<KeyedError>> {
        let Value::Text(text) = value else {
            return Err(vec![mismatch(WAIT, "must be a duration, such as \"5s\"")]);
        };
        let unknown = values.keys().find(|key| *key != WAIT && !is_common(key));
        if let Some(key) = unknown {
            let reason = "a step that waits has no such key; remove it".to_owned();
            return Err(vec![(Some(key.clone()), Error::InvalidValue { reason })]);
        }
        let error = |error| vec![(Some(WAIT.to_owned()), error)];
        let template = Template::parse(text).map_err(error)?;
        if let Some(literal) = template.literal() {
            parse(literal).map_err(error)?;
        }
        Ok(Self(template))
    }

    /// Returns the template, and its key.
    pub(super) fn template(&self) -> (&str, &Template) {
        (WAIT, &self.0)
    }

    /// Returns the duration.
    pub(super) fn fill(&self, context: &Context<'_>) -> Result<Duration, Error> {
        parse(self.0.fill(context)?.text())
    }
}

/// Parses a duration that a run may wait.
pub(super) fn parse(text: &str) -> Result<Duration, Error> {
    let invalid = |reason| Error::InvalidValue { reason };
    let duration = humantime::parse_duration(text.trim()).map_err(|error| {
        invalid(format!(
            "invalid duration {text:?}: {error}; write one such as 5s or 2m"
        ))
    })?;
    if duration > MAX_WAIT {
        let longest = humantime::format_duration(MAX_WAIT);
        return Err(invalid(format!(
            "a run waits {longest} at most, not {text}; use schedule for a time of day"
        )));
    }
    Ok(duration)
}

/// The longest pause of a run: a day, since a run does not survive a restart of handsetd.
const MAX_WAIT: Duration = Duration::from_hours(24);

const WAIT: &str = "wait";
