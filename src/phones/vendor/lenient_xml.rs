//! A lenient parser for the XML that devices send: with several declarations, none or a wrong one,
//! undeclared ISO 8859-1 or UTF-16, an unescaped `&` or missing end tags.
//!
//! Only size and depth are limited. Documents that handsetd writes go through [`xml`](crate::xml).

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};

use super::http::decode;

/// An element with its attributes and content.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Element {
    /// The name without a namespace prefix.
    pub(super) name: String,
    attributes: Vec<(String, String)>,
    /// The child elements, in order.
    pub(super) children: Vec<Self>,
    /// The text directly inside.
    text: String,
}

impl Element {
    /// Returns the trimmed text, unless it is empty.
    pub(super) fn text(&self) -> Option<&str> {
        let text = self.text.trim();
        (!text.is_empty()).then_some(text)
    }

    /// Returns the trimmed value of an attribute.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        let mut all = self.attributes.iter();
        let (_, value) = all.find(|(known, _)| known == name)?;
        Some(value.trim())
    }

    /// Returns the child elements with a name.
    pub(super) fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// Returns the first child element with a name.
    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// Returns the text of the first child element with a name.
    pub(super) fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name)?.text()
    }

    /// Returns this element or its first descendant with a name.
    pub(super) fn find(&self, name: &str) -> Option<&Self> {
        if self.name == name {
            return Some(self);
        }
        self.children.iter().find_map(|child| child.find(name))
    }
}

/// Parses the first element of a document, up to the first fault.
pub(super) fn parse(bytes: &[u8]) -> Option<Element> {
    let text = decode(bytes);
    let mut reader = Reader::from_str(&text);
    let config = reader.config_mut();
    config.allow_dangling_amp = true;
    config.allow_unmatched_ends = true;
    config.check_end_names = false;
    // The open elements, innermost last. The first one represents the document.
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
            Ok(Event::Text(text)) => add_text(&mut open, &text),
            Ok(Event::CData(text)) => add_text(&mut open, &text.into_inner()),
            Ok(Event::GeneralRef(name)) => {
                let name = format!("&{};", &*name.into_inner());
                add_text(&mut open, unescape(&name).as_deref().unwrap_or(&name));
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

fn add_text(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

fn add(open: &mut [Element], element: Element) {
    if let Some(parent) = open.last_mut() {
        parent.children.push(element);
    }
}

/// Closes the innermost element, but never the document itself.
fn close(open: &mut Vec<Element>) {
    if open.len() > 1
        && let Some(element) = open.pop()
    {
        add(open, element);
    }
}

/// The most elements of a document; the rest is not parsed.
const MAX_ELEMENTS: usize = 10_000;

/// The deepest nesting that is parsed.
const MAX_DEPTH: usize = 32;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn malformed_xml_of_phones_is_parsed() {
        let text = "<?xml version=\"1.0\"?><?xml version=\"1.0\" encoding=\"\"?>\n\
                    <a b = 'x&amp;y'> 1 &amp; 2 & 3 <c/><?xml version=\"1.0\"?><d>é</d><d> </d>";
        let root = parse(text.as_bytes()).unwrap();
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
    fn invalid_utf_8_is_latin_1() {
        assert_eq!(parse(b"<a>\xe9t\xe9</a>").unwrap().text(), Some("été"));
    }

    #[test]
    fn depth_and_size_are_limited() {
        let deep = "<a>".repeat(100_000);
        assert!(parse(deep.as_bytes()).is_some());
        let wide = format!("<a>{}</a>", "<b/>".repeat(100_000));
        assert!(parse(wide.as_bytes()).unwrap().children.len() <= MAX_ELEMENTS);
        assert_eq!(parse(b""), None);
        assert_eq!(parse(b"no element"), None);
    }

    proptest! {
        #[test]
        fn garbage_never_panics(text in "(<|>|/|&|;|a|\"|=|<a>|</a>|<!\\[CDATA\\[|\\?|\\PC){0,60}") {
            let _ = parse(text.as_bytes());
        }
    }
}
