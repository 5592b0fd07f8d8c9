//! The task that keeps the table of one server up to date, by queries and events.

mod waits;

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

use handset_ami::{Client, Error, Event, Events, Response, State};
use handset_phones::phone::{Endpoint, Technology};
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio::time::{Instant, MissedTickBehavior, interval_at};
use tracing::{debug, info, warn};

use super::hidden_events::{Suspect, registered};
use super::query_queue::{Query, QueryQueue};
use super::question::{EVENTS_HIDDEN, Question};
use super::registered::Registered;
use super::rights::{self, Rights};
use super::table::Table;
use waits::{RightsCheck, RunningQuery, at, finished, next, response};

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
    questions: mpsc::Receiver<Question>,
    /// Who waits for the answer about an endpoint.
    waiting: HashMap<Endpoint, Vec<oneshot::Sender<()>>>,
    /// Who waits until everything was read again.
    waiting_for_all: Vec<oneshot::Sender<()>>,
    /// The time of the last reading of everything.
    read_at: Option<Instant>,
    /// The rights of the session.
    rights: Rights,
    /// The time of the next check of the rights, while some are missing.
    recheck_at: Option<Instant>,
    /// Whether that was done over this connection.
    was_rechecked: bool,
    check: Option<RightsCheck>,
    suspect: Option<Suspect>,
}

