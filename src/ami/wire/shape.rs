//! Where a packet ends, decided line by line.
//!
//! A blank line ends a packet, with two exceptions: the banner is one line, and the output of a
//! command before Asterisk 14 (`Response: Follows`) is raw text that may hold blank lines and ends
//! with the line `--END COMMAND--`. It does not keep lines and does not know how long they were.

use super::grammar::{header, is_end_of_output, is_follows};

/// How far into a packet the lines so far have led.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Shape {
    /// Between two packets.
    #[default]
    Outside,
    /// In a packet that a blank line ends.
    Ordinary,
    /// After `Response: Follows`.
    Follows(Follows),
}

/// How far into a `Response: Follows` the lines so far have led.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Follows {
    /// In its headers.
    Head(Head),
    /// Every line of the output so far was an `Output:` header: a blank line ends it. The next line
    /// may still show that it is raw text after all.
    Headers,
    /// In raw text.
    Raw,
}

impl Shape {
    /// Says what `line`, given without its end, does to the packet.
    ///
    /// Of a line longer than [`LONGEST_MARK`] any longer beginning gives the same answer.
    pub(crate) fn step(&mut self, line: &[u8]) -> Step {
        let (shape, step) = match *self {
            Self::Outside if line.is_empty() => (Self::Outside, Step::Surplus),
            Self::Outside if is_banner(line) => (Self::Outside, Step::Banner),
            Self::Outside if is_follows(line) => {
                (Self::Follows(Follows::Head(Head::default())), Step::GoesOn)
            }
            Self::Ordinary | Self::Follows(Follows::Headers) if line.is_empty() => {
                (Self::Outside, Step::EndsBefore)
            }
            Self::Outside | Self::Ordinary => (Self::Ordinary, Step::GoesOn),
            Self::Follows(_) if is_end_of_output(line) => (Self::Outside, Step::Ends),
            Self::Follows(Follows::Raw) => (*self, Step::GoesOn),
            Self::Follows(Follows::Headers) => {
                let next = if is_output(line) {
                    Follows::Headers
                } else {
                    Follows::Raw
                };
                (Self::Follows(next), Step::GoesOn)
            }
            Self::Follows(Follows::Head(mut head)) => {
                let next = if head.takes(line) {
                    Follows::Head(head)
                } else if is_output(line) {
                    Follows::Headers
                } else {
                    Follows::Raw
                };
                (Self::Follows(next), Step::GoesOn)
            }
        };
        *self = shape;
        step
    }
}

/// What a line does to the packet it stands in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Step {
    /// It is the server's greeting, whole.
    Banner,
    /// It is the last line of the packet.
    Ends,
    /// It is not part of the packet, which is over.
    EndsBefore,
    /// It is part of the packet, which goes on.
    GoesOn,
    /// It is a blank line between two packets.
    Surplus,
}

/// Which headers of a `Response: Follows` have been seen; what comes after them is output.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Head {
    seen: [bool; HEAD.len()],
}

impl Head {
    /// Takes `line` if it is one of the headers that come before the output, each once.
    pub(crate) fn takes(&mut self, line: &[u8]) -> bool {
        let Some((name, _)) = header(line) else {
            return false;
        };
        HEAD.iter()
            .zip(&mut self.seen)
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .is_some_and(|(_, seen)| !std::mem::replace(seen, true))
    }
}

/// Returns `line` without its line feed and one carriage return before that.
pub(crate) fn without_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// `banner = product " Call Manager" *text "/" version`, on a line without a colon.
fn is_banner(line: &[u8]) -> bool {
    line.len() < LONGEST_MARK
        && !line.contains(&b':')
        && line
            .windows(CALL_MANAGER.len())
            .position(|part| part.eq_ignore_ascii_case(CALL_MANAGER))
            .is_some_and(|at| line.get(at..).is_some_and(|rest| rest.contains(&b'/')))
}

fn is_output(line: &[u8]) -> bool {
    header(line).is_some_and(|(name, _)| name.eq_ignore_ascii_case(b"Output"))
}

/// No line that decides anything by its end is longer than this, in bytes.
pub(crate) const LONGEST_MARK: usize = 256;

/// What every product that speaks this protocol calls itself.
const CALL_MANAGER: &[u8] = b" Call Manager";

/// The headers between `Response: Follows` and the output. Only the first two are Asterisk's.
const HEAD: [&[u8]; 3] = [b"Privilege", b"ActionID", b"Message"];
