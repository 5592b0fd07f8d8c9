//! The bounded log of deliveries.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use handset_net::excerpt::excerpt;
use handset_phones::phone::Vendor;
use parking_lot::Mutex;
use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, broadcast};
use tokio::time::Instant;

use super::config::Config;
use super::overview::Overview;
use super::record::{self, Record, RequestInfo, Step};
use super::redact::{self, Redacted};
use super::search::Search;
use crate::outcome::{Outcome, Status};

/// The recent deliveries. Clones share one log.
#[derive(Clone, Debug)]
pub(crate) struct History {
    log: Arc<Mutex<Log>>,
    changes: broadcast::Sender<Arc<Record>>,
    ends: broadcast::Sender<Arc<Record>>,
}

#[derive(Debug)]
struct Log {
    config: Config,
    /// Ordered by number.
    records: VecDeque<Arc<Record>>,
    /// The memory that they take, in bytes.
    bytes: usize,
    next_number: u64,
}

/// A delivery in progress, to be passed to [`History::end`].
#[derive(Debug)]
pub(crate) struct OpenRecord {
    record: Record,
    /// The keys as requested, whose texts are removed from reasons.
    keys: Arc<[(String, String)]>,
    keeps_texts: bool,
    started_at: Instant,
    /// Released when the delivery is over.
    _share: Option<Arc<OwnedSemaphorePermit>>,
}

impl History {
    pub(crate) fn new(config: Config) -> Self {
        let log = Log {
            config,
            records: VecDeque::new(),
            bytes: 0,
            next_number: 1,
        };
        Self {
            log: Arc::new(Mutex::new(log)),
            changes: broadcast::channel(CHANGES_CAPACITY).0,
            ends: broadcast::channel(ENDS_CAPACITY).0,
        }
    }

    /// Applies other bounds, also to what the log holds already.
    pub(crate) fn reconfigure(&self, config: Config) {
        let mut log = self.log.lock();
        log.config = config;
        log.prune(Instant::now());
    }

    /// Records that a request for the phone called `phone` has arrived.
    pub(crate) fn begin(
        &self,
        request: &RequestInfo,
        phone: &str,
        vendor: Option<Vendor>,
    ) -> OpenRecord {
        self.begin_at(SystemTime::now(), request, phone, vendor)
    }

    /// Records a request that arrived at `at`, before a restart, and is still pending.
    pub(crate) fn begin_at(
        &self,
        at: SystemTime,
        request: &RequestInfo,
        phone: &str,
        vendor: Option<Vendor>,
    ) -> OpenRecord {
        let mut log = self.log.lock();
        let started_at = Instant::now();
        let keeps_texts = log.config.texts;
        let record = Record {
            number: log.next_number,
            id: request.id.clone(),
            requester: request.requester.excerpt(MAX_NAME),
            verb: excerpt(&request.verb, MAX_NAME).into_owned(),
            keys: request.kept_keys(keeps_texts),
            phone: excerpt(phone, MAX_NAME).into_owned(),
            vendor,
            at,
            started_at,
            duration: None,
            status: Status::Queued,
            reason: Redacted::default(),
            steps: Vec::new(),
            fetched: None,
        };
        log.next_number = log.next_number.saturating_add(1);
        let shared = Arc::new(record.clone());
        log.bytes = log.bytes.saturating_add(shared.memory());
        log.records.push_back(Arc::clone(&shared));
        log.prune(started_at);
        drop(log);
        self.announce(shared);
        OpenRecord {
            record,
            keys: Arc::clone(&request.keys),
            keeps_texts,
            started_at,
            _share: request.share(),
        }
    }

    /// Records why a delivery is still pending.
    pub(crate) fn set_reason(&self, open: &mut OpenRecord, reason: &str) {
        open.record.reason = redact::text(reason, &open.keys, open.keeps_texts);
        self.replace(Arc::new(open.record.clone()));
    }

    /// Records the outcome of a delivery; returns the number of the record.
    pub(crate) fn end(&self, open: OpenRecord, outcome: &Outcome) -> u64 {
        let OpenRecord {
            mut record,
            keys,
            keeps_texts,
            started_at,
            _share,
        } = open;
        let redacted = |text: &str| redact::text(text, &keys, keeps_texts);
        let number = record.number;
        record.fetched = outcome.fetches.at();
        record.duration = Some(started_at.elapsed());
        record.status = outcome.status;
        record.reason = redacted(&outcome.reason);
        record.steps = outcome
            .steps
            .iter()
            .take(MAX_STEPS)
            .map(|step| Step {
                transport: step.transport,
                request: redacted(&step.request),
                reply: redacted(&step.reply),
                duration: step.duration,
            })
            .collect();
        let record = Arc::new(record);
        self.replace(Arc::clone(&record));
        // Fails only while there is no subscriber.
        let _ = self.ends.send(record);
        number
    }

