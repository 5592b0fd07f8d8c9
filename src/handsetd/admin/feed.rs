//! Payload happens, numbered, for whoever listens: events of Asterisk and of phones, and deliveries.
//!
//! The last ones are kept, so that a listener who was away for a moment misses nothing. Nobody here
//! waits for a listener: who is too slow is told so, and has to come back.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use tokio::sync::broadcast::{self, error::RecvError};
use tokio_util::sync::CancellationToken;

use crate::history::Record;
use crate::rules::Fact;

/// Payload happens. Cheap to clone; all clones are one.
#[derive(Clone, Debug)]
pub struct EventFeed {
    ring: Arc<Mutex<Ring>>,
    live: broadcast::Sender<Arc<FeedItem>>,
    /// Tells the numbers of this run from those of another.
    run: Arc<str>,
}

#[derive(Debug)]
struct Ring {
    next: u64,
    kept: VecDeque<Arc<FeedItem>>,
}

/// One thing that happened.
#[derive(Clone, Debug)]
pub struct FeedItem {
    /// Later ones have greater numbers, without gaps.
    pub number: u64,
    /// When we heard of it.
    pub at: SystemTime,
    /// Payload it is.
    pub what: Payload,
}

/// Payload happened.
#[derive(Clone, Debug)]
pub enum Payload {
    /// A delivery began or ended.
    Delivery(Arc<Record>),
    /// An event.
    Fact(Fact),
}

/// Payload a listener gets.
#[derive(Debug)]
pub(super) struct Subscription {
    /// Payload happened since the number that it named.
    pub(super) before: Vec<Arc<FeedItem>>,
    /// How much of that is forgotten.
    pub(super) missed: u64,
    /// Payload happens from now on.
    pub(super) live: broadcast::Receiver<Arc<FeedItem>>,
}

impl EventFeed {
    /// Creates a feed of nothing yet.
    pub fn new() -> Self {
        let ring = Ring {
            next: 1,
            kept: VecDeque::new(),
        };
        Self {
            ring: Arc::new(Mutex::new(ring)),
            live: broadcast::channel(MAX_BEHIND).0,
            run: handset_net::random::hex_token::<4>().into(),
        }
    }

    /// Takes over what is told, until `stop`.
    pub async fn run(
        self,
        mut facts: broadcast::Receiver<Fact>,
        mut deliveries: broadcast::Receiver<Arc<Record>>,
        stop: CancellationToken,
    ) {
        loop {
            let what = tokio::select! {
                () = stop.cancelled() => return,
                fact = facts.recv() => match fact {
                    Ok(fact) => Payload::Fact(fact),
                    Err(RecvError::Lagged(count)) => missed(count),
                    Err(RecvError::Closed) => return,
                },
                record = deliveries.recv() => match record {
                    Ok(record) => Payload::Delivery(record),
                    Err(RecvError::Lagged(count)) => missed(count),
                    Err(RecvError::Closed) => return,
                },
            };
            self.push(what);
        }
    }

    /// Tells everybody.
    pub(super) fn push(&self, what: Payload) {
        let mut ring = self.lock();
        let news = Arc::new(FeedItem {
            number: ring.next,
            at: SystemTime::now(),
            what,
        });
        ring.next = ring.next.saturating_add(1);
        if ring.kept.len() >= MAX_KEPT {
            ring.kept.pop_front();
        }
        ring.kept.push_back(Arc::clone(&news));
        // Under the lock, so that who subscribes gets each once. Nobody may be listening.
        let _ = self.live.send(news);
    }

    /// Starts to listen; `last` is the id of the last one that was heard of.
    pub(super) fn subscribe(&self, last: Option<&str>) -> Subscription {
        let ring = self.lock();
        let live = self.live.subscribe();
        let Some(last) = last else {
            return Subscription {
                before: Vec::new(),
                missed: 0,
                live,
            };
        };
        // An id of another run says nothing but that it is long ago.
        let number = last.strip_prefix(&*self.run);
        let number = number.and_then(|rest| rest.strip_prefix('-')?.parse().ok());
        let number: u64 = number.unwrap_or(0);
        let oldest = ring.kept.front().map_or(ring.next, |news| news.number);
        let after = |news: &&Arc<FeedItem>| news.number > number;
        Subscription {
            before: ring.kept.iter().filter(after).cloned().collect(),
            missed: oldest.saturating_sub(number.saturating_add(1)),
            live,
        }
    }

    /// Returns the last facts, the newest first.
    pub(super) fn facts(&self, limit: usize) -> Vec<Arc<FeedItem>> {
        let ring = self.lock();
        let facts = ring.kept.iter().rev();
        let facts = facts.filter(|news| matches!(news.what, Payload::Fact(_)));
        facts.take(limit).cloned().collect()
    }

    /// Returns one, if it is not forgotten.
    pub(super) fn one(&self, number: u64) -> Option<Arc<FeedItem>> {
        let ring = self.lock();
        ring.kept.iter().find(|news| news.number == number).cloned()
    }

    /// Returns the id by which a listener can come back.
    pub(super) fn id(&self, news: &FeedItem) -> String {
        format!("{}-{}", self.run, news.number)
    }

    fn lock(&self) -> MutexGuard<'_, Ring> {
        // The ring is whole whoever panicked.
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for EventFeed {
    fn default() -> Self {
        Self::new()
    }
}

/// Says that more happened than could be taken over.
fn missed(count: u64) -> Payload {
    let value = ("Count".to_owned(), count.to_string());
    Payload::Fact(Fact::new(MISSED, [value]))
}

/// The event that says how many were missed.
pub(super) const MISSED: &str = "handsetd.missed";

/// How far a listener may be behind before it is cut off.
const MAX_BEHIND: usize = 1024;

/// How many are kept for listeners that come back.
const MAX_KEPT: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(name: &str) -> Payload {
        Payload::Fact(Fact::new(name, []))
    }

    fn numbers(subscription: &Subscription) -> Vec<u64> {
        subscription.before.iter().map(|news| news.number).collect()
    }

    #[test]
    fn who_comes_back_misses_nothing_that_is_kept() {
        let feed = EventFeed::new();
        for _ in 0..5 {
            feed.push(fact("a"));
        }
        let heard = format!("{}-3", feed.run);
        let mut back = feed.subscribe(Some(&heard));
        assert_eq!((numbers(&back), back.missed), (vec![4, 5], 0));
        feed.push(fact("b"));
        assert_eq!(back.live.try_recv().unwrap().number, 6);
        assert!(numbers(&feed.subscribe(None)).is_empty());
        // Another run of the daemon: nothing is known of what was heard.
        assert_eq!(numbers(&feed.subscribe(Some("00000000-4"))).len(), 6);
        assert_eq!(numbers(&feed.subscribe(Some("nonsense"))).len(), 6);
    }

    #[test]
    fn what_is_forgotten_is_counted() {
        let feed = EventFeed::new();
        for _ in 0..MAX_KEPT + 10 {
            feed.push(fact("a"));
        }
        let first = format!("{}-1", feed.run);
        let back = feed.subscribe(Some(&first));
        assert_eq!((back.before.len(), back.missed), (MAX_KEPT, 9));
        assert!(feed.one(1).is_none() && feed.one(11).is_some());
        assert_eq!(feed.facts(2)[0].number, 1010);
    }
}
