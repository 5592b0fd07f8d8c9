//! Where a packet ends, decided line by line.
//!
//! A blank line ends a packet, with two exceptions: the banner is a single line, and the output of a
//! command before Asterisk 14 (`Response: Follows`) is raw text that may contain blank lines and ends
//! with the line `--END COMMAND--`. Lines are neither stored nor measured here.

use super::line::{header, is_end_of_output, is_follows};

/// The position within a packet after the lines so far.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum Position {
    /// Between two packets.
    #[default]
    Outside,
    /// In a packet that a blank line ends.
    Ordinary,
    /// After `Response: Follows`.
    Follows(Follows),
}

/// The position within a `Response: Follows` after the lines so far.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Follows {
    /// In its headers.
    Head(Head),
    /// Every line of the output so far was an `Output:` header, so a blank line ends it. The next
    /// line may still turn out to be raw text.
    Headers,
    /// In raw text.
    Raw,
}

impl Position {
    /// Advances past `line`, given without its end, and returns its effect on the packet.
    ///
    /// A line longer than [`LONGEST_MARK`] has the same effect as any beginning of it that is longer
    /// than that.
    pub(super) fn step(&mut self, line: &[u8]) -> Step {
        let (position, step) = match *self {
            Self::Outside if line.is_empty() => (Self::Outside, Step::BlankLine),
            Self::Outside if is_banner(line) => (Self::Outside, Step::Banner),
            Self::Outside if is_follows(line) => (
                Self::Follows(Follows::Head(Head::default())),
                Step::Continue,
            ),
            Self::Ordinary | Self::Follows(Follows::Headers) if line.is_empty() => {
                (Self::Outside, Step::EndsBefore)
            }
            Self::Outside | Self::Ordinary => (Self::Ordinary, Step::Continue),
            Self::Follows(_) if is_end_of_output(line) => (Self::Outside, Step::Ends),
            Self::Follows(Follows::Raw) => (*self, Step::Continue),
            Self::Follows(Follows::Headers) => {
                let next = if is_output(line) {
                    Follows::Headers
                } else {
                    Follows::Raw
                };
                (Self::Follows(next), Step::Continue)
            }
            Self::Follows(Follows::Head(mut head)) => {
                let next = if head.accepts(line) {
                    Follows::Head(head)
                } else if is_output(line) {
                    Follows::Headers
                } else {
                    Follows::Raw
                };
                (Self::Follows(next), Step::Continue)
            }
        };
        *self = position;
        step
    }
}

/// The effect of a line on its packet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Step {
    /// It is the server's banner, complete.
    Banner,
    /// It is a blank line between two packets.
    BlankLine,
    /// It is part of the packet, which continues.
    Continue,
    /// It is the last line of the packet.
    Ends,
    /// It is not part of the packet, which has ended.
    EndsBefore,
}

/// The headers of a `Response: Follows` seen so far; anything after them is output.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Head {
    seen: [bool; HEAD.len()],
}

impl Head {
    /// Returns whether `line` is one of the headers that precede the output; each is accepted once.
    pub(super) fn accepts(&mut self, line: &[u8]) -> bool {
        let Some((name, _)) = header(line) else {
            return false;
        };
        HEAD.iter()
            .zip(&mut self.seen)
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .is_some_and(|(_, seen)| !std::mem::replace(seen, true))
    }
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

/// Upper bound for the length of a line whose last byte matters, in bytes.
pub(super) const LONGEST_MARK: usize = 256;

/// Part of the name of every product with this protocol.
const CALL_MANAGER: &[u8] = b" Call Manager";

/// The headers between `Response: Follows` and the output. Asterisk sends only the first two.
const HEAD: [&[u8]; 3] = [b"Privilege", b"ActionID", b"Message"];
