//! Passes events to the subscribers, as long as what they have not dropped yet fits into memory.
//!
//! One queue serves all: each subscriber has a position in it, and an event leaves it when all have
//! passed. The connection never waits. When the memory is full, the oldest events are lost.

use std::collections::vec_deque::Drain;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::counters::Counters;
use super::event::{Event, Memory};

/// The sending end of a client's events. Dropping it ends the subscriptions.
#[derive(Debug)]
pub(crate) struct Feed {
    shared: Arc<Shared>,
}

impl Feed {
    /// Creates a queue for events of at most `limit` bytes, including those that a subscriber has taken
    /// out and not dropped yet.
    pub(crate) fn new(limit: usize, counters: Arc<Counters>) -> Self {
        let shared = Shared {
            queue: Mutex::default(),
            arrived: Notify::new(),
            memory: Memory::new(limit),
            counters,
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Returns what subscribers need.
    pub(crate) fn source(&self) -> Source {
        Source {
            shared: Arc::clone(&self.shared),
        }
    }

    /// Passes events to all subscribers, of whom there may be none, and empties `events`.
    pub(crate) fn publish(&self, events: &mut Vec<Event>) {
        if events.is_empty() {
            return;
        }
        let lost = self.shared.append(events);
        if 0 < lost {
            Counters::add(&self.shared.counters.lost, lost);
        }
        self.shared.arrived.notify_waiters();
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.shared.queue.lock().is_closed = true;
        self.shared.arrived.notify_waiters();
    }
}

/// Creates subscriptions.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    shared: Arc<Shared>,
}

impl Source {
    /// Subscribes to all events from now on.
    pub(crate) fn subscribe(&self) -> Subscription {
        let mut queue = self.shared.queue.lock();
        let id = queue.last_id.wrapping_add(1);
        queue.last_id = id;
        let end = queue.end();
        queue.positions.insert(id, end);
        Subscription {
            shared: Arc::clone(&self.shared),
            id,
        }
    }
}

/// A position in the queue. Dropping it frees what no other subscriber needs.
#[derive(Debug)]
pub(crate) struct Subscription {
    shared: Arc<Shared>,
    id: u64,
}

impl Subscription {
    /// Waits for events, appends up to [`MAX_TAKEN`] of them to `events`, and returns how many were lost
    /// before them; `None` at the end.
    ///
    /// Cancel safe.
    pub(crate) async fn take(&self, events: &mut VecDeque<Event>) -> Option<u64> {
        loop {
            let arrived = self.shared.arrived.notified();
            {
                let mut queue = self.shared.queue.lock();
                let lost = queue.take(self.id, events);
                if 0 < lost || !events.is_empty() {
                    return Some(lost);
                }
                if queue.is_closed {
                    return None;
                }
            }
            arrived.await;
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut queue = self.shared.queue.lock();
        queue.positions.remove(&self.id);
        queue.drop_passed();
    }
}

#[derive(Debug)]
struct Shared {
    queue: Mutex<Queue>,
    /// Notified when events have arrived, or none will.
    arrived: Notify,
    memory: Memory,
    counters: Arc<Counters>,
}

impl Shared {
    /// Appends events, and makes room for them; returns how many are lost, summed over subscribers.
    fn append(&self, events: &mut Vec<Event>) -> u64 {
        let mut queue = self.queue.lock();
        if queue.positions.is_empty() {
            queue.first = queue.first.wrapping_add(events.len() as u64);
            events.clear();
            return 0;
        }
        let mut lost = 0_u64;
        for event in events.drain(..) {
            loop {
                match self.memory.share(event.packet().memory()) {
                    Some(share) => {
                        queue.events.push_back(event.with_share(share));
                        break;
                    }
                    None if queue.events.is_empty() => {
                        // Subscribers hold all the memory.
                        lost = lost.saturating_add(queue.lose_next());
                        break;
                    }
                    None => lost = lost.saturating_add(queue.lose_oldest()),
                }
            }
        }
        lost
    }
}

/// The events that not all subscribers have taken.
#[derive(Debug, Default)]
struct Queue {
    events: VecDeque<Event>,
    /// Number of the first event in the queue, counted from the start of the client.
    first: u64,
    /// The number of the next event for each subscriber.
    positions: BTreeMap<u64, u64>,
    last_id: u64,
    /// No more events will arrive.
    is_closed: bool,
}

impl Queue {
    /// Returns the number of the event that arrives next.
    fn end(&self) -> u64 {
        self.first.wrapping_add(self.events.len() as u64)
    }

    /// Drops the oldest event; returns how many subscribers lose it.
    fn lose_oldest(&mut self) -> u64 {
        self.events.pop_front();
        let first = self.first;
        self.first = first.wrapping_add(1);
        let losing = self.positions.values().filter(|next| **next <= first);
        losing.count() as u64
    }

    /// Counts an event that does not enter the empty queue; returns how many subscribers lose it.
    fn lose_next(&mut self) -> u64 {
        self.first = self.first.wrapping_add(1);
        self.positions.len() as u64
    }

    /// Appends the next events of a subscriber to `events`; returns how many it has lost before them.
    fn take(&mut self, id: u64, events: &mut VecDeque<Event>) -> u64 {
        let (first, end) = (self.first, self.end());
        let Some(next) = self.positions.get_mut(&id) else {
            return 0;
        };
        let lost = first.saturating_sub(*next);
        let from = (*next).max(first);
        *next = end.min(from.saturating_add(MAX_TAKEN as u64));
        let count = next.saturating_sub(from);
        // Those that no other subscriber needs are moved.
        let passed = self.passed();
        let skipped = index(from.saturating_sub(first));
        let before = events.len();
        events.extend(self.remove(passed).skip(skipped));
        let moved = events.len().saturating_sub(before);
        let others = self.events.iter().skip(skipped.saturating_sub(passed));
        events.extend(others.take(index(count).saturating_sub(moved)).cloned());
        lost
    }

    /// Drops the events that all subscribers have taken.
    fn drop_passed(&mut self) {
        let passed = self.passed();
        self.remove(passed);
    }

    /// Returns how many events at the front all subscribers have taken.
    fn passed(&self) -> usize {
        let needed = self.positions.values().min().copied();
        let needed = needed.unwrap_or_else(|| self.end());
        index(needed.saturating_sub(self.first)).min(self.events.len())
    }

    /// Removes that number of events, or all, from the front.
    fn remove(&mut self, count: usize) -> Drain<'_, Event> {
        self.first = self.first.wrapping_add(count as u64);
        self.events.drain(..count)
    }
}

/// Returns a distance between two positions as an index, which is huge if it is none.
fn index(distance: u64) -> usize {
    usize::try_from(distance).unwrap_or(usize::MAX)
}

/// Events that a subscriber takes at once: enough to make the lock cheap, few enough that other
/// subscribers do not wait for it.
const MAX_TAKEN: usize = 256;

#[cfg(test)]
mod tests;
