//! Reads the queue, once or continuously.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::debug;

use super::entry::{self, Item, QueueEvent, Read};
use crate::error::{Away, Reason};
use crate::records;
use crate::session::Session;
use crate::shared::{RETRY, Shared};
use crate::watching::{Watch, Watched};

/// The entries of the queue and their changes.
#[derive(Debug)]
pub struct Follower {
    events: mpsc::Receiver<QueueEvent>,
    _end: DropGuard,
}

impl Follower {
    /// Waits for the next event; `None` when the daemon stops.
    pub async fn next(&mut self) -> Option<QueueEvent> {
        self.events.recv().await
    }
}

pub(super) async fn read(shared: &Arc<Shared>, key: Option<&str>) -> Result<Vec<Item>, Away> {
    // Reading needs a consumer, and creating one needs the meta leader, whose election takes up to 9 s; it
    // may then place the consumer on a server that is gone.
    let deadline = shared.patience() + shared.config.timing.patience;
    let not_done = |reason: &dyn ToString| Away::NotDone(Reason::new(reason.to_string()));
    loop {
        let session = shared.session_by(deadline).await.map_err(Away::NotDone)?;
        match scan(shared, &session, key).await {
            Ok(items) => return Ok(items),
            Err(reason) if tokio::time::Instant::now() >= deadline => {
                return Err(not_done(&reason));
            }
            Err(reason) => debug!(%reason, "Reading the queue begins anew."),
        }
        tokio::time::sleep(RETRY).await;
    }
}

async fn scan(shared: &Shared, session: &Session, key: Option<&str>) -> Result<Vec<Item>, Reason> {
    let mut watch = watch(shared, session, key).await?;
    let mut left = watch.existing;
    let mut items = BTreeMap::new();
    while left > 0 {
        let Some(watched) = watch.next().await? else {
            break;
        };
        // Not counted down: an entry that changes in the meantime comes later, after others.
        left = watched.pending;
        // An entry that changes in the meantime is delivered again.
        match entry::read(&shared.subjects, watched) {
            Some(Read::Entry(item)) => {
                items.insert((item.key.clone(), item.id.clone()), item);
            }
            Some(Read::Removed { key, id }) => {
                items.remove(&(key, id));
            }
            None => {}
        }
    }
    let mut items: Vec<Item> = items.into_values().collect();
    items.sort_by_key(|item| item.position.first);
    Ok(items)
}

async fn watch(shared: &Shared, session: &Session, key: Option<&str>) -> Result<Watch, Reason> {
    let filter = match key {
        Some(key) => shared.subjects.queue_entries_of(key),
        None => shared.subjects.queue_entries(),
    };
    let started = Watch::start(session, &shared.subjects.queue_stream(), filter).await;
    started.map_err(|failure| Reason::new(failure.to_string()))
}

pub(super) fn follow(shared: &Arc<Shared>) -> Follower {
    let (sender, events) = mpsc::channel(WAITING);
    let end = CancellationToken::new();
    let (ended, stop) = (end.clone(), shared.tasks.stop());
    let following = follow_on(Arc::clone(shared), sender);
    shared.tasks.spawn("cluster_queue", async move {
        tokio::select! {
            () = following => {}
            () = ended.cancelled() => {}
            () = stop.cancelled() => {}
        }
    });
    Follower {
        events,
        _end: end.drop_guard(),
    }
}

async fn follow_on(shared: Arc<Shared>, events: mpsc::Sender<QueueEvent>) {
    let mut link = shared.link.subscribe();
    let mut known = HashSet::new();
    loop {
        let session = match link.wait_for(Option::is_some).await {
            Ok(session) => session.clone(),
            Err(_) => return,
        };
        let Some(session) = session else { continue };
        match follow_once(&shared, &session, &events, &mut known).await {
            Ok(()) => return,
            Err(reason) => debug!(%reason, "Following the queue begins anew."),
        }
        if events.send(QueueEvent::Interrupted).await.is_err() {
            return;
        }
        tokio::time::sleep(RETRY).await;
    }
}

