//! Cuts a body into pieces that may be joined by line breaks again without changing its meaning.
//!
//! It knows of XML only what it takes to tell a tag from text; it neither checks nor changes it.
//! White space between two tags counts as harmless: text and elements side by side, where it would
//! matter, do not occur in what phones read.

use super::{ESCAPED, InvalidNotify};

/// Cuts `text` at its line breaks and, where a line is longer than `limit` bytes once escaped, at
/// places in XML where a line break is harmless.
///
/// Blank lines outside of the text of elements stay; a reader of XML does not mind them.
pub(super) fn pieces(text: &str, limit: usize) -> Result<Vec<&str>, InvalidNotify> {
    let mut scanner = Scanner::default();
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut length = 0_usize;
    let mut last: Option<Cut> = None;
    for (at, character) in text.char_indices() {
        if let Some(cut) = scanner.cut_before(text, at, character) {
            last = Some(Cut { length, ..cut });
        }
        scanner.step(text, at, character);
        if character == '\n' {
            pieces.push(piece(text, start, at));
            (start, length, last) = (at + 1, 0, None);
            continue;
        }
        length += character.len_utf8() + usize::from(ESCAPED.contains(character));
        if limit < length {
            let Some(cut) = last.take() else {
                let line = text.get(start..).unwrap_or_default();
                let line = line.split('\n').next().unwrap_or_default();
                return Err(InvalidNotify::NoCut {
                    length: super::escaped(line).len(),
                    near: line.chars().take(40).collect(),
                });
            };
            pieces.push(piece(text, start, cut.end));
            start = cut.next;
            length -= cut.length + (cut.next - cut.end);
        }
    }
    pieces.push(piece(text, start, text.len()));
    Ok(pieces)
}

/// A place to cut.
#[derive(Clone, Copy, Debug)]
struct Cut {
    /// Where the piece before it ends.
    end: usize,
    /// Where the piece after it starts; what lies between is white space that the cut replaces.
    next: usize,
    /// The escaped length of the piece before it.
    length: usize,
}

/// Where in the XML we are.
#[derive(Clone, Copy, Debug, Default)]
struct Scanner {
    state: State,
    /// The last character that was passed.
    previous: Option<char>,
    /// The tag that was passed last opened an element, so a text may follow.
    opened: bool,
    /// A CDATA section was passed last: what stands there is text.
    after_cdata: bool,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum State {
    /// Where white space may be text.
    #[default]
    Text,
    /// In a tag, outside of its values.
    Tag,
    /// In the value of an attribute.
    Value(char),
    /// In a comment, a declaration, a CDATA section or an instruction, up to this ending.
    Verbatim(&'static str),
}

impl Scanner {
    /// Returns the cut that is possible right before the character at `at`.
    fn cut_before(self, text: &str, at: usize, character: char) -> Option<Cut> {
        let harmless = match self.state {
            // Between two tags, but not in an empty element.
            State::Text => {
                let rest = text.get(at..).unwrap_or_default();
                let in_text = (self.opened && rest.starts_with("</"))
                    || rest.starts_with(CDATA)
                    || self.after_cdata;
                self.previous == Some('>') && character == '<' && !in_text
            }
            // Instead of the blank between two attributes.
            State::Tag => {
                let next = text.get(at + 1..).and_then(|rest| rest.chars().next());
                let alone = next.is_some_and(|next| !next.is_whitespace() && next != '=');
                if character == ' ' && alone && self.previous != Some('=') {
                    return Some(Cut {
                        end: at,
                        next: at + 1,
                        length: 0,
                    });
                }
                false
            }
            State::Value(_) | State::Verbatim(_) => false,
        };
        harmless.then_some(Cut {
            end: at,
            next: at,
            length: 0,
        })
    }

    /// Passes the character at `at`.
    fn step(&mut self, text: &str, at: usize, character: char) {
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
                    // What stands after it may be text of an element that was opened before.
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

fn piece(text: &str, start: usize, end: usize) -> &str {
    text.get(start..end).unwrap_or_default()
}

const CDATA: &str = "<![CDATA[";
const CDATA_END: &str = "]]>";

/// What starts like a tag and is none, and how it ends.
const VERBATIM: [(&str, &str); 4] = [
    ("<!--", "-->"),
    (CDATA, CDATA_END),
    ("<!", ">"),
    ("<?", "?>"),
];
