//! A numbered feed of events of Asterisk and of phones, and of deliveries.
//!
//! Recent items are kept, so that a client that reconnects misses nothing. The feed waits for no
//! subscriber: one that falls too far behind is disconnected and has to resume.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::SystemTime;

use handset_net::random;
use parking_lot::Mutex;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio_util::sync::CancellationToken;

use crate::history::Record;
use crate::rules::Fact;

/// The feed. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct EventFeed {
    recent: Arc<Mutex<Recent>>,
    live: broadcast::Sender<Arc<FeedItem>>,
    /// Distinguishes the ids of this run from those of earlier ones.
    run_id: Arc<str>,
}

#[derive(Debug)]
struct Recent {
    next_number: u64,
    /// Ordered by number, without gaps.
    items: VecDeque<Arc<FeedItem>>,
}

#[derive(Clone, Debug)]
pub(super) struct FeedItem {
    /// Increases by one with every item.
    pub(super) number: u64,
    pub(super) at: SystemTime,
    pub(super) payload: Payload,
}

#[derive(Clone, Debug)]
pub(super) enum Payload {
    /// A delivery began, changed or ended.
    Delivery(Arc<Record>),
    /// An event of Asterisk, of a phone or of handsetd.
    Fact(Fact),
}

#[derive(Debug)]
pub(super) struct Subscription {
    /// The items since the one that the client saw last.
    pub(super) replay: Vec<Arc<FeedItem>>,
    /// The number of such items that are no longer kept.
    pub(super) missed: u64,
    pub(super) live: broadcast::Receiver<Arc<FeedItem>>,
}

impl EventFeed {
    pub(crate) fn new() -> Self {
        let recent = Recent {
            next_number: 1,
            items: VecDeque::new(),
        };
        Self {
            recent: Arc::new(Mutex::new(recent)),
            live: broadcast::channel(LIVE_CAPACITY).0,
            run_id: random::hex_token::<4>().into(),
        }
    }

    /// Publishes facts and deliveries until `stop` is cancelled.
    pub(crate) async fn run(
        self,
        mut facts: broadcast::Receiver<Fact>,
        mut deliveries: broadcast::Receiver<Arc<Record>>,
        stop: CancellationToken,
    ) {
        loop {
            let payload = tokio::select! {
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
            self.publish(payload);
        }
    }

    fn publish(&self, payload: Payload) {
        let mut recent = self.recent.lock();
        let item = Arc::new(FeedItem {
            number: recent.next_number,
            at: SystemTime::now(),
            payload,
        });
        recent.next_number = recent.next_number.saturating_add(1);
        if recent.items.len() >= MAX_ITEMS {
            recent.items.pop_front();
        }
        recent.items.push_back(Arc::clone(&item));
        // Sent under the lock, so that a new subscriber gets each item once. Fails only while there is
        // no subscriber.
        let _ = self.live.send(item);
    }

    /// Subscribes from now on, or after the item with the id `last_id`.
    pub(super) fn subscribe(&self, last_id: Option<&str>) -> Subscription {
        let recent = self.recent.lock();
        let live = self.live.subscribe();
        let Some(last_id) = last_id else {
            return Subscription {
                replay: Vec::new(),
                missed: 0,
                live,
            };
        };
        // An id of an earlier run precedes all items of this one.
        let last_number: u64 = last_id
            .strip_prefix(&*self.run_id)
            .and_then(|rest| rest.strip_prefix('-')?.parse().ok())
            .unwrap_or(0);
        let oldest = recent
            .items
            .front()
            .map_or(recent.next_number, |item| item.number);
        Subscription {
            replay: recent
                .items
                .iter()
                .filter(|item| item.number > last_number)
                .cloned()
                .collect(),
            missed: oldest.saturating_sub(last_number.saturating_add(1)),
            live,
        }
    }

    /// Returns up to `limit` recent facts, newest first.
    pub(super) fn facts(&self, limit: usize) -> Vec<Arc<FeedItem>> {
        let recent = self.recent.lock();
        recent
            .items
            .iter()
            .rev()
            .filter(|item| matches!(item.payload, Payload::Fact(_)))
            .take(limit)
            .cloned()
            .collect()
    }

    /// Returns the item of that number, if it is still kept.
    pub(super) fn get(&self, number: u64) -> Option<Arc<FeedItem>> {
        let recent = self.recent.lock();
        recent
            .items
            .iter()
            .find(|item| item.number == number)
            .cloned()
    }

    /// Returns the id by which a client can resume after `item`.
    pub(super) fn id(&self, item: &FeedItem) -> String {
        format!("{}-{}", self.run_id, item.number)
    }
}

/// The event that reports missed items.
fn missed(count: u64) -> Payload {
    let value = ("Count".to_owned(), count.to_string());
    Payload::Fact(Fact::new(MISSED, [value]))
}

/// The name of the event that reports missed items.
pub(super) const MISSED: &str = "handsetd.missed";

/// How many items a subscriber may lag behind before it is disconnected.
const LIVE_CAPACITY: usize = 1024;

/// How many items are kept for clients that resume.
const MAX_ITEMS: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(name: &str) -> Payload {
        Payload::Fact(Fact::new(name, []))
    }

    fn numbers(subscription: &Subscription) -> Vec<u64> {
        subscription.replay.iter().map(|item| item.number).collect()
    }

    #[test]
    fn resuming_clients_get_every_item_that_is_kept() {
        let feed = EventFeed::new();
        for _ in 0..5 {
            feed.publish(fact("a"));
        }
        let last_id = format!("{}-3", feed.run_id);
        let mut resumed = feed.subscribe(Some(&last_id));
        assert_eq!((numbers(&resumed), resumed.missed), (vec![4, 5], 0));
        feed.publish(fact("b"));
        assert_eq!(resumed.live.try_recv().unwrap().number, 6);
        assert!(numbers(&feed.subscribe(None)).is_empty());
        // Ids of another run precede everything.
        assert_eq!(numbers(&feed.subscribe(Some("00000000-4"))).len(), 6);
        assert_eq!(numbers(&feed.subscribe(Some("nonsense"))).len(), 6);
    }

    #[test]
    fn items_that_are_no_longer_kept_are_counted() {
        let feed = EventFeed::new();
        for _ in 0..MAX_ITEMS + 10 {
            feed.publish(fact("a"));
        }
        let first = format!("{}-1", feed.run_id);
        let resumed = feed.subscribe(Some(&first));
        assert_eq!((resumed.replay.len(), resumed.missed), (MAX_ITEMS, 9));
        assert!(feed.get(1).is_none() && feed.get(11).is_some());
        assert_eq!(feed.facts(2)[0].number, 1010);
    }
}
