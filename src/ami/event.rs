//! Events.
//!
//! They are not enumerated: an event is a name and headers, whichever Asterisk module sends it.

use std::sync::Arc;

use super::wire::Packet;

/// One event. Cheap to clone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Event(Arc<Packet>);

impl Event {
    pub(crate) fn new(packet: Packet) -> Self {
        Self(Arc::new(packet))
    }

    /// Returns the value of the header `Event`.
    pub fn name(&self) -> &str {
        self.header("Event").unwrap_or_default()
    }

    /// Returns whether it has this name, ignoring case.
    pub fn is(&self, name: &str) -> bool {
        self.name().eq_ignore_ascii_case(name)
    }

    /// Returns the first value of the header `name`, ignoring case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.0.header(name)
    }

    /// Returns all values of the header `name` in order, ignoring case.
    pub fn values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.0.values(name)
    }

    /// Returns all headers in the order sent, including `Event`.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.headers()
    }

    /// Returns the underlying packet.
    pub fn packet(&self) -> &Packet {
        &self.0
    }

    /// Parses an event from wire format, for tests and captures.
    ///
    /// Returns `None` if the block is not an event.
    pub fn parse(block: &[u8]) -> Option<Self> {
        let packet = Packet::parse(block);
        (packet.kind() == super::wire::Kind::Event).then(|| Self::new(packet))
    }
}
