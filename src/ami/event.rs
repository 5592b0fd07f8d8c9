//! Events.
//!
//! They are not enumerated: an event is a name and headers, whichever Asterisk module sends it.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::wire::Packet;

/// One event. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Event {
    data: Arc<Data>,
}

#[derive(Debug)]
struct Data {
    packet: Packet,
    /// Where the name is in the packet: it is asked for by each that an event passes.
    name: Range<usize>,
    /// Its share of the bytes that all events may take; released with the last clone.
    share: Option<Share>,
}

impl Event {
    /// Creates an event of this name, which is [in the packet](Packet::event_name).
    pub(crate) fn new(packet: Packet, name: Range<usize>) -> Self {
        let share = None;
        Self {
            data: Arc::new(Data {
                packet,
                name,
                share,
            }),
        }
    }

    /// Attaches the share of memory that is released when the last clone of the event is dropped.
    pub(crate) fn with_share(mut self, share: Share) -> Self {
        match Arc::get_mut(&mut self.data) {
            Some(data) => data.share = Some(share),
            None => {
                self.data = Arc::new(Data {
                    packet: self.data.packet.clone(),
                    name: self.data.name.clone(),
                    share: Some(share),
                });
            }
        }
        self
    }

    /// Returns a copy that may be kept: it takes no share of [`Limits::event_bytes`].
    ///
    /// [`Limits::event_bytes`]: super::config::Limits::event_bytes
    #[must_use]
    pub fn detached(&self) -> Self {
        match &self.data.share {
            Some(_) => Self::new(self.data.packet.clone(), self.data.name.clone()),
            None => self.clone(),
        }
    }

    /// Returns the value of the header `Event`.
    pub fn name(&self) -> &str {
        self.data.packet.text(&self.data.name)
    }

    /// Returns whether it has this name, ignoring case.
    pub fn is(&self, name: &str) -> bool {
        self.name().eq_ignore_ascii_case(name)
    }

    /// Returns the first value of the header `name`, ignoring case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.data.packet.header(name)
    }

    /// Returns all values of the header `name` in order, ignoring case.
    pub fn values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.data.packet.values(name)
    }

    /// Returns all headers in the order sent, including `Event`.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.data.packet.headers()
    }

    /// Returns the underlying packet.
    pub fn packet(&self) -> &Packet {
        &self.data.packet
    }

    /// Parses an event from wire format, for tests and captures.
    ///
    /// Returns `None` if the block is not an event.
    pub fn parse(block: &[u8]) -> Option<Self> {
        let packet = Packet::parse(block);
        let name = packet.event_name()?;
        Some(Self::new(packet, name))
    }
}

impl Eq for Event {}

impl PartialEq for Event {
    fn eq(&self, other: &Self) -> bool {
        self.data.packet == other.data.packet
    }
}

/// The bytes that the events of a client may take.
#[derive(Debug)]
pub(crate) struct Memory {
    used: Arc<AtomicUsize>,
    limit: usize,
}

impl Memory {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            used: Arc::default(),
            limit,
        }
    }

    /// Takes `bytes`, if they are free. Only one thread may do so.
    pub(crate) fn share(&self, bytes: usize) -> Option<Share> {
        let used = self.used.load(Ordering::Acquire).saturating_add(bytes);
        if self.limit < used {
            return None;
        }
        self.used.fetch_add(bytes, Ordering::AcqRel);
        Some(Share {
            used: Arc::clone(&self.used),
            bytes,
        })
    }
}

/// Bytes that an event takes, until it is dropped.
#[derive(Debug)]
pub(crate) struct Share {
    used: Arc<AtomicUsize>,
    bytes: usize,
}

impl Drop for Share {
    fn drop(&mut self) {
        self.used.fetch_sub(self.bytes, Ordering::AcqRel);
    }
}
