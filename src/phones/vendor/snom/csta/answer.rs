//! Responses to a CSTA request: with or without an envelope and a prefix, of any edition, and sometimes
//! not well-formed.
//!
//! HTTP 500 is a regular response: it carries an error of ECMA-323, as a token (`invalidCallID`) or in
//! the spelling of old firmware (`Invalid CallID`).

use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::{Map, Value};

use crate::vendor::{Reply, ReplyOutcome};

use super::super::web;

/// An element of a response, by its name without a prefix.
#[derive(Clone, Debug, Default)]
pub(super) struct Answer {
    name: String,
    text: String,
    children: Vec<Self>,
}

impl Answer {
    /// Returns the first element of that name, wherever it stands.
    pub(super) fn find(&self, name: &str) -> Option<&Self> {
        if self.name == name {
            return Some(self);
        }
        self.children.iter().find_map(|child| child.find(name))
    }

    /// Collects all elements of a name in order, without nested ones.
    pub(super) fn all<'a>(&'a self, name: &str, found: &mut Vec<&'a Self>) {
        if self.name == name {
            found.push(self);
            return;
        }
        for child in &self.children {
            child.all(name, found);
        }
    }

    /// Returns the text in it.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Returns the text of the first element of that name.
    pub(super) fn text_of(&self, name: &str) -> Option<&str> {
        self.find(name).map(|found| found.text.as_str())
    }

    /// Returns the elements in it as an object; those of one name as a list; a text if there are
    /// none.
    pub(super) fn value(&self) -> Value {
        let mut object = Map::new();
        for child in &self.children {
            let value = child.inner();
            match object.get_mut(&child.name) {
                None => {
                    object.insert(child.name.clone(), value);
                }
                Some(Value::Array(list)) => list.push(value),
                Some(first) => *first = Value::from(vec![first.take(), value]),
            }
        }
        object.into()
    }

    fn inner(&self) -> Value {
        if self.children.is_empty() {
            Value::from(self.text.clone())
        } else {
            self.value()
        }
    }

    /// Reads whatever can be read of a document.
    fn parse(text: &str) -> Self {
        let mut reader = Reader::from_str(text);
        reader.config_mut().check_end_names = false;
        let mut open = vec![Self::default()];
        let mut count = 0_usize;
        while let Ok(event) = reader.read_event() {
            match event {
                Event::Start(start) if open.len() < MAX_DEPTH => {
                    open.push(Self::named(start.local_name().as_ref()));
                }
                Event::Empty(start) => {
                    add(&mut open, Self::named(start.local_name().as_ref()));
                }
                Event::End(_) if open.len() > 1 => {
                    if let Some(closed) = open.pop() {
                        add(&mut open, closed);
                    }
                }
                Event::Text(text) => append(&mut open, &text),
                Event::GeneralRef(name) => append(&mut open, &reference(&name)),
                Event::CData(text) => append(&mut open, &text),
                Event::Start(_) | Event::Eof => break,
                _ => {}
            }
            count = count.saturating_add(1);
            if count > MAX_EVENTS {
                break;
            }
        }
        // Keep what a truncated response contains.
        while open.len() > 1 {
            if let Some(closed) = open.pop() {
                add(&mut open, closed);
            }
        }
        open.pop().unwrap_or_default()
    }

    fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..Self::default()
        }
    }
}

/// Reads an answer: the element of the response, or what else there is to say.
pub(super) fn read(reply: &Reply) -> Result<Answer, ReplyOutcome> {
    if matches!(reply.status, 401 | 403 | 404) {
        return Err(match web::parse(reply) {
            ReplyOutcome::Rejected(_) => ReplyOutcome::Rejected(
                "the phone does not offer CSTA (HTTP 404); turn on its setting csta_control"
                    .to_owned(),
            ),
            other => other,
        });
    }
    let text = reply.text();
    let answer = Answer::parse(&text);
    if let Some(fault) = fault(&answer, &text).or_else(|| fault_in(&text)) {
        return Err(ReplyOutcome::Rejected(fault));
    }
    let is_success = (200..300).contains(&reply.status);
    match response(&answer) {
        Some(response) if is_success => Ok(response.clone()),
        _ => Err(ReplyOutcome::Rejected(format!(
            "the phone did not respond with CSTA (HTTP {}); turn on its setting csta_control",
            reply.status
        ))),
    }
}

