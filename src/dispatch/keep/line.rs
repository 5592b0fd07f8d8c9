//! What is kept for one phone, in order.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::time::Instant;

use super::parcel::Parcel;

/// The parcels for one phone that are not being delivered at this moment.
#[derive(Debug, Default)]
pub(super) struct Line {
    parcels: Mutex<Parcels>,
    /// Told when something may have changed: another parcel, or a phone that came back.
    pub(super) wake: Notify,
}

#[derive(Debug, Default)]
struct Parcels {
    waiting: VecDeque<Parcel>,
    /// Why the phone can't be reached, as long as that is so.
    away: Option<String>,
}

impl Line {
    /// Puts a parcel in its place. While the phone is away it counts as tried, and is returned to
    /// whoever tells of that by `tell`.
    pub(super) fn put(&self, mut parcel: Parcel, tell: impl FnOnce(&mut Parcel)) {
        let mut parcels = self.lock();
        if let Some(why) = &parcels.away
            && parcel.why.is_empty()
        {
            parcel.why.clone_from(why);
            tell(&mut parcel);
        }
        let after = parcels
            .waiting
            .partition_point(|other| other.number < parcel.number);
        parcels.waiting.insert(after, parcel);
        drop(parcels);
        self.wake.notify_one();
    }

    /// Notes that the phone can't be reached, and hands each parcel that was not tried before to
    /// `tell`.
    pub(super) fn is_away(&self, why: &str, mut tell: impl FnMut(&mut Parcel)) {
        let mut parcels = self.lock();
        parcels.away = Some(why.to_owned());
        for parcel in &mut parcels.waiting {
            let is_new = parcel.why.is_empty();
            why.clone_into(&mut parcel.why);
            if is_new {
                tell(parcel);
            }
        }
    }

    /// Notes that the phone has answered.
    pub(super) fn is_there(&self) {
        self.lock().away = None;
    }

    /// Takes the first parcel out.
    pub(super) fn take(&self) -> Option<Parcel> {
        self.lock().waiting.pop_front()
    }

    /// Takes out what is over: its time is, or it was called back.
    pub(super) fn take_over(&self, now: Instant) -> Vec<Parcel> {
        let is_over = |parcel: &Parcel| parcel.until <= now || parcel.sendoff.is_called_back();
        let mut parcels = self.lock();
        if !parcels.waiting.iter().any(is_over) {
            return Vec::new();
        }
        let waiting = std::mem::take(&mut parcels.waiting);
        let (over, left): (Vec<_>, VecDeque<_>) = {
            let mut over = Vec::new();
            let mut left = VecDeque::with_capacity(waiting.len());
            for parcel in waiting {
                if is_over(&parcel) {
                    over.push(parcel);
                } else {
                    left.push_back(parcel);
                }
            }
            (over, left)
        };
        parcels.waiting = left;
        over
    }

    /// Returns when the time of the next one is over.
    pub(super) fn next_end(&self) -> Option<Instant> {
        self.lock().waiting.iter().map(|parcel| parcel.until).min()
    }

    /// Returns how many there are.
    pub(super) fn len(&self) -> usize {
        self.lock().waiting.len()
    }

    fn lock(&self) -> MutexGuard<'_, Parcels> {
        // Parcels are whole, whoever panicked.
        self.parcels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
