//! The environment of the simulated daemons: the stream, the phones, and the record of what was sent.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, pending};
use handset_cluster::Position;
use parking_lot::Mutex;
use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::cluster::outbox::file_rows::FileRows;
use crate::cluster::outbox::message::{Holder, Key};
use crate::cluster::outbox::stream::{
    Away, Daemons, NotAppended, NotReplaced, Stream, StreamEvent,
};
use crate::outbox::{EntryState, Error, OutboxEntry, StoredEntry};
use crate::outcome::Outcome;

/// The world. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct World(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    random: u64,
    next: u64,
    entries: BTreeMap<Key, (Position, Bytes)>,
    /// The first position of each key that was ever appended.
    appended: HashMap<Key, u64>,
    /// The incarnation of each running daemon.
    running: BTreeMap<String, String>,
    cut: BTreeSet<String>,
    files: HashMap<String, BTreeMap<u64, (OutboxEntry, EntryState)>>,
    followers: HashMap<String, mpsc::Sender<StreamEvent>>,
    /// The daemon that reaches a phone.
    phones: BTreeMap<String, String>,
    starts: u64,
    queued: BTreeSet<String>,
    sent: Vec<(String, String)>,
    unknown: Vec<String>,
    log: Vec<String>,
}

/// A daemon, as its outbox sees the world. Once it is killed, its operations have no effect and never return.
#[derive(Clone, Debug)]
pub(super) struct Daemon {
    pub(super) world: World,
    own: Holder,
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
            followers: HashMap::new(),
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
        let (told, mut news) = mpsc::channel(100_000);
        state.followers.insert(name.to_owned(), told);
        state.tell_all(name);
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
            while let Some(event) = news.recv().await {
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
        state.followers.remove(name);
    }

    pub(super) fn cut(&self, name: &str) {
        let mut state = self.0.lock();
        state.log(format!("cut {name}"));
        if state.cut.insert(name.to_owned()) {
            state.tell(name, StreamEvent::Interrupted);
        }
    }

    pub(super) fn heal(&self, name: &str) {
        let mut state = self.0.lock();
        state.log(format!("heal {name}"));
        if state.cut.remove(name) {
            state.tell_all(name);
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
        if daemon.is_alive() {
            self.0.lock().queued.insert(id.to_owned());
        }
    }

    pub(super) fn sent(&self, id: &str, phone: &str, daemon: &Daemon) {
        if daemon.is_alive() {
            let mut state = self.0.lock();
            state.log(format!("sent {id} by {}", daemon.own.incarnation));
            state.sent.push((id.to_owned(), phone.to_owned()));
        }
    }

    pub(super) fn unknown(&self, id: &str, daemon: &Daemon) {
        if daemon.is_alive() {
            let mut state = self.0.lock();
            state.log(format!("unknown {id} by {}", daemon.own.incarnation));
            state.unknown.push(id.to_owned());
        }
    }

    /// Checks that each delivery was sent once, or may have been, and in order.
    pub(super) fn check(&self, what: &str, may_be_unknown: bool) {
        let state = self.0.lock();
        let log = || state.log.join("\n");
        assert!(state.queued.len() > 10, "{what}: too few to tell");
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
    fn log(&mut self, line: String) {
        self.log.push(line);
    }

    fn tell(&self, name: &str, event: StreamEvent) {
        if let Some(follower) = self.followers.get(name) {
            // Its daemon may have been killed just now.
            let _ = follower.try_send(event);
        }
    }

    /// Sends a daemon all entries, in the order of their last change.
    fn tell_all(&self, name: &str) {
        if self.cut.contains(name) {
            return;
        }
        let mut all: Vec<_> = self.entries.iter().collect();
        all.sort_by_key(|(_, (position, _))| position.last);
        for (key, (position, value)) in all {
            let (key, position, value) = (key.clone(), *position, value.clone());
            self.tell(
                name,
                StreamEvent::Put {
                    key,
                    position,
                    value,
                },
            );
        }
        self.tell(name, StreamEvent::Current);
    }

    fn announce(&self, event: &StreamEvent) {
        for name in self.followers.keys() {
            if !self.cut.contains(name) {
                self.tell(name, event.clone());
            }
        }
    }

    fn put(&mut self, key: &Key, first: Option<u64>, value: Vec<u8>, by: &str) -> Position {
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
        self.announce(&StreamEvent::Put {
            key,
            position,
            value,
        });
        position
    }
}

impl Daemon {
    fn is_alive(&self) -> bool {
        let state = self.world.0.lock();
        state.running.get(&self.own.daemon) == Some(&self.own.incarnation)
    }

    /// Waits for a moment; forever once the daemon is killed.
    async fn pause(&self, milliseconds: u64) {
        sleep(Duration::from_millis(self.world.below(milliseconds))).await;
        if !self.is_alive() {
            pending::<()>().await;
        }
    }

    fn is_cut(&self) -> bool {
        self.world.0.lock().cut.contains(&self.own.daemon)
    }

    /// Changes the stream and returns the result, unless the connection is lost before or after.
    async fn operate<T>(&self, effect: impl FnOnce(&mut State) -> T) -> Result<T, (bool, Away)> {
        let away = || Away("cut".to_owned());
        self.pause(20).await;
        if self.is_cut() {
            return Err((false, away()));
        }
        let result = effect(&mut self.world.0.lock());
        self.pause(20).await;
        if self.is_cut() {
            return Err((true, away()));
        }
        Ok(result)
    }
}

impl Stream for Daemon {
    fn append<'a>(
        &'a self,
        key: &'a Key,
        value: Vec<u8>,
    ) -> BoxFuture<'a, Result<Position, NotAppended>> {
        async move {
            let append = |state: &mut State| {
                if state.appended.contains_key(key) {
                    return Err(NotAppended::Exists);
                }
                let position = state.put(key, None, value, &self.own.incarnation);
                state.appended.insert(key.clone(), position.first);
                Ok(position)
            };
            match self.operate(append).await {
                Ok(result) => result,
                Err((true, away)) => Err(NotAppended::Unknown(away)),
                Err((false, away)) => Err(NotAppended::Away(away)),
            }
        }
        .boxed()
    }

