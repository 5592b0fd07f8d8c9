//! The clock of NATS, so that the clocks of the daemons need not agree.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use parking_lot::Mutex;
use tokio::time::Instant;

/// The clock of NATS. Once it is known, changes to the local clock have no effect.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    reference: Mutex<Option<(Instant, SystemTime)>>,
}

impl Clock {
    /// Returns the time by the clock of NATS, or by the local clock until that is known.
    pub(crate) fn now(&self) -> SystemTime {
        let known = *self.reference.lock();
        known
            .and_then(|(then, time)| time.checked_add(then.elapsed()))
            .unwrap_or_else(SystemTime::now)
    }

    /// Records that NATS assigned the timestamp `stamp` between `before` and now.
    pub(crate) fn set(&self, before: Instant, stamp: SystemTime) {
        let then = before + before.elapsed() / 2;
        *self.reference.lock() = Some((then, stamp));
    }
}

/// Returns milliseconds since 1970.
pub(crate) fn to_millis(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Converts milliseconds since 1970; values out of range become 1970.
pub(crate) fn from_millis(millis: u64) -> SystemTime {
    UNIX_EPOCH
        .checked_add(Duration::from_millis(millis))
        .unwrap_or(UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn clock_follows_that_of_nats() {
        let clock = Clock::default();
        let skew = Duration::from_secs(10);
        clock.set(Instant::now(), SystemTime::now() - skew);
        let behind = SystemTime::now().duration_since(clock.now()).unwrap();
        assert!(
            behind > Duration::from_secs(9) && behind < Duration::from_secs(11),
            "{behind:?}"
        );
        assert_eq!(to_millis(from_millis(1_700_000_000_123)), 1_700_000_000_123);
        // No panic, whatever value a peer sends.
        let _ = from_millis(u64::MAX);
    }
}
