//! Spawning tasks, and stopping all of them.

use std::future::Future;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{Instrument, Span};

/// A set of tasks that stop together. Cheap to clone; clones share the set.
#[derive(Clone, Debug, Default)]
pub struct Tasks {
    stop: CancellationToken,
    tracker: TaskTracker,
}

impl Tasks {
    /// Creates an empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Spawns `task` in a tracing span with the field `name`.
    ///
    /// Dropping the returned handle does not cancel the task.
    pub fn spawn<F>(&self, name: &'static str, task: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send,
    {
        self.spawn_in(tracing::info_span!("task", name), task)
    }

    /// Spawns `task` in a span of its own.
    pub fn spawn_in<F>(&self, span: Span, task: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send,
    {
        self.tracker.spawn(task.instrument(span))
    }

    /// Returns the token that is cancelled when the tasks are asked to stop.
    pub fn stop(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Asks all tasks to stop and waits up to `grace` until they have ended, including those spawned
    /// meanwhile.
    ///
    /// Returns whether all of them ended in time.
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
    async fn tasks_finish_their_work_before_shutdown_ends() {
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
    async fn task_that_does_not_end_is_reported() {
        let tasks = Tasks::new();
        tasks.spawn("stubborn", std::future::pending::<()>());
        assert!(!tasks.shut_down(Duration::from_secs(2)).await);
    }
}
