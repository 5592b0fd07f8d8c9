//! XML documents that are well-formed by construction.
//!
//! Text enters a document only through [`Node`], which escapes it and removes characters that XML
//! forbids, so a caller's name can neither end an element nor start one.

use std::borrow::Cow;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

/// An element with its attributes and contents.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    name: Cow<'static, str>,
    attributes: Vec<(&'static str, String)>,
    content: Vec<Content>,
}

#[derive(Clone, Debug)]
enum Content {
    Node(Node),
    Text(String),
}

impl Node {
    pub(crate) fn new(name: &'static str) -> Self {
        Self::empty(name.into())
    }

    /// Creates an element whose name comes from a request, after `prefix`. Returns `None` unless the
    /// name starts with a letter and has letters and digits only.
    pub(crate) fn named(prefix: &'static str, name: &str) -> Option<Self> {
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.chars().all(|c| c.is_ascii_alphanumeric());
        is_name.then(|| Self::empty(format!("{prefix}{name}").into()))
    }

    fn empty(name: Cow<'static, str>) -> Self {
        Self {
            name,
            attributes: Vec::new(),
            content: Vec::new(),
        }
    }

    /// Creates an element with text.
    pub(crate) fn with_text(name: &'static str, text: &str) -> Self {
        Self::new(name).text(text)
    }

    /// Appends text.
    pub(crate) fn text(mut self, text: &str) -> Self {
        self.content.push(Content::Text(clean(text)));
        self
    }

    /// Adds an attribute. Line breaks become spaces, as a parser would normalize them.
    pub(crate) fn attribute(mut self, name: &'static str, value: &str) -> Self {
        let mut value = clean(value);
        if value.contains(['\n', '\t']) {
            value = value.replace(['\n', '\t'], " ");
        }
        self.attributes.push((name, value));
        self
    }

    /// Appends a child element.
    pub(crate) fn child(mut self, node: Self) -> Self {
        self.content.push(Content::Node(node));
        self
    }

    /// Appends a child element with `text`, if there is one.
    pub(crate) fn optional(self, name: &'static str, text: Option<&str>) -> Self {
        match text {
            Some(text) => self.child(Self::with_text(name, text)),
            None => self,
        }
    }

    /// Appends child elements.
    pub(crate) fn children(mut self, nodes: impl IntoIterator<Item = Self>) -> Self {
        self.content.extend(nodes.into_iter().map(Content::Node));
        self
    }

    /// Serializes the element as a document with an XML declaration.
    pub(crate) fn to_document(&self) -> String {
        let mut writer = Writer::new(Vec::new());
        let declaration = Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None));
        writer
            .write_event(declaration)
            .expect("a Vec takes every byte");
        self.write(&mut writer);
        String::from_utf8_lossy(&writer.into_inner()).into_owned()
    }

    /// Serializes the element without a declaration.
    pub(crate) fn to_fragment(&self) -> String {
        let mut writer = Writer::new(Vec::new());
        self.write(&mut writer);
        String::from_utf8_lossy(&writer.into_inner()).into_owned()
    }

    fn write(&self, writer: &mut Writer<Vec<u8>>) {
        let mut write = |event: Event<'_>| {
            writer.write_event(event).expect("a Vec takes every byte");
        };
        let attributes = self
            .attributes
            .iter()
            .map(|(name, value)| (*name, value.as_str()));
        let start = BytesStart::new(self.name.as_ref()).with_attributes(attributes);
        if self.content.is_empty() {
            write(Event::Empty(start));
            return;
        }
        write(Event::Start(start));
        for content in &self.content {
            match content {
                Content::Node(node) => node.write(writer),
                Content::Text(text) => {
                    let text = Event::Text(BytesText::new(text));
                    writer.write_event(text).expect("a Vec takes every byte");
                }
            }
        }
        let end = Event::End(BytesEnd::new(self.name.as_ref()));
        writer.write_event(end).expect("a Vec takes every byte");
    }
}

