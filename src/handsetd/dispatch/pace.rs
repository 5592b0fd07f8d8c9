//! How many deliveries of one request are sent at once.
//!
//! A group may have thousands of phones. All at once, they would need as many sockets and most of the
//! memory of a small machine, and none of them would be served sooner. A phone that takes its time gives
//! its place to another after [`PLACE_TIMEOUT`], so that dead phones delay the others of the group by little.
//! Requests do not wait for each other.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;

/// The pace of one request. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct Pace(Option<Arc<Semaphore>>);

impl Default for Pace {
    fn default() -> Self {
        Self(Some(Arc::new(Semaphore::new(AT_ONCE))))
    }
}

impl Pace {
    /// Creates the pace of a request with this many deliveries. Where there is a place for each, none of
    /// them needs a timer that gives it to another.
    pub(super) fn of(deliveries: usize) -> Self {
        if deliveries <= AT_ONCE {
            return Self(None);
        }
        Self::default()
    }

    /// Starts a delivery when it has a place, and runs it to its end.
    pub(super) async fn run<F: Future>(&self, start: impl FnOnce() -> F) -> F::Output {
        let Some(places) = &self.0 else {
            return Box::pin(start()).await;
        };
        // Never closed.
        let place = places.acquire().await.ok();
        // Boxed, so that one that waits takes no memory for what it does later.
        let mut delivery = Box::pin(start());
        if let Ok(end) = timeout(PLACE_TIMEOUT, &mut delivery).await {
            return end;
        }
        drop(place);
        delivery.await
    }
}

/// How many deliveries of one request are started at once: enough to keep the processors busy with phones that
/// answer within a millisecond. Each takes 40 kB while it is in progress.
pub(super) const AT_ONCE: usize = 64;

/// How long a delivery keeps its place. 10,000 phones of which none answers are all tried within 2 s.
pub(super) const PLACE_TIMEOUT: Duration = Duration::from_micros(12_500);

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::future::{join_all, pending};
    use tokio::task::yield_now;
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_limited_number_runs_at_once_and_all_run_in_the_end() {
        let (pace, running, most) = (Pace::default(), AtomicUsize::new(0), AtomicUsize::new(0));
        let delivery = || async {
            let now = running.fetch_add(1, Ordering::Relaxed) + 1;
            most.fetch_max(now, Ordering::Relaxed);
            yield_now().await;
            running.fetch_sub(1, Ordering::Relaxed);
        };
        let all = join_all((0..4 * AT_ONCE).map(|_| pace.run(delivery))).await;
        assert_eq!(all.len(), 4 * AT_ONCE);
        assert_eq!(most.into_inner(), AT_ONCE);
    }

    #[tokio::test(start_paused = true)]
    async fn only_a_request_with_more_deliveries_than_places_has_some_wait() {
        for (deliveries, started) in [(AT_ONCE, AT_ONCE), (AT_ONCE + 1, AT_ONCE)] {
            let (pace, running) = (Pace::of(deliveries), AtomicUsize::new(0));
            let delivery = || async {
                running.fetch_add(1, Ordering::Relaxed);
                pending::<()>().await;
            };
            let all = join_all((0..deliveries).map(|_| pace.run(delivery)));
            assert!(timeout(PLACE_TIMEOUT / 2, all).await.is_err());
            assert_eq!(running.into_inner(), started, "{deliveries}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn phones_that_do_not_answer_give_their_places_to_others() {
        let pace = Pace::default();
        let started = Instant::now();
        let dead = join_all((0..2 * AT_ONCE).map(|_| pace.run(pending::<()>)));
        let last = async {
            yield_now().await;
            pace.run(|| async {}).await;
        };
        tokio::select! {
            biased;
            _ = dead => unreachable!("they never end"),
            () = last => (),
        }
        assert!(
            started.elapsed() <= 3 * PLACE_TIMEOUT,
            "{:?}",
            started.elapsed()
        );
    }
}
