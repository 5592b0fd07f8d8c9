//! Actions: the requests of AMI.
//!
//! An [`Action`] is validated when it is built, against everything that Asterisk would misread.
//! Writing it cannot fail.

use std::fmt;

use bytes::{BufMut, BytesMut};

use super::value::{HeaderName, HeaderValue, InvalidText};
use super::wire::is_secret;

mod known;

pub use known::{Destination, ListQuery, NotifyTarget, Originate};

/// One action. The connection adds its `ActionID`.
#[derive(Clone, Eq, PartialEq)]
pub struct Action {
    name: HeaderValue,
    headers: Vec<(HeaderName, HeaderValue)>,
    items: Option<&'static [&'static str]>,
}

impl Action {
    /// Starts an action with any name.
    pub fn builder(name: &str) -> Builder {
        Builder {
            name: name.to_owned(),
            headers: Vec::new(),
            items: None,
        }
    }

    /// Returns the value of the header `Action`.
    pub fn name(&self) -> &str {
        self.name.as_str()
    }

    /// Returns its headers as name and value, without `Action` and `ActionID`.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Returns whether an event of this name may be an item of the list that answers the action.
    ///
    /// `UserEvent` and `OriginateResponse` never are: they carry the `ActionID` of the action that
    /// caused them to every session.
    pub(crate) fn accepts_item(&self, event: &str) -> bool {
        let contains = |items: &[&str]| items.iter().any(|item| item.eq_ignore_ascii_case(event));
        !contains(&NEVER_ITEMS) && self.items.is_none_or(contains)
    }

    /// Returns whether an event of this name was declared by [`Builder::with_list_events`].
    pub(crate) fn declares_item(&self, event: &str) -> bool {
        let mut items = self.items.unwrap_or_default().iter();
        items.any(|item| item.eq_ignore_ascii_case(event))
    }

    /// Appends the action in wire format with `id` as its `ActionID`.
    pub(crate) fn write(&self, id: &str, to: &mut BytesMut) {
        let first = [("Action", self.name()), ("ActionID", id)];
        for (name, value) in first.into_iter().chain(self.headers()) {
            for part in [name, ": ", value, "\r\n"] {
                to.put_slice(part.as_bytes());
            }
        }
        to.put_slice(b"\r\n");
    }
}

/// Redacts secrets.
impl fmt::Debug for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self
            .headers()
            .map(|(name, value)| (name, if is_secret(name) { "[redacted]" } else { value }));
        f.debug_list()
            .entry(&("Action", self.name()))
            .entries(shown)
            .finish()
    }
}

/// Collects the headers of an action; [`build`](Self::build) validates them.
#[derive(Clone)]
pub struct Builder {
    name: String,
    headers: Vec<(String, String)>,
    items: Option<&'static [&'static str]>,
}

impl Builder {
    /// Adds a header. A name may be added repeatedly.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Adds a header if there is a value.
    #[must_use]
    pub fn with_some(self, name: &str, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// Declares the events of the list that answers the action; other events are not added to it.
    #[must_use]
    pub fn with_list_events(mut self, items: &'static [&'static str]) -> Self {
        self.items = Some(items);
        self
    }

    /// Validates name and headers.
    pub fn build(self) -> Result<Action, InvalidAction> {
        let Self {
            name,
            headers,
            items,
        } = self;
        let lines = headers.len().saturating_add(2);
        if MAX_LINES < lines {
            return Err(InvalidAction::TooManyLines {
                action: name,
                lines,
                limit: MAX_LINES,
            });
        }
        let mut checked = Vec::with_capacity(headers.len());
        for (header, value) in headers {
            if RESERVED
                .iter()
                .any(|reserved| reserved.eq_ignore_ascii_case(&header))
            {
                return Err(InvalidAction::Reserved {
                    action: name,
                    header,
                });
            }
            check_length(&name, &header, &value)?;
            let value = HeaderValue::parse(value).map_err(|error| {
                if is_secret(&header) {
                    error.redacted()
                } else {
                    error
                }
            });
            checked.push((HeaderName::parse(&header)?, value?));
        }
        check_length(&name, "Action", &name)?;
        if name.trim().is_empty() {
            return Err(InvalidAction::Nameless);
        }
        Ok(Action {
            name: HeaderValue::parse(name)?,
            headers: checked,
            items,
        })
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Why an action cannot be sent.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidAction {
    /// A regular expression would select every channel that matches.
    #[error("channel {channel:?} is a regular expression; use the name of one channel")]
    Expression {
        /// The rejected channel.
        channel: String,
    },
    /// The action has no name.
    #[error("the action has no name")]
    Nameless,
    /// The connection sets this header.
    #[error("header {header} of action {action} is reserved")]
    Reserved {
        /// Name of the action.
        action: String,
        /// Name of the header.
        header: String,
    },
    /// A name or a value would break the packet.
    #[error("malformed header")]
    Text(#[from] InvalidText),
    /// Asterisk would reject the line.
    #[error(
        "header {header} of action {action} is a line of {length} bytes; Asterisk accepts {limit}"
    )]
    TooLong {
        /// Name of the action, shortened.
        action: String,
        /// Name of the header, shortened.
        header: String,
        /// Length of the line in bytes.
        length: usize,
        /// Asterisk's limit in bytes.
        limit: usize,
    },
    /// Asterisk would reject the action.
    #[error("action {action} has {lines} lines; Asterisk accepts {limit}")]
    TooManyLines {
        /// Name of the action.
        action: String,
        /// Number of lines, including `Action` and `ActionID`.
        lines: usize,
        /// Asterisk's limit.
        limit: usize,
    },
}

fn check_length(action: &str, header: &str, value: &str) -> Result<(), InvalidAction> {
    let length = header
        .len()
        .saturating_add(": ".len())
        .saturating_add(value.len());
    if length <= MAX_LINE {
        return Ok(());
    }
    let shortened = |text: &str| text.chars().take(40).collect();
    Err(InvalidAction::TooLong {
        action: shortened(action),
        header: shortened(header),
        length,
        limit: MAX_LINE,
    })
}

/// Maximum length of a line that Asterisk reads, in bytes, without its end.
pub(crate) const MAX_LINE: usize = 1022;

/// Maximum number of lines of an action that Asterisk accepts.
pub(crate) const MAX_LINES: usize = 128;

/// Headers that the connection sets.
const RESERVED: [&str; 2] = ["Action", "ActionID"];

/// Events that repeat the `ActionID` of the action that caused them to every session.
const NEVER_ITEMS: [&str; 2] = ["UserEvent", "OriginateResponse"];

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::wire::{Frame, Framer, Packet};

