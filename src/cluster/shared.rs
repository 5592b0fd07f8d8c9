//! State shared by all parts of a membership.

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

/// The shared state.
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
    /// Deletes tombstones.
    pub(crate) sweeper: Sweeper,
    /// Keys and ids of queue entries whose state differed from what this daemon expected.
    pub(crate) doubts: broadcast::Sender<(String, String)>,
    /// The leases that have not been released yet.
    pub(crate) releases: TaskTracker,
    /// The number of events that were not published.
    pub(crate) lost: AtomicU64,
    /// The number of requests to other daemons, by result.
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

    /// Returns the current connection, if there is one.
    pub(crate) fn session(&self) -> Option<Session> {
        self.link.borrow().clone()
    }

    /// Waits for a connection until `deadline`, but only while this daemon is a member.
    pub(crate) async fn session_by(&self, deadline: Instant) -> Result<Session, Reason> {
        let mut link = self.link.subscribe();
        let mut state = self.state.subscribe();
        loop {
            // First: while alone, there may be a connection over which nothing can be stored.
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

    /// Returns why the cluster is away.
    pub(crate) fn why_away(&self) -> Reason {
        match &*self.state.borrow() {
            State::Joining { .. } => Reason::new("this daemon has not joined yet"),
            State::Joined { .. } => Reason::new("the connection to NATS was lost"),
            State::Alone { reason, .. } | State::Refused { reason, .. } => reason.clone(),
        }
    }

    /// Returns the deadline after which NATS counts as away, for an operation that starts now.
    pub(crate) fn patience(&self) -> Instant {
        Instant::now() + self.config.timing.patience
    }
}

/// The pause before an operation on NATS is retried.
pub(crate) const RETRY: Duration = Duration::from_millis(250);

/// Capacity of the queue of doubtful entries; beyond it, everything is read again.
const DOUBTS: usize = 256;
