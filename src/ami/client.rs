//! The handle of a client.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tracing::info_span;

use super::action::Action;
use super::address::Address;
use super::config::{Config, ConfigError};
use super::counters::{Counters, Totals};
use super::driver::Driver;
use super::error::Error;
use super::events::Events;
use super::feed::{Feed, Source};
use super::queue::{Command, Queue};
use super::response::Response;
use super::state::State;
use super::supervisor::Supervisor;

/// A handle to one Asterisk server. Cheap to clone.
///
/// The connection ends when the last clone is dropped, or when [`stop`](Self::stop) is called.
#[derive(Clone)]
pub struct Client {
    name: Arc<str>,
    commands: mpsc::Sender<Command>,
    events: Source,
    state: watch::Receiver<State>,
    counters: Arc<Counters>,
    deadline: Duration,
    stop: CancellationToken,
    renew: Arc<Notify>,
    config: Arc<Config>,
}

impl Client {
    /// Creates a client and the driver that connects it once it [runs](Driver::run).
    ///
    /// # Errors
    ///
    /// Fails if a value of `config` cannot be sent to Asterisk, if a limit is zero or too large, or if
    /// TLS cannot be set up. Blocks while it reads the CA file.
    pub fn new(config: &Config) -> Result<(Self, Driver), ConfigError> {
        let tls = config.connector()?;
        let limits = config.limits;
        let (commands, mailbox) = mpsc::channel(limits.actions);
        let (state, watched) = watch::channel(State::Connecting);
        let counters = Arc::new(Counters::default());
        let feed = Feed::new(limits.event_bytes, Arc::clone(&counters));
        let (stop, renew) = (CancellationToken::new(), Arc::new(Notify::new()));
        let client = Self {
            name: config.name.as_str().into(),
            commands,
            events: feed.source(),
            state: watched,
            counters: Arc::clone(&counters),
            deadline: limits.action,
            stop: stop.clone(),
            renew: Arc::clone(&renew),
            config: Arc::new(config.clone()),
        };
        let span = info_span!("ami", server = %client.name);
        let supervisor = Supervisor {
            config: config.clone(),
            tls,
            queue: Queue::new(mailbox, limits.actions),
            feed,
            state,
            counters,
            stop,
            renew,
        };
        Ok((client, Driver::new(supervisor, span)))
    }

    /// Returns the name of the server, as configured.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the address of the server, as configured.
    pub fn address(&self) -> &Address {
        &self.config.address
    }

    /// Returns a receiver that follows the connection state.
    pub fn state(&self) -> watch::Receiver<State> {
        self.state.clone()
    }

    /// Subscribes to all events from now on.
    pub fn events(&self) -> Events {
        Events::new(self.events.subscribe(), Arc::clone(&self.name))
    }

    /// Returns the counters since the client was created.
    pub fn totals(&self) -> Totals {
        self.counters.totals()
    }

    /// Sends `action` and waits for the response, with the configured deadline; see
    /// [`send_until`](Self::send_until).
    pub async fn send(&self, action: Action) -> Result<Response, Error> {
        self.send_until(action, Instant::now() + self.deadline)
            .await
    }

    /// Sends `action` and waits until `deadline` for the response and, if it announces one, its list.
    /// A response `Error` is returned as a response.
    ///
    /// While there is no connection, waits for one unless the deadline is too early. Dropping the future
    /// discards the response, but does not cancel an action that has been written.
    ///
    /// # Errors
    ///
    /// See [`Error::is_safe_to_retry`] for whether the action may have been executed.
    pub async fn send_until(&self, action: Action, deadline: Instant) -> Result<Response, Error> {
        let (reply, response) = oneshot::channel();
        let name = action.name().to_owned();
        let command = Command {
            action,
            deadline,
            reply,
        };
        let not_sent = |reason: &str| Error::NotSent {
            reason: reason.into(),
        };
        match timeout_at(deadline, self.commands.send(command)).await {
            Err(_) => return Err(not_sent("too many actions are waiting")),
            Ok(Err(_)) => return Err(not_sent("the client was stopped")),
            Ok(Ok(())) => (),
        }
        // Without a reply, the driver was dropped while the action was pending.
        response
            .await
            .unwrap_or(Err(Error::OutcomeUnknown { action: name }))
    }

    /// Creates a second client of the same account, to find out which rights a new session has: a
    /// server keeps those that a session had at its login. It subscribes to system events only, so that
    /// it is known whether Asterisk has booted.
    ///
    /// # Errors
    ///
    /// Fails if TLS cannot be set up; blocks while it reads the CA file.
    pub fn probe(&self) -> Result<(Self, Driver), ConfigError> {
        Self::new(&Config {
            events: "system".to_owned(),
            ..Config::clone(&self.config)
        })
    }

    /// Logs in again, on a new connection. Actions that wait for a response end as
    /// [`Error::OutcomeUnknown`]; without a connection, nothing happens.
    pub fn renew(&self) {
        self.renew.notify_waiters();
    }

    /// Ends the connection. Actions fail from now on.
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

#[cfg(test)]
mod tests;
