//! Reads the feed item by item.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::watch;

use super::recent::{FeedItem, Recent};

/// A position in the feed. It keeps no item alive.
#[derive(Debug)]
pub(in crate::admin) struct Subscription {
    recent: Arc<Mutex<Recent>>,
    published: watch::Receiver<()>,
    /// The number of the next item.
    next: u64,
}

/// This many items are no longer kept; the next one is the oldest that is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::admin) struct Lagged(pub(in crate::admin) u64);

impl Subscription {
    pub(super) fn new(
        recent: Arc<Mutex<Recent>>,
        published: watch::Receiver<()>,
        next: u64,
    ) -> Self {
        Self {
            recent,
            published,
            next,
        }
    }

    /// Waits for the next item. Cancel safe.
    pub(in crate::admin) async fn recv(&mut self) -> Result<Arc<FeedItem>, Lagged> {
        loop {
            // Before looking, so that an item that is published after that is noticed.
            self.published.mark_unchanged();
            if let Some(item) = self.try_recv()? {
                return Ok(item);
            }
            if self.published.changed().await.is_err() {
                // Nothing is published any more; the stream ends at shutdown.
                std::future::pending::<()>().await;
            }
        }
    }

    /// Returns the next item if there is one.
    pub(in crate::admin) fn try_recv(&mut self) -> Result<Option<Arc<FeedItem>>, Lagged> {
        let recent = self.recent.lock();
        let oldest = recent.oldest();
        if self.next < oldest {
            let lagged = Lagged(oldest.saturating_sub(self.next));
            self.next = oldest;
            return Err(lagged);
        }
        let item = recent.get(self.next).cloned();
        if item.is_some() {
            self.next = self.next.saturating_add(1);
        }
        Ok(item)
    }
}