impl ContactSync {
    /// Subscribes to events from now on.
    pub(super) fn new(
        client: Client,
        table: watch::Sender<Table>,
        arrivals: broadcast::Sender<Registered>,
        questions: mpsc::Receiver<Question>,
    ) -> Self {
        Self {
            events: client.events(),
            client,
            table,
            arrivals,
            queue: QueryQueue::default(),
            lost: 0,
            pause: None,
            questions,
            waiting: HashMap::new(),
            waiting_for_all: Vec::new(),
            read_at: None,
            rights: Rights::default(),
            recheck_at: None,
            was_rechecked: false,
            check: None,
            suspect: None,
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
                    let state = State::clone(&state.borrow_and_update());
                    self.reset(&state);
                }
                events = self.events.next_batch() => {
                    let Some(events) = events else { return };
                    self.apply(&events);
                }
                (query, response) = response(&mut running) => {
                    running = None;
                    self.receive(&query, response);
                }
                Some(question) = self.questions.recv() => self.ask(question),
                () = at(self.recheck_at), if is_connected => {
                    self.recheck_at = Some(Instant::now() + RIGHTS_INTERVAL);
                    self.was_rechecked = true;
                    self.queue.add(Query::Commands);
                    self.check_rights();
                }
                changed = finished(&mut self.check) => {
                    self.check = None;
                    if changed {
                        info!(
                            server = self.client.name(),
                            "The rights of the account have changed; logging in again."
                        );
                        self.client.renew();
                    }
                }
                () = at(self.suspect.as_ref().map(|suspect| suspect.due)) => self.judge_suspect(),
                _ = refresh.tick(), if is_connected => self.queue.add(Query::Commands),
                query = next(&mut self.queue, &mut self.pause), if may_query => {
                    running = self.send(query);
                }
            }
        }
    }

    /// Marks the table as stale, since a connection came or went.
    fn reset(&mut self, state: &State) {
        self.table.send_modify(Table::reset);
        self.queue.clear();
        self.pause = None;
        self.waiting.clear();
        self.waiting_for_all.clear();
        (self.read_at, self.recheck_at, self.check, self.suspect) = (None, None, None, None);
        self.was_rechecked = false;
        if let State::Connected(connected) = state {
            self.rights = Rights {
                hears_system: connected.booted,
                ..Rights::default()
            };
            self.queue.add(Query::Commands);
            if !connected.booted {
                self.recheck_at = Some(Instant::now() + FIRST_RECHECK);
            }
        }
    }

    /// Queues a question.
    fn ask(&mut self, question: Question) {
        match question {
            Question::Endpoint(endpoint, answered) => {
                if endpoint.technology == Technology::Sccp {
                    // The line may be on a device that is not known yet.
                    self.queue.add(Query::SccpDevices);
                }
                self.queue.add(Query::Question(endpoint.clone()));
                self.waiting.entry(endpoint).or_default().push(answered);
            }
            Question::Registrations(answered) => {
                // Without an answer, what is known counts.
                let is_recent = self
                    .read_at
                    .is_some_and(|at| at.elapsed() < MIN_READ_INTERVAL);
                if !is_recent {
                    self.queue.add(Query::Commands);
                    self.waiting_for_all.push(answered);
                }
            }
            Question::Rights if self.table.borrow().hides_events() => self.client.renew(),
            Question::Rights => self.check_rights(),
        }
    }

    fn check_rights(&mut self) {
        if self.check.is_none() && !self.rights.actions.is_empty() {
            let (client, rights) = (self.client.clone(), self.rights.clone());
            let hides_events = self.table.borrow().hides_events();
            let check = rights::have_changed(client, rights, hides_events);
            self.check = Some(Box::pin(check));
        }
    }

    /// Notes a phone that appeared; its event may follow.
    fn note_appearance(&mut self, query: &Query, before: &HashSet<Endpoint>) {
        let table = self.table.borrow();
        if self.suspect.is_none() && !table.hides_events() && table.is_current() {
            self.suspect = Suspect::find(&table, query, before);
        }
    }

    fn judge_suspect(&mut self) {
        let suspect = self.suspect.take();
        let silent = suspect.and_then(|suspect| suspect.convict(&self.table.borrow()));
        if let Some(endpoint) = silent
            && self.lost == self.events.lost()
        {
            let server = self.client.name();
            warn!(server, %endpoint, "A phone registered without an event: {EVENTS_HIDDEN}.");
            self.table.send_modify(|table| table.set_hides_events(true));
            self.recheck_at
                .get_or_insert_with(|| Instant::now() + RIGHTS_INTERVAL);
        }
    }

    fn apply(&mut self, events: &VecDeque<Event>) {
        let queue = &mut self.queue;
        self.table.send_if_modified(|table| {
            let mut is_modified = false;
            for event in events {
                if let Some(query) = table.apply_event(event) {
                    queue.add(query);
                    is_modified = true;
                }
            }
            is_modified
        });
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
                let before = registered(&self.table.borrow(), query);
                self.table
                    .send_modify(|table| more = table.apply_response(query, &response));
                if *query == Query::Commands {
                    self.rights = Rights::new(&response, self.rights.hears_system);
                    if more.is_empty() {
                        self.report_obstacle();
                        return;
                    }
                    self.table.send_modify(|table| table.set_obstacle(None));
                    if self.rights.hears_system && !self.table.borrow().hides_events() {
                        self.recheck_at = None;
                    }
                }
                for query in more {
                    self.queue.add(query);
                }
                if let Some(before) = before {
                    self.note_appearance(query, &before);
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
        if let Query::Question(endpoint) = query {
            for waiting in self.waiting.remove(endpoint).into_iter().flatten() {
                // The caller may have stopped waiting.
                let _ = waiting.send(());
            }
        }
        if !self.queue.is_empty() {
            return;
        }
        // Dropping the senders notifies the receivers.
        self.waiting_for_all.clear();
        if matches!(
            query,
            Query::Contacts | Query::Peers | Query::SccpDevices | Query::SccpLines
        ) {
            self.read_at = Some(Instant::now());
        }
        if !self.table.borrow().is_current() {
            self.table.send_modify(|table| table.set_current(true));
            let contacts = self.table.borrow().all().count();
            info!(
                server = self.client.name(),
                contacts, "Loaded registrations."
            );
            self.announce(Registered::Any);
        }
    }

    /// Reports that the account may not ask for registrations, or that there are none to ask for.
    fn report_obstacle(&mut self) {
        self.recheck_at
            .get_or_insert_with(|| Instant::now() + RIGHTS_INTERVAL);
        // Asterisk may still be loading its modules; the next check shows whether it was.
        if !self.rights.hears_system && !self.was_rechecked {
            let server = self.client.name();
            debug!(server, "Asterisk does not report registrations yet.");
        } else if self.table.borrow().obstacle().is_none() {
            warn!(
                server = self.client.name(),
                "Asterisk does not report registrations: {OBSTACLE}."
            );
        }
        self.table
            .send_modify(|table| table.set_obstacle(Some(OBSTACLE.to_owned())));
    }

    /// Announces phones that may have registered, after a query was answered.
    fn announce_answered(&self, query: &Query) {
        match query {
            Query::Endpoint(endpoint) | Query::Question(endpoint) => {
                if !self.table.borrow().contacts(endpoint).is_empty() {
                    self.announce(Registered::Endpoint(endpoint.clone()));
                }
            }
            // Many registrations at once lead to one query.
            Query::Contacts | Query::Peers | Query::SccpDevices | Query::SccpLines => {
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

/// How long a query may take.
const QUERY_TIMEOUT: Duration = Duration::from_secs(30);

/// The delay after a failed query.
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// How often the rights of the account are checked while some are missing. Each check is a login.
const RIGHTS_INTERVAL: Duration = Duration::from_mins(3);

/// The first check where Asterisk has not reported that it has booted: its modules may be loaded by now.
const FIRST_RECHECK: Duration = Duration::from_secs(15);

/// How often everything may be read because of questions.
const MIN_READ_INTERVAL: Duration = Duration::from_secs(15);

/// Why registrations cannot be read, and what to do.
const OBSTACLE: &str = "the account lacks write = system,reporting in manager.conf, or neither \
    res_pjsip nor chan_sip is loaded; it is asked again every 3 minutes, and on reload";

/// How often everything is loaded again: a phone that registers again from the same address, with another
/// firmware, raises no event.
const REFRESH_INTERVAL: Duration = Duration::from_mins(10);
