//! The environment of the simulated daemons: the stream, the phones, and the record of sent deliveries.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use handset_cluster::Position;
use parking_lot::Mutex;
use tokio::sync::mpsc;

use super::daemon::Daemon;
use crate::cluster::outbox::message::{Holder, Key};
use crate::cluster::outbox::stream::StreamEvent;
use crate::outbox::{EntryState, OutboxEntry, StoredEntry};

/// The world. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct World(pub(super) Arc<Mutex<State>>);

/// The state of the world.
#[derive(Debug)]
pub(super) struct State {
    random: u64,
    pub(super) next: u64,
    pub(super) entries: BTreeMap<Key, (Position, Bytes)>,
    /// The first position of each key that was ever appended.
    pub(super) appended: HashMap<Key, u64>,
    /// The incarnation of each running daemon.
    pub(super) running: BTreeMap<String, String>,
    pub(super) cut: BTreeSet<String>,
    pub(super) files: HashMap<String, BTreeMap<u64, (OutboxEntry, EntryState)>>,
    watchers: HashMap<String, mpsc::Sender<StreamEvent>>,
    /// The daemon that reaches a phone.
    pub(super) phones: BTreeMap<String, String>,
    starts: u64,
    queued: BTreeSet<String>,
    sent: Vec<(String, String)>,
    unknown: Vec<String>,
    log: Vec<String>,
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        let names = [("phone0", "a"), ("phone1", "b"), ("phone2", "c")];
        let phones = names.map(|(phone, daemon)| (phone.to_owned(), daemon.to_owned()));
        Self(Arc::new(Mutex::new(State {
            random: seed,
            next: 0,
            entries: BTreeMap::new(),
            appended: HashMap::new(),
            running: BTreeMap::new(),
            cut: BTreeSet::new(),
            files: HashMap::new(),
            watchers: HashMap::new(),
            phones: phones.into(),
            starts: 0,
            queued: BTreeSet::new(),
            sent: Vec::new(),
            unknown: Vec::new(),
            log: Vec::new(),
        })))
    }

    pub(super) fn below(&self, end: u64) -> u64 {
        let mut state = self.0.lock();
        let next = state.random.wrapping_mul(6_364_136_223_846_793_005);
        state.random = next.wrapping_add(1_442_695_040_888_963_407);
        (state.random >> 33) % end
    }

    pub(super) fn entry(number: usize, phone: &str) -> OutboxEntry {
        OutboxEntry {
            id: format!("{number:04}"),
            requester: String::new(),
            verb: "push".to_owned(),
            keys: Vec::new(),
            phone: phone.to_owned(),
            phone_ref: phone.to_owned(),
            at: UNIX_EPOCH,
            keep: Duration::from_hours(1),
            files: None,
        }
    }

    pub(super) fn start(&self, name: &str) -> (Daemon, mpsc::Receiver<StreamEvent>) {
        let mut state = self.0.lock();
        state.starts += 1;
        let incarnation = format!("{name}{}", state.starts);
        state.log(format!("start {incarnation}"));
        state.running.insert(name.to_owned(), incarnation.clone());
        let (sender, mut stream) = mpsc::channel(100_000);
        state.watchers.insert(name.to_owned(), sender);
        state.send_all(name);
        drop(state);
        let own = Holder {
            daemon: name.to_owned(),
            incarnation,
        };
        let world = self.clone();
        let daemon = Daemon { world, own };
        let (events, receiver) = mpsc::channel(16);
        let own = daemon.clone();
        tokio::task::spawn_local(async move {
            while let Some(event) = stream.recv().await {
                own.pause(30).await;
                if events.send(event).await.is_err() {
                    return;
                }
            }
        });
        (daemon, receiver)
    }

    pub(super) fn kill(&self, daemon: &Daemon) {
        let mut state = self.0.lock();
        let Holder {
            daemon: name,
            incarnation,
        } = &daemon.own;
        state.log(format!("kill {incarnation}"));
        state.running.remove(name);
        state.watchers.remove(name);
    }

    pub(super) fn cut(&self, name: &str) {
        let mut state = self.0.lock();
        state.log(format!("cut {name}"));
        if state.cut.insert(name.to_owned()) {
            state.send(name, StreamEvent::Interrupted);
        }
    }

    pub(super) fn heal(&self, name: &str) {
        let mut state = self.0.lock();
        state.log(format!("heal {name}"));
        if state.cut.remove(name) {
            state.send_all(name);
        }
    }

    pub(super) fn move_phone(&self) {
        let phone = format!("phone{}", self.below(3));
        let daemon = ["a", "b", "c"][usize::try_from(self.below(3)).unwrap()];
        let mut state = self.0.lock();
        state.log(format!("move {phone} to {daemon}"));
        state.phones.insert(phone, daemon.to_owned());
    }

    pub(super) fn rows(&self, name: &str) -> Vec<StoredEntry> {
        let state = self.0.lock();
        let rows = state.files.get(name).into_iter().flatten();
        rows.map(|(number, (entry, state))| StoredEntry {
            number: *number,
            state: *state,
            entry: entry.clone(),
        })
        .collect()
    }

    pub(super) fn is_at(&self, phone: &str, daemon: &Daemon) -> bool {
        self.0.lock().phones.get(phone) == Some(&daemon.own.daemon)
    }

    pub(super) fn queued(&self, id: &str, daemon: &Daemon) {
        if daemon.is_running() {
            self.0.lock().queued.insert(id.to_owned());
        }
    }

    pub(super) fn sent(&self, id: &str, phone: &str, daemon: &Daemon) {
        if daemon.is_running() {
            let mut state = self.0.lock();
            state.log(format!("sent {id} by {}", daemon.own.incarnation));
            state.sent.push((id.to_owned(), phone.to_owned()));
        }
    }

    pub(super) fn unknown(&self, id: &str, daemon: &Daemon) {
        if daemon.is_running() {
            let mut state = self.0.lock();
            state.log(format!("unknown {id} by {}", daemon.own.incarnation));
            state.unknown.push(id.to_owned());
        }
    }

    /// Checks that each delivery was sent once, or may have been, and in order.
    pub(super) fn check(&self, what: &str, may_be_unknown: bool) {
        let state = self.0.lock();
        let log = || state.log.join("\n");
        assert!(state.queued.len() > 10, "{what}: too few deliveries");
        for id in &state.queued {
            let times = state.sent.iter().filter(|(sent, _)| sent == id).count();
            let is_unknown = state.unknown.contains(id);
            assert!(times <= 1, "{what}: {id} was sent {times} times\n{}", log());
            let is_known = times == 1 || may_be_unknown && is_unknown;
            assert!(is_known, "{what}: {id} was lost\n{}", log());
            let unknown = state.unknown.iter().filter(|unknown| *unknown == id);
            let unknown = unknown.count();
            assert!(
                unknown <= 1,
                "{what}: {id} ended {unknown} times\n{}",
                log()
            );
        }
        assert!(
            state.entries.is_empty(),
            "{what}: {:?}\n{}",
            state.entries,
            log()
        );
        let left: Vec<_> = state.files.values().flatten().collect();
        assert!(left.is_empty(), "{what}: {left:?}\n{}", log());
        let mut last: HashMap<&str, u64> = HashMap::new();
        for (id, phone) in &state.sent {
            let mut keys = state.appended.iter();
            let Some((_, first)) = keys.find(|(key, _)| key.delivery.starts_with(id)) else {
                // Delivered from the file, by a daemon that was alone.
                continue;
            };
            let before = last.insert(phone, *first).unwrap_or_default();
            assert!(before < *first, "{what}: {id} was overtaken\n{}", log());
        }
    }
}

