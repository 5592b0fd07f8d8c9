//! The deliveries themselves, within their bounds.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use tokio::sync::broadcast;
use tokio::time::Instant;

use super::config::Config;
use super::record::{Record, RequestInfo};
use super::redact;
use super::search::Search;
use crate::outcome::{Outcome, Status, StepRecord};
use handset_phones::phone::Vendor;

/// The deliveries of the last time. Cheap to clone; all clones are one history.
#[derive(Clone, Debug)]
pub struct History {
    kept: Arc<Mutex<Kept>>,
    changes: broadcast::Sender<Arc<Record>>,
}

#[derive(Debug)]
struct Kept {
    config: Config,
    records: VecDeque<Arc<Record>>,
    next: u64,
}

/// A delivery that is under way.
#[derive(Debug)]
pub struct EntryId {
    record: Record,
    /// As they were given, to be left out of reasons.
    given: Vec<(String, String)>,
    texts: bool,
    since: Instant,
}

impl History {
    /// Creates an empty history.
    pub fn new(config: Config) -> Self {
        let kept = Kept {
            config,
            records: VecDeque::new(),
            next: 1,
        };
        Self {
            kept: Arc::new(Mutex::new(kept)),
            changes: broadcast::channel(MAX_CHANGES).0,
        }
    }

    /// Goes on with other bounds; what is kept already is cut to them.
    pub fn reconfigure(&self, config: Config) {
        let mut kept = self.lock();
        kept.config = config;
        kept.prune(Instant::now());
    }

    /// Notes that something is asked of the phone called `phone`.
    pub fn begin(&self, asked: &RequestInfo, phone: &str, vendor: Option<Vendor>) -> EntryId {
        self.begin_at(SystemTime::now(), asked, phone, vendor)
    }

    /// Notes that something was asked before a restart, and still is to be done.
    pub fn begin_at(
        &self,
        at: SystemTime,
        asked: &RequestInfo,
        phone: &str,
        vendor: Option<Vendor>,
    ) -> EntryId {
        let mut kept = self.lock();
        let since = Instant::now();
        let texts = kept.config.texts;
        let record = Record {
            number: kept.next,
            id: asked.id.clone(),
            asker: asked.asker.clone(),
            verb: asked.verb.clone(),
            keys: redact::keys(&asked.keys, texts),
            phone: phone.to_owned(),
            vendor,
            at,
            begun: since,
            took: None,
            status: Status::Queued,
            reason: String::new(),
            steps: Vec::new(),
        };
        kept.next = kept.next.saturating_add(1);
        let shared = Arc::new(record.clone());
        kept.records.push_back(Arc::clone(&shared));
        kept.prune(since);
        drop(kept);
        // Nobody may be listening.
        let _ = self.changes.send(shared);
        EntryId {
            record,
            given: asked.keys.clone(),
            texts,
            since,
        }
    }

    /// Notes why it is not done yet.
    pub fn wait(&self, entry: &mut EntryId, reason: &str) {
        entry.record.reason = redact::told(reason, &entry.given, entry.texts);
        self.replace(Arc::new(entry.record.clone()));
    }

    /// Notes what came of it.
    pub fn end(&self, entry: EntryId, outcome: &Outcome) {
        let EntryId {
            mut record,
            given,
            texts,
            since,
        } = entry;
        record.took = Some(since.elapsed());
        record.status = outcome.status;
        record.reason = redact::told(&outcome.reason, &given, texts);
        let step = |step: &StepRecord| StepRecord {
            way: step.way,
            sent: redact::told(&step.sent, &given, texts),
            said: redact::told(&step.said, &given, texts),
            took: step.took,
        };
        record.steps = outcome.steps.iter().take(MAX_STEPS).map(step).collect();
        self.replace(Arc::new(record));
    }

    /// Puts a record in the place of what it was before, and tells of it.
    fn replace(&self, record: Arc<Record>) {
        let mut kept = self.lock();
        let place = kept
            .records
            .binary_search_by_key(&record.number, |known| known.number);
        if let Ok(at) = place
            && let Some(known) = kept.records.get_mut(at)
        {
            *known = Arc::clone(&record);
        }
        drop(kept);
        // Nobody may be listening.
        let _ = self.changes.send(record);
    }

    /// Returns the deliveries that `search` finds, the newest first, `limit` at the most.
    pub fn find(&self, search: &Search, limit: usize) -> Vec<Arc<Record>> {
        let mut kept = self.lock();
        kept.prune(Instant::now());
        let found = kept.records.iter().rev();
        let found = found.filter(|record| search.finds(record));
        found.take(limit).cloned().collect()
    }

    /// Returns a listener to every delivery that begins or ends from now on.
    pub fn changes(&self) -> broadcast::Receiver<Arc<Record>> {
        self.changes.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        // Records are whole, whoever panicked.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn prune(&mut self, now: Instant) {
        let oldest = now.checked_sub(self.config.time);
        let is_old = |record: &Arc<Record>| oldest.is_some_and(|oldest| record.begun < oldest);
        while self.records.len() > self.config.count || self.records.front().is_some_and(is_old) {
            self.records.pop_front();
        }
    }
}

/// How many changes a listener may be behind.
const MAX_CHANGES: usize = 1024;

/// How many steps of a delivery are kept.
const MAX_STEPS: usize = 32;
