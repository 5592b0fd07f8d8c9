//! The membership of this daemon: joins the cluster, stays in it, and leaves it.

mod health;
mod member_entry;

use std::sync::Arc;
use std::time::Duration;

use handset_net::backoff::Backoff;
use handset_net::random;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::error::Reason;
use crate::revisions::{self, Owner};
use crate::session::{LOST, Session};
use crate::shared::{RETRY_DELAY, Shared};
use crate::{connector, member_tracker, presence, streams};
use health::Health;
use member_entry::{End, MemberEntry};

/// Starts joining.
pub(crate) fn start(shared: &Arc<Shared>) {
    let health = watch::Sender::new(Health::initial());
    let updating = health::update_state(Arc::clone(shared), health.subscribe());
    let stop = shared.tasks.stop();
    shared.tasks.spawn("cluster_state", async move {
        stop.run_until_cancelled(updating).await;
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

/// Joins and rejoins until the daemon stops.
async fn join(shared: Arc<Shared>, health: watch::Sender<Health>) {
    let mut backoff = Backoff::new(MIN_RECONNECT_DELAY, MAX_RECONNECT_DELAY);
    let mut next_server = random_start();
    // Checking each stream needs its leader, so that is done only where a stream may be missing.
    let mut are_streams_checked = false;
    loop {
        let servers = &shared.config.nats;
        let Some(url) = servers.get(next_server % servers.len().max(1)) else {
            health.send_replace(Health::Refused(Reason::new("no NATS server is configured")));
            return;
        };
        next_server = next_server.wrapping_add(1);
        let end = match connector::connect(&shared, url).await {
            Ok(session) => {
                let checked = &mut are_streams_checked;
                let end = stay(&shared, &session, &health, &mut backoff, checked).await;
                shared.session.send_replace(None);
                session.ended.cancel();
                end
            }
            Err(reason) => End::Failed(reason),
        };
        match end {
            End::Failed(reason) => health::record_failure(&health, reason),
            End::Refused(reason) => {
                health.send_replace(Health::Refused(reason));
            }
        }
        tokio::time::sleep(backoff.next_delay()).await;
    }
}

/// Joins over a connection, and stays a member while it is usable.
async fn stay(
    shared: &Arc<Shared>,
    session: &Session,
    health: &watch::Sender<Health>,
    backoff: &mut Backoff,
    are_streams_checked: &mut bool,
) -> End {
    if !*are_streams_checked {
        for required in streams::required(shared) {
            if let Err(error) = streams::ensure(session, &required).await {
                return error.into();
            }
        }
    }
    *are_streams_checked = true;
    let mut entry = MemberEntry::new(shared);
    let deadline = shared.unavailable_deadline();
    while let Err(end) = entry.acquire(shared, session).await {
        // A killed stream leader is replaced within seconds.
        if matches!(end, End::Refused(_)) || Instant::now() >= deadline {
            *are_streams_checked = false;
            return end;
        }
        tokio::select! {
            () = tokio::time::sleep(RETRY_DELAY) => {}
            () = session.ended.cancelled() => return end,
        }
    }
    backoff.reset();
    member_tracker::start(shared, session);
    presence::start(shared, session);
    shared.session.send_replace(Some(session.clone()));
    health.send_replace(Health::Good);
    keep_renewing(shared, session, health, &mut entry).await
}

/// Renews the entry until that fails for good.
async fn keep_renewing(
    shared: &Shared,
    session: &Session,
    health: &watch::Sender<Health>,
    entry: &mut MemberEntry,
) -> End {
    let timing = &shared.config.timing;
    let mut failing_since = None;
    loop {
        let delay = if failing_since.is_some() {
            MIN_RECONNECT_DELAY
        } else {
            timing.member_renewal_interval
        };
        tokio::select! {
            () = tokio::time::sleep(delay) => {}
            () = session.ended.cancelled() => return End::Failed(Reason::new(LOST)),
        }
        match entry.renew(shared, session).await {
            Ok(Owner::This(_)) => {
                failing_since = None;
                health.send_replace(Health::Good);
            }
            Ok(Owner::Other(revision)) => {
                return End::Refused(entry.name_taken(shared, &revision));
            }
            Err(failure) => {
                let reason = Reason::new(format!("NATS stores nothing: {failure}"));
                let since = *failing_since.get_or_insert_with(Instant::now);
                if since.elapsed() >= timing.unavailable_timeout {
                    // Another server may succeed.
                    return End::Failed(reason);
                }
                health::record_failure(health, reason);
            }
        }
    }
}

/// Leaves the cluster, so that others need not wait for the expiry of the entry.
async fn leave(shared: &Arc<Shared>) {
    let Some(session) = shared.session() else {
        return;
    };
    // The leases first: their release needs the connection.
    shared.releases.close();
    let _ = tokio::time::timeout(session.reply_timeout, shared.releases.wait()).await;
    let entry = MemberEntry::new(shared);
    let last = revisions::last(&session, &entry.stream, &entry.subject).await;
    if let Ok(Some(revision)) = last
        && revision
            .value
            .as_ref()
            .is_some_and(|value| entry.is_own(value))
    {
        // If that fails, the entry expires.
        let _ = revisions::delete(&session, &entry.subject, revision.sequence).await;
    }
    shared.session.send_replace(None);
    let _ = tokio::time::timeout(session.reply_timeout, session.client.flush()).await;
    session.ended.cancel();
}

/// Daemons that start at the same time try different servers first.
fn random_start() -> usize {
    random::hex_token::<1>().bytes().map(usize::from).sum()
}

/// Delay before the first reconnection, and between renewals that fail.
const MIN_RECONNECT_DELAY: Duration = Duration::from_millis(200);

/// A longer delay would only postpone the return; a connection costs little.
const MAX_RECONNECT_DELAY: Duration = Duration::from_secs(2);