    fn written(action: &Action) -> String {
        let mut wire = BytesMut::new();
        action.write("h1-1", &mut wire);
        String::from_utf8(wire.to_vec()).unwrap()
    }

    #[test]
    fn action_is_written_with_its_id_and_one_blank_line() {
        let action = Action::builder("Getvar")
            .with("Variable", "A")
            .build()
            .unwrap();
        assert_eq!(
            written(&action),
            "Action: Getvar\r\nActionID: h1-1\r\nVariable: A\r\n\r\n"
        );
    }

    #[test]
    fn line_of_1022_bytes_is_accepted() {
        let action = |length: usize| {
            Action::builder("X")
                .with("Variable", "v".repeat(length - "Variable: ".len()))
                .build()
        };
        assert!(action(1022).is_ok());
        assert_eq!(
            action(1023).unwrap_err().to_string(),
            "header Variable of action X is a line of 1023 bytes; Asterisk accepts 1022"
        );
    }

    #[test]
    fn action_of_128_lines_is_accepted() {
        let action = |lines: usize| {
            (2..lines)
                .fold(Action::builder("X"), |action, _| action.with("A", "b"))
                .build()
        };
        assert!(action(128).is_ok());
        assert_eq!(
            action(129).unwrap_err().to_string(),
            "action X has 129 lines; Asterisk accepts 128"
        );
    }

    #[test]
    fn injection_is_rejected() {
        assert!(
            Action::builder("X")
                .with("A", "1\r\nAction: Command")
                .build()
                .is_err()
        );
        assert!(Action::builder("X\nB: 1").build().is_err());
        let secret = Action::builder("X").with("Secret", "hu\nsh").build();
        let shown = format!("{:?}", secret.unwrap_err());
        assert!(
            shown.contains("[redacted]") && !shown.contains("hu"),
            "{shown}"
        );
        assert!(Action::builder("X").with("actionid", "1").build().is_err());
        assert!(Action::builder(" ").build().is_err());
    }

    #[test]
    fn unrelated_events_are_not_list_items() {
        let any = Action::builder("QueueStatus").build().unwrap();
        assert!(any.accepts_item("QueueMember"));
        assert!(!any.accepts_item("UserEvent"));
        assert!(!any.accepts_item("originateresponse"));
        let strict = Action::builder("X")
            .with_list_events(&["XItem"])
            .build()
            .unwrap();
        assert!(strict.accepts_item("xitem"));
        assert!(!strict.accepts_item("QueueMember"));
    }

    proptest! {
        #[test]
        fn any_valid_action_parses_equal(
            name in "[A-Za-z]{1,12}",
            headers in vec(("[A-Za-z][A-Za-z _()/;-]{0,20}[A-Za-z)]", any::<String>()), 0..20),
        ) {
            let built = headers
                .iter()
                .fold(Action::builder(&name), |action, (name, value)| action.with(name, value))
                .build();
            let valid = headers.iter().all(|(name, value)| {
                !value.contains(['\r', '\n', '\0'])
                    && name.len() + 2 + value.len() <= MAX_LINE
                    && !RESERVED.iter().any(|reserved| reserved.eq_ignore_ascii_case(name))
            });
            prop_assert_eq!(built.is_ok(), valid);
            let Ok(action) = built else { return Ok(()) };
            let mut wire = BytesMut::new();
            action.write("h1-1", &mut wire);
            let Some(Frame::Packet { block, .. }) = Framer::new(1 << 20).next(&mut wire) else {
                panic!("one action is one packet");
            };
            prop_assert!(wire.is_empty());
            let packet = Packet::parse(&block);
            let first = [("Action", name.as_str()), ("ActionID", "h1-1")];
            let sent = first.into_iter().chain(action.headers());
            prop_assert!(packet.headers().eq(sent), "{packet:?}");
            prop_assert_eq!(action.headers().count(), headers.len());
        }
    }

    #[test]
    fn debug_output_redacts_secrets() {
        let action = Action::builder("Login")
            .with("Secret", "hush")
            .with("Key", "hush");
        assert!(!format!("{action:?} {:?}", action.clone().build()).contains("hush"));
    }
}
