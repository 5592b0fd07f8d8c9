//! What a push shows, read from its keys.

use url::Url;

use super::Verb;
use super::request::Refusal;
use super::value::Values;
use crate::screen::{Body, Input, Item, Screen, SoftKey};

/// Something to show, and when.
#[derive(Clone, Debug, PartialEq)]
pub struct Push {
    /// What to show.
    pub content: Content,
    /// When.
    pub priority: Priority,
}

/// What a push shows.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// A document in the vendor's own words.
    Document(String),
    /// A screen, to be written in the vendor's words.
    Screen(Screen),
    /// A file of the templates folder, filled in.
    Template {
        /// Its name.
        name: String,
        /// What it is filled in with.
        values: Vec<(&'static str, String)>,
    },
    /// A document that the phone fetches itself.
    Url(Url),
}

/// When a screen is shown.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Priority {
    /// As soon as the phone is idle.
    Idle,
    /// At once.
    #[default]
    Now,
    /// Only if the phone is idle.
    OnlyIdle,
}

impl Push {
    /// Reads the keys of `push`.
    pub(super) fn parse(verb: Verb, values: &mut Values) -> Result<Self, Refusal> {
        let mut given = BODIES.into_iter().filter(|key| values.has(key));
        let body = given.next();
        if let (Some(one), Some(other)) = (body, given.next()) {
            return Err(Refusal::Conflict { one, other });
        }
        if values.has("submit") && body != Some("input") {
            return Err(Refusal::MissingKey { verb, key: "input" });
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
                        .ok_or(Refusal::MissingKey { verb, key: "url" })?,
                )
            }
            body => Content::Screen(screen(verb, values, body)?),
        };
        Ok(Self { content, priority })
    }
}

/// Keys that say how a screen of ours looks.
const SCREEN: &[&str] = &["text", "title", "prompt", "softkey", "timeout", "beep"];

/// Refuses keys that `key` leaves no use for, instead of ignoring them.
fn alone(values: &Values, key: &'static str, idle: &[&'static str]) -> Result<(), Refusal> {
    match idle.iter().find(|idle| values.has(idle)) {
        Some(other) => Err(Refusal::Conflict { one: key, other }),
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
                return Err(Refusal::Conflict {
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
                .ok_or(Refusal::MissingKey { verb, key: "image" })?,
        ),
        Some("item") => Body::Menu(values.take_all("item")),
        Some("entry") => Body::Directory(values.take_all("entry")),
        Some("input") => Body::Form {
            submit: values.take("submit").ok_or(Refusal::MissingKey {
                verb,
                key: "submit",
            })?,
            inputs: distinct(values.take_all("input"))?,
        },
        _ => Body::Text(text.ok_or(Refusal::MissingKey { verb, key: "text" })?),
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

/// What a push is about; more than one of them can't be shown at once.
const BODIES: [&str; 7] = ["image", "item", "entry", "input", "template", "xml", "url"];
