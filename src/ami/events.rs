//! A subscription to events.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::Instant;
use tracing::warn;

use super::counters::Counters;
use super::event::Event;

/// A subscription to the events of one server.
///
/// The connection never waits for subscribers: a slow one loses the oldest events.
#[derive(Debug)]
pub struct Events {
    /// `None` if the client had already stopped.
    receiver: Option<broadcast::Receiver<Event>>,
    server: Arc<str>,
    counters: Arc<Counters>,
    lost: u64,
    last_warning: Option<Instant>,
}

impl Events {
    pub(crate) fn new(
        receiver: Option<broadcast::Receiver<Event>>,
        server: Arc<str>,
        counters: Arc<Counters>,
    ) -> Self {
        Self {
            receiver,
            server,
            counters,
            lost: 0,
            last_warning: None,
        }
    }

    /// Returns the next event; `None` when the client has stopped.
    ///
    /// Cancel safe.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            match self.receiver.as_mut()?.recv().await {
                Ok(event) => return Some(event),
                Err(RecvError::Closed) => return None,
                Err(RecvError::Lagged(count)) => self.record_lost(count),
            }
        }
    }

    /// Returns the number of events that this subscription has lost.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    fn record_lost(&mut self, count: u64) {
        self.lost = self.lost.saturating_add(count);
        Counters::add(&self.counters.lost, count);
        let now = Instant::now();
        if self
            .last_warning
            .is_none_or(|last| WARNING_INTERVAL <= now - last)
        {
            self.last_warning = Some(now);
            warn!(server = %self.server, lost = self.lost, "A slow subscriber is losing events.");
        }
    }
}

/// Minimum time between two warnings about the same subscription.
const WARNING_INTERVAL: Duration = Duration::from_mins(1);
