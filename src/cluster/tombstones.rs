//! Tombstones: messages that record deletions. They are deleted once all consumers have had time to read them.

mod deletion;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

pub(crate) use deletion::start;

/// Schedules the deletion of tombstones.
#[derive(Debug)]
pub(crate) struct Tombstones {
    queue: mpsc::Sender<Tombstone>,
    ttl: Duration,
}

/// The receiving end of the queue.
pub(crate) type TombstoneQueue = mpsc::Receiver<Tombstone>;

/// A tombstone.
#[derive(Debug)]
pub(crate) struct Tombstone {
    due: Instant,
    stream: Arc<str>,
    sequence: u64,
}

impl Tombstones {
    pub(crate) fn new(ttl: Duration) -> (Self, TombstoneQueue) {
        let (queue, receiver) = mpsc::channel(QUEUE_CAPACITY);
        (Self { queue, ttl }, receiver)
    }

    /// Schedules the deletion of a new tombstone.
    pub(crate) fn delete_later(&self, stream: &str, sequence: u64) {
        self.schedule(Instant::now() + self.ttl, stream, sequence);
    }

    /// Schedules the deletion of an old tombstone, or of any other message that consumers need not see.
    pub(crate) fn delete_now(&self, stream: &str, sequence: u64) {
        self.schedule(Instant::now(), stream, sequence);
    }

    fn schedule(&self, due: Instant, stream: &str, sequence: u64) {
        let stream = stream.into();
        // One that does not fit is found again when the stream is next read.
        let _ = self.queue.try_send(Tombstone {
            due,
            stream,
            sequence,
        });
    }
}

/// Capacity of the queue: one minute of deletions at a thousand per second.
const QUEUE_CAPACITY: usize = 60_000;
