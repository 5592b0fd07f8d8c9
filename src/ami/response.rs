//! Responses, with the list that follows some of them.

use super::error::Error;
use super::event::Event;
use super::wire::Packet;

/// The response to an action.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Response {
    packet: Packet,
    items: Vec<Event>,
    cancelled: bool,
}

impl Response {
    /// Creates a response from its packet, for tests without a server.
    pub fn new(packet: Packet) -> Self {
        Self {
            packet,
            items: Vec::new(),
            cancelled: false,
        }
    }

    /// Adds the items of the list that the response announces; `cancelled` if Asterisk ended it early.
    #[must_use]
    pub fn with_list(self, items: Vec<Event>, cancelled: bool) -> Self {
        Self {
            items,
            cancelled,
            ..self
        }
    }

    /// Returns whether the response is anything but `Error`.
    pub fn is_success(&self) -> bool {
        !self
            .header("Response")
            .is_some_and(|word| word.eq_ignore_ascii_case("Error"))
    }

    /// Converts the response `Error` to [`Error::Refused`].
    pub fn accepted(self, action: &str) -> Result<Self, Error> {
        if self.is_success() {
            return Ok(self);
        }
        Err(Error::Refused {
            action: action.to_owned(),
            message: self.message().to_owned(),
        })
    }

    /// Returns Asterisk's message, which differs between versions.
    pub fn message(&self) -> &str {
        self.header("Message").unwrap_or_default()
    }

    /// Returns the first value of the header `name`, ignoring case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.packet.header(name)
    }

    /// Returns all headers in the order sent.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.packet.headers()
    }

    /// Returns the output lines of a command.
    pub fn output(&self) -> impl Iterator<Item = &str> {
        self.packet.values("Output")
    }

    /// Returns the items of the list in order; the last one is the event that ended it.
    pub fn items(&self) -> &[Event] {
        &self.items
    }

    /// Returns whether Asterisk cancelled the list.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled
    }
}
