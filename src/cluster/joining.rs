//! Joins the cluster and stays in it.

mod seat;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use handset_net::backoff::Backoff;
use handset_net::random;
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::{info, warn};

use crate::connecting;
use crate::error::Reason;
use crate::records::{self, Held};
use crate::session::Session;
use crate::shared::{RETRY, Shared};
use crate::state::State;
use crate::streams;
use crate::{announcing, membership};
use seat::{End, Seat};

/// Starts joining.
pub(crate) fn start(shared: &Arc<Shared>) {
    let health = watch::Sender::new(Health::Failing {
        since: Instant::now(),
        reason: Reason::new("NATS has not answered yet"),
    });
    let judging = judge(Arc::clone(shared), health.subscribe());
    let stop = shared.tasks.stop();
    shared.tasks.spawn("cluster_state", async move {
        tokio::select! {
            () = judging => {}
            () = stop.cancelled() => {}
        }
    });
    let (joining, stop) = (join(Arc::clone(shared), health), shared.tasks.stop());
    let shared_at_end = Arc::clone(shared);
    shared.tasks.spawn("cluster", async move {
        tokio::select! {
            () = joining => {}
            () = stop.cancelled() => leave(&shared_at_end).await,
        }
    });
}

/// Whether NATS works as required.
#[derive(Clone, Debug, PartialEq)]
enum Health {
    Good,
    Failing { since: Instant, reason: Reason },
    Refused(Reason),
}

