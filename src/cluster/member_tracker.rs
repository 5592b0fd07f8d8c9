//! Tracks the live daemons by their entries.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::time::Instant;
use tracing::{debug, info};

use crate::clock::from_millis;
use crate::error::Reason;
use crate::members::{Member, MemberValue, Members};
use crate::names::DaemonName;
use crate::ordered_consumer::{OrderedConsumer, StreamMessage};
use crate::presence::PresenceChange;
use crate::revisions;
use crate::session::Session;
use crate::shared::{RETRY_DELAY, Shared};
use crate::streams::MEMBERS;

/// Starts tracking the members, for as long as the connection lasts.
pub(crate) fn start(shared: &Arc<Shared>, session: &Session) {
    let (shared, session) = (Arc::clone(shared), session.clone());
    let tasks = shared.tasks.clone();
    tasks.spawn("cluster_members", async move {
        let tracking = async {
            loop {
                let reason = track(&shared, &session).await;
                debug!(%reason, "Reading the members again.");
                tokio::time::sleep(RETRY_DELAY).await;
            }
        };
        session.ended.run_until_cancelled(tracking).await;
    });
}

/// The members and when each expires: NATS does not notify consumers of expiry.
type Expiring = BTreeMap<DaemonName, (Member, Instant)>;

/// Tracks the members with one consumer; returns why it ended.
///
/// This daemon renews its own entry, so a consumer that does not deliver it is at a server that [lags
/// behind](crate::ordered_consumer). Until the entry arrives, the members published before stay; if it does not, another
/// consumer may be placed elsewhere.
pub(crate) async fn track(shared: &Shared, session: &Session) -> Reason {
    let name = &shared.config.name;
    let ttl = shared.config.timing.member_ttl;
    let bucket = shared.subjects.bucket(MEMBERS);
    let started = OrderedConsumer::start(session, &bucket.stream(), bucket.keys(&[])).await;
    let mut consumer = match started {
        Ok(consumer) => consumer,
        Err(reason) => return reason,
    };
    let mut members = Expiring::new();
    let mut own_until = Instant::now() + ttl;
    let mut pending = consumer.existing;
    loop {
        if let Some((_, until)) = members.get(name) {
            own_until = *until;
            if pending == 0 {
                publish(shared, &members);
            }
        }
        let next = tokio::time::timeout_at(own_until, consumer.next()).await;
        let next = next.unwrap_or_else(|_| {
            Err(Reason::new(
                "NATS does not deliver the entry of this daemon",
            ))
        });
        match next {
            Ok(Some(message)) => {
                // A member that renews its entry in the meantime comes later, after others.
                pending = message.pending;
                if apply(shared, &mut members, message) {
                    // This daemon's own entry is being stored, so members without renewals are gone. While
                    // NATS stores nothing, no member counts as gone.
                    let now = Instant::now();
                    members.retain(|_, (_, until)| *until > now);
                }
            }
            Ok(None) => pending = 0,
            Err(reason) => return reason,
        }
    }
}

/// Applies the entry of a daemon; returns whether it is this daemon's.
fn apply(shared: &Shared, members: &mut Expiring, message: StreamMessage) -> bool {
    let bucket = shared.subjects.bucket(MEMBERS);
    let parts = bucket.parts(&message.subject);
    let name = match parts.as_deref() {
        Some([name]) => name.parse::<DaemonName>().ok(),
        _ => None,
    };
    // Only daemons should write here, and they write valid names.
    let Some(name) = name else { return false };
    let is_own = name == shared.config.name;
    let value = revisions::value_of(&message.headers, message.body);
    let value = value.and_then(|value| serde_json::from_slice::<MemberValue>(&value).ok());
    let Some(value) = value.filter(is_short) else {
        members.remove(&name);
        return false;
    };
    let age = shared
        .clock
        .now()
        .duration_since(message.at)
        .unwrap_or_default();
    let remaining = shared.config.timing.member_ttl.saturating_sub(age);
    if remaining.is_zero() || (members.len() >= MAX_MEMBERS && !members.contains_key(&name)) {
        members.remove(&name);
        return false;
    }
    let member = Member {
        name: name.clone(),
        instance: value.instance,
        incarnation: value.incarnation,
        version: value.version,
        since: from_millis(value.since),
    };
    members.insert(name, (member, Instant::now() + remaining));
    is_own
}

fn is_short(value: &MemberValue) -> bool {
    let texts = [&value.instance, &value.incarnation, &value.version];
    texts.iter().all(|text| text.len() <= MAX_TEXT)
}

/// Publishes the live members, if they have changed.
fn publish(shared: &Shared, members: &Expiring) {
    let new: Members = members.values().map(|(member, _)| member.clone()).collect();
    let old = Arc::clone(&shared.members.borrow());
    if *old == new {
        return;
    }
    let new = Arc::new(new);
    shared.members.send_replace(Arc::clone(&new));
    for member in new.iter() {
        if !old.has(&member.name, &member.incarnation) {
            if member.name != shared.config.name {
                info!(daemon = %member.name, version = %member.version, "A daemon has joined the cluster.");
            }
            let _ = shared
                .presence
                .changes
                .send(PresenceChange::Daemon(member.name.clone()));
        }
    }
    for member in old.iter() {
        if new.get(&member.name).is_none() {
            info!(daemon = %member.name, "A daemon has left the cluster.");
            let _ = shared
                .presence
                .changes
                .send(PresenceChange::Daemon(member.name.clone()));
        }
    }
}

/// Upper bound, more daemons than any installation has.
const MAX_MEMBERS: usize = 10_000;

/// Maximum size of each text of an entry, in bytes.
const MAX_TEXT: usize = 100;
