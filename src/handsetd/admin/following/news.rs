//! What has happened at a daemon since another one asked last.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep, timeout_at};

use crate::admin::daemons::Question;
use crate::admin::feed::{FeedItem, Payload, RuleItem};
use crate::admin::question::LocalQuestion;
use crate::admin::recent_events::RecentEvent;
use crate::admin::state::Services;
use crate::history::Record;

/// Asks for what happened after a place in the feed, and waits for it; without a place, only for the present one.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::admin) struct FollowFeed {
    #[serde(default)]
    pub(super) after: Option<String>,
}

/// What happened.
#[derive(Debug, Deserialize, Serialize)]
pub(in crate::admin) struct News {
    /// The place after the last of the items.
    pub(super) position: String,
    /// How many items are no longer kept.
    #[serde(default)]
    pub(super) missed: u64,
    #[serde(default)]
    pub(super) items: Vec<NewsItem>,
}

/// A delivery that began, changed or ended; or an event.
#[derive(Debug, Deserialize, Serialize)]
pub(in crate::admin) struct NewsItem {
    /// Its place in the feed.
    id: String,
    #[serde(flatten)]
    what: What,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum What {
    Delivery(Box<Record>),
    Event(Box<RecentEvent>),
    Rule(Box<RuleItem>),
}

impl Question for FollowFeed {
    const NAME: &'static str = "follow";
    type Answer = News;

    /// Leaves the later half for the next question.
    fn shorten(news: &mut News) -> bool {
        news.items.truncate(news.items.len() / 2);
        match news.items.last() {
            Some(last) => {
                news.position.clone_from(&last.id);
                true
            }
            None => false,
        }
    }
}

impl LocalQuestion for FollowFeed {
    async fn here(self, services: &Services) -> News {
        let feed = &services.feed;
        let mut news = News {
            position: feed.position(),
            missed: 0,
            items: Vec::new(),
        };
        let Some(after) = self.after else {
            return news;
        };
        let (mut subscription, missed) = feed.subscribe(Some(&after));
        news.missed = missed;
        news.position = after;
        let until = Instant::now() + WAIT;
        while news.items.is_empty() && news.missed == 0 {
            match timeout_at(until, subscription.recv()).await {
                Ok(Ok(item)) => news.add(feed.id(&item), &item),
                Ok(Err(lagged)) => news.missed = news.missed.saturating_add(lagged.0),
                Err(_) => return news,
            }
        }
        // What follows at once goes along.
        sleep(BATCH_INTERVAL).await;
        while news.items.len() < MAX_ITEMS {
            match subscription.try_recv() {
                Ok(Some(item)) => news.add(feed.id(&item), &item),
                Ok(None) => break,
                Err(lagged) => news.missed = news.missed.saturating_add(lagged.0),
            }
        }
        news
    }
}

impl News {
    /// Adds an item, unless it is of another daemon itself.
    fn add(&mut self, id: String, item: &FeedItem) {
        self.position.clone_from(&id);
        if item.daemon.is_some() {
            return;
        }
        let what = match &item.payload {
            Payload::Delivery(record) => What::Delivery(Box::new(Record::clone(record))),
            Payload::Fact(fact) => What::Event(Box::new(RecentEvent {
                number: item.number,
                at: item.at,
                fact: fact.clone(),
            })),
            Payload::Rule(item) => What::Rule(Box::new(RuleItem::clone(item))),
        };
        self.items.push(NewsItem { id, what });
    }
}

impl NewsItem {
    pub(super) fn into_payload(self) -> (SystemTime, Payload) {
        match self.what {
            What::Delivery(record) => (SystemTime::now(), Payload::Delivery(Arc::new(*record))),
            What::Event(event) => (event.at, Payload::Fact(event.fact.excerpt())),
            What::Rule(item) => {
                let item = item.measured();
                (SystemTime::now(), Payload::Rule(Arc::new(item)))
            }
        }
    }
}

/// How long to wait for something to happen.
pub(super) const WAIT: Duration = Duration::from_secs(8);

/// How long to wait for more, so that many events take few messages.
const BATCH_INTERVAL: Duration = Duration::from_millis(100);

/// How many items an answer has.
const MAX_ITEMS: usize = 500;