/// Derives the state: failures shorter than the tolerated time do not change it.
async fn judge(shared: Arc<Shared>, mut health: watch::Receiver<Health>) {
    loop {
        let current = health.borrow_and_update().clone();
        let deadline = match &current {
            Health::Failing { since, .. } => Some(*since + shared.config.timing.patience),
            Health::Good | Health::Refused(_) => None,
        };
        match current {
            Health::Good => set(&shared, |since| State::Joined { since }),
            Health::Refused(reason) => set(&shared, |since| State::Refused { since, reason }),
            Health::Failing { reason, .. } if deadline.is_some_and(|at| at <= Instant::now()) => {
                set(&shared, |since| State::Alone { since, reason });
            }
            Health::Failing { .. } => {}
        }
        let waited = async {
            match deadline.filter(|at| *at > Instant::now()) {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            changed = health.changed() => if changed.is_err() { return },
            () = waited => {}
        }
    }
}

/// Changes the state and logs it, unless only the reason has changed.
fn set(shared: &Shared, state: impl FnOnce(SystemTime) -> State) {
    let new = state(SystemTime::now());
    shared.state.send_if_modified(|old| {
        if std::mem::discriminant(old) == std::mem::discriminant(&new) {
            return false;
        }
        match &new {
            State::Joined { .. } => {
                info!(daemon = %shared.config.name, "Joined the cluster.");
            }
            State::Alone { reason, .. } => {
                warn!(%reason, "The cluster is away; this daemon goes on alone.");
            }
            State::Refused { reason, .. } => {
                warn!(%reason, "The cluster refuses this daemon; it goes on alone.");
            }
            State::Joining { .. } => {}
        }
        *old = new;
        true
    });
}

/// Joins and rejoins until the daemon stops.
async fn join(shared: Arc<Shared>, health: watch::Sender<Health>) {
    let mut backoff = Backoff::new(FIRST_DELAY, LAST_DELAY);
    let mut turn = random_start();
    // Checking each stream needs its leader, so that is done only where a stream may be missing.
    let mut is_ensured = false;
    loop {
        let servers = &shared.config.nats;
        let Some(url) = servers.get(turn % servers.len().max(1)) else {
            health.send_replace(Health::Refused(Reason::new("no NATS server is configured")));
            return;
        };
        turn = turn.wrapping_add(1);
        let end = match connecting::connect(&shared, url).await {
            Ok(session) => {
                let end = stay(&shared, &session, &health, &mut backoff, &mut is_ensured).await;
                shared.link.send_replace(None);
                session.ended.cancel();
                end
            }
            Err(reason) => End::Failed(reason),
        };
        match end {
            End::Failed(reason) => fail(&health, reason),
            End::Refused(reason) => {
                health.send_replace(Health::Refused(reason));
            }
        }
        tokio::time::sleep(backoff.next_delay()).await;
    }
}

/// Records a failure, keeping the time of the first.
fn fail(health: &watch::Sender<Health>, reason: Reason) {
    health.send_modify(|health| {
        let since = match health {
            Health::Failing { since, .. } => *since,
            Health::Good => Instant::now(),
            // A refusal stays until it is resolved.
            Health::Refused(_) => return,
        };
        *health = Health::Failing { since, reason };
    });
}

/// Joins over a connection, and stays a member while it is usable.
async fn stay(
    shared: &Arc<Shared>,
    session: &Session,
    health: &watch::Sender<Health>,
    backoff: &mut Backoff,
    is_ensured: &mut bool,
) -> End {
    if !*is_ensured {
        for wanted in streams::wanted(shared) {
            if let Err(error) = streams::ensure(session, &wanted).await {
                return error.into();
            }
        }
    }
    *is_ensured = true;
    let mut seat = Seat::new(shared);
    let deadline = shared.patience();
    while let Err(end) = seat.take(shared, session).await {
        // A killed stream leader is replaced within seconds.
        if matches!(end, End::Refused(_)) || Instant::now() >= deadline {
            *is_ensured = false;
            return end;
        }
        tokio::select! {
            () = tokio::time::sleep(RETRY) => {}
            () = session.ended.cancelled() => return end,
        }
    }
    backoff.reset();
    membership::start(shared, session);
    announcing::start(shared, session);
    shared.link.send_replace(Some(session.clone()));
    health.send_replace(Health::Good);
    let timing = &shared.config.timing;
    let mut failing_since = None;
    loop {
        let delay = if failing_since.is_some() {
            FIRST_DELAY
        } else {
            timing.member_renewal
        };
        tokio::select! {
            () = tokio::time::sleep(delay) => {}
            () = session.ended.cancelled() => {
                return End::Failed(Reason::new("the connection to NATS was lost"));
            }
        }
        match seat.renew(shared, session).await {
            Ok(Held::Ours(_)) => {
                failing_since = None;
                health.send_replace(Health::Good);
            }
            Ok(Held::Theirs(record)) => return End::Refused(seat.taken(shared, &record)),
            Err(failure) => {
                let reason = Reason::new(format!("NATS stores nothing: {failure}"));
                let since = *failing_since.get_or_insert_with(Instant::now);
                if since.elapsed() >= timing.patience {
                    // Another server may succeed.
                    return End::Failed(reason);
                }
                fail(health, reason);
            }
        }
    }
}

/// Leaves the cluster, so that others need not wait for the expiry of the entry.
async fn leave(shared: &Arc<Shared>) {
    let Some(session) = shared.session() else {
        return;
    };
    let seat = Seat::new(shared);
    let last = records::last(&session, &seat.stream, &seat.subject).await;
    if let Ok(Some(record)) = last
        && record
            .value
            .as_ref()
            .is_some_and(|value| seat.is_mine(value))
    {
        // If that fails, the entry expires.
        let _ = records::delete(&session, &seat.subject, record.sequence).await;
    }
    shared.link.send_replace(None);
    let _ = tokio::time::timeout(session.patience, session.client.flush()).await;
    session.ended.cancel();
}

/// Daemons that start at the same time try different servers first.
fn random_start() -> usize {
    random::hex_token::<1>().bytes().map(usize::from).sum()
}

const FIRST_DELAY: Duration = Duration::from_millis(200);

/// A longer delay would only postpone the return; a connection costs little.
const LAST_DELAY: Duration = Duration::from_secs(2);
