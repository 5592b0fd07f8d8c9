//! Spreads what many phones need at once, so that a restart with thousands of them does not overload it.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::{Instant, sleep_until};

/// Hands out turns at a limited rate. An unused turn does not count later.
#[derive(Debug)]
pub(super) struct Pace {
    interval: Duration,
    next: Mutex<Option<Instant>>,
}

impl Pace {
    pub(super) fn new(interval: Duration) -> Self {
        Self {
            interval,
            next: Mutex::new(None),
        }
    }

    /// Waits for the next turn.
    pub(super) async fn turn(&self) {
        let at = self.take(Instant::now());
        sleep_until(at).await;
    }

    fn take(&self, now: Instant) -> Instant {
        let mut next = self.next.lock();
        let at = next.map_or(now, |next| next.max(now));
        *next = Some(at + self.interval);
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn turns_are_apart_and_unused_ones_do_not_add_up() {
        let pace = Pace::new(Duration::from_millis(2));
        let start = Instant::now();
        let offset = |now: Instant| (pace.take(now) - start).as_millis();
        assert_eq!([offset(start), offset(start), offset(start)], [0, 2, 4]);
        let later = start + Duration::from_secs(1);
        assert_eq!([offset(later), offset(later)], [1000, 1002]);
    }
}
