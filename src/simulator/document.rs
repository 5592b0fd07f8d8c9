//! XML as a strict phone reads it: one well-formed document without a document type.

/// An element with its attributes and content.
#[derive(Clone, Debug, Default)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) nodes: Vec<Node>,
}

/// A child of an element.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    Element(Element),
    Text(String),
}

impl Element {
    /// Parses a document; the error is human-readable.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(bytes).map_err(|_| "invalid UTF-8".to_owned())?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if let Some(encoding) = declared_encoding(text)
            && !KNOWN_ENCODINGS
                .iter()
                .any(|known| known.eq_ignore_ascii_case(encoding))
        {
            return Err(format!("unsupported encoding `{encoding}`"));
        }
        let options = roxmltree::ParsingOptions {
            nodes_limit: MAX_NODES,
            ..Default::default()
        };
        let document = roxmltree::Document::parse_with_options(text, options)
            .map_err(|error| format!("not well-formed XML: {error}"))?;
        if document
            .root_element()
            .descendants()
            .any(|node| node.ancestors().count() > MAX_DEPTH)
        {
            return Err(format!("XML with more than {MAX_DEPTH} levels"));
        }
        Ok(Self::of(document.root_element()))
    }

    fn of(node: roxmltree::Node<'_, '_>) -> Self {
        let attributes = node.attributes();
        Self {
            name: node.tag_name().name().to_owned(),
            attributes: attributes
                .map(|a| (a.name().to_owned(), a.value().to_owned()))
                .collect(),
            nodes: node
                .children()
                .filter_map(|child| {
                    if child.is_element() {
                        return Some(Node::Element(Self::of(child)));
                    }
                    let text = child.text().filter(|_| child.is_text())?;
                    Some(Node::Text(text.to_owned()))
                })
                .collect(),
        }
    }

    /// Returns the child elements.
    pub(crate) fn children(&self) -> impl Iterator<Item = &Self> {
        self.nodes.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            Node::Text(_) => None,
        })
    }

    /// Returns the child elements with that name, ignoring case; the schema has checked it.
    pub(crate) fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children()
            .filter(move |child| child.name.eq_ignore_ascii_case(name))
    }

    /// Returns the first child element with that name.
    pub(crate) fn child<'a>(&'a self, name: &'a str) -> Option<&'a Self> {
        self.named(name).next()
    }

    /// Returns the text of the first child element with that name; empty if there is none.
    pub(crate) fn text_of(&self, name: &str) -> String {
        self.child(name).map(Self::text).unwrap_or_default()
    }

    /// Returns the trimmed text, with a line break for each `<br/>`.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for node in &self.nodes {
            match node {
                Node::Text(part) => text.push_str(part),
                Node::Element(element) if element.name.eq_ignore_ascii_case("br") => {
                    text.push('\n');
                }
                Node::Element(element) => text.push_str(&element.text()),
            }
        }
        text.trim().to_owned()
    }

    /// Returns the value of an attribute, ignoring the case of its name.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        let found = self
            .attributes
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some(&found.1)
    }
}

/// Returns the encoding in the XML declaration.
fn declared_encoding(text: &str) -> Option<&str> {
    let (declaration, _) = text.strip_prefix("<?xml")?.split_once("?>")?;
    let (_, rest) = declaration.split_once("encoding")?;
    let rest = rest.trim_start().strip_prefix('=')?.trim_start();
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    rest.get(1..)?
        .split_once(quote)
        .map(|(encoding, _)| encoding)
}

/// Encodings that a declaration may name. The content must be UTF-8 regardless.
const KNOWN_ENCODINGS: [&str; 3] = ["utf-8", "us-ascii", "iso-8859-1"];

/// Maximum number of nodes.
const MAX_NODES: u32 = 20_000;

/// Maximum depth of nesting.
const MAX_DEPTH: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn malformed_documents_are_refused() {
        for text in [
            "",
            "no document",
            "<a>",
            "<a></b>",
            "<a>this & that</a>",
            "<a b=\"x<y\"/>",
            "<a b=\"1\"c=\"2\"/>",
            "<a b=\"1\" b=\"2\"/>",
            "<a b=1/>",
            "<a/><a/>",
            "<a/>text",
            "<a>\u{1}</a>",
            "<a>&#1;</a>",
            "<a>&nbsp;</a>",
            "<!DOCTYPE a><a/>",
            "<?xml version=\"1.0\" encoding=\"\"?><a/>",
            "<?xml version=\"1.0\" encoding=\"utf-16\"?><a/>",
        ] {
            assert!(Element::parse(text.as_bytes()).is_err(), "{text:?}");
        }
        assert!(Element::parse(b"<a>\xff</a>").is_err());
    }

    #[test]
    fn deep_nesting_is_refused() {
        let text = format!("{}{}", "<a>".repeat(100), "</a>".repeat(100));
        assert!(
            Element::parse(text.as_bytes())
                .unwrap_err()
                .contains("levels")
        );
    }

    #[test]
    fn elements_attributes_and_text_are_found() {
        let text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
                    <a one=\"1\"><b> x &amp; y<br/>z </b><c/><b>2</b></a>";
        let root = Element::parse(text.as_bytes()).unwrap();
        assert_eq!(root.name, "a");
        assert_eq!(root.attribute("one"), Some("1"));
        assert_eq!(root.text_of("b"), "x & y\nz");
        assert_eq!(root.named("b").count(), 2);
    }
}