fn response(answer: &Answer) -> Option<&Answer> {
    if answer.name.ends_with("Response") {
        return Some(answer);
    }
    answer.children.iter().find_map(response)
}

/// Describes an error, with the phone's own text.
fn fault(answer: &Answer, text: &str) -> Option<String> {
    let code = answer
        .find("CSTAErrorCode")
        .or_else(|| answer.find("Fault"))?;
    let known = CATEGORIES.iter().find_map(|category| {
        let token = code.text_of(category)?;
        Some(words(category, token))
    });
    let string = || Some(words("fault", code.text_of("faultstring")?));
    let some = || words("error", "no reason");
    known
        .or_else(|| fault_in(text))
        .or_else(string)
        .or_else(|| Some(some()))
}

/// Finds the error in a text that is not a document.
fn fault_in(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("CSTAErrorCode")?;
    CATEGORIES.iter().find_map(|category| {
        let (_, after) = rest.split_once(&format!("{category}>"))?;
        let token = after.split('<').next()?;
        Some(words(category, token))
    })
}

fn words(category: &str, token: &str) -> String {
    let token: String = token
        .trim()
        .chars()
        .filter(|c| !c.is_control())
        .take(MAX_TOKEN)
        .collect();
    let plain: String = token.chars().filter(|c| !c.is_whitespace()).collect();
    let known = MEANINGS
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(&plain));
    let meaning = known.map_or(String::new(), |(_, meaning)| format!(": {meaning}"));
    format!("the phone refused by CSTA ({category}: {token}){meaning}")
}

fn add(open: &mut [Answer], closed: Answer) {
    if let Some(parent) = open.last_mut() {
        let text = closed.text.trim().to_owned();
        parent.children.push(Answer { text, ..closed });
    }
}

fn append(open: &mut [Answer], text: &str) {
    if let Some(last) = open.last_mut() {
        last.text.push_str(text);
    }
}

/// Returns the character that a reference stands for.
fn reference(name: &str) -> String {
    match name {
        "amp" => "&",
        "apos" => "'",
        "gt" => ">",
        "lt" => "<",
        "quot" => "\"",
        _ => "",
    }
    .to_owned()
}

/// The categories of errors.
const CATEGORIES: [&str; 8] = [
    "operation",
    "security",
    "stateIncompatibility",
    "systemResourceAvailability",
    "subscribedResourceAvailability",
    "performanceManagement",
    "privateData",
    "unspecified",
];

/// The meanings of errors. Tokens are compared without spaces and case.
const MEANINGS: [(&str, &str); 12] = [
    (
        "featureNotSupported",
        "this firmware does not support the request",
    ),
    ("invalidCallID", "it has no call with that id"),
    ("invalidConnectionIdentifier", "it has no call with that id"),
    ("invalidConnectionState", "the call is in another state"),
    (
        "invalidDeviceID",
        "it has no identity with that number or address",
    ),
    (
        "invalidFeature",
        "this firmware does not support the request",
    ),
    ("noActiveCall", "it is not in a call"),
    ("noCallToAnswer", "no call is ringing"),
    ("noHeldCall", "no call is on hold"),
    (
        "requestNotSupported",
        "this firmware does not support the request",
    ),
    ("resourceBusy", "it is busy"),
    (
        "serviceNotSupported",
        "this firmware does not support the request",
    ),
];

/// The longest error that is reported, in characters.
const MAX_TOKEN: usize = 80;

/// The deepest nesting that is parsed.
const MAX_DEPTH: usize = 32;

/// The most tags and texts that are parsed.
const MAX_EVENTS: usize = 20_000;

#[cfg(test)]
mod tests;
