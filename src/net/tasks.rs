//! How tasks start and how all of them stop.
//!
//! [`Tasks`] is the one place that spawns, so that stopping can wait for what is in hand. It knows
//! nothing of signals; the daemon decides when to stop.

use std::future::Future;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

/// Spawns tasks that stopping waits for. Cheap to clone; all clones share one stop.
#[derive(Clone, Debug, Default)]
pub struct Tasks {
    stop: CancellationToken,
    tracker: TaskTracker,
}

impl Tasks {
    /// Creates a set without tasks.
    pub fn new() -> Self {
        Self::default()
    }

    /// Spawns `task` in a span that carries `name`.
    ///
    /// Dropping the returned handle does not end the task.
    pub fn spawn<F>(&self, name: &'static str, task: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send,
    {
        self.tracker
            .spawn(task.instrument(tracing::info_span!("task", name)))
    }

    /// Returns the token that is cancelled when everything shall stop.
    pub fn stop(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Asks all tasks to stop and waits for them, for `grace` at the most.
    ///
    /// Returns whether all of them ended in time. Tasks may still spawn others meanwhile; those are
    /// waited for as well.
    pub async fn shut_down(&self, grace: Duration) -> bool {
        self.stop.cancel();
        self.tracker.close();
        tokio::time::timeout(grace, self.tracker.wait())
            .await
            .is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_in_hand_is_finished() {
        let tasks = Tasks::new();
        let stop = tasks.stop();
        let work = tasks.spawn("work", async move {
            stop.cancelled().await;
            tokio::time::sleep(Duration::from_secs(1)).await;
            "finished"
        });
        assert!(tasks.shut_down(Duration::from_secs(2)).await);
        assert_eq!(work.await.unwrap(), "finished");
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_does_not_end_is_told() {
        let tasks = Tasks::new();
        tasks.spawn("stubborn", std::future::pending::<()>());
        assert!(!tasks.shut_down(Duration::from_secs(2)).await);
    }
}
