//! Losses of a subscription, to be reported once a second.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// The lost events that were reported so far, so that a flood of them is one line a second.
#[derive(Debug, Default)]
pub struct Losses {
    reported: u64,
    last_report: Option<Instant>,
}

impl Losses {
    /// Returns how many to report at `now`, of `total` that were lost so far; `None` if there are none, or if
    /// the last report was less than a second ago.
    pub fn due(&mut self, total: u64, now: Instant) -> Option<u64> {
        let new = total.saturating_sub(self.reported);
        let is_early = |last| now.saturating_duration_since(last) < REPORT_INTERVAL;
        if new == 0 || self.last_report.is_some_and(is_early) {
            return None;
        }
        *self = Self {
            reported: total,
            last_report: Some(now),
        };
        Some(new)
    }

    /// Waits until a report is due; forever if all of `total` are reported. Cancel safe.
    pub async fn until_due(&self, total: u64) {
        match self.last_report {
            Some(last) if self.reported < total => sleep_until(last + REPORT_INTERVAL).await,
            None if 0 < total => (),
            _ => std::future::pending().await,
        }
    }
}

/// Minimum time between two reports about the same subscription.
const REPORT_INTERVAL: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_are_reported_once_a_second_with_their_number() {
        let mut losses = Losses::default();
        let start = Instant::now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        assert_eq!(losses.due(0, at(0)), None);
        assert_eq!(losses.due(3, at(10)), Some(3));
        assert_eq!(losses.due(40_000, at(900)), None);
        assert_eq!(losses.due(41_000, at(1010)), Some(40_997));
        assert_eq!(losses.due(41_000, at(3000)), None);
        assert_eq!(losses.due(41_001, at(3000)), Some(1));
    }

    #[tokio::test(start_paused = true)]
    async fn last_losses_are_due_though_no_event_follows() {
        let mut losses = Losses::default();
        let start = Instant::now();
        assert_eq!(losses.due(3, start), Some(3));
        assert_eq!(losses.due(5, start), None);
        losses.until_due(5).await;
        assert_eq!(start.elapsed(), REPORT_INTERVAL);
        assert_eq!(losses.due(5, Instant::now()), Some(2));
        let idle = tokio::time::timeout(REPORT_INTERVAL * 9, losses.until_due(5));
        assert!(idle.await.is_err(), "nothing is left to report");
    }
}
