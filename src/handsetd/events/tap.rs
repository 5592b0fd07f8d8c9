//! Copies of all facts for the event stream, which may fall behind and never delays the rules.

use std::collections::VecDeque;
use std::ops::{Deref, Range};
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::rules::Fact;

/// Creates both ends.
pub(crate) fn fact_tap() -> (FactTap, TappedFacts) {
    let shared = Arc::new(Shared::default());
    let sender = FactTap {
        shared: Arc::clone(&shared),
    };
    (sender, TappedFacts { shared })
}

/// The sending end. Dropping it ends the other.
#[derive(Debug)]
pub(crate) struct FactTap {
    shared: Arc<Shared>,
}

impl FactTap {
    /// Appends facts. Of more than [`MAX_TAPPED`] that wait, the oldest are lost.
    pub(super) fn send(&self, facts: Arc<[Fact]>) {
        self.shared.waiting.lock().append(facts.into());
        self.shared.arrived.notify_one();
    }
}

impl Drop for FactTap {
    fn drop(&mut self) {
        self.shared.waiting.lock().is_closed = true;
        self.shared.arrived.notify_one();
    }
}

/// The receiving end.
#[derive(Debug)]
pub(crate) struct TappedFacts {
    shared: Arc<Shared>,
}

impl TappedFacts {
    /// Waits for facts; returns how many were lost before them, and up to [`MAX_TAKEN`] of them, as they were sent
    /// together; `None` at the end.
    ///
    /// Cancel safe.
    pub(crate) async fn take(&mut self) -> Option<(u64, Vec<Facts>)> {
        loop {
            {
                let mut waiting = self.shared.waiting.lock();
                if 0 < waiting.count {
                    let facts = waiting.take(MAX_TAKEN);
                    return Some((std::mem::take(&mut waiting.lost), facts));
                }
                if waiting.is_closed {
                    return None;
                }
            }
            self.shared.arrived.notified().await;
        }
    }
}

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    /// Notified when facts have arrived, or none will.
    arrived: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    /// None of them is empty.
    batches: VecDeque<Facts>,
    /// How many facts they have together.
    count: usize,
    /// How many were lost before them.
    lost: u64,
    is_closed: bool,
}

impl Waiting {
    fn append(&mut self, facts: Facts) {
        if facts.is_empty() {
            return;
        }
        self.count = self.count.saturating_add(facts.len());
        self.batches.push_back(facts);
        let excess = self.count.saturating_sub(MAX_TAPPED);
        self.take(excess);
        self.lost = self.lost.saturating_add(excess as u64);
    }

    /// Takes up to `max` facts, the oldest first.
    fn take(&mut self, max: usize) -> Vec<Facts> {
        let mut taken = Vec::new();
        let mut left = max.min(self.count);
        while 0 < left
            && let Some(oldest) = self.batches.front_mut()
        {
            let facts = oldest.split_first(left);
            if oldest.is_empty() {
                self.batches.pop_front();
            }
            left = left.saturating_sub(facts.len());
            self.count = self.count.saturating_sub(facts.len());
            taken.push(facts);
        }
        taken
    }
}

/// Facts that were sent together, shared by all who receive them.
#[derive(Debug)]
pub(crate) struct Facts {
    facts: Arc<[Fact]>,
    /// Those that are left.
    range: Range<usize>,
}

impl Facts {
    /// Removes up to `max` facts from the front, and returns them.
    fn split_first(&mut self, max: usize) -> Self {
        let end = self.range.start.saturating_add(max).min(self.range.end);
        let first = Self {
            facts: Arc::clone(&self.facts),
            range: self.range.start..end,
        };
        self.range.start = end;
        first
    }
}

impl Deref for Facts {
    type Target = [Fact];

    fn deref(&self) -> &[Fact] {
        self.facts.get(self.range.clone()).unwrap_or_default()
    }
}

impl From<Arc<[Fact]>> for Facts {
    fn from(facts: Arc<[Fact]>) -> Self {
        let range = 0..facts.len();
        Self { facts, range }
    }
}

/// How many facts the event stream may fall behind.
const MAX_TAPPED: usize = 4096;

/// How many facts are taken at once: a fraction of those that the event stream keeps for its subscribers.
const MAX_TAKEN: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(number: usize) -> Fact {
        Fact::new(&format!("n{number}"), [])
    }

    fn names(facts: &[Facts]) -> Vec<&str> {
        let facts = facts.iter().flat_map(|facts| facts.iter());
        facts.map(Fact::name).collect()
    }

    #[tokio::test]
    async fn oldest_facts_are_lost_and_counted_when_none_are_received() {
        let (tap, mut tapped) = fact_tap();
        tap.send((0..3).map(fact).collect());
        let (lost, facts) = tapped.take().await.unwrap();
        assert_eq!((lost, names(&facts)), (0, vec!["n0", "n1", "n2"]));
        tap.send((0..MAX_TAPPED + 2).map(fact).collect());
        tap.send([fact(9)].into());
        let (lost, facts) = tapped.take().await.unwrap();
        let taken = names(&facts);
        assert_eq!((lost, taken.len(), taken[0]), (3, MAX_TAKEN, "n3"));
        let mut rest = Vec::new();
        drop(tap);
        while let Some((lost, facts)) = tapped.take().await {
            assert_eq!(lost, 0);
            rest.extend(names(&facts).into_iter().map(ToOwned::to_owned));
        }
        assert_eq!(rest.len(), MAX_TAPPED - MAX_TAKEN);
        assert_eq!(rest.last().map(String::as_str), Some("n9"));
    }

    #[tokio::test]
    async fn facts_that_were_sent_one_by_one_are_taken_together() {
        let (tap, mut tapped) = fact_tap();
        for number in 0..=MAX_TAKEN {
            tap.send([fact(number)].into());
        }
        assert_eq!(names(&tapped.take().await.unwrap().1).len(), MAX_TAKEN);
        assert_eq!(names(&tapped.take().await.unwrap().1), ["n256"]);
    }

    #[tokio::test]
    async fn waiting_receiver_is_woken_by_a_fact_and_by_the_end() {
        let (tap, mut tapped) = fact_tap();
        let arrive = async {
            tokio::task::yield_now().await;
            tap.send([fact(1)].into());
        };
        let (taken, ()) = tokio::join!(tapped.take(), arrive);
        assert_eq!(names(&taken.unwrap().1), ["n1"]);
        let end = async {
            tokio::task::yield_now().await;
            drop(tap);
        };
        assert!(tokio::join!(tapped.take(), end).0.is_none());
    }
}
