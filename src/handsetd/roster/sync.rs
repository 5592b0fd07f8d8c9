//! The task that keeps the table of one server up to date, by queries and events.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use handset_ami::{Client, Error, Event, Events, Response};
use tokio::sync::{broadcast, watch};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until};
use tracing::{debug, info, warn};

use super::query_queue::{Query, QueryQueue};
use super::registered::Registered;
use super::table::Table;

/// Keeps the table of one server up to date.
pub(super) struct ContactSync {
    client: Client,
    events: Events,
    table: watch::Sender<Table>,
    arrivals: broadcast::Sender<Registered>,
    queue: QueryQueue,
    /// Number of lost events at the last full query.
    lost: u64,
    /// The earliest time of the next query, after a failed one.
    pause: Option<Instant>,
}

impl ContactSync {
    /// Subscribes to events from now on.
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
            queue: QueryQueue::default(),
            lost: 0,
            pause: None,
        }
    }

    /// Runs until the client stops. Cancel safe.
    pub(super) async fn run(mut self) {
        let mut state = self.client.state();
        let mut refresh = interval_at(Instant::now() + REFRESH_INTERVAL, REFRESH_INTERVAL);
        refresh.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // An existing connection counts as new.
        state.mark_changed();
        let mut running: Option<RunningQuery> = None;
        loop {
            let is_connected = state.borrow().is_connected();
            let may_query = is_connected && running.is_none();
            tokio::select! {
                changed = state.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    running = None;
                    self.reset(state.borrow_and_update().is_connected());
                }
                event = self.events.next() => {
                    let Some(event) = event else { return };
                    self.apply(&event);
                }
                (query, response) = response(&mut running) => {
                    running = None;
                    self.receive(&query, response);
                }
                _ = refresh.tick(), if is_connected => self.queue.add(Query::Commands),
                query = next(&mut self.queue, &mut self.pause), if may_query => {
                    running = self.send(query);
                }
            }
        }
    }

    /// Marks the table as stale, since a connection came or went.
    fn reset(&mut self, is_connected: bool) {
        self.table.send_modify(|table| table.set_current(false));
        self.queue.clear();
        self.pause = None;
        if is_connected {
            self.queue.add(Query::Commands);
        }
    }

    fn apply(&mut self, event: &Event) {
        let mut query = None;
        self.table.send_if_modified(|table| {
            query = table.apply_event(event);
            query.is_some()
        });
        if let Some(query) = query {
            self.queue.add(query);
        }
        if self.lost != self.events.lost() {
            self.lost = self.events.lost();
            self.queue.add(Query::Commands);
        }
    }

    fn send(&self, query: Query) -> Option<RunningQuery> {
        let action = match query.action() {
            Ok(action) => action,
            Err(error) => {
                debug!(?query, %error, "Cannot build an AMI query.");
                return None;
            }
        };
        let client = self.client.clone();
        let until = Instant::now() + QUERY_TIMEOUT;
        Some(Box::pin(async move {
            let response = client.send_until(action, until).await;
            (query, response)
        }))
    }

    fn receive(&mut self, query: &Query, response: Result<Response, Error>) {
        match response {
            Ok(response) => {
                let mut more = Vec::new();
                self.table
                    .send_modify(|table| more = table.apply_response(query, &response));
                if *query == Query::Commands && more.is_empty() {
                    let server = self.client.name();
                    warn!(
                        server,
                        "Asterisk does not report registrations: it has neither res_pjsip nor chan_sip, \
                         or the account lacks write = system,reporting."
                    );
                    return;
                }
                for query in more {
                    self.queue.add(query);
                }
                self.announce_answered(query);
            }
            Err(error @ Error::ListTooLong { .. }) => {
                warn!(server = self.client.name(), %error, "Too many registrations; some phones stay unknown.");
            }
            Err(error) => {
                debug!(server = self.client.name(), %error, "An AMI query failed; retrying.");
                self.queue.add(query.clone());
                self.pause = Some(Instant::now() + RETRY_DELAY);
                return;
            }
        }
        if self.queue.is_empty() && !self.table.borrow().is_current() {
            self.table.send_modify(|table| table.set_current(true));
            let contacts = self.table.borrow().all().count();
            info!(
                server = self.client.name(),
                contacts, "Loaded registrations."
            );
            self.announce(Registered::Any);
        }
    }

    /// Announces phones that may have registered, after a query was answered.
    fn announce_answered(&self, query: &Query) {
        match query {
            Query::Endpoint(endpoint) => {
                if !self.table.borrow().contacts(endpoint).is_empty() {
                    self.announce(Registered::Endpoint(endpoint.clone()));
                }
            }
            // Many registrations at once lead to one query.
            Query::Contacts | Query::Peers | Query::SccpDevices => {
                self.announce(Registered::Any);
            }
            Query::Commands => {}
        }
    }

    fn announce(&self, registered: Registered) {
        // There may be no subscriber.
        let _ = self.arrivals.send(registered);
    }
}

type RunningQuery = Pin<Box<dyn Future<Output = (Query, Result<Response, Error>)> + Send>>;

/// Waits for the response to the running query; forever if there is none. Cancel safe.
async fn response(running: &mut Option<RunningQuery>) -> (Query, Result<Response, Error>) {
    match running {
        Some(running) => running.await,
        None => std::future::pending().await,
    }
}

/// Waits for the next query; forever if there is none. Cancel safe.
async fn next(queue: &mut QueryQueue, pause: &mut Option<Instant>) -> Query {
    if let Some(until) = *pause {
        sleep_until(until).await;
        *pause = None;
    }
    match queue.pop() {
        Some(query) => query,
        None => std::future::pending().await,
    }
}

/// How long a query may take.
const QUERY_TIMEOUT: Duration = Duration::from_secs(30);

/// The delay after a failed query.
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// How often everything is loaded again: a phone that registers again from the same address, with another
/// firmware, raises no event.
const REFRESH_INTERVAL: Duration = Duration::from_mins(10);
