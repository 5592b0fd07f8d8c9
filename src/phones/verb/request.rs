//! From words to a request, or to a refusal that names the word.

use std::time::Duration;

use serde::Deserialize;

use super::table::TABLE;
use super::value::Values;
use super::{Action, Verb, csta, read};

/// What is asked, of whom, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The verb.
    pub verb: Verb,
    /// What the phone is to do.
    pub action: Action,
    /// Whose phone, as asked; `None` is the caller's own.
    pub phone: Option<String>,
    /// Whether the asker waits for the outcome.
    pub wait: bool,
    /// How long to hold it for a phone that is away.
    pub keep: Option<Duration>,
    /// Which way it must go; `None` leaves it to the phone.
    pub via: Option<Via>,
    /// How long the phone may take; `None` is as long as is usual for the verb.
    pub deadline: Option<Duration>,
}

/// A way to a phone.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Via {
    /// CSTA over HTTP.
    Csta,
    /// HTTP to the phone.
    Http,
    /// A SIP NOTIFY through Asterisk.
    Notify,
    /// A call that Asterisk places.
    Pbx,
}

impl Via {
    /// Returns the word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Csta => "csta",
            Self::Http => "http",
            Self::Notify => "notify",
            Self::Pbx => "pbx",
        }
    }
}

impl Request {
    /// Reads a verb and its keys and values; everything is checked before anything is done.
    pub fn parse<K, V>(verb: &str, pairs: impl IntoIterator<Item = (K, V)>) -> Result<Self, Refusal>
    where
        K: AsRef<str>,
        V: AsRef<str>,
    {
        let verb = Verb::find(verb).ok_or_else(|| Refusal::UnknownVerb {
            name: verb.to_owned(),
        })?;
        let mut values = Values::default();
        for (name, text) in pairs {
            let (name, text) = (name.as_ref(), text.as_ref());
            let key = match verb.row().key(name) {
                Some(key) => key,
                None if verb.row().takes_elements && csta::is_path(name) => {
                    values.add_element(name, text);
                    continue;
                }
                None => {
                    return Err(Refusal::UnknownKey {
                        verb,
                        key: name.to_owned(),
                    });
                }
            };
            if !key.repeatable && values.has(name) {
                return Err(Refusal::DuplicateKey {
                    key: name.to_owned(),
                });
            }
            let value = key.kind.read(text);
            values.add(name, value.map_err(|why| Refusal::malformed(name, why))?);
        }
        if let Some(key) = verb
            .row()
            .keys
            .iter()
            .find(|key| key.required && !values.has(key.name))
        {
            return Err(Refusal::MissingKey {
                verb,
                key: key.name,
            });
        }
        let action = read::action(verb, &mut values)?;
        Ok(Self {
            verb,
            action,
            phone: values.take("phone"),
            wait: values.take("wait") != Some("no"),
            keep: values.take("keep"),
            via: values.take("via").map(|word: &str| match word {
                "csta" => Via::Csta,
                "notify" => Via::Notify,
                "pbx" => Via::Pbx,
                _ => Via::Http,
            }),
            deadline: values.take("deadline"),
        })
    }
}

/// Why a request is refused; the words name the key.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Two keys that exclude each other.
    #[error("{one} and {other} can't be given together")]
    Conflict {
        /// One key.
        one: &'static str,
        /// The other.
        other: &'static str,
    },
    /// A value that is not what its key wants.
    #[error("{key}: {why}")]
    InvalidValue {
        /// The key.
        key: String,
        /// What is wrong with the value.
        why: String,
    },
    /// A key that must be there.
    #[error("{key} is missing; {verb} needs it")]
    MissingKey {
        /// The verb.
        verb: Verb,
        /// The key.
        key: &'static str,
    },
    /// A key that says nothing without another one.
    #[error("{key} needs {needed} beside it")]
    RequiresKey {
        /// The key.
        key: &'static str,
        /// The key that is missing.
        needed: &'static str,
    },
    /// A value without a key, for a verb that takes none.
    #[error("{verb} takes no value without a key, and {value:?} has none")]
    NoMainKey {
        /// The verb.
        verb: Verb,
        /// The value.
        value: String,
    },
    /// A key that may be given once.
    #[error("{key} is given twice; a comma in a value separates two, unless it is quoted")]
    DuplicateKey {
        /// The key.
        key: String,
    },
    /// A key that the verb does not have.
    #[error("{key:?} is no key of {verb}; its keys are {}", keys(*verb))]
    UnknownKey {
        /// The verb.
        verb: Verb,
        /// The key.
        key: String,
    },
    /// A verb that does not exist.
    #[error("{name:?} is no verb; verbs are {}", verbs())]
    UnknownVerb {
        /// The word.
        name: String,
    },
}

impl Refusal {
    pub(super) fn malformed(key: &str, why: String) -> Self {
        Self::InvalidValue {
            key: key.to_owned(),
            why,
        }
    }
}

fn keys(verb: Verb) -> String {
    let own = verb.row().keys.iter().chain(super::table::COMMON);
    own.map(|key| key.name).collect::<Vec<_>>().join(", ")
}

fn verbs() -> String {
    TABLE
        .iter()
        .map(|row| row.name)
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests;
