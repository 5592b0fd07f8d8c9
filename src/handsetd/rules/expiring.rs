//! Remembers for a while, and no more than so much.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::time::Duration;

use tokio::time::Instant;

/// Keys that stay closed until some time.
///
/// It holds at most its capacity. When that is reached the key that was closed first is forgotten
/// early, so that a flood of names costs memory for so many and no more.
#[derive(Debug)]
pub(super) struct ExpiringSet<K> {
    until: HashMap<K, Instant>,
    /// The same by the order of closing; a key that was closed again stands here twice.
    order: VecDeque<(Instant, K)>,
    capacity: usize,
}

impl<K: Clone + Eq + Hash> ExpiringSet<K> {
    /// Creates a window with room for `capacity` keys.
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            until: HashMap::new(),
            order: VecDeque::new(),
            capacity,
        }
    }

    /// Returns how long `key` stays closed; `None` if it is open.
    pub(super) fn left(&self, key: &K, now: Instant) -> Option<Duration> {
        let until = self.until.get(key)?;
        let left = until.saturating_duration_since(now);
        (!left.is_zero()).then_some(left)
    }

    /// Closes `key` for `time`.
    pub(super) fn close(&mut self, key: K, time: Duration, now: Instant) {
        // Durations of the configuration are short enough to be added.
        let until = now.checked_add(time).unwrap_or(now);
        while self.order.front().is_some_and(|(until, _)| *until <= now)
            || self.order.len() >= self.capacity
        {
            self.forget_first();
        }
        self.until.insert(key.clone(), until);
        self.order.push_back((until, key));
    }

    /// Returns how many keys are held, open ones included that nobody has swept yet.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.order.len().max(self.until.len())
    }

    fn forget_first(&mut self) {
        if let Some((until, key)) = self.order.pop_front()
            && self.until.get(&key) == Some(&until)
        {
            self.until.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_key_is_open_again_when_its_time_is_over() {
        let now = Instant::now();
        let mut window = ExpiringSet::new(10);
        window.close("a", SECOND * 10, now);
        assert_eq!(window.left(&"a", now + SECOND * 3), Some(SECOND * 7));
        assert_eq!(window.left(&"a", now + SECOND * 10), None);
        assert_eq!(window.left(&"b", now), None);
    }

    #[test]
    fn closing_again_counts_from_then() {
        let now = Instant::now();
        let mut window = ExpiringSet::new(10);
        window.close("a", SECOND * 10, now);
        window.close("a", SECOND * 10, now + SECOND * 5);
        window.close("b", SECOND, now + SECOND * 11);
        assert_eq!(window.left(&"a", now + SECOND * 12), Some(SECOND * 3));
    }

    #[test]
    fn what_is_over_and_what_is_too_much_is_forgotten() {
        let now = Instant::now();
        let mut window = ExpiringSet::new(3);
        for key in 0..100 {
            window.close(key, SECOND, now);
        }
        assert_eq!(window.len(), 3);
        assert!(window.left(&99, now).is_some() && window.left(&96, now).is_none());
        window.close(100, SECOND, now + SECOND);
        assert_eq!(window.len(), 1);
    }
}
