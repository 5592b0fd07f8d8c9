//! Announces the phones, groups and servers of this daemon to the others.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use handset_cluster::{Cluster, Presence};
use serde::Serialize;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::election::Election;
use crate::fleet::{AnnouncedPhone, AnnouncedServer};
use crate::resolver::PhoneResolver;

/// Key prefix of phones.
pub(super) const PHONE: &str = "phone/";

/// Key prefix of groups; the name of the group follows.
pub(super) const GROUP: &str = "group/";

/// Key prefix of servers; the name of the server follows.
pub(super) const SERVER: &str = "server/";

/// Announces the phones, groups and servers of this daemon.
#[derive(Debug)]
pub(crate) struct Announcer {
    presence: Presence,
    resolver: PhoneResolver,
    election: Election,
    /// The sources of the announcements.
    announced: BTreeMap<String, Bytes>,
}

impl Announcer {
    pub(crate) fn new(cluster: &Cluster, resolver: PhoneResolver, election: Election) -> Self {
        Self {
            presence: cluster.presence(),
            resolver,
            election,
            announced: BTreeMap::new(),
        }
    }

    /// Announces changes until `stop`.
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        let mut leads = self.election.changes();
        loop {
            let began = Instant::now();
            self.announce().await;
            // With many phones this takes a while, and must not take all of the CPU.
            let pause = CHECK_INTERVAL.max(began.elapsed() * MIN_PAUSE_FACTOR);
            tokio::select! {
                () = stop.cancelled() => return,
                () = sleep(pause) => {}
                Ok(()) = leads.changed() => {}
            }
        }
    }

    async fn announce(&mut self) {
        let mut entries = BTreeMap::new();
        for phone in self.resolver.announced_phones().await {
            let mut key = key(&phone);
            while entries.contains_key(&key) {
                key.push('+');
            }
            add(&mut entries, key, &phone);
        }
        for (name, group) in self.resolver.announced_groups() {
            add(&mut entries, format!("{GROUP}{name}"), &group);
        }
        for name in self.resolver.server_names() {
            let is_led = self.election.leads(&name);
            add(
                &mut entries,
                format!("{SERVER}{name}"),
                &AnnouncedServer { is_led },
            );
        }
        for key in self.announced.keys() {
            if !entries.contains_key(key) {
                self.presence.remove(key);
            }
        }
        for (key, value) in &entries {
            if self.announced.get(key) != Some(value)
                && let Err(error) = self.presence.set(key, value.clone())
            {
                warn!(key, %error, "Cannot announce a phone, group or server to the other daemons.");
            }
        }
        self.announced = entries;
    }
}

fn add(entries: &mut BTreeMap<String, Bytes>, key: String, value: &impl Serialize) {
    if let Ok(value) = serde_json::to_vec(value) {
        entries.insert(key, value.into());
    }
}

/// Returns a key that changes as rarely as possible while the phone changes.
fn key(phone: &AnnouncedPhone) -> String {
    let account = phone.account().unwrap_or_else(|| phone.name.clone());
    match phone.mac.as_ref().or(phone.ip.as_ref()) {
        Some(contact) => format!("{PHONE}{account}#{contact}"),
        None => format!("{PHONE}{account}"),
    }
}

/// Interval at which changes are looked for.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// Minimum pause, as a multiple of the time that the last pass took.
const MIN_PAUSE_FACTOR: u32 = 20;
