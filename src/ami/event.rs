//! Events.
//!
//! They are not enumerated: an event is a name and headers, whichever Asterisk module sends it.

use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;

use super::wire::Packet;

/// One event. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Event {
    packet: Arc<Packet>,
    /// Its share of the bytes that all events may take; released with the last clone.
    share: Option<Arc<OwnedSemaphorePermit>>,
}

impl Event {
    pub(crate) fn new(packet: Packet) -> Self {
        Self {
            packet: Arc::new(packet),
            share: None,
        }
    }

    /// Attaches the share of memory that is released when the last clone of the event is dropped.
    pub(crate) fn with_share(self, share: OwnedSemaphorePermit) -> Self {
        Self {
            share: Some(Arc::new(share)),
            ..self
        }
    }

    /// Returns a copy that may be kept: it takes no share of [`Limits::event_bytes`].
    ///
    /// [`Limits::event_bytes`]: super::config::Limits::event_bytes
    #[must_use]
    pub fn detached(&self) -> Self {
        match &self.share {
            Some(_) => Self::new(Packet::clone(&self.packet)),
            None => self.clone(),
        }
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
        self.packet.header(name)
    }

    /// Returns all values of the header `name` in order, ignoring case.
    pub fn values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.packet.values(name)
    }

    /// Returns all headers in the order sent, including `Event`.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.packet.headers()
    }

    /// Returns the underlying packet.
    pub fn packet(&self) -> &Packet {
        &self.packet
    }

    /// Parses an event from wire format, for tests and captures.
    ///
    /// Returns `None` if the block is not an event.
    pub fn parse(block: &[u8]) -> Option<Self> {
        let packet = Packet::parse(block);
        (packet.kind() == super::wire::Kind::Event).then(|| Self::new(packet))
    }
}

impl Eq for Event {}

impl PartialEq for Event {
    fn eq(&self, other: &Self) -> bool {
        self.packet == other.packet
    }
}
