//! A subscription to events.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::time::Instant;
use tracing::warn;

use super::event::Event;
use super::feed::Subscription;
use super::losses::Losses;

/// A subscription to the events of one server.
///
/// The connection never waits for subscribers: a slow one loses the oldest events.
#[derive(Debug)]
pub struct Events {
    subscription: Subscription,
    /// Taken, and not returned yet.
    taken: VecDeque<Event>,
    server: Arc<str>,
    lost: u64,
    losses: Losses,
}

impl Events {
    pub(crate) fn new(subscription: Subscription, server: Arc<str>) -> Self {
        Self {
            subscription,
            taken: VecDeque::new(),
            server,
            lost: 0,
            losses: Losses::default(),
        }
    }

    /// Returns the next event; `None` when the client has stopped.
    ///
    /// Cancel safe.
    pub async fn next(&mut self) -> Option<Event> {
        self.wait().await?;
        self.taken.pop_front()
    }

    /// Waits for the next event and returns it with those that have arrived since, at most 256; `None`
    /// when the client has stopped.
    ///
    /// Cancel safe.
    pub async fn next_batch(&mut self) -> Option<VecDeque<Event>> {
        self.wait().await?;
        Some(std::mem::take(&mut self.taken))
    }

    /// Waits until an event is taken; `None` when the client has stopped.
    async fn wait(&mut self) -> Option<()> {
        while self.taken.is_empty() {
            let lost = tokio::select! {
                lost = self.subscription.take(&mut self.taken) => lost?,
                () = self.losses.until_due(self.lost) => 0,
            };
            self.lost = self.lost.saturating_add(lost);
            self.warn_of_lost();
        }
        Some(())
    }

    /// Returns the number of events that this subscription has lost.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    fn warn_of_lost(&mut self) {
        if let Some(lost) = self.losses.due(self.lost, Instant::now()) {
            warn!(
                server = %self.server, lost, total = self.lost,
                "Events were lost: they arrive faster than they are handled."
            );
        }
    }
}
