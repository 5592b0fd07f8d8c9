//! Passes events to the subscribers, as long as what they have not dropped yet fits into memory.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, broadcast};
use tokio::time::Instant;
use tracing::warn;

use super::counters::Counters;
use super::event::Event;

/// The sending end of the events of one connection.
#[derive(Debug)]
pub(crate) struct Publisher {
    events: broadcast::Sender<Event>,
    /// The bytes that events may still take. Shared with earlier connections of the client, whose
    /// events may still be in use.
    free_bytes: Arc<Semaphore>,
    counters: Arc<Counters>,
    last_warning: Option<Instant>,
}

impl Publisher {
    pub(crate) fn new(
        events: broadcast::Sender<Event>,
        free_bytes: Arc<Semaphore>,
        counters: Arc<Counters>,
    ) -> Self {
        Self {
            events,
            free_bytes,
            counters,
            last_warning: None,
        }
    }

    /// Passes an event to all subscribers, of whom there may be none, or counts it as lost.
    pub(crate) fn publish(&mut self, event: Event, now: Instant) {
        let bytes = u32::try_from(event.packet().memory()).unwrap_or(u32::MAX);
        match Arc::clone(&self.free_bytes).try_acquire_many_owned(bytes) {
            Ok(share) => drop(self.events.send(event.with_share(share))),
            Err(_) => self.record_lost(bytes, now),
        }
    }

    fn record_lost(&mut self, bytes: u32, now: Instant) {
        let subscribers = self.events.receiver_count();
        if subscribers == 0 {
            return;
        }
        let count = u64::try_from(subscribers).unwrap_or(u64::MAX);
        Counters::add(&self.counters.lost, count);
        if self
            .last_warning
            .is_none_or(|last| WARNING_INTERVAL <= now - last)
        {
            self.last_warning = Some(now);
            let free = self.free_bytes.available_permits();
            warn!(
                bytes,
                free, "Events are lost: subscribers are too slow, and their queues full."
            );
        }
    }
}

/// Minimum time between two warnings.
const WARNING_INTERVAL: Duration = Duration::from_mins(1);

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns an event of at least `length` bytes.
    fn event(length: usize) -> Event {
        let block = format!("Event: A\r\nB: {}\r\n", "b".repeat(length));
        Event::parse(block.as_bytes()).unwrap()
    }

    #[test]
    fn events_are_lost_when_those_in_use_fill_the_memory() {
        let size = event(1000).packet().memory();
        let counters = Arc::new(Counters::default());
        let (events, mut first) = broadcast::channel(64);
        let mut second = events.subscribe();
        let free_bytes = Arc::new(Semaphore::new(3 * size));
        let mut publisher = Publisher::new(events, Arc::clone(&free_bytes), Arc::clone(&counters));
        let mut publish = |count: usize| {
            for _ in 0..count {
                publisher.publish(event(1000), Instant::now());
            }
        };
        publish(5);
        assert_eq!(
            (free_bytes.available_permits(), counters.totals().lost),
            (0, 4)
        );
        // What the last subscriber has dropped makes room; a copy that is kept does not matter.
        let kept = first.try_recv().unwrap().detached();
        publish(1);
        assert_eq!(counters.totals().lost, 6);
        drop(second.try_recv().unwrap());
        publish(1);
        assert_eq!(counters.totals().lost, 6);
        drop((first, second));
        publish(9);
        assert_eq!(
            (free_bytes.available_permits(), counters.totals().lost),
            (3 * size, 6)
        );
        assert_eq!(kept, event(1000));
    }
}
