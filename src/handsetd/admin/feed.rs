//! A numbered feed of events of Asterisk and of phones, and of deliveries.
//!
//! Recent items are kept, so that a client that reconnects misses nothing. Subscribers read them from
//! there, so that a slow one takes no memory: one that falls so far behind that its next item is gone is
//! disconnected and has to resume. What is kept of an event is for display: long values are cut.

mod recent;
mod subscription;

pub(super) use recent::{FeedItem, Payload, RuleItem};
pub(super) use subscription::{Lagged, Subscription};

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use handset_net::random;
use parking_lot::Mutex;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use self::recent::Recent;
use crate::events::TappedFacts;
use crate::history::Change;
use crate::rules::Fact;

/// The feed. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct EventFeed {
    recent: Arc<Mutex<Recent>>,
    /// Notifies subscribers of every new item.
    published: watch::Sender<()>,
    /// Distinguishes the ids of this run from those of earlier ones.
    run_id: Arc<str>,
    /// When it was last subscribed to.
    subscribed: Arc<Mutex<Option<Instant>>>,
}

impl EventFeed {
    pub(crate) fn new() -> Self {
        Self {
            recent: Arc::default(),
            published: watch::Sender::default(),
            run_id: random::hex_token::<4>().into(),
            subscribed: Arc::default(),
        }
    }

    /// Publishes facts and deliveries until `stop` is cancelled.
    pub(crate) async fn run(
        self,
        mut facts: TappedFacts,
        mut deliveries: broadcast::Receiver<Change>,
        stop: CancellationToken,
    ) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                taken = facts.take() => {
                    let Some((lost, facts)) = taken else { return };
                    if 0 < lost {
                        self.publish([missed(lost)]);
                    }
                    let facts = facts.iter().flat_map(|facts| facts.iter());
                    self.publish(facts.map(|fact| Payload::Fact(fact.excerpt())));
                }
                change = deliveries.recv() => self.publish([match change {
                    Ok(change) => Payload::Delivery(change),
                    Err(RecvError::Lagged(count)) => missed(count),
                    Err(RecvError::Closed) => return,
                }]),
            }
            // Subscribers read before the next ones displace these.
            tokio::task::yield_now().await;
        }
    }

    fn publish(&self, payloads: impl IntoIterator<Item = Payload>) {
        let now = SystemTime::now();
        let mut recent = self.recent.lock();
        for payload in payloads {
            recent.push(now, None, payload);
        }
        drop(recent);
        self.published.send_replace(());
    }

    /// Publishes that something of this daemon was missed.
    pub(super) fn publish_missed(&self, count: u64) {
        self.publish([missed(count)]);
    }

    /// Publishes what has happened at another daemon, and how much of it was missed.
    pub(super) fn publish_of(
        &self,
        daemon: &Arc<str>,
        missed: u64,
        items: impl IntoIterator<Item = (SystemTime, Payload)>,
    ) {
        let missed = (0 < missed).then(|| (SystemTime::now(), self::missed(missed)));
        let mut recent = self.recent.lock();
        for (at, payload) in missed.into_iter().chain(items) {
            recent.push(at, Some(Arc::clone(daemon)), payload);
        }
        drop(recent);
        self.published.send_replace(());
    }

    /// Subscribes from now on, or after the item with the id `last_id`; also returns how many items
    /// after that are no longer kept.
    pub(super) fn subscribe(&self, last_id: Option<&str>) -> (Subscription, u64) {
        let recent = self.recent.lock();
        let next = match last_id {
            None => recent.next_number,
            // An id of an earlier run precedes all items of this one.
            Some(last_id) => last_id
                .strip_prefix(&*self.run_id)
                .and_then(|rest| rest.strip_prefix('-')?.parse::<u64>().ok())
                .map_or(1, |last| last.saturating_add(1).min(recent.next_number)),
        };
        let oldest = recent.oldest();
        *self.subscribed.lock() = Some(Instant::now());
        let subscription = Subscription::new(
            Arc::clone(&self.recent),
            self.published.subscribe(),
            next.max(oldest),
        );
        (subscription, oldest.saturating_sub(next))
    }

    /// Publishes what a rule did, if anybody reads the feed.
    pub(super) fn publish_rule(&self, item: impl FnOnce() -> RuleItem) {
        let subscribed = *self.subscribed.lock();
        let is_recent = subscribed.is_some_and(|at| at.elapsed() < FOLLOWED);
        if is_recent || 0 < self.published.receiver_count() {
            self.publish([Payload::Rule(Arc::new(item()))]);
        }
    }

    /// Returns the id of the newest item, or that of none before the first.
    pub(super) fn position(&self) -> String {
        let newest = self.recent.lock().next_number.saturating_sub(1);
        self.id_of(newest)
    }

    /// Returns up to `limit` recent facts of this daemon, newest first.
    pub(super) fn facts(&self, limit: usize) -> Vec<Arc<FeedItem>> {
        let recent = self.recent.lock();
        recent
            .items
            .iter()
            .rev()
            .filter(|item| item.daemon.is_none() && matches!(item.payload, Payload::Fact(_)))
            .take(limit)
            .cloned()
            .collect()
    }

    /// Returns the item of that number, if it is still kept.
    pub(super) fn get(&self, number: u64) -> Option<Arc<FeedItem>> {
        self.recent.lock().get(number).cloned()
    }

    /// Returns the id by which a client can resume after `item`.
    pub(super) fn id(&self, item: &FeedItem) -> String {
        self.id_of(item.number)
    }

    fn id_of(&self, number: u64) -> String {
        format!("{}-{number}", self.run_id)
    }
}

