//! Whether anybody wants to know what happens at other daemons.

use std::sync::Arc;

use tokio::sync::watch;

/// How many streams want to know what happens elsewhere. Clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Interest(Arc<watch::Sender<usize>>);

/// A stream that wants to know; dropping this ends that.
#[derive(Debug)]
pub(super) struct Interested(Interest);

impl Interest {
    /// Adds a stream.
    pub(super) fn enter(&self) -> Interested {
        self.0.send_modify(|count| *count = count.saturating_add(1));
        Interested(self.clone())
    }

    /// Returns how many streams there are, and whenever that changes.
    pub(super) fn count(&self) -> watch::Receiver<usize> {
        self.0.subscribe()
    }
}

impl Drop for Interested {
    fn drop(&mut self) {
        let count = &self.0.0;
        count.send_modify(|count| *count = count.saturating_sub(1));
    }
}
