//! Copies of all facts for the event stream, which may fall behind and never delays the rules.

use std::collections::VecDeque;
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
    pub(super) fn send(&self, facts: impl IntoIterator<Item = Fact>) {
        let mut waiting = self.shared.waiting.lock();
        waiting.facts.extend(facts);
        let lost = waiting.facts.len().saturating_sub(MAX_TAPPED);
        waiting.facts.drain(..lost);
        waiting.lost = waiting.lost.saturating_add(lost as u64);
        drop(waiting);
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
    /// Waits for facts; returns how many were lost before them, and up to [`MAX_TAKEN`] of them; `None` at the
    /// end.
    ///
    /// Cancel safe.
    pub(crate) async fn take(&mut self) -> Option<(u64, Vec<Fact>)> {
        loop {
            {
                let mut waiting = self.shared.waiting.lock();
                if !waiting.facts.is_empty() {
                    let count = waiting.facts.len().min(MAX_TAKEN);
                    let facts = waiting.facts.drain(..count).collect();
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
    facts: VecDeque<Fact>,
    /// How many were lost before them.
    lost: u64,
    is_closed: bool,
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

    fn names(facts: &[Fact]) -> Vec<&str> {
        facts.iter().map(Fact::name).collect()
    }

    #[tokio::test]
    async fn oldest_facts_are_lost_and_counted_when_nobody_takes_them() {
        let (tap, mut tapped) = fact_tap();
        tap.send((0..3).map(fact));
        let (lost, facts) = tapped.take().await.unwrap();
        assert_eq!((lost, names(&facts)), (0, vec!["n0", "n1", "n2"]));
        tap.send((0..MAX_TAPPED + 2).map(fact));
        tap.send([fact(9)]);
        let (lost, facts) = tapped.take().await.unwrap();
        assert_eq!((lost, facts.len(), facts[0].name()), (3, MAX_TAKEN, "n3"));
        let mut rest = Vec::new();
        drop(tap);
        while let Some((lost, facts)) = tapped.take().await {
            assert_eq!(lost, 0);
            rest.extend(facts);
        }
        assert_eq!(rest.len(), MAX_TAPPED - MAX_TAKEN);
        assert_eq!(rest.last().map(Fact::name), Some("n9"));
    }

    #[tokio::test]
    async fn waiting_receiver_is_woken_by_a_fact_and_by_the_end() {
        let (tap, mut tapped) = fact_tap();
        let arrive = async {
            tokio::task::yield_now().await;
            tap.send([fact(1)]);
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
