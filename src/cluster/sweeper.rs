//! The messages that tell of removals, which are deleted once everybody has read them.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

/// Where removals go.
#[derive(Debug)]
pub(crate) struct Sweeper {
    removals: mpsc::Sender<Removal>,
    age: Duration,
}

/// The other end.
pub(crate) type Removals = mpsc::Receiver<Removal>;

/// The message of a removal.
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

    /// Has the message of a removal deleted after a while.
    pub(crate) fn later(&self, stream: &str, sequence: u64) {
        self.send(Instant::now() + self.age, stream, sequence);
    }

    /// Has the message of an old removal deleted.
    pub(crate) fn now(&self, stream: &str, sequence: u64) {
        self.send(Instant::now(), stream, sequence);
    }

    fn send(&self, due: Instant, stream: &str, sequence: u64) {
        let stream = stream.into();
        // What does not fit is found when the stream is read anew.
        let _ = self.removals.try_send(Removal {
            due,
            stream,
            sequence,
        });
    }
}

/// How many removals wait: of a minute, at a thousand per second.
const WAITING: usize = 60_000;
