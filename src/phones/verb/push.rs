//! The content of a push.

use std::collections::HashSet;

use url::Url;

use super::priority::Priority;
use super::refusal::Refusal;
use super::value::Values;
use crate::invalid_value::InvalidValue;
use crate::screen::{Body, Input, Item, Screen, SoftKey, Submit};
use crate::xml;

/// Content to show, and when.
#[derive(Clone, Debug, PartialEq)]
pub struct Push {
    /// The content.
    pub content: Content,
    /// When it is shown.
    pub priority: Priority,
}

/// The content of a push.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// A document in the vendor's own format.
    Document(String),
    /// A screen, to be written in the vendor's format.
    Screen(Screen),
    /// A file of the templates folder.
    Template {
        /// The file name.
        name: String,
        /// The values available to the template, by name.
        values: Vec<(&'static str, String)>,
    },
    /// A document that the phone fetches itself.
    Url(Url),
}

/// The key that decides what a push shows.
#[derive(Clone, Copy)]
enum BodyKey {
    Entry,
    Image,
    Input,
    Item,
    Template,
    Url,
    Xml,
}

impl Push {
    /// Reads the keys of `push`.
    pub(super) fn read(values: &mut Values) -> Result<Self, Refusal> {
        let body = body_key(values)?;
        if values.has("submit") && !matches!(body, Some(BodyKey::Input)) {
            return Err(values.missing("input"));
        }
        let priorities = [
            ("now", Priority::Now),
            ("idle", Priority::Idle),
            ("only-idle", Priority::OnlyIdle),
        ];
        let priority = values.word("priority", &priorities).unwrap_or_default();
        let content = match body {
            Some(BodyKey::Template) => {
                exclude(values, "template", &["softkey", "timeout", "beep"])?;
                Content::Template {
                    name: values.required("template")?,
                    values: ["title", "prompt", "text"]
                        .map(|key| (key, values.optional(key).unwrap_or_default()))
                        .to_vec(),
                }
            }
            Some(BodyKey::Xml) => {
                exclude(values, "xml", SCREEN_KEYS)?;
                Content::Document(values.required("xml")?)
            }
            Some(BodyKey::Url) => {
                exclude(values, "url", SCREEN_KEYS)?;
                Content::Url(values.required("url")?)
            }
            Some(BodyKey::Image) => {
                let image = Body::Image(values.required("image")?);
                Content::Screen(screen_with_prompt(values, image)?)
            }
            Some(BodyKey::Item) => {
                let items = Body::Menu(values.all("item"));
                Content::Screen(screen_with_prompt(values, items)?)
            }
            Some(BodyKey::Entry) => {
                let entries = Body::Directory(values.all("entry"));
                Content::Screen(screen_with_prompt(values, entries)?)
            }
            Some(BodyKey::Input) => {
                let form = Body::Form {
                    submit: values
                        .optional("submit")
                        .map_or(Submit::Handsetd, Submit::Url),
                    inputs: distinct(values.all("input"))?,
                };
                Content::Screen(screen_with_prompt(values, form)?)
            }
            None => {
                let text: String = values.required("text")?;
                if xml::clean(&text).trim().is_empty() {
                    let hint = "there is nothing to show; is a variable unset?";
                    return Err(Refusal::invalid("text", InvalidValue::Empty { hint }));
                }
                let prompt = values.optional("prompt");
                Content::Screen(screen(values, prompt, Body::Text(text)))
            }
        };
        Ok(Self { content, priority })
    }
}

/// Returns the key that decides what a push shows. Two such keys exclude each other.
fn body_key(values: &Values) -> Result<Option<BodyKey>, Refusal> {
    let mut given = BODY_KEYS.into_iter().filter(|(key, _)| values.has(key));
    match (given.next(), given.next()) {
        (Some((one, _)), Some((other, _))) => Err(Refusal::Conflict { one, other }),
        (key, _) => Ok(key.map(|(_, key)| key)),
    }
}

/// Refuses `others`, which have no effect beside `key`.
fn exclude(values: &Values, key: &'static str, others: &[&'static str]) -> Result<(), Refusal> {
    match others.iter().find(|other| values.has(other)) {
        Some(other) => Err(Refusal::Conflict { one: key, other }),
        None => Ok(()),
    }
}

/// Builds a screen without a text body. It has one place for text, the prompt, which `text` fills as
/// well.
fn screen_with_prompt(values: &mut Values, body: Body) -> Result<Screen, Refusal> {
    let prompt = match (values.optional("prompt"), values.optional("text")) {
        (Some(_), Some(_)) => {
            return Err(Refusal::Conflict {
                one: "prompt",
                other: "text",
            });
        }
        (prompt, text) => prompt.or(text),
    };
    Ok(screen(values, prompt, body))
}

fn screen(values: &mut Values, prompt: Option<String>, body: Body) -> Screen {
    let softkeys = values.all("softkey").into_iter().map(|item: Item| SoftKey {
        label: item.label,
        target: item.target,
    });
    Screen {
        softkeys: softkeys.collect(),
        title: values.optional("title"),
        prompt,
        body,
        timeout: values.optional("timeout"),
        beep: values.word("beep", &[("yes", true), ("no", false)]),
    }
}

/// Refuses two fields with the same parameter, one of which would be lost.
fn distinct(inputs: Vec<Input>) -> Result<Vec<Input>, Refusal> {
    let mut parameters = HashSet::new();
    for input in &inputs {
        if !parameters.insert(&input.parameter) {
            let error = InvalidValue::Duplicate {
                what: "parameter",
                name: input.parameter.clone(),
            };
            return Err(Refusal::invalid("input", error));
        }
    }
    Ok(inputs)
}

/// The keys that describe a screen of handsetd.
const SCREEN_KEYS: &[&str] = &["text", "title", "prompt", "softkey", "timeout", "beep"];

const BODY_KEYS: [(&str, BodyKey); 7] = [
    ("image", BodyKey::Image),
    ("item", BodyKey::Item),
    ("entry", BodyKey::Entry),
    ("input", BodyKey::Input),
    ("template", BodyKey::Template),
    ("xml", BodyKey::Xml),
    ("url", BodyKey::Url),
];
