//! Tracks the live daemons.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::time::Instant;
use tracing::{debug, info};

use crate::clock::from_millis;
use crate::error::Reason;
use crate::members::{Entry, Member, Members};
use crate::names::DaemonName;
use crate::presence::Change;
use crate::records;
use crate::session::Session;
use crate::shared::{RETRY, Shared};
use crate::streams::MEMBERS;
use crate::watching::{Watch, Watched};

/// Starts watching the members, for as long as the connection lasts.
pub(crate) fn start(shared: &Arc<Shared>, session: &Session) {
    let (shared, session) = (Arc::clone(shared), session.clone());
    let tasks = shared.tasks.clone();
    tasks.spawn("cluster_members", async move {
        let ended = session.ended.clone();
        let watching = async {
            loop {
                let reason = watch(&shared, &session).await;
                debug!(%reason, "Watching the members begins anew.");
                tokio::time::sleep(RETRY).await;
            }
        };
        tokio::select! {
            () = watching => {}
            () = ended.cancelled() => {}
        }
    });
}

/// The members and when each expires: NATS does not notify watchers of expiry.
type Heard = BTreeMap<DaemonName, (Member, Instant)>;

async fn watch(shared: &Shared, session: &Session) -> Reason {
    let bucket = shared.subjects.bucket(MEMBERS);
    let started = Watch::start(session, &bucket.stream(), bucket.keys(&[])).await;
    let mut watch = match started {
        Ok(watch) => watch,
        Err(failure) => return Reason::new(failure.to_string()),
    };
    let mut heard = Heard::new();
    let mut left = watch.existing;
    loop {
        if left == 0 {
            publish(shared, &heard);
        }
        match watch.next().await {
            Ok(Some(watched)) => {
                // A member that renews its entry in the meantime comes later, after others.
                left = watched.pending;
                if hear(shared, &mut heard, watched) {
                    // This daemon's own entry is being stored, so members without renewals are gone. While
                    // NATS stores nothing, no member counts as gone.
                    let now = Instant::now();
                    heard.retain(|_, (_, until)| *until > now);
                }
            }
            Ok(None) => left = 0,
            Err(reason) => return reason,
        }
    }
}

/// Records the entry of a daemon; returns whether it is this daemon's.
fn hear(shared: &Shared, heard: &mut Heard, watched: Watched) -> bool {
    let bucket = shared.subjects.bucket(MEMBERS);
    let parts = bucket.parts(&watched.subject);
    let name = match parts.as_deref() {
        Some([name]) => name.parse::<DaemonName>().ok(),
        _ => None,
    };
    // Only daemons should write here, and they write valid names.
    let Some(name) = name else { return false };
    let is_own = name == shared.config.name;
    let value = records::value_of(&watched.headers, watched.body);
    let entry = value.and_then(|value| serde_json::from_slice::<Entry>(&value).ok());
    let Some(entry) = entry.filter(is_short) else {
        heard.remove(&name);
        return false;
    };
    let age = shared
        .clock
        .now()
        .duration_since(watched.at)
        .unwrap_or_default();
    let left = shared.config.timing.member_age.saturating_sub(age);
    if left.is_zero() || (heard.len() >= MAX_MEMBERS && !heard.contains_key(&name)) {
        heard.remove(&name);
        return false;
    }
    let member = Member {
        name: name.clone(),
        instance: entry.instance,
        incarnation: entry.incarnation,
        version: entry.version,
        since: from_millis(entry.since),
    };
    heard.insert(name, (member, Instant::now() + left));
    is_own
}

fn is_short(entry: &Entry) -> bool {
    let texts = [&entry.instance, &entry.incarnation, &entry.version];
    texts.iter().all(|text| text.len() <= MAX_TEXT)
}

/// Publishes the live members, if they have changed.
fn publish(shared: &Shared, heard: &Heard) {
    let new: Members = heard.values().map(|(member, _)| member.clone()).collect();
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
                .announced
                .changes
                .send(Change::Daemon(member.name.clone()));
        }
    }
    for member in old.iter() {
        if new.get(&member.name).is_none() {
            info!(daemon = %member.name, "A daemon has left the cluster.");
            let _ = shared
                .announced
                .changes
                .send(Change::Daemon(member.name.clone()));
        }
    }
}

/// Upper bound, more daemons than any installation has.
const MAX_MEMBERS: usize = 10_000;

/// Maximum size of a member's entry, in bytes.
const MAX_TEXT: usize = 100;
