//! A document of headings, paragraphs, terms and code, independent of its format.
//!
//! In texts, words to write are in backticks; there is no other markup.

/// The blocks of a document, in order.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Document(pub(super) Vec<Block>);

/// A block of a document.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Block {
    /// Lines to write as they are.
    Code(Vec<String>),
    /// A heading; 1 is the highest level.
    Heading(usize, String),
    /// A paragraph.
    Paragraph(String),
    /// Terms and what they mean, with what a table calls these two columns.
    Terms([&'static str; 2], Vec<Term>),
}

/// A term and what it means.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Term {
    /// Words to write, without backticks.
    pub(super) name: String,
    /// What they mean.
    pub(super) text: String,
}

impl Document {
    pub(super) fn heading(&mut self, level: usize, text: impl Into<String>) {
        self.0.push(Block::Heading(level, text.into()));
    }

    /// Adds a paragraph; an empty one is omitted.
    pub(super) fn paragraph(&mut self, text: impl Into<String>) {
        let text = text.into();
        if !text.is_empty() {
            self.0.push(Block::Paragraph(text));
        }
    }

    /// Adds terms; an empty list is omitted.
    pub(super) fn terms(
        &mut self,
        columns: [&'static str; 2],
        terms: impl IntoIterator<Item = Term>,
    ) {
        let terms: Vec<_> = terms.into_iter().collect();
        if !terms.is_empty() {
            self.0.push(Block::Terms(columns, terms));
        }
    }

    pub(super) fn code(&mut self, lines: impl IntoIterator<Item = String>) {
        self.0.push(Block::Code(lines.into_iter().collect()));
    }

    pub(super) fn append(&mut self, other: Self) {
        self.0.extend(other.0);
    }
}

impl Term {
    pub(super) fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            text: text.into(),
        }
    }
}

/// Splits a text at its backticks into parts, alternately plain and to be written as they are.
pub(crate) fn parts(text: &str) -> impl Iterator<Item = (bool, &str)> {
    let parts = text.split('`').enumerate();
    parts
        .map(|(index, part)| (index % 2 == 1, part))
        .filter(|(_, part)| !part.is_empty())
}

/// Returns a text with its first letter in upper case.
pub(super) fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}
