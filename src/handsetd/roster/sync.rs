//! The task that keeps the table of one server: asks, and listens.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use tokio::sync::{broadcast, watch};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until};
use tracing::{debug, info, warn};

use super::Registered;
use super::query_queue::{Query, QueryQueue};
use super::table::Table;
use handset_ami::{Client, Error, Events, Response};

/// Keeps one table.
pub(super) struct ContactSync {
    client: Client,
    events: Events,
    table: watch::Sender<Table>,
    arrivals: broadcast::Sender<Registered>,
    agenda: QueryQueue,
    /// How many events had been lost when all was last asked.
    lost: u64,
    /// When the next question may be asked, after one had no answer.
    pause: Option<Instant>,
}

impl ContactSync {
    /// Listens from now on.
    pub(super) fn new(
        client: Client,
        table: watch::Sender<Table>,
        arrivals: broadcast::Sender<Registered>,
    ) -> Self {
        Self {
            events: client.events(),
            client,
            table,
            arrivals,
            agenda: QueryQueue::default(),
            lost: 0,
            pause: None,
        }
    }

    /// Runs until the client stops. Cancel safe.
    pub(super) async fn run(mut self) {
        let mut state = self.client.state();
        let mut again = interval_at(Instant::now() + REREAD, REREAD);
        again.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // A connection that stands already is as new as one that comes.
        state.mark_changed();
        let mut asking: Option<Asking> = None;
        loop {
            let is_connected = state.borrow().is_connected();
            let may_ask = is_connected && asking.is_none();
            tokio::select! {
                changed = state.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    asking = None;
                    self.start_over(state.borrow_and_update().is_connected());
                }
                event = self.events.next() => {
                    let Some(event) = event else { return };
                    self.listen(&event);
                }
                (question, answer) = answered(&mut asking) => {
                    asking = None;
                    self.take(&question, answer);
                }
                _ = again.tick(), if is_connected => self.agenda.add(Query::Commands),
                question = next(&mut self.agenda, &mut self.pause), if may_ask => {
                    asking = self.ask(question);
                }
            }
        }
    }

    /// What was known is stale, whether a connection came or went.
    fn start_over(&mut self, is_connected: bool) {
        self.table.send_modify(|table| table.note_current(false));
        self.agenda.clear();
        self.pause = None;
        if is_connected {
            self.agenda.add(Query::Commands);
        }
    }

    fn listen(&mut self, event: &handset_ami::Event) {
        let mut question = None;
        self.table.send_if_modified(|table| {
            question = table.note(event);
            question.is_some()
        });
        if let Some(question) = question {
            self.agenda.add(question);
        }
        if self.lost != self.events.lost() {
            self.lost = self.events.lost();
            self.agenda.add(Query::Commands);
        }
    }

    fn ask(&self, question: Query) -> Option<Asking> {
        let action = match question.action() {
            Ok(action) => action,
            Err(error) => {
                debug!(?question, %error, "A question can't be asked.");
                return None;
            }
        };
        let client = self.client.clone();
        let until = Instant::now() + PATIENCE;
        Some(Box::pin(async move {
            let answer = client.send_until(action, until).await;
            (question, answer)
        }))
    }

    fn take(&mut self, question: &Query, answer: Result<Response, Error>) {
        match answer {
            Ok(answer) => {
                let mut more = Vec::new();
                self.table
                    .send_modify(|table| more = table.answer(question, &answer));
                if *question == Query::Commands && more.is_empty() {
                    let server = self.client.name();
                    warn!(
                        server,
                        "Asterisk does not tell who is registered: it has neither res_pjsip nor \
                         chan_sip, or the account lacks write = system,reporting."
                    );
                    return;
                }
                for question in more {
                    self.agenda.add(question);
                }
                self.announce_of(question);
            }
            Err(error @ Error::ListTooLong { .. }) => {
                warn!(server = self.client.name(), %error, "Too many phones to know all of them.");
            }
            Err(error) => {
                debug!(server = self.client.name(), %error, "A question had no answer.");
                self.agenda.add(question.clone());
                self.pause = Some(Instant::now() + PAUSE);
                return;
            }
        }
        if self.agenda.is_empty() && !self.table.borrow().is_current() {
            self.table.send_modify(|table| table.note_current(true));
            let contacts = self.table.borrow().all().count();
            info!(
                server = self.client.name(),
                contacts, "Read who is registered."
            );
            self.announce(Registered::Any);
        }
    }

    /// Says who may have come back, now that a question is answered.
    fn announce_of(&self, question: &Query) {
        match question {
            Query::Endpoint(endpoint) => {
                if !self.table.borrow().contacts(endpoint).is_empty() {
                    self.announce(Registered::Endpoint(endpoint.clone()));
                }
            }
            // Many who came at once are asked about by one question.
            Query::Contacts | Query::Peers | Query::SccpDevices => {
                self.announce(Registered::Any);
            }
            Query::Commands => {}
        }
    }

    fn announce(&self, arrival: Registered) {
        // Nobody may be listening.
        let _ = self.arrivals.send(arrival);
    }
}

type Asking = Pin<Box<dyn Future<Output = (Query, Result<Response, Error>)> + Send>>;

/// Waits for the answer to a question that was asked; for ever if there is none. Cancel safe.
async fn answered(asking: &mut Option<Asking>) -> (Query, Result<Response, Error>) {
    match asking {
        Some(asking) => asking.await,
        None => std::future::pending().await,
    }
}

/// Waits for the next question; for ever if there is none. Cancel safe.
async fn next(agenda: &mut QueryQueue, pause: &mut Option<Instant>) -> Query {
    if let Some(until) = *pause {
        sleep_until(until).await;
        *pause = None;
    }
    match agenda.next() {
        Some(question) => question,
        None => std::future::pending().await,
    }
}

/// How long a list may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long nothing is asked after a question that had no answer.
const PAUSE: Duration = Duration::from_secs(1);

/// How often all is read again: a phone that registers anew from the same address, with another
/// firmware, makes no event.
const REREAD: Duration = Duration::from_mins(10);