/// Follows with one watch; returns `Ok` once the follower is dropped.
async fn follow_once(
    shared: &Shared,
    session: &Session,
    events: &mpsc::Sender<QueueEvent>,
    known: &mut HashSet<(String, String)>,
) -> Result<(), Reason> {
    let mut watch = watch(shared, session, None).await?;
    let mut doubts = shared.doubts.subscribe();
    // The existing entries, until all have been delivered.
    let mut there = Some(HashSet::new());
    let mut left = watch.existing;
    loop {
        if left == 0
            && let Some(there) = there.take()
        {
            let gone: Vec<_> = known.difference(&there).cloned().collect();
            *known = there;
            for (key, id) in gone {
                if events.send(QueueEvent::Removed { key, id }).await.is_err() {
                    return Ok(());
                }
            }
            if events.send(QueueEvent::Current).await.is_err() {
                return Ok(());
            }
        }
        let watched = tokio::select! {
            watched = watch.next() => watched?,
            doubt = doubts.recv() => {
                let Ok((key, id)) = doubt else {
                    return Err(Reason::new("too many entries were not what they seemed"));
                };
                let event = ask(shared, session, key, id).await?;
                if events.send(event).await.is_err() {
                    return Ok(());
                }
                continue;
            }
        };
        let Some(watched) = watched else {
            left = 0;
            continue;
        };
        // Not counted down: an entry that changes in the meantime comes later, after others.
        left = watched.pending;
        let (sequence, at) = (watched.sequence, watched.at);
        let event = match entry::read(&shared.subjects, watched) {
            Some(Read::Entry(item)) => {
                let name = (item.key.clone(), item.id.clone());
                match &mut there {
                    Some(there) => there.insert(name),
                    None => known.insert(name),
                };
                QueueEvent::Entry(item)
            }
            Some(Read::Removed { key, id }) => {
                let age = shared.clock.now().duration_since(at).unwrap_or_default();
                if age > shared.config.timing.removal_age * LEFT_BEHIND {
                    shared
                        .sweeper
                        .now(&shared.subjects.queue_stream(), sequence);
                }
                let name = (key, id);
                let is_known = known.remove(&name);
                let was_there = there.as_mut().is_some_and(|there| there.remove(&name));
                if !is_known && !was_there {
                    continue;
                }
                let (key, id) = name;
                QueueEvent::Removed { key, id }
            }
            None => continue,
        };
        if events.send(event).await.is_err() {
            return Ok(());
        }
    }
}

/// Reads one entry from the leader of the stream; a consumer may be on another replica, which may differ.
pub(super) async fn get(shared: &Arc<Shared>, key: &str, id: &str) -> Result<Option<Item>, Away> {
    let deadline = shared.patience();
    loop {
        let session = shared.session_by(deadline).await.map_err(Away::NotDone)?;
        match ask(shared, &session, key.to_owned(), id.to_owned()).await {
            Ok(QueueEvent::Entry(item)) => return Ok(Some(item)),
            Ok(_) => return Ok(None),
            Err(reason) if tokio::time::Instant::now() >= deadline => {
                return Err(Away::NotDone(reason));
            }
            Err(_) => tokio::time::sleep(RETRY).await,
        }
    }
}

/// Reads an entry from the leader of the stream.
async fn ask(
    shared: &Shared,
    session: &Session,
    key: String,
    id: String,
) -> Result<QueueEvent, Reason> {
    let subject = shared.subjects.queue_entry(&key, &id);
    let last = records::last(session, &shared.subjects.queue_stream(), &subject).await;
    let last = last.map_err(|failure| Reason::new(failure.to_string()))?;
    let watched = last.map(|last| Watched {
        subject,
        sequence: last.sequence,
        at: last.at,
        headers: last.headers,
        body: last.value.unwrap_or_default(),
        pending: 0,
    });
    Ok(
        match watched.and_then(|watched| entry::read(&shared.subjects, watched)) {
            Some(Read::Entry(item)) => QueueEvent::Entry(item),
            _ => QueueEvent::Removed { key, id },
        },
    )
}

/// Capacity of the channel to the follower.
const WAITING: usize = 1024;

/// A tombstone older than this multiple of its maximum age is deleted by any daemon.
const LEFT_BEHIND: u32 = 3;