/// How long another daemon that follows the feed may take to ask again.
const FOLLOWED: Duration = Duration::from_secs(15);

/// The event that reports missed items.
fn missed(count: u64) -> Payload {
    let value = ("Count".to_owned(), count.to_string());
    Payload::Fact(Fact::new(MISSED, [value]))
}

/// The name of the event that reports missed items.
pub(super) const MISSED: &str = "handsetd.missed";

#[cfg(test)]
mod tests {
    use super::recent::{MAX_BYTES, MAX_ITEMS};
    use super::*;

    fn fact(name: &str) -> Payload {
        Payload::Fact(Fact::new(name, []))
    }

    /// Returns the numbers of the items that a subscriber can read at once.
    fn numbers((mut subscription, _): (Subscription, u64)) -> Vec<u64> {
        std::iter::from_fn(|| subscription.try_recv().unwrap())
            .map(|item| item.number)
            .collect()
    }

    #[test]
    fn resuming_clients_get_every_item_that_is_kept() {
        let feed = EventFeed::new();
        for _ in 0..5 {
            feed.publish([fact("a")]);
        }
        let last_id = format!("{}-3", feed.run_id);
        let (mut resumed, missed) = feed.subscribe(Some(&last_id));
        feed.publish([fact("b")]);
        assert_eq!(missed, 0);
        assert_eq!(resumed.try_recv().unwrap().unwrap().number, 4);
        assert_eq!(numbers((resumed, 0)), [5, 6]);
        assert!(numbers(feed.subscribe(None)).is_empty());
        let future = format!("{}-99", feed.run_id);
        assert!(numbers(feed.subscribe(Some(&future))).is_empty());
        // Ids of another run precede everything.
        assert_eq!(numbers(feed.subscribe(Some("00000000-4"))).len(), 6);
        assert_eq!(numbers(feed.subscribe(Some("nonsense"))).len(), 6);
    }

    #[test]
    fn items_that_are_no_longer_kept_are_counted() {
        let feed = EventFeed::new();
        for _ in 0..MAX_ITEMS + 10 {
            feed.publish([fact("a")]);
        }
        let first = format!("{}-1", feed.run_id);
        let (subscription, missed) = feed.subscribe(Some(&first));
        assert_eq!(missed, 9);
        assert_eq!(numbers((subscription, 0)).len(), MAX_ITEMS);
        assert!(feed.get(1).is_none() && feed.get(11).is_some());
        assert!(feed.get(1011).is_none());
        assert_eq!(feed.facts(2)[0].number, 1010);
    }

    #[test]
    fn large_events_are_cut_and_drop_the_oldest_by_their_bytes() {
        let feed = EventFeed::new();
        for at in 0..600 {
            let values =
                (0..100).map(|key| (format!("k{key}"), format!("{at} {}", "x".repeat(10_000))));
            feed.publish([Payload::Fact(Fact::new("a", values).excerpt())]);
            assert!(feed.recent.lock().bytes <= MAX_BYTES);
        }
        let recent = feed.recent.lock();
        let counted: usize = recent.items.iter().map(|item| item.memory()).sum();
        assert_eq!(recent.bytes, counted);
        drop(recent);
        let kept = feed.recent.lock().items.len();
        assert!((100..600).contains(&kept), "{kept}");
        let (_, missed) = feed.subscribe(Some(""));
        assert_eq!(usize::try_from(missed).unwrap(), 600 - kept);
    }

    #[tokio::test]
    async fn slow_subscribers_receive_how_much_they_missed() {
        let feed = EventFeed::new();
        let (mut slow, _) = feed.subscribe(None);
        let (mut live, _) = feed.subscribe(None);
        let waiting = async { live.recv().await.unwrap().number };
        let publishing = async { feed.publish([fact("a")]) };
        let (number, ()) = tokio::join!(waiting, publishing);
        assert_eq!(number, 1);
        for _ in 0..MAX_ITEMS + 2 {
            feed.publish([fact("a")]);
        }
        assert_eq!(slow.recv().await.unwrap_err(), Lagged(3));
        assert_eq!(slow.recv().await.unwrap().number, 4);
    }
}
