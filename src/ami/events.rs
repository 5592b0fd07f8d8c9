//! A subscription to events.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tracing::warn;

use super::event::Event;
use super::feed::Subscription;

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
    /// How many of them a warning has told.
    told: u64,
    last_warning: Option<Instant>,
}

impl Events {
    pub(crate) fn new(subscription: Subscription, server: Arc<str>) -> Self {
        Self {
            subscription,
            taken: VecDeque::new(),
            server,
            lost: 0,
            told: 0,
            last_warning: None,
        }
    }

    /// Returns the next event; `None` when the client has stopped.
    ///
    /// Cancel safe.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.taken.pop_front() {
                return Some(event);
            }
            self.lost = self
                .lost
                .saturating_add(self.subscription.take(&mut self.taken).await?);
            self.warn_of_lost();
        }
    }

    /// Returns the number of events that this subscription has lost.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    fn warn_of_lost(&mut self) {
        let new = self.lost.saturating_sub(self.told);
        if new == 0 {
            return;
        }
        let now = Instant::now();
        let is_due = |last| WARNING_INTERVAL <= now.saturating_duration_since(last);
        if self.last_warning.is_none_or(is_due) {
            self.last_warning = Some(now);
            self.told = self.lost;
            warn!(
                server = %self.server, lost = new, total = self.lost,
                "Events were lost: they arrive faster than they are handled."
            );
        }
    }
}

/// Minimum time between two warnings about the same subscription.
const WARNING_INTERVAL: Duration = Duration::from_secs(1);
