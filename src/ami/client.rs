//! The handle on one server.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument, info_span, warn};

use super::action::Action;
use super::config::{Checked, Config, ConfigError};
use super::counters::{Counters, Totals};
use super::error::Error;
use super::event::Event;
use super::queue::{Command, Queue};
use super::response::Response;
use super::state::State;
use super::supervisor::Supervisor;
use handset_net::tasks::Tasks;

/// Talks with one Asterisk server. Cheap to clone; when the last clone is dropped, or
/// [`stop`](Self::stop) is called, the connection ends.
#[derive(Clone)]
pub struct Client {
    name: Arc<str>,
    commands: mpsc::Sender<Command>,
    events: broadcast::WeakSender<Event>,
    state: watch::Receiver<State>,
    counters: Arc<Counters>,
    deadline: Duration,
    stop: CancellationToken,
}

impl Client {
    /// Checks the configuration and starts to connect; whether that works, [`state`](Self::state)
    /// tells. `credentials` is as in [`Config::checked`].
    pub fn start(
        config: &Config,
        credentials: Option<&Path>,
        tasks: &Tasks,
    ) -> Result<Self, ConfigError> {
        Ok(Self::start_checked(config.checked(credentials)?, tasks))
    }

    /// Starts to connect.
    pub fn start_checked(checked: Checked, tasks: &Tasks) -> Self {
        let limits = checked.config.limits;
        let (commands, mailbox) = mpsc::channel(limits.actions.max(1));
        let (events, _) = broadcast::channel(limits.events.max(1));
        let (state, watched) = watch::channel(State::Connecting);
        let counters = Arc::new(Counters::default());
        let stop = tasks.stop().child_token();
        let client = Self {
            name: checked.config.name.as_str().into(),
            commands,
            events: events.downgrade(),
            state: watched,
            counters: Arc::clone(&counters),
            deadline: limits.action,
            stop: stop.clone(),
        };
        let span = info_span!("ami", server = %client.name);
        let queue = Queue::new(mailbox, limits.actions);
        let supervisor = Supervisor {
            checked,
            queue,
            events,
            state,
            counters,
            stop,
        };
        tasks.spawn("ami", supervisor.run().instrument(span));
        client
    }

    /// Returns what the server is called in the configuration.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns a view of where the client stands.
    pub fn state(&self) -> watch::Receiver<State> {
        self.state.clone()
    }

    /// Starts to listen: every event from now on, as long as the listener keeps up.
    pub fn events(&self) -> Events {
        Events {
            receiver: self.events.upgrade().map(|events| events.subscribe()),
            server: Arc::clone(&self.name),
            counters: Arc::clone(&self.counters),
            lost: 0,
            warned: None,
        }
    }

    /// Returns what was counted since the start.
    pub fn totals(&self) -> Totals {
        self.counters.totals()
    }

    /// Sends `action` and waits for its answer, as long as the configuration says; see
    /// [`send_until`](Self::send_until).
    pub async fn send(&self, action: Action) -> Result<Response, Error> {
        self.send_until(action, Instant::now() + self.deadline)
            .await
    }

    /// Sends `action` and waits for its answer until `deadline`, the list that belongs to it
    /// included. An answer that says `Error` is an answer.
    ///
    /// Without a connection it waits for one, if one may come before the deadline. Dropping the
    /// future forgets the answer; an action that was written stays written.
    pub async fn send_until(&self, action: Action, deadline: Instant) -> Result<Response, Error> {
        let (reply, answer) = oneshot::channel();
        let name = action.name().to_owned();
        let command = Command {
            action,
            deadline,
            reply,
        };
        match timeout_at(deadline, self.commands.send(command)).await {
            Err(_) => {
                return Err(Error::NotSent {
                    reason: "too many actions wait".into(),
                });
            }
            Ok(Err(_)) => {
                return Err(Error::NotSent {
                    reason: "the client was stopped".into(),
                });
            }
            Ok(Ok(())) => (),
        }
        // The task answers everything it took; were it to die, nobody could tell what it wrote.
        answer
            .await
            .unwrap_or(Err(Error::OutcomeUnknown { action: name }))
    }

    /// Ends the connection; all clones are then of no use.
    pub fn stop(&self) {
        self.stop.cancel();
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// The events of one server, for one listener.
///
/// The connection never waits for it: whoever is too slow loses the oldest.
#[derive(Debug)]
pub struct Events {
    receiver: Option<broadcast::Receiver<Event>>,
    server: Arc<str>,
    counters: Arc<Counters>,
    lost: u64,
    warned: Option<Instant>,
}

impl Events {
    /// Returns the next event; `None` when the client has stopped.
    ///
    /// Cancel safe.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            match self.receiver.as_mut()?.recv().await {
                Ok(event) => return Some(event),
                Err(broadcast::error::RecvError::Closed) => return None,
                Err(broadcast::error::RecvError::Lagged(count)) => self.note_lost(count),
            }
        }
    }

    /// Returns how many events this listener was too slow for.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    fn note_lost(&mut self, count: u64) {
        self.lost = self.lost.saturating_add(count);
        Counters::add(&self.counters.lost, count);
        let now = Instant::now();
        if self.warned.is_none_or(|warned| WARN_EVERY <= now - warned) {
            self.warned = Some(now);
            warn!(server = %self.server, lost = self.lost, "A listener is too slow; events are lost.");
        }
    }
}

/// How often one listener's losses are worth a line in the log.
const WARN_EVERY: Duration = Duration::from_mins(1);

#[cfg(test)]
mod tests;
