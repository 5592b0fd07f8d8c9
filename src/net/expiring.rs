//! A map whose entries expire, bounded in number and, on request, in weight.
//!
//! It does no locking and reads no clock: callers pass the current time, so a test can pass any. An
//! expired entry counts as absent everywhere except in [`ExpiringMap::len`]; its memory is released
//! by the next insertion or by [`ExpiringMap::remove_expired`].

use std::borrow::Borrow;
use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::time::Duration;

use tokio::time::Instant;

/// A bounded map whose entries expire.
///
/// When an insertion would exceed a bound, the entries that expire next make room; among entries
/// that expire at the same time, the one inserted first. Insertion and removal take O(log n), look-ups
/// O(1).
#[derive(Clone, Debug)]
pub struct ExpiringMap<K, V> {
    entries: HashMap<K, Entry<V>>,
    /// The keys of all entries, the one that expires next first.
    by_expiry: BTreeMap<Expiry, K>,
    /// Sum of the weights of all entries.
    weight: usize,
    /// Distinguishes entries that expire at the same time.
    next_sequence: u64,
    capacity: usize,
    max_weight: usize,
}

#[derive(Clone, Debug)]
struct Entry<V> {
    value: V,
    expiry: Expiry,
    weight: usize,
}

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Expiry {
    at: Instant,
    sequence: u64,
}

impl<V> Entry<V> {
    fn is_live(&self, now: Instant) -> bool {
        now < self.expiry.at
    }
}

impl<K, V> ExpiringMap<K, V> {
    /// Creates an empty map for up to `capacity` entries.
    pub fn new(capacity: usize) -> Self {
        Self::with_max_weight(capacity, usize::MAX)
    }

    /// Creates an empty map for up to `capacity` entries, which together weigh up to `max_weight`, in
    /// the unit of [`ExpiringMap::insert_weighted`].
    pub fn with_max_weight(capacity: usize, max_weight: usize) -> Self {
        Self {
            entries: HashMap::new(),
            by_expiry: BTreeMap::new(),
            weight: 0,
            next_sequence: 0,
            capacity,
            max_weight,
        }
    }

    /// Returns the number of entries, including expired ones that still occupy memory.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns whether the map has no entries, not even expired ones.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns the sum of the weights of all entries, including expired ones.
    pub fn weight(&self) -> usize {
        self.weight
    }
}

impl<K: Clone + Eq + Hash, V> ExpiringMap<K, V> {
    /// Inserts an entry that weighs nothing and expires `lifetime` after `now`.
    ///
    /// Returns the live value it replaces.
    pub fn insert(&mut self, key: K, value: V, lifetime: Duration, now: Instant) -> Option<V> {
        self.insert_weighted(key, value, 0, lifetime, now)
    }

    /// Inserts an entry of the given weight that expires `lifetime` after `now`.
    ///
    /// Returns the live value it replaces. An entry that exceeds the bound by itself is dropped, and
    /// so is the one it would have replaced; no other has to make room for it.
    pub fn insert_weighted(
        &mut self,
        key: K,
        value: V,
        weight: usize,
        lifetime: Duration,
        now: Instant,
    ) -> Option<V> {
        let replaced = self.remove(&key, now);
        self.remove_expired(now);
        if self.capacity == 0 || weight > self.max_weight || lifetime.is_zero() {
            return replaced;
        }
        // The weight of all entries is at most the maximum, so this does not overflow.
        while self.entries.len() >= self.capacity || self.weight > self.max_weight - weight {
            self.remove_next();
        }
        let at = now
            .checked_add(lifetime)
            .unwrap_or_else(|| now + FAR_FUTURE);
        let sequence = self.next_sequence;
        self.next_sequence += 1;
        let expiry = Expiry { at, sequence };
        self.by_expiry.insert(expiry, key.clone());
        self.weight += weight;
        let entry = Entry {
            value,
            expiry,
            weight,
        };
        self.entries.insert(key, entry);
        replaced
    }

    /// Returns the value of `key`.
    pub fn get<Q>(&self, key: &Q, now: Instant) -> Option<&V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let entry = self.entries.get(key)?;
        entry.is_live(now).then_some(&entry.value)
    }

    /// Returns the value of `key` to change it. Its expiry and its weight stay as they are.
    pub fn get_mut<Q>(&mut self, key: &Q, now: Instant) -> Option<&mut V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let entry = self.entries.get_mut(key)?;
        entry.is_live(now).then_some(&mut entry.value)
    }

    /// Returns whether `key` has an entry.
    pub fn contains<Q>(&self, key: &Q, now: Instant) -> bool
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.get(key, now).is_some()
    }

    /// Returns the time until the entry of `key` expires.
    pub fn remaining<Q>(&self, key: &Q, now: Instant) -> Option<Duration>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let entry = self.entries.get(key)?;
        entry
            .is_live(now)
            .then(|| entry.expiry.at.duration_since(now))
    }

    /// Removes the entry of `key` and returns its value, unless it had expired.
    pub fn remove<Q>(&mut self, key: &Q, now: Instant) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let entry = self.entries.remove(key)?;
        self.by_expiry.remove(&entry.expiry);
        self.weight -= entry.weight;
        entry.is_live(now).then_some(entry.value)
    }

    /// Removes the entries that `keep` rejects, and the expired ones.
    pub fn retain(&mut self, now: Instant, mut keep: impl FnMut(&K, &mut V) -> bool) {
        self.remove_expired(now);
        let (by_expiry, weight) = (&mut self.by_expiry, &mut self.weight);
        self.entries.retain(|key, entry| {
            let is_kept = keep(key, &mut entry.value);
            if !is_kept {
                by_expiry.remove(&entry.expiry);
                *weight -= entry.weight;
            }
            is_kept
        });
    }

    /// Releases the memory of expired entries, in O(log n) for each.
    pub fn remove_expired(&mut self, now: Instant) {
        while let Some((expiry, _)) = self.by_expiry.first_key_value()
            && expiry.at <= now
        {
            self.remove_next();
        }
    }

    /// Iterates over the entries, the one that expires next first.
    pub fn iter(&self, now: Instant) -> impl Iterator<Item = (&K, &V)> {
        let live = self
            .by_expiry
            .iter()
            .filter(move |(expiry, _)| now < expiry.at);
        live.filter_map(|(_, key)| Some((key, &self.entries.get(key)?.value)))
    }

    fn remove_next(&mut self) {
        if let Some((_, key)) = self.by_expiry.pop_first()
            && let Some(entry) = self.entries.remove(&key)
        {
            self.weight -= entry.weight;
        }
    }
}

/// Lifetime of entries whose expiry the clock cannot represent.
const FAR_FUTURE: Duration = Duration::from_hours(24 * 365 * 30);

#[cfg(test)]
mod tests;
