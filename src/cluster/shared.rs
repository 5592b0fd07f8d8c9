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
use crate::names::DaemonName;
use crate::presence::PresenceState;
use crate::request_counts::RequestCounts;
use crate::session::{LOST, Session};
use crate::state::State;
use crate::subjects::Subjects;
use crate::tombstones::{TombstoneQueue, Tombstones};

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
    pub(crate) session: watch::Sender<Option<Session>>,
    pub(crate) presence: Arc<PresenceState>,
    /// Schedules the deletion of tombstones.
    pub(crate) tombstones: Tombstones,
    /// The keys and ids of queue entries that had another revision than this daemon expected.
    pub(crate) conflicts: broadcast::Sender<(String, String)>,
    /// The leases that have not been released yet.
    pub(crate) releases: TaskTracker,
    /// The number of events that were not published.
    pub(crate) lost_events: AtomicU64,
    /// The number of requests to other daemons, by result.
    pub(crate) requests: RequestCounts,
}

impl Shared {
    pub(crate) fn new(config: Config, identity: Identity, tasks: &Tasks) -> (Self, TombstoneQueue) {
        let since = SystemTime::now();
        let (tombstones, queue) = Tombstones::new(config.timing.tombstone_ttl);
        let shared = Self {
            subjects: Subjects::new(&config.prefix),
            config,
            identity,
            tasks: tasks.clone(),
            inbox: Inbox::new(),
            clock: Clock::default(),
            state: watch::Sender::new(State::Joining { since }),
            members: watch::Sender::new(Arc::default()),
            session: watch::Sender::new(None),
            presence: Arc::new(PresenceState::new()),
            tombstones,
            conflicts: broadcast::Sender::new(CONFLICT_CAPACITY),
            releases: TaskTracker::new(),
            lost_events: AtomicU64::default(),
            requests: RequestCounts::default(),
        };
        (shared, queue)
    }

    /// Returns the current connection, if there is one.
    pub(crate) fn session(&self) -> Option<Session> {
        self.session.borrow().clone()
    }

    /// Waits for a connection until `deadline`, but only while this daemon is a member.
    pub(crate) async fn session_by(&self, deadline: Instant) -> Result<Session, Reason> {
        let mut current = self.session.subscribe();
        let mut state = self.state.subscribe();
        loop {
            // First: while alone, there may be a connection over which nothing can be stored.
            if !state.borrow_and_update().is_joined() {
                return Err(self.unavailable_reason());
            }
            if let Some(session) = current.borrow_and_update().clone() {
                return Ok(session);
            }
            tokio::select! {
                _ = current.changed() => {}
                _ = state.changed() => {}
                () = tokio::time::sleep_until(deadline) => {
                    return Err(Reason::new("there is no connection to NATS"));
                }
            }
        }
    }

    /// Returns whether a daemon became a member moments ago: it may not have subscribed yet.
    pub(crate) fn has_just_joined(&self, daemon: &DaemonName) -> bool {
        let members = self.members.borrow();
        members.get(daemon).is_some_and(|member| {
            let age = self.clock.now().duration_since(member.since);
            age.unwrap_or_default() < SUBSCRIBING_TIME
        })
    }

    /// Returns why the cluster is unavailable.
    pub(crate) fn unavailable_reason(&self) -> Reason {
        match &*self.state.borrow() {
            State::Joining { .. } => Reason::new("this daemon has not joined yet"),
            State::Joined { .. } => Reason::new(LOST),
            State::Alone { reason, .. } | State::Refused { reason, .. } => reason.clone(),
        }
    }

    /// Deletes a tombstone that is older than several times its maximum age: the daemon that stored it has not
    /// deleted it.
    pub(crate) fn delete_stale_tombstone(&self, stream: &str, sequence: u64, at: SystemTime) {
        let age = self.clock.now().duration_since(at).unwrap_or_default();
        if age > self.config.timing.tombstone_ttl * STALE_FACTOR {
            self.tombstones.delete_now(stream, sequence);
        }
    }

    /// Returns the deadline after which NATS counts as unavailable, for an operation that starts now.
    pub(crate) fn unavailable_deadline(&self) -> Instant {
        Instant::now() + self.config.timing.unavailable_timeout
    }
}

/// How long a daemon may take to subscribe after it became a member.
const SUBSCRIBING_TIME: Duration = Duration::from_secs(5);

/// The pause before an operation on NATS is retried.
pub(crate) const RETRY_DELAY: Duration = Duration::from_millis(250);

/// A tombstone older than this multiple of its maximum age is deleted by any daemon.
const STALE_FACTOR: u32 = 3;

/// Capacity of the channel of conflicts; beyond it, everything is read again.
const CONFLICT_CAPACITY: usize = 256;
