//! Actions on their way to the connection, including while there is none.
//!
//! Every action is either returned by [`Queue::next`] or fails: at its deadline, or at once if
//! waiting is pointless.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::action::Action;
use super::error::Error;
use super::pending::Reply;

/// An action with its deadline and the receiver of its outcome.
#[derive(Debug)]
pub(crate) struct Command {
    pub(crate) action: Action,
    pub(crate) deadline: Instant,
    pub(crate) reply: Reply,
}

impl Command {
    /// Fails the action with [`Error::NotSent`].
    pub(crate) fn fail(self, reason: &Arc<str>) {
        // The caller may have stopped waiting.
        let _ = self.reply.send(Err(Error::NotSent {
            reason: Arc::clone(reason),
        }));
    }
}

/// The mailbox of a client, and the actions that are waiting for a connection.
#[derive(Debug)]
pub(crate) struct Queue {
    mailbox: mpsc::Receiver<Command>,
    waiting: VecDeque<Command>,
    limit: usize,
    /// Why there is no connection.
    reason: Arc<str>,
}

impl Queue {
    pub(crate) fn new(mailbox: mpsc::Receiver<Command>, limit: usize) -> Self {
        Self {
            mailbox,
            waiting: VecDeque::new(),
            limit,
            reason: "not connected yet".into(),
        }
    }

    /// Sets the reason that failed actions report.
    pub(crate) fn set_reason(&mut self, reason: Arc<str>) {
        self.reason = reason;
    }

    /// Returns the next action whose caller is still waiting; `None` once all handles are dropped.
    ///
    /// Cancel safe.
    pub(crate) async fn next(&mut self) -> Option<Command> {
        loop {
            let command = match self.waiting.pop_front() {
                Some(command) => command,
                None => self.mailbox.recv().await?,
            };
            if command.reply.is_closed() {
                continue;
            }
            if command.deadline <= Instant::now() {
                command.fail(&self.reason);
                continue;
            }
            return Some(command);
        }
    }

    /// Collects actions until all handles are dropped. Actions fail at their deadline, or at once if
    /// that is before `no_connection_before`.
    ///
    /// Cancel safe.
    pub(crate) async fn hold(&mut self, no_connection_before: Instant) {
        self.fail_due_before(no_connection_before);
        loop {
            let next = self.waiting.iter().map(|command| command.deadline).min();
            tokio::select! {
                command = self.mailbox.recv() => match command {
                    None => return,
                    Some(command) if command.deadline < no_connection_before => {
                        command.fail(&self.reason);
                    }
                    Some(command) if self.limit <= self.waiting.len() => {
                        let _ = command.reply.send(Err(Error::Busy { limit: self.limit }));
                    }
                    Some(command) => self.waiting.push_back(command),
                },
                () = sleep_until(next.unwrap_or_else(Instant::now)), if next.is_some() => {
                    self.fail_due_before(Instant::now() + TIMER_RESOLUTION);
                }
            }
        }
    }

    /// Fails all actions until all handles are dropped. Cancel safe.
    pub(crate) async fn fail_all(&mut self) {
        for command in self.waiting.drain(..) {
            command.fail(&self.reason);
        }
        while let Some(command) = self.mailbox.recv().await {
            command.fail(&self.reason);
        }
    }

    fn fail_due_before(&mut self, time: Instant) {
        let (late, waiting) = std::mem::take(&mut self.waiting)
            .into_iter()
            .partition::<VecDeque<_>, _>(|command| command.deadline < time);
        self.waiting = waiting;
        for command in late {
            command.fail(&self.reason);
        }
    }
}

/// Fails all actions that are still queued.
impl Drop for Queue {
    fn drop(&mut self) {
        let reason = "the client was stopped".into();
        self.mailbox.close();
        for command in self.waiting.drain(..) {
            command.fail(&reason);
        }
        while let Ok(command) = self.mailbox.try_recv() {
            command.fail(&reason);
        }
    }
}

/// Resolution of tokio's timers.
const TIMER_RESOLUTION: Duration = Duration::from_millis(1);
