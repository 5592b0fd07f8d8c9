//! The events of a daemon since the last query of another one.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep, timeout_at};

use crate::admin::daemons::Question;
use crate::admin::feed::{FeedItem, Payload, RuleItem};
use crate::admin::question::LocalQuestion;
use crate::admin::recent_events::RecentEvent;
use crate::admin::state::Services;
use crate::history::{Change, Record};

/// Queries the events after a place in the feed, and waits for one; without a place, only the present place.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::admin) struct FollowFeed {
    #[serde(default)]
    pub(super) after: Option<String>,
}

/// Consecutive events of a feed.
#[derive(Debug, Deserialize, Serialize)]
pub(in crate::admin) struct FeedBatch {
    /// The place after the last of the items.
    pub(super) position: String,
    /// How many items are no longer kept.
    #[serde(default)]
    pub(super) missed: u64,
    #[serde(default)]
    pub(super) items: Vec<BatchItem>,
}

/// A delivery that began, changed or ended; or an event.
#[derive(Debug, Deserialize, Serialize)]
pub(in crate::admin) struct BatchItem {
    /// Its place in the feed.
    id: String,
    #[serde(flatten)]
    payload: ItemPayload,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum ItemPayload {
    /// The end of a delivery.
    Delivery(Box<Record>),
    /// A delivery that began or changed.
    Progress(Box<Record>),
    Event(Box<RecentEvent>),
    Rule(Box<RuleItem>),
}

impl Question for FollowFeed {
    const NAME: &'static str = "follow";
    type Answer = FeedBatch;

    /// Leaves the later half for the next question.
    fn shorten(batch: &mut FeedBatch) -> bool {
        batch.items.truncate(batch.items.len() / 2);
        match batch.items.last() {
            Some(last) => {
                batch.position.clone_from(&last.id);
                true
            }
            None => false,
        }
    }
}

impl LocalQuestion for FollowFeed {
    async fn here(self, services: &Services) -> FeedBatch {
        let feed = &services.feed;
        let mut batch = FeedBatch {
            position: feed.position(),
            missed: 0,
            items: Vec::new(),
        };
        let Some(after) = self.after else {
            return batch;
        };
        let (mut subscription, missed) = feed.subscribe(Some(&after));
        batch.missed = missed;
        batch.position = after;
        let until = Instant::now() + WAIT;
        while batch.items.is_empty() && batch.missed == 0 {
            match timeout_at(until, subscription.recv()).await {
                Ok(Ok(item)) => batch.add(feed.id(&item), &item),
                Ok(Err(lagged)) => batch.missed = batch.missed.saturating_add(lagged.0),
                Err(_) => return batch,
            }
        }
        // Events that follow at once belong to the same answer.
        sleep(BATCH_INTERVAL).await;
        while batch.items.len() < MAX_ITEMS {
            match subscription.try_recv() {
                Ok(Some(item)) => batch.add(feed.id(&item), &item),
                Ok(None) => break,
                Err(lagged) => batch.missed = batch.missed.saturating_add(lagged.0),
            }
        }
        batch
    }
}

impl FeedBatch {
    /// Adds an item, unless it is of another daemon itself.
    fn add(&mut self, id: String, item: &FeedItem) {
        self.position.clone_from(&id);
        if item.daemon.is_some() {
            return;
        }
        let payload = match &item.payload {
            Payload::Delivery(Change { record, is_end }) => {
                let record = Box::new(Record::clone(record));
                if *is_end {
                    ItemPayload::Delivery(record)
                } else {
                    ItemPayload::Progress(record)
                }
            }
            Payload::Fact(fact) => ItemPayload::Event(Box::new(RecentEvent {
                number: item.number,
                at: item.at,
                fact: fact.clone(),
            })),
            Payload::Rule(item) => ItemPayload::Rule(Box::new(RuleItem::clone(item))),
        };
        self.items.push(BatchItem { id, payload });
    }
}

impl BatchItem {
    pub(super) fn into_payload(self) -> (SystemTime, Payload) {
        match self.payload {
            ItemPayload::Delivery(record) => delivery(*record, true),
            ItemPayload::Progress(record) => delivery(*record, false),
            ItemPayload::Event(event) => (event.at, Payload::Fact(event.fact.excerpt())),
            ItemPayload::Rule(item) => {
                let item = item.measured();
                (SystemTime::now(), Payload::Rule(Arc::new(item)))
            }
        }
    }
}

fn delivery(record: Record, is_end: bool) -> (SystemTime, Payload) {
    let record = Arc::new(record);
    (
        SystemTime::now(),
        Payload::Delivery(Change { record, is_end }),
    )
}

/// How long to wait for an event.
pub(super) const WAIT: Duration = Duration::from_secs(8);

/// How long to wait for more, so that many events take few messages.
const BATCH_INTERVAL: Duration = Duration::from_millis(100);

/// How many items an answer has.
const MAX_ITEMS: usize = 500;
