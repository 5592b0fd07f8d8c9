//! Splits a body into chunks that may be joined with line breaks without changing its meaning.
//!
//! It knows just enough XML to distinguish tags from text; it neither validates nor changes the document.
//! White space between two tags counts as insignificant: mixed content, where it would matter, does
//! not occur in the documents that phones read.

use super::escape::{escaped, escaped_len};

/// Splits `text` at its line breaks and, where a line is longer than `limit` bytes after escaping, at
/// places in XML where a line break is insignificant.
///
/// Blank lines outside of the text of elements are kept; XML parsers ignore them.
pub(super) fn chunks(text: &str, limit: usize) -> Result<Vec<&str>, Unsplittable> {
    let mut scanner = Scanner::default();
    let mut chunks = Vec::new();
    let mut start = 0;
    let mut length = 0_usize;
    let mut last: Option<SplitPoint> = None;
    for (at, character) in text.char_indices() {
        if let Some(point) = scanner.split_before(text, at, character) {
            last = Some(SplitPoint { length, ..point });
        }
        scanner.advance(text, at, character);
        if character == '\n' {
            chunks.push(slice(text, start, at));
            (start, length, last) = (at + 1, 0, None);
            continue;
        }
        length += escaped_len(character);
        if limit < length {
            let Some(point) = last.take() else {
                let line = text.get(start..).unwrap_or_default();
                let line = line.split('\n').next().unwrap_or_default();
                return Err(Unsplittable {
                    length: escaped(line).len(),
                    near: line.chars().take(40).collect(),
                });
            };
            chunks.push(slice(text, start, point.end));
            start = point.next;
            length -= point.length + (point.next - point.end);
        }
    }
    chunks.push(slice(text, start, text.len()));
    Ok(chunks)
}

/// White space would change the meaning of a line anywhere before its limit.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the body has a line of {length} bytes that cannot be split, from {near:?} on")]
pub struct Unsplittable {
    /// Length of the line after escaping, in bytes.
    length: usize,
    /// Its first characters.
    near: String,
}

/// A place where the text may be split.
#[derive(Clone, Copy, Debug)]
struct SplitPoint {
    /// End of the chunk before it.
    end: usize,
    /// Start of the chunk after it; the white space between is replaced by the line break.
    next: usize,
    /// Length of the chunk before it after escaping, in bytes.
    length: usize,
}

/// The position in the XML.
#[derive(Clone, Copy, Debug, Default)]
struct Scanner {
    state: State,
    /// The last character passed.
    previous: Option<char>,
    /// The last tag opened an element, so text may follow.
    opened: bool,
    /// A CDATA section ended just before, so text may follow.
    after_cdata: bool,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum State {
    /// Where white space may be text.
    #[default]
    Text,
    /// In a tag, outside of attribute values.
    Tag,
    /// In an attribute value.
    Value(char),
    /// In a comment, a declaration, a CDATA section or a processing instruction, up to this ending.
    Verbatim(&'static str),
}

impl Scanner {
    /// Returns whether the text may be split right before the character at `at`, and how.
    fn split_before(self, text: &str, at: usize, character: char) -> Option<SplitPoint> {
        let is_insignificant = match self.state {
            // Between two tags, but not in an empty element.
            State::Text => {
                let rest = text.get(at..).unwrap_or_default();
                let in_text = (self.opened && rest.starts_with("</"))
                    || rest.starts_with(CDATA)
                    || self.after_cdata;
                self.previous == Some('>') && character == '<' && !in_text
            }
            // In place of the space between two attributes.
            State::Tag => {
                let next = text.get(at + 1..).and_then(|rest| rest.chars().next());
                let is_single = next.is_some_and(|next| !next.is_whitespace() && next != '=');
                if character == ' ' && is_single && self.previous != Some('=') {
                    return Some(SplitPoint {
                        end: at,
                        next: at + 1,
                        length: 0,
                    });
                }
                false
            }
            State::Value(_) | State::Verbatim(_) => false,
        };
        is_insignificant.then_some(SplitPoint {
            end: at,
            next: at,
            length: 0,
        })
    }

    /// Passes the character at `at`.
    fn advance(&mut self, text: &str, at: usize, character: char) {
        let rest = text.get(at..).unwrap_or_default();
        match (self.state, character) {
            (State::Text, '<') => {
                self.opened = !rest.starts_with("</");
                self.after_cdata = false;
                self.state = VERBATIM
                    .iter()
                    .find(|(start, _)| rest.starts_with(start))
                    .map_or(State::Tag, |(_, end)| State::Verbatim(end));
            }
            (State::Tag, '"' | '\'') => self.state = State::Value(character),
            (State::Tag, '>') => {
                self.opened &= self.previous != Some('/');
                self.state = State::Text;
            }
            (State::Value(quote), _) if quote == character => self.state = State::Tag,
            (State::Verbatim(end), '>') => {
                let passed = text.get(..=at).unwrap_or_default();
                if passed.ends_with(end) {
                    // What follows may be text of an element that was opened before.
                    self.opened = true;
                    self.after_cdata = end == CDATA_END;
                    self.state = State::Text;
                }
            }
            _ => (),
        }
        self.previous = Some(character);
    }
}

fn slice(text: &str, start: usize, end: usize) -> &str {
    text.get(start..end).unwrap_or_default()
}

const CDATA: &str = "<![CDATA[";
const CDATA_END: &str = "]]>";

/// Markup that starts like a tag, and how it ends.
const VERBATIM: [(&str, &str); 4] = [
    ("<!--", "-->"),
    (CDATA, CDATA_END),
    ("<!", ">"),
    ("<?", "?>"),
];
