//! Messages of phones: with or without an envelope and a prefix, of any edition, and sometimes not
//! well-formed.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::Event;
use serde_json::{Map, Value};

use crate::verb::CallId;

/// An element of a message, by its name without a prefix.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    name: String,
    text: String,
    children: Vec<Self>,
}

impl Answer {
    /// Returns the name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the elements directly in it.
    pub fn children(&self) -> &[Self] {
        &self.children
    }

    /// Returns the first element of that name, wherever it stands.
    pub fn find(&self, name: &str) -> Option<&Self> {
        if self.name == name {
            return Some(self);
        }
        self.children.iter().find_map(|child| child.find(name))
    }

    /// Collects all elements of a name in order, without nested ones.
    pub fn all<'a>(&'a self, name: &str, found: &mut Vec<&'a Self>) {
        if self.name == name {
            found.push(self);
            return;
        }
        for child in &self.children {
            child.all(name, found);
        }
    }

    /// Returns the text in it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the text of the first element of that name.
    pub fn text_of(&self, name: &str) -> Option<&str> {
        self.find(name).map(|found| found.text.as_str())
    }

    /// Returns the truth value of the first element of this name; `None` if there is none.
    pub fn flag_of(&self, name: &str) -> Option<bool> {
        match self.text_of(name)?.trim() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        }
    }

    /// Returns the id of the call in the first element of that name, else of the first call in it; `None` if
    /// that is not an id that a request can have.
    pub(crate) fn call_id(&self, name: &str) -> Option<CallId> {
        let call = self.find(name).unwrap_or(self);
        let id = call.text_of("callID").unwrap_or(&call.text);
        id.parse().ok()
    }

    /// Returns the elements in it as an object; those of one name as a list; a text if there are
    /// none.
    pub fn value(&self) -> Value {
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

    /// Returns the element of the response, wherever it stands.
    pub(crate) fn response(&self) -> Option<&Self> {
        if self.name.ends_with("Response") {
            return Some(self);
        }
        self.children.iter().find_map(Self::response)
    }

    fn inner(&self) -> Value {
        if self.children.is_empty() {
            Value::from(self.text.clone())
        } else {
            self.value()
        }
    }

    /// Reads whatever can be read of a document.
    pub(crate) fn parse(text: &str) -> Self {
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

/// Returns the character that a reference stands for; nothing for an entity, which only a DTD could define.
fn reference(name: &str) -> String {
    let text = format!("&{name};");
    unescape(&text).map(Cow::into_owned).unwrap_or_default()
}

/// The deepest nesting that is parsed.
const MAX_DEPTH: usize = 32;

/// The most tags and texts that are parsed.
const MAX_EVENTS: usize = 20_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_resolved_without_a_dtd() {
        let text = |document: &str| {
            let answer = Answer::parse(document);
            answer.text_of("a").map(ToOwned::to_owned)
        };
        for (document, expected) in [
            ("<a>&#43;49&amp;&#x26;&lt;</a>", "+49&&<"),
            ("<a>M&#252;ller</a>", "M\u{fc}ller"),
            // As in attacks that read files, or that expand a few bytes to gigabytes.
            (
                "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>1&x;2</a>",
                "12",
            ),
            (
                "<!DOCTYPE a [<!ENTITY y \"lol\"><!ENTITY x \"&y;&y;&y;&y;\">]><a>&x;&x;</a>",
                "",
            ),
            ("<a>&#xFFFFFFFF;&#xD800;</a>", ""),
        ] {
            assert_eq!(text(document).as_deref(), Some(expected), "{document}");
        }
    }

    #[test]
    fn depth_and_size_are_limited() {
        let depth = |answer: &Answer| {
            let mut depth = 0;
            let mut inner = answer;
            while let Some(child) = inner.children.first() {
                (inner, depth) = (child, depth + 1);
            }
            depth
        };
        let deep = Answer::parse(&"<a>".repeat(100_000));
        assert_eq!(depth(&deep), MAX_DEPTH - 1);
        let wide = Answer::parse(&format!("<a>{}</a>", "<b/>".repeat(100_000)));
        assert!(wide.children()[0].children.len() <= MAX_EVENTS);
    }

    #[test]
    fn response_behind_the_limits_is_none() {
        for filling in ["<a>".repeat(MAX_DEPTH), "<a/>".repeat(MAX_EVENTS + 1)] {
            let answer = Answer::parse(&format!("{filling}<HoldCallResponse/>"));
            assert!(answer.response().is_none());
        }
    }
}
