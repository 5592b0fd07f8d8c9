//! The timers of RFC 3261 (table 4), by their names there.

use std::time::Duration;

/// Estimate of the round-trip time: how long a request waits for its first repetition over UDP.
pub(crate) const T1: Duration = Duration::from_millis(500);

/// The longest interval between repetitions of a request other than INVITE.
pub(crate) const T2: Duration = Duration::from_secs(4);

/// 64 * T1: after this time, no copy of a message is on its way any more (timers B, D, F, H and J).
pub(crate) const TRANSACTION: Duration = Duration::from_secs(32);

/// When the next repetition of a request is due.
#[derive(Debug)]
pub(crate) struct Repetition {
    interval: Duration,
    /// Upper bound of the interval.
    cap: Duration,
}

impl Repetition {
    /// Timer A: doubles without bound.
    pub(crate) fn of_invite() -> Self {
        Self {
            interval: T1,
            cap: Duration::MAX,
        }
    }

    /// Timer E: doubles up to T2.
    pub(crate) fn of_others() -> Self {
        Self {
            interval: T1,
            cap: T2,
        }
    }

    /// Returns the time until the next repetition.
    pub(crate) fn next(&mut self) -> Duration {
        let interval = self.interval;
        self.interval = interval.saturating_mul(2).min(self.cap);
        interval
    }

    /// After a provisional response, a request other than INVITE is repeated at T2 only.
    pub(crate) fn slow_down(&mut self) {
        self.interval = self.cap.min(T2);
    }
}
