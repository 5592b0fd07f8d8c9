//! From words to a request, or to a refusal that names the word.

use std::time::Duration;

use super::action::{Action, Content, Fit, Priority, Push};
use super::kind::Kind;
use super::table::TABLE;
use super::value::Values;
use super::{Key, Notify, Verb};
use crate::screen::{Body, Input, Item, Screen, SoftKey};

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
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
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
                None if verb.row().open && is_element(name) => &ELEMENT,
                None => {
                    return Err(Refusal::UnknownKey {
                        verb,
                        key: name.to_owned(),
                    });
                }
            };
            if !key.repeat && values.has(name) {
                return Err(Refusal::Twice {
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
            return Err(Refusal::Missing {
                verb,
                key: key.name,
            });
        }
        let action = action(verb, &mut values)?;
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

fn action(verb: Verb, values: &mut Values) -> Result<Action, Refusal> {
    Ok(match verb.name() {
        "background" => Action::Background {
            image: values
                .take("image")
                .ok_or(Refusal::Missing { verb, key: "image" })?,
            fit: if values.take("fit") == Some("contain") {
                Fit::Contain
            } else {
                Fit::Cover
            },
        },
        "clear" => Action::Clear,
        "notify" => {
            let event: String = values.take("event").unwrap_or_default();
            let (content_type, body) = (values.take("type"), values.take("body"));
            Action::Notify(Notify::parse(&event, content_type, body)?)
        }
        "ping" => Action::Ping,
        "push" => Action::Push(push(verb, values)?),
        "reboot" => Action::Reboot,
        "resync" => Action::Resync,
        "ring" => match (values.take("stop"), values.take("tone")) {
            (Some("yes"), None) => Action::RingStop,
            (None, Some(tone)) => Action::Ring(tone),
            (Some(_), Some(_)) => {
                return Err(Refusal::Both {
                    one: "tone",
                    other: "stop",
                });
            }
            (_, None) => return Err(Refusal::Missing { verb, key: "tone" }),
        },
        "ringtone" => Action::Ringtone {
            tone: values
                .take("tone")
                .ok_or(Refusal::Missing { verb, key: "tone" })?,
            line: values
                .take("line")
                .and_then(|line: u32| u8::try_from(line).ok()),
        },
        "forward" if !values.has("number") && values.take("state") != Some("off") => {
            return Err(Refusal::Missing {
                verb,
                key: "number",
            });
        }
        "settings" if !values.has("set") && !values.has("get") => {
            return Err(Refusal::Missing { verb, key: "set" });
        }
        "stream" if !values.has("address") && !values.has("stop") => {
            return Err(Refusal::Missing {
                verb,
                key: "address",
            });
        }
        _ => Action::Other(verb),
    })
}

/// What a push is about; more than one of them can't be shown at once.
const BODIES: [&str; 7] = ["image", "item", "entry", "input", "template", "xml", "url"];

fn push(verb: Verb, values: &mut Values) -> Result<Push, Refusal> {
    let mut given = BODIES.into_iter().filter(|key| values.has(key));
    let body = given.next();
    if let (Some(one), Some(other)) = (body, given.next()) {
        return Err(Refusal::Both { one, other });
    }
    if values.has("submit") && body != Some("input") {
        return Err(Refusal::Missing { verb, key: "input" });
    }
    let priority = match values.take("priority") {
        Some("idle") => Priority::Idle,
        Some("only-idle") => Priority::OnlyIdle,
        _ => Priority::Now,
    };
    let content = match body {
        Some("template") => Content::Template {
            name: values.take("template").unwrap_or_default(),
            values: alone(values, "template", &["softkey", "timeout", "beep"]).map(|()| {
                let texts = ["title", "prompt", "text"];
                texts
                    .map(|key| (key, values.take(key).unwrap_or_default()))
                    .to_vec()
            })?,
        },
        Some("xml") => {
            alone(values, "xml", SCREEN)?;
            Content::Document(values.take("xml").unwrap_or_default())
        }
        Some("url") => {
            alone(values, "url", SCREEN)?;
            Content::Url(
                values
                    .take("url")
                    .ok_or(Refusal::Missing { verb, key: "url" })?,
            )
        }
        body => Content::Screen(screen(verb, values, body)?),
    };
    Ok(Push { content, priority })
}

/// Keys that say how a screen of ours looks.
const SCREEN: &[&str] = &["text", "title", "prompt", "softkey", "timeout", "beep"];

/// Refuses keys that `key` leaves no use for, instead of ignoring them.
fn alone(values: &Values, key: &'static str, idle: &[&'static str]) -> Result<(), Refusal> {
    match idle.iter().find(|idle| values.has(idle)) {
        Some(other) => Err(Refusal::Both { one: key, other }),
        None => Ok(()),
    }
}

fn screen(verb: Verb, values: &mut Values, body: Option<&str>) -> Result<Screen, Refusal> {
    let text: Option<String> = values.take("text");
    let mut prompt: Option<String> = values.take("prompt");
    if body.is_some() {
        // Beside a picture or a list there is one place for words, the prompt.
        match (&prompt, &text) {
            (Some(_), Some(_)) => {
                return Err(Refusal::Both {
                    one: "prompt",
                    other: "text",
                });
            }
            (None, Some(_)) => prompt.clone_from(&text),
            (_, None) => {}
        }
    }
    let body = match body {
        Some("image") => Body::Image(
            values
                .take("image")
                .ok_or(Refusal::Missing { verb, key: "image" })?,
        ),
        Some("item") => Body::Menu(values.take_all("item")),
        Some("entry") => Body::Directory(values.take_all("entry")),
        Some("input") => Body::Form {
            submit: values.take("submit").ok_or(Refusal::Missing {
                verb,
                key: "submit",
            })?,
            inputs: distinct(values.take_all("input"))?,
        },
        _ => Body::Text(text.ok_or(Refusal::Missing { verb, key: "text" })?),
    };
    let softkey = |item: Item| SoftKey {
        label: item.label,
        target: item.target,
    };
    Ok(Screen {
        title: values.take("title"),
        prompt,
        body,
        softkeys: values
            .take_all("softkey")
            .into_iter()
            .map(softkey)
            .collect(),
        timeout: values.take("timeout"),
        beep: values.take("beep").map(|word: &str| word == "yes"),
    })
}

/// Refuses two fields of the same parameter: the second would hide the first.
fn distinct(inputs: Vec<Input>) -> Result<Vec<Input>, Refusal> {
    for (at, input) in inputs.iter().enumerate() {
        if inputs
            .iter()
            .take(at)
            .any(|before| before.parameter == input.parameter)
        {
            let why = format!("two inputs send the parameter {:?}", input.parameter);
            return Err(Refusal::malformed("input", why));
        }
    }
    Ok(inputs)
}

/// Whether `name` can be the path of an XML element, as an open verb takes them.
fn is_element(name: &str) -> bool {
    let part = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic())
            && part.chars().all(|c| c.is_ascii_alphanumeric())
    };
    name.len() <= 128 && name.split('.').all(part)
}

/// Stands for the elements of an open verb.
const ELEMENT: Key = Key {
    name: "",
    kind: Kind::Text,
    repeat: true,
    required: false,
};

/// Why a request is refused; the words name the key.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// Two keys that exclude each other.
    #[error("{one} and {other} can't be given together")]
    Both {
        /// One key.
        one: &'static str,
        /// The other.
        other: &'static str,
    },
    /// A value that is not what its key wants.
    #[error("{key}: {why}")]
    Malformed {
        /// The key.
        key: String,
        /// What is wrong with the value.
        why: String,
    },
    /// A key that must be there.
    #[error("{key} is missing; {verb} needs it")]
    Missing {
        /// The verb.
        verb: Verb,
        /// The key.
        key: &'static str,
    },
    /// A key that says nothing without another one.
    #[error("{key} needs {needed} beside it")]
    Needs {
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
    Twice {
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
        Self::Malformed {
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
