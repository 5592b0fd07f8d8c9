//! The records in memory: bounded in age, number and bytes. Knows which of them the disk does not have.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use tokio::time::Instant;

use super::config::Config;
use super::record::Record;

/// The recent deliveries.
#[derive(Debug)]
pub(super) struct BoundedLog {
    config: Config,
    /// Ordered by number.
    records: VecDeque<Arc<Record>>,
    /// The memory that they take, in bytes.
    bytes: usize,
    next_number: u64,
    /// The numbers of the records that the disk does not have as they are, or still has although they were removed;
    /// `None` if it has none.
    unwritten: Option<BTreeSet<u64>>,
    /// How many records were taken to be written and are not known to be on the disk.
    taken: usize,
}

/// What is to be written to the disk next.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) records: Vec<Arc<Record>>,
    /// The numbers of records that were removed from among those that are kept.
    pub(super) removed: Vec<u64>,
    /// Records of lower numbers are no longer kept.
    pub(super) oldest: u64,
}

impl BoundedLog {
    /// Creates an empty log, whose first record gets the number `first`.
    pub(super) fn new(config: Config, first: u64) -> Self {
        Self {
            config,
            records: VecDeque::new(),
            bytes: 0,
            next_number: first,
            unwritten: None,
            taken: 0,
        }
    }

    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    /// Returns the number of the next record.
    pub(super) fn next_number(&self) -> u64 {
        self.next_number
    }

    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    /// Applies other bounds, also to what the log holds already.
    pub(super) fn reconfigure(&mut self, config: Config) {
        self.config = config;
        if !config.texts {
            for index in 0..self.records.len() {
                let redacted = self
                    .records
                    .get(index)
                    .and_then(|record| record.without_texts());
                if let Some(redacted) = redacted {
                    self.set(index, Arc::new(redacted));
                }
            }
        }
        self.prune(Instant::now());
    }

    /// Adds the record of the next number.
    pub(super) fn push(&mut self, record: Arc<Record>) {
        self.next_number = self.next_number.saturating_add(1);
        self.bytes = self.bytes.saturating_add(record.memory());
        self.mark(record.number);
        self.records.push_back(record);
        self.prune(Instant::now());
    }

    /// Replaces the record of the same number, unless it has been dropped; returns it as it is kept.
    pub(super) fn replace(&mut self, record: Record) -> Arc<Record> {
        let record = Arc::new(self.as_kept(record));
        if let Ok(index) = self.position(record.number) {
            self.set(index, Arc::clone(&record));
            self.prune(Instant::now());
        }
        record
    }

    pub(super) fn get(&self, number: u64) -> Option<&Arc<Record>> {
        self.records.get(self.position(number).ok()?)
    }

    /// Returns a record as it is kept: the delivery may have begun when texts were kept.
    pub(super) fn as_kept(&self, record: Record) -> Record {
        let redacted = if self.config.texts {
            None
        } else {
            record.without_texts()
        };
        redacted.unwrap_or(record)
    }

    /// Removes a record.
    pub(super) fn remove(&mut self, number: u64) {
        let removed = self.position(number).ok();
        if let Some(record) = removed.and_then(|index| self.records.remove(index)) {
            self.bytes = self.bytes.saturating_sub(record.memory());
            self.mark(number);
        }
    }

    /// Returns all records, newest first.
    pub(super) fn newest_first(&mut self) -> Vec<Arc<Record>> {
        self.prune(Instant::now());
        self.records.iter().rev().cloned().collect()
    }

    /// Adds records that are older than all others and on the disk, ordered by number.
    pub(super) fn restore(&mut self, records: Vec<Record>) {
        for record in records.into_iter().rev() {
            let redacted = if self.config.texts {
                None
            } else {
                record.without_texts()
            };
            let number = record.number;
            let is_changed = redacted.is_some();
            let record = Arc::new(redacted.unwrap_or(record));
            self.bytes = self.bytes.saturating_add(record.memory());
            self.records.push_front(record);
            if is_changed {
                self.mark(number);
            }
        }
        self.prune(Instant::now());
    }

    /// Marks a record as one that the disk does not have as it is.
    pub(super) fn mark(&mut self, number: u64) {
        if let Some(unwritten) = &mut self.unwritten {
            unwritten.insert(number);
        }
    }

    /// Sets whether the disk keeps the records. At first it has none of them.
    pub(super) fn keep_on_disk(&mut self, is_kept: bool) {
        let all = || self.records.iter().map(|record| record.number).collect();
        self.unwritten = is_kept.then(all);
        self.taken = 0;
    }

    /// Returns how many records the disk does not have as they are, with those that are being written.
    pub(super) fn unwritten(&self) -> usize {
        let waiting = self.unwritten.as_ref().map_or(0, BTreeSet::len);
        waiting.saturating_add(self.taken)
    }

    /// Takes up to `max` records that the disk does not have as they are, or still has, oldest first. They count as
    /// [`unwritten`](Self::unwritten) until [`finish_batch`](Self::finish_batch).
    pub(super) fn take_batch(&mut self, max: usize) -> Batch {
        self.prune(Instant::now());
        let oldest = self.oldest();
        let (mut records, mut removed) = (Vec::new(), Vec::new());
        while records.len() + removed.len() < max
            && let Some(number) = self.unwritten.as_mut().and_then(BTreeSet::pop_first)
        {
            match self.get(number) {
                Some(record) => records.push(Arc::clone(record)),
                None if oldest <= number => removed.push(number),
                // It goes with all that are older than the oldest.
                None => {}
            }
        }
        self.taken = records.len() + removed.len();
        Batch {
            records,
            removed,
            oldest,
        }
    }

    /// Notes that the last batch is on the disk, or that its records were marked again.
    pub(super) fn finish_batch(&mut self) {
        self.taken = 0;
    }

    /// Returns the lowest number of a record; that of the next one if there is none.
    pub(super) fn oldest(&self) -> u64 {
        let oldest = self.records.front().map(|record| record.number);
        oldest.unwrap_or(self.next_number)
    }

    /// Drops what the bounds do not permit, oldest first.
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
            if let Some(unwritten) = &mut self.unwritten {
                unwritten.remove(&oldest.number);
            }
        }
    }

    fn position(&self, number: u64) -> Result<usize, usize> {
        self.records
            .binary_search_by_key(&number, |record| record.number)
    }

    fn set(&mut self, index: usize, record: Arc<Record>) {
        let Some(slot) = self.records.get_mut(index) else {
            return;
        };
        let number = record.number;
        let after = record.memory();
        let before = std::mem::replace(slot, record).memory();
        self.bytes = self.bytes.saturating_sub(before).saturating_add(after);
        self.mark(number);
    }
}
