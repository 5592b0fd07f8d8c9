//! The history: records what begins, changes and ends, and finds it again.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use handset_net::excerpt::excerpt;
use handset_phones::phone::Vendor;
use parking_lot::Mutex;
use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, broadcast};
use tokio::time::Instant;

use super::bounded_log::BoundedLog;
use super::config::Config;
use super::disk::{Disk, Place};
use super::overview::Overview;
use super::record::{self, Record, RequestInfo, Step};
use super::redact::{self, Redacted};
use super::search::{self, Position, Search, TextSearches};
use crate::outcome::{Outcome, Status, StepRecord};

/// The recent deliveries. Clones share one log.
#[derive(Clone, Debug)]
pub(crate) struct History {
    log: Arc<Mutex<BoundedLog>>,
    pub(super) disk: Disk,
    changes: broadcast::Sender<Change>,
    ends: broadcast::Sender<Arc<Record>>,
    pub(super) text_searches: TextSearches,
}

/// What has become of a delivery.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) record: Arc<Record>,
    /// Whether this is its end, which comes once; not that it began or changed, before or after the end.
    pub(crate) is_end: bool,
}

/// A delivery in progress, to be passed to [`History::end`].
#[derive(Debug)]
pub(crate) struct OpenRecord {
    /// As it began, or as it is since its reason changed.
    record: Arc<Record>,
    /// The keys as requested, whose texts are removed from reasons.
    keys: Arc<[(String, String)]>,
    keeps_texts: bool,
    is_announced: bool,
    /// Released when the delivery is over.
    _share: Option<Arc<OwnedSemaphorePermit>>,
}

/// How the history is kept, for monitoring.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Figures {
    /// Number of deliveries.
    pub(crate) deliveries: usize,
    /// How many of them have changed since they were written to the disk.
    pub(crate) unwritten: usize,
    /// How often writing to the disk has failed.
    pub(crate) write_errors: u64,
}

impl History {
    /// Creates a history that is kept in memory only.
    #[cfg(test)]
    pub(crate) fn new(config: Config) -> Self {
        Self::with_disk(config, None)
    }

    /// Creates a history in the file at `place`, if the configuration says so. What the file has is read
    /// in the background; see [`loaded`](Self::loaded).
    pub(crate) fn open(config: Config, place: Place) -> Self {
        let history = Self::with_disk(config, Some(place));
        history.disk.set_kept(config.keep_on_disk);
        history
    }

    fn with_disk(config: Config, place: Option<Place>) -> Self {
        let log = BoundedLog::new(config, first_number(SystemTime::now()));
        let log = Arc::new(Mutex::new(log));
        Self {
            disk: Disk::new(Arc::clone(&log), place),
            log,
            changes: broadcast::channel(CHANGES_CAPACITY).0,
            ends: broadcast::channel(ENDS_CAPACITY).0,
            text_searches: TextSearches::default(),
        }
    }

    /// Applies other bounds, also to what the history has already.
    pub(crate) fn reconfigure(&self, config: Config) {
        self.log.lock().reconfigure(config);
        self.disk.set_kept(config.keep_on_disk);
        self.disk.wake();
    }

    /// Waits until the history has what the file had at the start. Cancel safe.
    pub(crate) async fn loaded(&self) {
        self.disk.loaded().await;
    }

    /// Writes everything to the disk.
    pub(crate) async fn flush(&self) {
        self.disk.flush().await;
    }

