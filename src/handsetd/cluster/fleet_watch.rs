//! Follows the announcements of the other daemons.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use handset_cluster::{Cluster, DaemonName, PresenceChange};
use serde::de::DeserializeOwned;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, interval};
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::announcer::{GROUP, PHONE, SERVER};
use crate::fleet::{AnnouncedPhone, Announcement, Fleet};

/// Keeps a [`Fleet`] up to date.
#[derive(Debug)]
pub(crate) struct FleetWatch {
    cluster: Cluster,
    fleet: Fleet,
    /// The keys in the fleet, by daemon.
    keys: BTreeMap<DaemonName, BTreeSet<String>>,
    /// When each daemon was lost whose announcements are still kept.
    lost: BTreeMap<DaemonName, Instant>,
}

impl FleetWatch {
    pub(crate) fn new(cluster: Cluster, fleet: Fleet) -> Self {
        Self {
            cluster,
            fleet,
            keys: BTreeMap::new(),
            lost: BTreeMap::new(),
        }
    }

    /// Follows the other daemons until `stop`.
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        let presence = self.cluster.presence();
        let mut changes = presence.changes();
        let mut members = self.cluster.members();
        let mut tick = interval(FORGET_INTERVAL);
        members.mark_changed();
        self.read_all();
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                change = changes.recv() => match change {
                    Ok(PresenceChange::Key { daemon, key }) => self.read(&daemon, &key),
                    Ok(PresenceChange::Daemon(daemon)) => self.read_daemon(&daemon),
                    Ok(PresenceChange::All) | Err(RecvError::Lagged(_)) => self.read_all(),
                    Err(RecvError::Closed) => return,
                },
                changed = members.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    let live: Vec<_> = members
                        .borrow_and_update()
                        .iter()
                        .map(|member| member.name.to_string())
                        .collect();
                    self.fleet.set_live(live);
                }
                _ = tick.tick() => self.forget(),
            }
        }
    }

    fn read_all(&mut self) {
        let mut daemons: BTreeSet<_> = self.keys.keys().cloned().collect();
        let presence = self.cluster.presence();
        presence.for_each(|daemon, _, _| {
            if !daemons.contains(daemon) {
                daemons.insert(daemon.clone());
            }
        });
        for daemon in daemons {
            self.read_daemon(&daemon);
        }
    }

    /// Reads all announcements of a daemon. Those of a lost daemon are kept for a while, so that the outcomes
    /// of requests to its phones can give the reason.
    fn read_daemon(&mut self, daemon: &DaemonName) {
        if daemon == self.cluster.name() {
            return;
        }
        let mut entries: Vec<(String, Bytes)> = Vec::new();
        let presence = self.cluster.presence();
        presence.for_each(|of, key, value| {
            if of == daemon {
                entries.push((key.to_owned(), Bytes::copy_from_slice(value)));
            }
        });
        let is_live = self.cluster.members().borrow().get(daemon).is_some();
        if entries.is_empty() && !is_live {
            self.lost.entry(daemon.clone()).or_insert_with(Instant::now);
            return;
        }
        self.lost.remove(daemon);
        let new: BTreeSet<_> = entries.iter().map(|(key, _)| key.clone()).collect();
        let old = self.keys.remove(daemon).unwrap_or_default();
        for key in old.difference(&new) {
            self.remove(daemon, key);
        }
        for (key, value) in &entries {
            self.set(daemon, key, value);
        }
        self.keys.insert(daemon.clone(), new);
    }

    fn read(&mut self, daemon: &DaemonName, key: &str) {
        if daemon == self.cluster.name() {
            return;
        }
        if let Some(value) = self.cluster.presence().get(daemon, key) {
            self.set(daemon, key, &value);
            let keys = self.keys.entry(daemon.clone()).or_default();
            keys.insert(key.to_owned());
        } else {
            self.remove(daemon, key);
            if let Some(keys) = self.keys.get_mut(daemon) {
                keys.remove(key);
            }
        }
    }

    fn set(&self, daemon: &DaemonName, key: &str, value: &[u8]) {
        let (name, announcement) = if key.starts_with(PHONE) {
            (key, parse(value).map(bounded).map(Announcement::Phone))
        } else if let Some(name) = key.strip_prefix(GROUP) {
            (name, parse(value).map(Announcement::Group))
        } else if let Some(name) = key.strip_prefix(SERVER) {
            (name, parse(value).map(Announcement::Server))
        } else {
            // The other kinds of keys are not of interest here.
            return;
        };
        match announcement {
            Ok(announcement) => self.fleet.set(daemon.as_str(), name, announcement),
            Err(error) => {
                debug!(%daemon, key, %error, "Cannot read what another daemon announces.");
                self.remove(daemon, key);
            }
        }
    }

    fn remove(&self, daemon: &DaemonName, key: &str) {
        let daemon = daemon.as_str();
        if key.starts_with(PHONE) {
            self.fleet.remove_phone(daemon, key);
        } else if let Some(name) = key.strip_prefix(GROUP) {
            self.fleet.remove_group(daemon, name);
        } else if let Some(name) = key.strip_prefix(SERVER) {
            self.fleet.remove_server(daemon, name);
        }
    }

    /// Forgets daemons that have been lost for long. While NATS is away, none is forgotten.
    fn forget(&mut self) {
        if !self.cluster.state().borrow().is_joined() {
            return;
        }
        let is_long = |since: &Instant| since.elapsed() >= LOST_TTL;
        let gone = self.lost.iter().filter(|(_, since)| is_long(since));
        let gone: Vec<_> = gone.map(|(daemon, _)| daemon.clone()).collect();
        for daemon in gone {
            for key in self.keys.remove(&daemon).unwrap_or_default() {
                self.remove(&daemon, &key);
            }
            self.lost.remove(&daemon);
        }
    }
}

fn parse<T: DeserializeOwned>(value: &[u8]) -> Result<T, serde_json::Error> {
    serde_json::from_slice(value)
}

/// Returns a phone with its addresses in the notation of this daemon.
fn bounded(phone: AnnouncedPhone) -> AnnouncedPhone {
    let mac = phone.mac.as_ref().and_then(|mac| {
        let mac: handset_phones::phone::MacAddress = mac.parse().ok()?;
        Some(mac.to_string())
    });
    let ip = phone.ip.as_ref().and_then(|ip| {
        let ip: std::net::IpAddr = ip.parse().ok()?;
        Some(ip.to_canonical().to_string())
    });
    AnnouncedPhone { mac, ip, ..phone }
}

/// How long the phones of a lost daemon are kept.
const LOST_TTL: Duration = Duration::from_hours(1);

/// Interval at which lost daemons are checked.
const FORGET_INTERVAL: Duration = Duration::from_mins(1);