impl State {
    pub(super) fn log(&mut self, line: String) {
        self.log.push(line);
    }

    fn send(&self, name: &str, event: StreamEvent) {
        if let Some(watcher) = self.watchers.get(name) {
            // Its daemon may have been killed just now.
            let _ = watcher.try_send(event);
        }
    }

    /// Sends a daemon all entries, in the order of their last change.
    fn send_all(&self, name: &str) {
        if self.cut.contains(name) {
            return;
        }
        let mut all: Vec<_> = self.entries.iter().collect();
        all.sort_by_key(|(_, (position, _))| position.last);
        for (key, (position, value)) in all {
            let (key, position, value) = (key.clone(), *position, value.clone());
            self.send(
                name,
                StreamEvent::Put {
                    key,
                    position,
                    value,
                },
            );
        }
        self.send(name, StreamEvent::Current);
    }

    pub(super) fn broadcast(&self, event: &StreamEvent) {
        for name in self.watchers.keys() {
            if !self.cut.contains(name) {
                self.send(name, event.clone());
            }
        }
    }

    pub(super) fn put(
        &mut self,
        key: &Key,
        first: Option<u64>,
        value: Vec<u8>,
        by: &str,
    ) -> Position {
        self.next += 1;
        let position = Position {
            first: first.unwrap_or(self.next),
            last: self.next,
        };
        let value = Bytes::from(value);
        let text = String::from_utf8_lossy(&value).into_owned();
        let text: String = text.chars().take(80).collect();
        self.log(format!("{} {position:?} {text} by {by}", key.delivery));
        self.entries.insert(key.clone(), (position, value.clone()));
        let key = key.clone();
        self.broadcast(&StreamEvent::Put {
            key,
            position,
            value,
        });
        position
    }
}
