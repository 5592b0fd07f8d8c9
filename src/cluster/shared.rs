//! What all parts of one daemon's membership share.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, SystemTime};

use handset_net::tasks::Tasks;
use tokio::sync::{broadcast, watch};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use crate::config::Config;
use crate::error::Reason;
use crate::identity::Identity;
use crate::inbox::Inbox;
use crate::members::Members;
use crate::presence::Announced;
use crate::request_counts::RequestCounts;
use crate::session::Session;
use crate::state::State;
use crate::subjects::Subjects;
use crate::sweeper::{Removals, Sweeper};

/// What all parts share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) identity: Identity,
    pub(crate) tasks: Tasks,
    pub(crate) subjects: Subjects,
    pub(crate) inbox: Inbox,
    pub(crate) clock: Clock,
    pub(crate) state: watch::Sender<State>,
    pub(crate) members: watch::Sender<Arc<Members>>,
    /// The connection over which this daemon is a member.
    pub(crate) link: watch::Sender<Option<Session>>,
    pub(crate) announced: Arc<Announced>,
    /// What deletes the messages that tell of removals.
    pub(crate) sweeper: Sweeper,
    /// Keys and ids of entries of the queue that were not what this daemon believed.
    pub(crate) doubts: broadcast::Sender<(String, String)>,
    /// The leases that are not yet released.
    pub(crate) releases: TaskTracker,
    /// How many events were not published.
    pub(crate) lost: AtomicU64,
    /// How requests to other daemons ended.
    pub(crate) requests: RequestCounts,
}

impl Shared {
    pub(crate) fn new(config: Config, identity: Identity, tasks: &Tasks) -> (Self, Removals) {
        let since = SystemTime::now();
        let (sweeper, removals) = Sweeper::new(config.timing.removal_age);
        let shared = Self {
            subjects: Subjects::new(&config.prefix),
            config,
            identity,
            tasks: tasks.clone(),
            inbox: Inbox::new(),
            clock: Clock::default(),
            state: watch::Sender::new(State::Joining { since }),
            members: watch::Sender::new(Arc::default()),
            link: watch::Sender::new(None),
            announced: Arc::new(Announced::new()),
            sweeper,
            doubts: broadcast::Sender::new(DOUBTS),
            releases: TaskTracker::new(),
            lost: AtomicU64::default(),
            requests: RequestCounts::default(),
        };
        (shared, removals)
    }

    /// Returns the connection, if there is one at this moment.
    pub(crate) fn session(&self) -> Option<Session> {
        self.link.borrow().clone()
    }

    /// Waits for a connection until `deadline`, but only while this daemon counts as a member.
    pub(crate) async fn session_by(&self, deadline: Instant) -> Result<Session, Reason> {
        let mut link = self.link.subscribe();
        let mut state = self.state.subscribe();
        loop {
            // First: while it is alone there may be a connection over which nothing is stored.
            if !state.borrow_and_update().is_joined() {
                return Err(self.why_away());
            }
            if let Some(session) = link.borrow_and_update().clone() {
                return Ok(session);
            }
            tokio::select! {
                _ = link.changed() => {}
                _ = state.changed() => {}
                () = tokio::time::sleep_until(deadline) => {
                    return Err(Reason::new("there is no connection to NATS"));
                }
            }
        }
    }

    /// Says why the cluster is away.
    pub(crate) fn why_away(&self) -> Reason {
        match &*self.state.borrow() {
            State::Joining { .. } => Reason::new("this daemon has not joined yet"),
            State::Joined { .. } => Reason::new("the connection to NATS was lost"),
            State::Alone { reason, .. } | State::Refused { reason, .. } => reason.clone(),
        }
    }

    /// Returns the time after which NATS counts as away, for what begins now.
    pub(crate) fn patience(&self) -> Instant {
        Instant::now() + self.config.timing.patience
    }
}

/// How long to wait before NATS is asked again for something that failed.
pub(crate) const RETRY: Duration = Duration::from_millis(250);

/// How many doubts wait; of more, everything is read anew.
const DOUBTS: usize = 256;