    /// Records that the phone fetched what it needs after the delivery was over.
    pub(crate) fn set_fetched(&self, number: u64, at: SystemTime) {
        let log = self.log.lock();
        let index = log
            .records
            .binary_search_by_key(&number, |record| record.number);
        let found = index.ok().and_then(|index| log.records.get(index));
        let Some(record) = found.map(|record| Record::clone(record)) else {
            return;
        };
        drop(log);
        self.replace(Arc::new(Record {
            fetched: Some(at),
            ..record
        }));
    }

    /// Replaces the record of the same number, unless it has been dropped, and announces it.
    fn replace(&self, record: Arc<Record>) {
        let mut log = self.log.lock();
        let index = log
            .records
            .binary_search_by_key(&record.number, |other| other.number);
        if let Ok(index) = index
            && let Some(slot) = log.records.get_mut(index)
        {
            let before = std::mem::replace(slot, Arc::clone(&record)).memory();
            let bytes = log.bytes.saturating_sub(before);
            log.bytes = bytes.saturating_add(record.memory());
            log.prune(Instant::now());
        }
        drop(log);
        self.announce(record);
    }

    fn announce(&self, record: Arc<Record>) {
        // Fails only while there is no subscriber.
        let _ = self.changes.send(record);
    }

    /// Returns up to `limit` deliveries that match `search`, newest first.
    pub(crate) fn find(&self, search: &Search, limit: usize) -> Vec<Arc<Record>> {
        let records = self.records();
        // Without the lock, which every delivery needs: a search reads all texts.
        let search = search.lowercased();
        let found = records.into_iter().filter(|record| search.matches(record));
        found.take(limit).collect()
    }

    /// Summarizes the deliveries of the `period` that ends now.
    pub(crate) fn overview(&self, period: Duration, now: SystemTime) -> Overview {
        Overview::new(&self.records(), period, now)
    }

    /// Returns all deliveries, newest first.
    fn records(&self) -> Vec<Arc<Record>> {
        let mut log = self.log.lock();
        log.prune(Instant::now());
        log.records.iter().rev().cloned().collect()
    }

    /// Returns what the history would keep of the keys of a request, as a JSON object.
    pub(crate) fn keys_to_json(&self, keys: &[(String, String)]) -> Value {
        let keeps_texts = self.log.lock().config.texts;
        record::object(&redact::keys(keys, keeps_texts))
    }

    /// Returns what the history would keep of the reason for what came of a request with these keys.
    pub(crate) fn reason_to_json(&self, reason: &str, keys: &[(String, String)]) -> Value {
        let keeps_texts = self.log.lock().config.texts;
        Value::from(redact::text(reason, keys, keeps_texts).as_str())
    }

    /// Subscribes to every delivery that begins, changes or ends from now on.
    pub(crate) fn changes(&self) -> broadcast::Receiver<Arc<Record>> {
        self.changes.subscribe()
    }

    /// Subscribes to the end of every delivery, once for each, from now on.
    pub(crate) fn ends(&self) -> broadcast::Receiver<Arc<Record>> {
        self.ends.subscribe()
    }
}

impl Log {
    fn prune(&mut self, now: Instant) {
        let oldest = now.checked_sub(self.config.time);
        let is_expired =
            |record: &Arc<Record>| oldest.is_some_and(|oldest| record.started_at < oldest);
        while self.records.len() > self.config.count
            || self.bytes > self.config.max_bytes()
            || self.records.front().is_some_and(is_expired)
        {
            let Some(oldest) = self.records.pop_front() else {
                return;
            };
            self.bytes = self.bytes.saturating_sub(oldest.memory());
        }
    }
}

/// How much is kept of a verb, and of the names of phones, channels and extensions, in bytes.
const MAX_NAME: usize = 256;

/// How many changes a subscriber may lag behind.
const CHANGES_CAPACITY: usize = 1024;

/// How many ends a subscriber may lag behind: a group of a thousand phones may end at once.
const ENDS_CAPACITY: usize = 4096;

/// Maximum number of steps kept per delivery.
const MAX_STEPS: usize = 32;
