//! Something that happened, as Asterisk tells it.
//!
//! Events are not enumerated: one has a name and headers, whatever module sent it.

use std::sync::Arc;

use super::wire::Packet;

/// One event. Cheap to clone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Event(Arc<Packet>);

impl Event {
    pub(crate) fn new(packet: Packet) -> Self {
        Self(Arc::new(packet))
    }

    /// Returns its name, as in `Event: NAME`.
    pub fn name(&self) -> &str {
        self.header("Event").unwrap_or_default()
    }

    /// Returns whether it has this name, whatever the case.
    pub fn is(&self, name: &str) -> bool {
        self.name().eq_ignore_ascii_case(name)
    }

    /// Returns the first value of a header, whatever the case of its name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.0.header(name)
    }

    /// Returns all values of a header, in order.
    pub fn values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.0.values(name)
    }

    /// Returns all headers in the order sent, `Event` included.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.headers()
    }

    /// Returns the packet it came in.
    pub fn packet(&self) -> &Packet {
        &self.0
    }

    /// Reads one event out of the bytes of an AMI connection, for tests and captures.
    ///
    /// Returns `None` if the block is no event.
    pub fn parse(block: &[u8]) -> Option<Self> {
        let packet = Packet::parse(block);
        (packet.kind() == super::wire::Kind::Event).then(|| Self::new(packet))
    }
}
