//! Messages of phones: with or without an envelope and a prefix, of any edition, and sometimes not
//! well-formed.

use quick_xml::Reader;
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
    /// that is no id that a request can have.
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

/// The deepest nesting that is parsed.
const MAX_DEPTH: usize = 32;

/// The most tags and texts that are parsed.
const MAX_EVENTS: usize = 20_000;
