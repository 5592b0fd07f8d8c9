//! Actions on their way to a connection, while there is none too.
//!
//! Everything that enters is answered: it is either taken by [`Queue::next`], or fails when its
//! deadline comes, or at once if there is no point in waiting.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::action::Action;
use super::error::Error;
use super::pending::Reply;

/// One action with where its answer goes.
#[derive(Debug)]
pub(crate) struct Command {
    pub(crate) action: Action,
    pub(crate) deadline: Instant,
    pub(crate) reply: Reply,
}

impl Command {
    /// Tells the sender that nothing was sent.
    pub(crate) fn refuse(self, reason: &Arc<str>) {
        // The caller may have gone away meanwhile; that is its business.
        let _ = self.reply.send(Err(Error::NotSent {
            reason: Arc::clone(reason),
        }));
    }
}

/// The mailbox of a client, and what waits beside it for a connection.
#[derive(Debug)]
pub(crate) struct Queue {
    mailbox: mpsc::Receiver<Command>,
    held: VecDeque<Command>,
    limit: usize,
    /// Why there is no connection.
    reason: Arc<str>,
}

impl Queue {
    pub(crate) fn new(mailbox: mpsc::Receiver<Command>, limit: usize) -> Self {
        Self {
            mailbox,
            held: VecDeque::new(),
            limit,
            reason: "not connected yet".into(),
        }
    }

    /// Sets what those are told for whom no connection comes in time.
    pub(crate) fn explain(&mut self, reason: Arc<str>) {
        self.reason = reason;
    }

    /// Returns the next action that somebody still waits for; `None` when nobody can send any more.
    ///
    /// Cancel safe.
    pub(crate) async fn next(&mut self) -> Option<Command> {
        loop {
            let command = match self.held.pop_front() {
                Some(command) => command,
                None => self.mailbox.recv().await?,
            };
            if command.reply.is_closed() {
                continue;
            }
            if command.deadline <= Instant::now() {
                command.refuse(&self.reason);
                continue;
            }
            return Some(command);
        }
    }

    /// Holds what comes, and fails it when its deadline does, or at once if that is before
    /// `hopeless_until`. Returns when nobody can send any more.
    ///
    /// Cancel safe.
    pub(crate) async fn hold(&mut self, hopeless_until: Instant) {
        self.refuse_until(hopeless_until);
        loop {
            let next = self.held.iter().map(|command| command.deadline).min();
            tokio::select! {
                command = self.mailbox.recv() => match command {
                    None => return,
                    Some(command) if command.deadline < hopeless_until => {
                        command.refuse(&self.reason);
                    }
                    Some(command) if self.limit <= self.held.len() => {
                        let _ = command.reply.send(Err(Error::Busy { limit: self.limit }));
                    }
                    Some(command) => self.held.push_back(command),
                },
                () = sleep_until(next.unwrap_or_else(Instant::now)), if next.is_some() => {
                    self.refuse_until(Instant::now() + ROUNDING);
                }
            }
        }
    }

    /// Fails everything that comes, until nobody can send any more. Cancel safe.
    pub(crate) async fn refuse_all(&mut self) {
        for command in self.held.drain(..) {
            command.refuse(&self.reason);
        }
        while let Some(command) = self.mailbox.recv().await {
            command.refuse(&self.reason);
        }
    }

    /// Fails what is there, and lets nothing more come.
    pub(crate) fn close(mut self) {
        self.mailbox.close();
        for command in self.held.drain(..) {
            command.refuse(&self.reason);
        }
        while let Ok(command) = self.mailbox.try_recv() {
            command.refuse(&self.reason);
        }
    }

    fn refuse_until(&mut self, until: Instant) {
        let (late, held) = std::mem::take(&mut self.held)
            .into_iter()
            .partition::<VecDeque<_>, _>(|command| command.deadline < until);
        self.held = held;
        for command in late {
            command.refuse(&self.reason);
        }
    }
}

/// Tokio's timers count milliseconds.
const ROUNDING: Duration = Duration::from_millis(1);
