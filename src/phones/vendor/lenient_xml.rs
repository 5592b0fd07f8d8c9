//! XML as devices send it, read leniently: several declarations, none at all or a wrong one,
//! ISO 8859-1 without a word about it, a bare `&`, an end that is missing.
//!
//! What a device meant is worth more than what a parser thinks of it. Only size and depth have
//! limits. What we write ourselves goes through [`xml`](super::xml).

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};

/// An element with its attributes and all that is in it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Element {
    /// Its name, without a prefix.
    pub(super) name: String,
    attributes: Vec<(String, String)>,
    /// The elements in it, in order.
    pub(super) children: Vec<Self>,
    /// The text directly in it.
    text: String,
}

impl Element {
    /// Returns its text without the blanks around it; nothing if there is nothing else.
    pub(super) fn text(&self) -> Option<&str> {
        let text = self.text.trim();
        (!text.is_empty()).then_some(text)
    }

    /// Returns the value of an attribute without the blanks around it.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        let mut all = self.attributes.iter();
        let (_, value) = all.find(|(known, _)| known == name)?;
        Some(value.trim())
    }

    /// Returns the elements of that name directly in this one.
    pub(super) fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// Returns the first element of that name directly in this one.
    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// Returns the text of the first element of that name.
    pub(super) fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name)?.text()
    }

    /// Returns this element or the first one below that has the name.
    pub(super) fn find(&self, name: &str) -> Option<&Self> {
        if self.name == name {
            return Some(self);
        }
        self.children.iter().find_map(|child| child.find(name))
    }
}

/// Returns the first element of a document; what follows a fault is left out.
pub(super) fn read(bytes: &[u8]) -> Option<Element> {
    let text = decoded(bytes);
    let mut reader = Reader::from_str(&text);
    let config = reader.config_mut();
    config.allow_dangling_amp = true;
    config.allow_unmatched_ends = true;
    config.check_end_names = false;
    // The elements that are open, the innermost last; the first one stands for the document.
    let mut open = vec![Element::default()];
    let mut count = 0_usize;
    while count < MAX_ELEMENTS {
        match reader.read_event() {
            Ok(Event::Start(start)) => {
                count += 1;
                if open.len() > MAX_DEPTH {
                    break;
                }
                open.push(element(&start));
            }
            Ok(Event::Empty(start)) => {
                count += 1;
                add(&mut open, element(&start));
            }
            Ok(Event::End(_)) => close(&mut open),
            Ok(Event::Text(text)) => words(&mut open, &text),
            Ok(Event::CData(text)) => words(&mut open, &text.into_inner()),
            Ok(Event::GeneralRef(name)) => {
                let name = format!("&{};", &*name.into_inner());
                words(&mut open, unescape(&name).as_deref().unwrap_or(&name));
            }
            Ok(Event::Eof) | Err(_) => break,
            Ok(_) => {}
        }
    }
    while open.len() > 1 {
        close(&mut open);
    }
    open.pop()?.children.into_iter().next()
}

/// Reads bytes as UTF-8 or, if they are none, as ISO 8859-1, which all bytes are.
fn decoded(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.trim_start_matches('\u{feff}').into(),
        Err(_) => bytes.iter().copied().map(char::from).collect(),
    }
}

fn element(start: &BytesStart<'_>) -> Element {
    let mut attributes = start.attributes();
    let attributes = attributes.with_checks(false).filter_map(Result::ok);
    let attributes = attributes.map(|attribute| {
        let value = unescape(&attribute.value).map(Cow::into_owned);
        let name = attribute.key.local_name().as_ref().to_owned();
        (name, value.unwrap_or_else(|_| attribute.value.to_string()))
    });
    Element {
        name: start.local_name().as_ref().to_owned(),
        attributes: attributes.collect(),
        ..Element::default()
    }
}

fn words(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

fn add(open: &mut [Element], element: Element) {
    if let Some(parent) = open.last_mut() {
        parent.children.push(element);
    }
}

/// Ends the innermost element; the document itself stays open.
fn close(open: &mut Vec<Element>) {
    if open.len() > 1
        && let Some(element) = open.pop()
    {
        add(open, element);
    }
}

/// The most elements of a document; what follows is not read.
const MAX_ELEMENTS: usize = 10_000;

/// The deepest nesting that is read.
const MAX_DEPTH: usize = 32;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_phones_send_is_understood() {
        let text = "<?xml version=\"1.0\"?><?xml version=\"1.0\" encoding=\"\"?>\n\
                    <a b = 'x&amp;y'> 1 &amp; 2 & 3 <c/><?xml version=\"1.0\"?><d>é</d><d> </d>";
        let root = read(text.as_bytes()).unwrap();
        assert_eq!(
            (root.name.as_str(), root.attribute("b")),
            ("a", Some("x&y"))
        );
        assert_eq!(root.text(), Some("1 & 2 & 3"));
        assert_eq!(root.text_of("d"), Some("é"));
        assert_eq!(root.named("d").count(), 2);
        assert_eq!(root.find("c").unwrap().text(), None);
    }

    #[test]
    fn bytes_that_are_no_utf_8_are_latin_1() {
        assert_eq!(read(b"<a>\xe9t\xe9</a>").unwrap().text(), Some("été"));
    }

    #[test]
    fn depth_and_size_have_an_end() {
        let deep = "<a>".repeat(100_000);
        assert!(read(deep.as_bytes()).is_some());
        let wide = format!("<a>{}</a>", "<b/>".repeat(100_000));
        assert!(read(wide.as_bytes()).unwrap().children.len() <= MAX_ELEMENTS);
        assert_eq!(read(b""), None);
        assert_eq!(read(b"no element"), None);
    }

    proptest! {
        #[test]
        fn garbage_never_panics(text in "(<|>|/|&|;|a|\"|=|<a>|</a>|<!\\[CDATA\\[|\\?|\\PC){0,60}") {
            let _ = read(text.as_bytes());
        }
    }
}
