//! Tombstones: messages that record removals. They are deleted once all watchers have had time to read them.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

/// The queue of tombstones.
#[derive(Debug)]
pub(crate) struct Sweeper {
    removals: mpsc::Sender<Removal>,
    age: Duration,
}

/// The receiving end.
pub(crate) type Removals = mpsc::Receiver<Removal>;

/// A tombstone.
#[derive(Debug)]
pub(crate) struct Removal {
    pub(crate) due: Instant,
    pub(crate) stream: Arc<str>,
    pub(crate) sequence: u64,
}

impl Sweeper {
    pub(crate) fn new(age: Duration) -> (Self, Removals) {
        let (removals, receiver) = mpsc::channel(WAITING);
        (Self { removals, age }, receiver)
    }

    /// Schedules the deletion of a tombstone.
    pub(crate) fn later(&self, stream: &str, sequence: u64) {
        self.send(Instant::now() + self.age, stream, sequence);
    }

    /// Schedules the deletion of an old tombstone.
    pub(crate) fn now(&self, stream: &str, sequence: u64) {
        self.send(Instant::now(), stream, sequence);
    }

    fn send(&self, due: Instant, stream: &str, sequence: u64) {
        let stream = stream.into();
        // One that does not fit is found again when the stream is next read.
        let _ = self.removals.try_send(Removal {
            due,
            stream,
            sequence,
        });
    }
}

/// Capacity of the queue: one minute of removals at a thousand per second.
const WAITING: usize = 60_000;
