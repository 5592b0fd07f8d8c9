//! Workers that carry out the deliveries of a request to more phones than there are places.
//!
//! One that waits is a small value in a queue rather than a task, and the memory of a worker serves many
//! deliveries, one after the other. Like a place of [`Pace`](super::pace::Pace), a worker that takes its time
//! with one delivery is replaced by another, so that dead phones delay the others of the group by little.

use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;

use futures_util::FutureExt;
use handset_net::tasks::Tasks;
use parking_lot::Mutex;
use tokio::time::{Instant, sleep};
use tracing::Span;

use super::pace::{AT_ONCE, PLACE_TIMEOUT};

/// What a worker carries out. If it panics, the worker continues with the next one.
pub(super) trait Job: Send + 'static {
    fn run(self) -> impl Future<Output = ()> + Send;
}

/// The workers of one request. Clones share them.
#[derive(Debug)]
pub(super) struct Workers<J> {
    tasks: Tasks,
    state: Arc<Mutex<State<J>>>,
}

#[derive(Debug)]
struct State<J> {
    waiting: VecDeque<J>,
    /// How many workers have a place.
    working: usize,
}

impl<J> Clone for Workers<J> {
    fn clone(&self) -> Self {
        Self {
            tasks: self.tasks.clone(),
            state: Arc::clone(&self.state),
        }
    }
}

impl<J: Job> Workers<J> {
    /// Creates those of a request with this many deliveries; `None` if there is a place for each.
    /// They run among `tasks`.
    pub(super) fn of(deliveries: usize, tasks: &Tasks) -> Option<Self> {
        if deliveries <= AT_ONCE {
            return None;
        }
        let state = State {
            waiting: VecDeque::with_capacity(deliveries),
            working: 0,
        };
        Some(Self {
            tasks: tasks.clone(),
            state: Arc::new(Mutex::new(state)),
        })
    }

    /// Has a job carried out, after those that came before.
    pub(super) fn push(&self, job: J) {
        let mut state = self.state.lock();
        state.waiting.push_back(job);
        if state.working < AT_ONCE {
            state.working += 1;
            drop(state);
            self.start();
        }
    }

    /// Starts a worker that has a place.
    fn start(&self) {
        // Jobs have their own spans.
        self.tasks.spawn_in(Span::none(), self.clone().work());
    }

    async fn work(self) {
        // One timer for all jobs: moving its end away is cheaper than starting another.
        let mut place_timeout = pin!(sleep(PLACE_TIMEOUT));
        while let Some(job) = self.next() {
            place_timeout.as_mut().reset(Instant::now() + PLACE_TIMEOUT);
            // A panic is logged by the hook, and the requester learns that the job is gone.
            let mut running = pin!(AssertUnwindSafe(job.run()).catch_unwind());
            tokio::select! {
                biased;
                _ = &mut running => {}
                () = &mut place_timeout => {
                    self.start();
                    let _ = running.await;
                    return;
                }
            }
        }
    }

    /// Returns the next job, or gives up the place if there is none.
    fn next(&self) -> Option<J> {
        let mut state = self.state.lock();
        let job = state.waiting.pop_front();
        if job.is_none() {
            state.working = state.working.saturating_sub(1);
        }
        job
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::task::yield_now;
    use tokio::time::Duration;

    use super::*;

    /// What jobs have in common.
    #[derive(Debug, Default)]
    struct Counts {
        running: AtomicUsize,
        most: AtomicUsize,
        ended: AtomicUsize,
    }

    #[derive(Debug)]
    enum Phone {
        Quick,
        Dead,
        Bug,
    }

    struct Call(Phone, Arc<Counts>);

    impl Job for Call {
        async fn run(self) {
            let Self(phone, counts) = self;
            let now = counts.running.fetch_add(1, Ordering::Relaxed) + 1;
            counts.most.fetch_max(now, Ordering::Relaxed);
            match phone {
                Phone::Quick => yield_now().await,
                Phone::Dead => pending().await,
                Phone::Bug => panic!("a bug"),
            }
            counts.running.fetch_sub(1, Ordering::Relaxed);
            counts.ended.fetch_add(1, Ordering::Relaxed);
        }
    }

    struct Bench {
        workers: Workers<Call>,
        counts: Arc<Counts>,
    }

    impl Bench {
        fn new() -> Self {
            Self {
                workers: Workers::of(AT_ONCE + 1, &Tasks::new()).unwrap(),
                counts: Arc::default(),
            }
        }

        fn push(&self, phone: Phone) {
            let job = Call(phone, Arc::clone(&self.counts));
            self.workers.push(job);
        }

        fn ended(&self) -> usize {
            self.counts.ended.load(Ordering::Relaxed)
        }
    }

    #[test]
    fn only_a_request_with_more_deliveries_than_places_has_workers() {
        assert!(Workers::<Call>::of(AT_ONCE, &Tasks::new()).is_none());
        assert!(Workers::<Call>::of(AT_ONCE + 1, &Tasks::new()).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_limited_number_runs_at_once_and_all_run_in_the_end() {
        let bench = Bench::new();
        (0..4 * AT_ONCE).for_each(|_| bench.push(Phone::Quick));
        assert!(bench.workers.tasks.shut_down(Duration::from_secs(1)).await);
        assert_eq!(bench.ended(), 4 * AT_ONCE);
        assert_eq!(bench.counts.most.load(Ordering::Relaxed), AT_ONCE);
        assert_eq!(bench.workers.state.lock().working, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn phones_that_do_not_answer_give_their_places_to_others() {
        let (bench, started) = (Bench::new(), Instant::now());
        (0..2 * AT_ONCE).for_each(|_| bench.push(Phone::Dead));
        bench.push(Phone::Quick);
        while bench.ended() == 0 {
            sleep(PLACE_TIMEOUT / 10).await;
        }
        assert!(
            started.elapsed() <= 3 * PLACE_TIMEOUT,
            "{:?}",
            started.elapsed()
        );
    }

    #[tokio::test(start_paused = true)]
    async fn panic_takes_no_place() {
        let bench = Bench::new();
        (0..2 * AT_ONCE).for_each(|_| bench.push(Phone::Bug));
        bench.push(Phone::Quick);
        assert!(bench.workers.tasks.shut_down(Duration::from_secs(1)).await);
        assert_eq!(bench.ended(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn job_that_comes_after_all_have_ended_is_carried_out() {
        let bench = Bench::new();
        for ended in 0..3 {
            bench.push(Phone::Quick);
            sleep(PLACE_TIMEOUT).await;
            assert_eq!(bench.ended(), ended + 1);
        }
    }
}
