//! The scheduler: raises the event of each rule whose schedule is due.
//!
//! The timetable of the rules decides what is due, by the system clock. How far each schedule is done is in
//! a file in the state directory, which is written before the event is raised: after a crash a rule may have
//! missed a time, and never fires twice. Of several daemons, one raises it ([`ScheduleClaims`]).

mod done_file;

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::{mpsc, watch};
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::fleet::ScheduleClaims;
use crate::rules::{Done, Due, Fact, Schedules, Timetable};
use done_file::DoneFile;

/// Raises the events of schedules.
#[derive(Debug)]
pub(crate) struct Scheduler {
    file: Arc<DoneFile>,
    clock: Clock,
    timetable: Timetable,
    /// Decides which of several daemons raises an event.
    claims: Option<Arc<dyn ScheduleClaims>>,
    /// What is in the file.
    written: Done,
    /// Whether the last attempt to write the file failed, which is logged once.
    is_failing: bool,
}

/// The system clock, or a fake one.
struct Clock(Box<dyn Fn() -> Timestamp + Send + Sync>);

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

impl Scheduler {
    /// Creates a scheduler whose file is in the state directory. Without `claims`, there are no other daemons.
    pub(crate) fn new(state_dir: &Path, claims: Option<Arc<dyn ScheduleClaims>>) -> Self {
        Self {
            file: Arc::new(DoneFile::new(state_dir)),
            clock: Clock(Box::new(Timestamp::now)),
            timetable: Timetable::default(),
            claims,
            written: Done::default(),
            is_failing: false,
        }
    }

    /// Sends the events of `schedules`, and of those that replace them, to `facts` until `stop`.
    pub(crate) async fn run(
        mut self,
        mut schedules: watch::Receiver<Schedules>,
        facts: mpsc::Sender<Fact>,
        stop: CancellationToken,
    ) {
        let file = Arc::clone(&self.file);
        self.written = spawn_blocking(move || file.read())
            .await
            .unwrap_or_default();
        let first = schedules.borrow_and_update().clone();
        self.timetable = Timetable::new(first, &self.written, self.now());
        self.write(Durability::Synced).await;
        loop {
            let due = self.timetable.take_due(self.now());
            if !due.is_empty() {
                self.write(Durability::of(&due)).await;
            }
            let Some(due) = stop.run_until_cancelled(self.own(due)).await else {
                return;
            };
            for due in due {
                tokio::select! {
                    () = stop.cancelled() => return,
                    sent = facts.send(due.to_fact()) => if sent.is_err() { return },
                }
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.sleep() => {}
                changed = schedules.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    let new = schedules.borrow_and_update().clone();
                    let now = self.now();
                    self.timetable.replace(new, now);
                    self.write(Durability::Synced).await;
                }
            }
        }
    }

    /// Returns what this daemon raises of what is due: not what it has missed, and nothing that another daemon
    /// raises.
    async fn own(&self, due: Vec<Due>) -> Vec<Due> {
        let (missed, in_time): (Vec<Due>, Vec<Due>) =
            due.into_iter().partition(|due| due.is_missed);
        for due in missed {
            let (rule, due) = (&*due.rule, due.local);
            warn!(
                rule,
                due, "A schedule was missed: handsetd or this machine was not running."
            );
        }
        let Some(claims) = &self.claims else {
            return in_time;
        };
        // All at once: each takes a round trip, and seconds while NATS is being lost.
        let claim = |due: Due| async move {
            let is_own = claims.claim(&due.rule, due.at).await;
            is_own.then_some(due)
        };
        let claimed = future::join_all(in_time.into_iter().map(claim)).await;
        claimed.into_iter().flatten().collect()
    }

    fn now(&self) -> Timestamp {
        (self.clock.0)()
    }

    /// Waits until something is due, or the clock may have been set.
    async fn sleep(&self) {
        match self.timetable.next() {
            Some(next) => {
                let rest = next.duration_since(self.now());
                let rest = Duration::try_from(rest).unwrap_or_default();
                sleep(rest.min(MAX_SLEEP)).await;
            }
            None => std::future::pending().await,
        }
    }

    /// Writes the file if it has changed. If that fails or takes too long, schedules continue.
    async fn write(&mut self, durability: Durability) {
        let done = self.timetable.done();
        if done == self.written {
            return;
        }
        let (file, new) = (Arc::clone(&self.file), done.clone());
        let writing = spawn_blocking(move || file.write(&new, durability == Durability::Synced));
        let error = match timeout(WRITE_TIMEOUT, writing).await {
            Ok(Ok(Ok(()))) => {
                self.written = done;
                self.is_failing = false;
                return;
            }
            Ok(Ok(Err(error))) => error.to_string(),
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("it takes longer than {} s", WRITE_TIMEOUT.as_secs()),
        };
        if !self.is_failing {
            warn!(
                error,
                "Cannot write the state directory (state.dir): after a restart a schedule may fire twice or \
                 be missed."
            );
        }
        self.is_failing = true;
    }
}

/// Whether what was written survives a power failure.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Durability {
    Cached,
    Synced,
}

impl Durability {
    /// A schedule that is due all the time would wear out a memory card, and one more firing would go
    /// unnoticed.
    fn of(due: &[Due]) -> Self {
        let is_rare = |due: &Due| due.interval >= RARE;
        if due.iter().any(is_rare) {
            Self::Synced
        } else {
            Self::Cached
        }
    }
}

/// How long to sleep at most, since the system clock may be set, and the machine may sleep meanwhile.
const MAX_SLEEP: Duration = Duration::from_secs(5);

/// How long writing the file may delay what is due.
const WRITE_TIMEOUT: Duration = Duration::from_secs(2);

/// From this interval on, every firing is synced to the disk.
const RARE: SignedDuration = SignedDuration::from_mins(1);

#[cfg(test)]
mod tests;
