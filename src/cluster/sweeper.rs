//! Deleting the messages that tell of removals, once everybody has read them.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::shared::Shared;

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
    due: Instant,
    stream: Arc<str>,
    sequence: u64,
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

/// Starts to delete.
pub(crate) fn start(shared: &Arc<Shared>, mut removals: Removals) {
    let stop = shared.tasks.stop();
    let task = {
        let shared = Arc::clone(shared);
        async move {
            while let Some(removal) = removals.recv().await {
                let Removal {
                    due,
                    stream,
                    sequence,
                } = removal;
                tokio::time::sleep_until(due).await;
                let Some(session) = shared.session() else {
                    continue;
                };
                let deleting = async {
                    if let Ok(stream) = session.jetstream.get_stream_no_info(&stream).await {
                        // Another daemon may have done it.
                        let _ = stream.delete_message(sequence).await;
                    }
                };
                let _ = tokio::time::timeout(session.patience, deleting).await;
            }
        }
    };
    shared.tasks.spawn("cluster_sweeper", async move {
        tokio::select! {
            () = task => {}
            () = stop.cancelled() => {}
        }
    });
}

/// How many removals wait: of a minute, at a thousand per second.
const WAITING: usize = 60_000;