/// Returns why `text` cannot be sent to a phone: it is not well-formed XML, or has a DTD, which could
/// make a phone read files or expand entities without end.
pub fn document_fault(text: &str) -> Option<String> {
    let mut reader = quick_xml::Reader::from_str(text);
    reader.config_mut().check_comments = true;
    let (mut depth, mut roots) = (0_usize, 0_usize);
    loop {
        let at = reader.buffer_position();
        match reader.read_event() {
            Err(error) => return Some(format!("{error} (at byte {at})")),
            Ok(Event::DocType(_)) => return Some(format!("a DTD is not allowed (at byte {at})")),
            Ok(Event::Start(start)) => {
                if start.attributes().any(|attribute| attribute.is_err()) {
                    return Some(format!("malformed attributes (at byte {at})"));
                }
                roots += usize::from(depth == 0);
                depth += 1;
            }
            Ok(Event::Empty(_)) => roots += usize::from(depth == 0),
            Ok(Event::End(_)) => depth = depth.saturating_sub(1),
            Ok(Event::Text(text)) if depth == 0 && !text.trim().is_empty() => {
                return Some(format!("text outside the root element (at byte {at})"));
            }
            Ok(Event::Eof) if depth > 0 => return Some("the document is truncated".to_owned()),
            Ok(Event::Eof) if roots != 1 => {
                return Some(format!("the document has {roots} root elements"));
            }
            Ok(Event::Eof) => return None,
            Ok(_) => {}
        }
    }
}

/// Removes the characters that XML 1.0 forbids and normalizes line breaks to `\n`.
pub(crate) fn clean(text: &str) -> String {
    let is_plain = |byte| matches!(byte, b' '..=b'~' | b'\n' | b'\t');
    // As most are: the values of attributes, titles, addresses.
    if text.bytes().all(is_plain) {
        return text.to_owned();
    }
    let allowed = |c: &char| match c {
        '\n' | '\t' => true,
        '\u{FFFE}' | '\u{FFFF}' => false,
        c => !c.is_control(),
    };
    text.replace("\r\n", "\n")
        .replace('\r', "\n")
        .chars()
        .filter(allowed)
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_what_xml_permits_is_kept() {
        let text = "a\u{0}b\u{1b}c\u{7f}d\u{85}e\u{fffe}f\r\ng\rh\ti\njä";
        assert_eq!(clean(text), "abcdef\ng\nh\ti\njä");
        for forbidden in ["\u{1}", "\u{1f}", "\u{7f}", "\r"] {
            assert_ne!(clean(forbidden), forbidden);
        }
        let plain = "Lunch: <soup> & ~bread~\n\t12.50";
        assert_eq!(clean(plain), plain);
    }

    #[test]
    fn text_is_escaped_and_cleaned() {
        let node = Node::new("A")
            .attribute("b", "x\"<\n>")
            .child(Node::with_text("C", "1 < 2 & \u{1}\u{1b}[0m\r\n"));
        let start = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";
        let expected = format!("{start}<A b=\"x&quot;&lt; &gt;\"><C>1 &lt; 2 &amp; [0m\n</C></A>");
        assert_eq!(node.to_document(), expected);
        assert_eq!(Node::new("A").to_fragment(), "<A/>");
    }

    #[test]
    fn requested_element_names_are_validated() {
        let named = |name| Node::named("csta:", name).map(|node| node.to_fragment());
        assert_eq!(named("MakeCall").as_deref(), Some("<csta:MakeCall/>"));
        for name in ["", "1a", "a b", "a/>", "a:b", "ä"] {
            assert_eq!(named(name), None, "{name}");
        }
    }

    #[test]
    fn malformed_documents_are_reported() {
        for good in [
            "<a/>",
            "<?xml version=\"1.0\"?>\n<a b=\"c\"><d>&amp;</d></a>\n",
        ] {
            assert_eq!(document_fault(good), None, "{good}");
        }
        for bad in [
            "",
            "a",
            "<a>",
            "<a></b>",
            "<a/><b/>",
            "<a/>x",
            "<a b=c/>x",
            "<a><b c=1></b></a>",
            "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>",
            "<a",
            "<a>&</a>",
        ] {
            assert!(document_fault(bad).is_some(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn written_documents_are_well_formed(text in any::<String>(), value in any::<String>()) {
            let node = Node::new("A").attribute("b", &value).child(Node::with_text("C", &text));
            let document = node.to_document();
            prop_assert_eq!(document_fault(&document), None);
            let forbidden = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
            prop_assert!(!document.contains(forbidden));
        }
    }
}
