//! A row of the table.

use super::key::{COMMON, Key};
use crate::verb::id::{Verb, closest};

/// One verb.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The verb.
    pub verb: Verb,
    /// What the verb does, as a short clause in the third person.
    pub summary: &'static str,
    /// What else to know before using it: one paragraph, with words to write in backticks; may be
    /// empty.
    pub details: &'static str,
    /// The key that a value without a key belongs to.
    pub main_key: Option<&'static str>,
    /// The verb's own keys, in addition to [`COMMON`].
    pub keys: &'static [Key],
    /// Whether other keys are accepted, as elements of a vendor's request.
    pub takes_elements: bool,
    /// What a delivery returns, as a noun phrase; `None` if nothing.
    pub result: Option<&'static str>,
    /// Requests that work as they are: keys and values.
    pub examples: &'static [&'static [(&'static str, &'static str)]],
}

impl Row {
    /// Returns the row of a verb without keys.
    pub(super) const fn new(verb: Verb, summary: &'static str) -> Self {
        Self {
            verb,
            summary,
            details: "",
            main_key: None,
            keys: &[],
            takes_elements: false,
            result: None,
            examples: &[&[]],
        }
    }

    pub(super) const fn details(self, details: &'static str) -> Self {
        Self { details, ..self }
    }

    pub(super) const fn keys(self, keys: &'static [Key]) -> Self {
        Self { keys, ..self }
    }

    pub(super) const fn main_key(self, main_key: &'static str) -> Self {
        Self {
            main_key: Some(main_key),
            ..self
        }
    }

    pub(super) const fn with_elements(self) -> Self {
        Self {
            takes_elements: true,
            ..self
        }
    }

    pub(super) const fn result(self, result: &'static str) -> Self {
        Self {
            result: Some(result),
            ..self
        }
    }

    pub(super) const fn examples(
        self,
        examples: &'static [&'static [(&'static str, &'static str)]],
    ) -> Self {
        Self { examples, ..self }
    }

    /// Returns the name of the verb.
    pub const fn name(&self) -> &'static str {
        self.verb.name()
    }

    /// Returns a key of this verb or of all verbs by its name.
    pub fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().chain(COMMON).find(|key| key.name == name)
    }

    /// Returns the names of all keys, those of the verb before those of all verbs.
    pub fn key_names(&self) -> impl Iterator<Item = &'static str> + Clone {
        self.keys.iter().chain(COMMON).map(|key| key.name)
    }

    /// Returns the key that `name`, which is none, is probably a misspelling of.
    pub fn misspelt_key(&self, name: &str) -> Option<&'static str> {
        self.key(name)
            .is_none()
            .then(|| closest(name, self.key_names()))?
    }
}
