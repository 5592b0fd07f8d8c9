//! What Asterisk answered, with the list that belonged to the answer.

use super::error::Error;
use super::event::Event;
use super::wire::Packet;

/// The answer to one action.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Response {
    packet: Packet,
    items: Vec<Event>,
    cancelled: bool,
}

impl Response {
    /// Wraps a packet that is a response.
    pub fn new(packet: Packet) -> Self {
        Self {
            packet,
            items: Vec::new(),
            cancelled: false,
        }
    }

    /// Adds the events of the list that the response announced.
    pub fn with_list(self, items: Vec<Event>, cancelled: bool) -> Self {
        Self {
            items,
            cancelled,
            ..self
        }
    }

    /// Returns whether Asterisk did not say `Error`.
    pub fn is_success(&self) -> bool {
        !self
            .header("Response")
            .is_some_and(|word| word.eq_ignore_ascii_case("Error"))
    }

    /// Turns an answer that says `Error` into [`Error::Refused`].
    pub fn accepted(self, action: &str) -> Result<Self, Error> {
        if self.is_success() {
            return Ok(self);
        }
        Err(Error::Refused {
            action: action.to_owned(),
            message: self.message().to_owned(),
        })
    }

    /// Returns Asterisk's words, which differ between versions.
    pub fn message(&self) -> &str {
        self.header("Message").unwrap_or_default()
    }

    /// Returns the first value of a header, whatever the case of its name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.packet.header(name)
    }

    /// Returns all headers in the order sent.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.packet.headers()
    }

    /// Returns the lines that a command put out.
    pub fn output(&self) -> impl Iterator<Item = &str> {
        self.packet.values("Output")
    }

    /// Returns the items of the list in order, the event that ended it as the last.
    pub fn items(&self) -> &[Event] {
        &self.items
    }

    /// Returns whether Asterisk broke the list off.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled
    }
}