    fn replace<'a>(
        &'a self,
        key: &'a Key,
        position: Position,
        value: Vec<u8>,
    ) -> BoxFuture<'a, Result<Position, NotReplaced>> {
        async move {
            let replace = |state: &mut State| match state.entries.get(key) {
                Some((found, _)) if *found == position => {
                    Ok(state.put(key, Some(position.first), value, &self.own.incarnation))
                }
                _ => Err(NotReplaced::Conflict),
            };
            let replaced = self.operate(replace).await;
            replaced.unwrap_or_else(|(_, away)| Err(NotReplaced::Away(away)))
        }
        .boxed()
    }

    fn remove<'a>(
        &'a self,
        key: &'a Key,
        position: Position,
    ) -> BoxFuture<'a, Result<(), NotReplaced>> {
        async move {
            let remove = |state: &mut State| match state.entries.get(key) {
                Some((found, _)) if *found == position => {
                    state.entries.remove(key);
                    state.log(format!(
                        "{} removed by {}",
                        key.delivery, self.own.incarnation
                    ));
                    state.announce(&StreamEvent::Removed(key.clone()));
                    Ok(())
                }
                _ => Err(NotReplaced::Conflict),
            };
            let removed = self.operate(remove).await;
            removed.unwrap_or_else(|(_, away)| Err(NotReplaced::Away(away)))
        }
        .boxed()
    }

    fn read<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<(Position, Bytes)>, Away>> {
        async move {
            let read = self.operate(|state| state.entries.get(key).cloned()).await;
            read.map_err(|(_, away)| away)
        }
        .boxed()
    }
}

impl FileRows for Daemon {
    fn insert(&self, entry: OutboxEntry, state: EntryState) -> BoxFuture<'_, Result<u64, Error>> {
        async move {
            self.pause(10).await;
            let row = {
                let mut world = self.world.0.lock();
                world.next += 1;
                let row = world.next;
                world.log(format!(
                    "row {row} {} {state:?} by {}",
                    entry.id, self.own.incarnation
                ));
                let file = world.files.entry(self.own.daemon.clone()).or_default();
                file.insert(row, (entry, state));
                row
            };
            self.pause(10).await;
            Ok(row)
        }
        .boxed()
    }

    fn set_state(&self, row: u64, state: EntryState) -> BoxFuture<'_, Result<(), Error>> {
        async move {
            self.pause(10).await;
            {
                let mut world = self.world.0.lock();
                world.log(format!("row {row} {state:?} by {}", self.own.incarnation));
                let file = world.files.entry(self.own.daemon.clone()).or_default();
                if let Some(stored) = file.get_mut(&row) {
                    stored.1 = state;
                }
            }
            self.pause(10).await;
            Ok(())
        }
        .boxed()
    }

    fn delete(&self, row: u64) -> BoxFuture<'_, Result<(), Error>> {
        async move {
            self.pause(10).await;
            {
                let mut world = self.world.0.lock();
                world.log(format!("row {row} deleted by {}", self.own.incarnation));
                let file = world.files.entry(self.own.daemon.clone()).or_default();
                file.remove(&row);
            }
            self.pause(10).await;
            Ok(())
        }
        .boxed()
    }
}

impl Daemons for Daemon {
    fn own(&self) -> &Holder {
        &self.own
    }

    fn away(&self) -> Option<String> {
        self.is_cut().then(|| "cut".to_owned())
    }

    fn settle(&self, _: Duration) -> BoxFuture<'_, ()> {
        std::future::ready(()).boxed()
    }

    fn live(&self) -> BTreeMap<String, String> {
        let state = self.world.0.lock();
        let live = state.running.iter();
        live.filter(|(name, _)| !state.cut.contains(*name) || **name == self.own.daemon)
            .map(|(name, incarnation)| (name.clone(), incarnation.clone()))
            .collect()
    }

    fn reaching(&self, phone_ref: &str) -> Vec<String> {
        self.world
            .0
            .lock()
            .phones
            .get(phone_ref)
            .cloned()
            .into_iter()
            .collect()
    }

    fn may_know(&self, _: &str) -> bool {
        true
    }

    fn now(&self) -> SystemTime {
        UNIX_EPOCH
    }

    fn tell<'a>(&'a self, _: &'a Holder, _: &'a str, _: Outcome) -> BoxFuture<'a, ()> {
        std::future::ready(()).boxed()
    }
}