    pub(crate) fn figures(&self) -> Figures {
        let log = self.log.lock();
        Figures {
            deliveries: log.len(),
            unwritten: log.unwritten(),
            write_errors: self.disk.errors(),
        }
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

    /// As [`begin`](Self::begin); subscribers learn of it from [`announce_begun`](Self::announce_begun).
    pub(crate) fn begin_unannounced(
        &self,
        request: &RequestInfo,
        phone: &str,
        vendor: Option<Vendor>,
    ) -> OpenRecord {
        self.open_at(SystemTime::now(), request, phone, vendor)
    }

    /// Announces a delivery that has begun, once.
    pub(crate) fn announce_begun(&self, open: &mut OpenRecord) {
        if !std::mem::replace(&mut open.is_announced, true) {
            self.announce(Arc::clone(&open.record), false);
        }
    }

    /// Records a request that arrived at `at`, before a restart, and is still pending.
    pub(crate) fn begin_at(
        &self,
        at: SystemTime,
        request: &RequestInfo,
        phone: &str,
        vendor: Option<Vendor>,
    ) -> OpenRecord {
        let mut open = self.open_at(at, request, phone, vendor);
        self.announce_begun(&mut open);
        open
    }

    fn open_at(
        &self,
        at: SystemTime,
        request: &RequestInfo,
        phone: &str,
        vendor: Option<Vendor>,
    ) -> OpenRecord {
        let mut log = self.log.lock();
        let keeps_texts = log.config().texts;
        let (keys, is_whole) = request.kept_keys(keeps_texts);
        let record = Arc::new(Record {
            number: log.next_number(),
            id: request.id.clone(),
            requester: request.requester.excerpt(MAX_NAME),
            verb: excerpt(&request.verb, MAX_NAME).into_owned(),
            keys,
            is_whole,
            phone: excerpt(phone, MAX_NAME).into_owned(),
            vendor,
            at,
            started_at: Instant::now(),
            duration: None,
            status: Status::Queued,
            reason: Redacted::default(),
            steps: Vec::new(),
            fetched: None,
        });
        log.push(Arc::clone(&record));
        drop(log);
        OpenRecord {
            record,
            keys: Arc::clone(&request.keys),
            keeps_texts,
            is_announced: false,
            _share: request.share(),
        }
    }

    /// Records why a delivery is still pending.
    pub(crate) fn set_reason(&self, open: &mut OpenRecord, reason: &str) {
        open.record = self.replace(Record {
            reason: redact::text(reason, &open.keys, open.keeps_texts),
            ..Record::clone(&open.record)
        });
    }

    /// Removes a delivery that continues at another daemon, which records it, and announces the `reason` once.
    pub(crate) fn hand_over(&self, open: OpenRecord, reason: &'static str) {
        let begun = Arc::unwrap_or_clone(open.record);
        let mut log = self.log.lock();
        log.remove(begun.number);
        let record = log.as_kept(Record {
            duration: Some(begun.started_at.elapsed()),
            reason: Redacted::fixed(reason),
            ..begun
        });
        drop(log);
        self.announce(Arc::new(record), false);
    }

    /// Ends the deliveries that were in progress when the daemon ended, and that the cluster does not have. Removes
    /// those that it has: the daemon that holds them records them.
    pub(crate) fn settle(&self, has: impl Fn(&str, &str) -> bool) {
        let records = self.log.lock().newest_first();
        for record in records.iter().filter(|record| record.is_left_to_cluster()) {
            if has(&record.id.to_string(), &record.phone) {
                self.log.lock().remove(record.number);
                self.disk.wake();
            } else {
                let mut record = Record::clone(record);
                record.end_without_cluster();
                self.replace(record);
            }
        }
    }

    /// Records the outcome of a delivery; returns the number of the record.
    pub(crate) fn end(&self, open: OpenRecord, outcome: &Outcome) -> u64 {
        let begun = Arc::unwrap_or_clone(open.record);
        let redacted = |text: &str| redact::text(text, &open.keys, open.keeps_texts);
        let step = |step: &StepRecord| Step {
            transport: step.transport.into(),
            request: redacted(&step.request),
            reply: redacted(&step.reply),
            duration: step.duration,
        };
        let record = self.log.lock().replace(Record {
            fetched: outcome.fetches.at(),
            duration: Some(begun.started_at.elapsed()),
            status: outcome.status,
            reason: redacted(&outcome.reason),
            steps: outcome.steps.iter().take(MAX_STEPS).map(step).collect(),
            ..begun
        });
        self.announce(Arc::clone(&record), true);
        let number = record.number;
        // Fails only while there is no subscriber.
        let _ = self.ends.send(record);
        number
    }

    /// Records that the phone fetched what it needs after the delivery was over.
    pub(crate) fn set_fetched(&self, number: u64, at: SystemTime) {
        let record = self.log.lock().get(number).cloned();
        if let Some(record) = record {
            self.replace(Record {
                fetched: Some(at),
                ..Record::clone(&record)
            });
        }
    }

    /// Replaces the record of the same number, unless it has been dropped, and announces it.
    fn replace(&self, record: Record) -> Arc<Record> {
        let record = self.log.lock().replace(record);
        self.announce(Arc::clone(&record), false);
        record
    }

    fn announce(&self, record: Arc<Record>, is_end: bool) {
        self.disk.wake();
        // Fails only while there is no subscriber.
        let _ = self.changes.send(Change { record, is_end });
    }

    /// Returns up to `limit` deliveries that match `search`, newest first.
    pub(crate) fn find(&self, search: &Search, limit: usize) -> Vec<Arc<Record>> {
        let records = self.log.lock().newest_first();
        // Without the lock, which every delivery needs: a search reads all texts.
        let search = search.lowercased();
        let found = records.into_iter().filter(|record| search.matches(record));
        found.take(limit).collect()
    }

    /// Returns up to `limit` deliveries that match `search` and come after `before` in the list of all
    /// daemons, in the order of that list. This daemon is called `daemon`.
    ///
    /// That is by time, whereas new numbers are assigned to what is continued after a restart.
    pub(crate) fn find_by_time(
        &self,
        search: &Search,
        daemon: &str,
        before: Option<&Position>,
        limit: usize,
    ) -> Vec<Arc<Record>> {
        let mut found = self.find(search, usize::MAX);
        found.retain(|record| before.is_none_or(|before| Position::of(record, daemon) < *before));
        found.sort_by_key(|record| search::newest_first(record));
        found.truncate(limit);
        found
    }

    /// Summarizes the deliveries of the `period` that ends now.
    pub(crate) fn overview(&self, period: Duration, now: SystemTime) -> Overview {
        let records = self.log.lock().newest_first();
        Overview::new(&records, period, now)
    }

    /// Returns what the history would keep of the keys of a request, as a JSON object.
    pub(crate) fn keys_to_json(&self, keys: &[(String, String)]) -> Value {
        let keeps_texts = self.log.lock().config().texts;
        record::object(&redact::keys(keys, keeps_texts))
    }

    /// Returns what the history would keep of the reason for what came of a request with these keys.
    pub(crate) fn reason_to_json(&self, reason: &str, keys: &[(String, String)]) -> Value {
        let keeps_texts = self.log.lock().config().texts;
        Value::from(redact::text(reason, keys, keeps_texts).as_str())
    }

    /// Subscribes to every delivery that begins, changes or ends from now on.
    pub(crate) fn changes(&self) -> broadcast::Receiver<Change> {
        self.changes.subscribe()
    }

    /// Subscribes to the end of every delivery, once for each, from now on.
    pub(crate) fn ends(&self) -> broadcast::Receiver<Arc<Record>> {
        self.ends.subscribe()
    }
}

/// Returns the number of the first record of a process: higher than those of earlier ones, which had
/// fewer deliveries than milliseconds, unless the clock was set back.
fn first_number(now: SystemTime) -> u64 {
    let since = now
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let milliseconds = u64::try_from(since.as_millis()).unwrap_or_default();
    milliseconds.max(MIN_NUMBER)
}

/// The least number of the first record, so that there are numbers below it for those that are restored,
/// even if the clock is not set yet: the milliseconds until 2004.
const MIN_NUMBER: u64 = 1 << 40;

/// How much is kept of a verb, and of the names of phones, channels and extensions, in bytes.
const MAX_NAME: usize = 256;

/// How many changes a subscriber may lag behind.
const CHANGES_CAPACITY: usize = 1024;

/// How many ends a subscriber may lag behind: a group of a thousand phones may end at once.
const ENDS_CAPACITY: usize = 4096;

/// Maximum number of steps kept per delivery.
const MAX_STEPS: usize = 32;
