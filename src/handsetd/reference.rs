//! The reference of verbs, targets and statuses, from the tables that the code itself uses.
//!
//! Each topic is a [`Document`]. `handsetd help` prints it; `packaging/doc/verbs.md` and the pages of
//! the manual are rendered from the same documents, and a test keeps them current.

#[cfg(test)]
mod checked_in;
#[cfg(test)]
mod configuration;
mod document;
mod example;
#[cfg(test)]
mod manual;
#[cfg(test)]
mod markdown;
mod statuses;
mod targets;
mod text;
mod verbs;

use handset_phones::verb::Verb;

use document::Document;

pub(crate) use document::parts;
pub(crate) use verbs::describe;

/// What `handsetd help` explains besides commands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Topic {
    /// The keys of every verb.
    Keys,
    /// The statuses.
    Statuses,
    /// The targets of menu items and soft keys.
    Targets,
    /// One verb.
    Verb(Verb),
    /// The list of verbs.
    Verbs,
}

impl Topic {
    /// Returns the topic with this name.
    pub(crate) fn find(name: &str) -> Option<Self> {
        let named = GENERAL.iter().find(|(known, _)| *known == name);
        named
            .map(|(_, topic)| *topic)
            .or_else(|| Verb::find(name).map(Self::Verb))
    }

    /// Returns the names of all topics.
    pub(crate) fn names() -> impl Iterator<Item = &'static str> + Clone {
        let general = GENERAL.iter().map(|(name, _)| *name);
        general.chain(Verb::ALL.iter().map(|verb| verb.name()))
    }

    /// Returns what the topic is about, in a few words.
    #[cfg(test)]
    pub(crate) fn summary(self) -> &'static str {
        match self {
            Self::Keys => "The keys of every verb",
            Self::Statuses => "What came of a request",
            Self::Targets => "What menu items and soft keys do",
            Self::Verb(verb) => verb.row().summary,
            Self::Verbs => "All verbs",
        }
    }

    /// Returns the text of the topic in lines of up to `width` columns.
    pub(crate) fn text(self, width: usize, is_styled: bool) -> String {
        text::render(&self.document(), width, is_styled)
    }

    fn document(self) -> Document {
        match self {
            Self::Keys => verbs::common_keys(),
            Self::Statuses => statuses::document(),
            Self::Targets => targets::document(),
            Self::Verb(verb) => verbs::with_phones(verb.row()),
            Self::Verbs => verbs::list(),
        }
    }
}

const GENERAL: [(&str, Topic); 4] = [
    ("keys", Topic::Keys),
    ("statuses", Topic::Statuses),
    ("targets", Topic::Targets),
    ("verbs", Topic::Verbs),
];
