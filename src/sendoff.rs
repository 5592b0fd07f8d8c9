//! The moment from which a delivery can't be called back.
//!
//! Whoever sends asks [`begin`](Sendoff::begin) before the first byte; whoever wants to stop it asks
//! [`call_back`](Sendoff::call_back). One of the two comes first, and only that one is told yes, so
//! that nothing counts as stopped that a phone has heard of.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio_util::sync::CancellationToken;

/// Whether a delivery has been sent or called back. Cheap to clone; all clones are one.
#[derive(Clone, Debug, Default)]
pub struct Sendoff(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    stage: AtomicU8,
    stop: CancellationToken,
}

impl Sendoff {
    /// Says that something is sent now; returns whether it may be. A second time is as the first.
    pub fn begin(&self) -> bool {
        self.settle(SENT)
    }

    /// Calls the delivery back; returns whether that came in time.
    pub fn call_back(&self) -> bool {
        let in_time = self.settle(CALLED_BACK);
        if in_time {
            self.0.stop.cancel();
        }
        in_time
    }

    /// Waits until it is called back. Cancel safe.
    pub async fn called_back(&self) {
        self.0.stop.cancelled().await;
    }

    fn settle(&self, wanted: u8) -> bool {
        let (done, failed) = (Ordering::AcqRel, Ordering::Acquire);
        let settled = self.0.stage.compare_exchange(WAITING, wanted, done, failed);
        settled.is_ok() || settled == Err(wanted)
    }
}

const WAITING: u8 = 0;
const SENT: u8 = 1;
const CALLED_BACK: u8 = 2;

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn what_is_sent_is_not_called_back() {
        let sendoff = Sendoff::default();
        assert!(sendoff.begin() && sendoff.begin());
        assert!(!sendoff.call_back());
        assert!(sendoff.called_back().now_or_never().is_none());
    }

    #[test]
    fn what_is_called_back_is_not_sent() {
        let sendoff = Sendoff::default();
        assert!(sendoff.clone().call_back());
        assert!(!sendoff.begin());
        assert!(sendoff.called_back().now_or_never().is_some());
        assert!(sendoff.call_back());
    }
}
