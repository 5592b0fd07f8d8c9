//! The recent items of the feed, bounded in number and in bytes.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::history::Change;
use crate::rules::Fact;

/// The items that are kept.
#[derive(Debug)]
pub(super) struct Recent {
    pub(super) next_number: u64,
    /// Ordered by number, without gaps.
    pub(super) items: VecDeque<Arc<FeedItem>>,
    /// The memory that they take, in bytes.
    pub(super) bytes: usize,
}

impl Default for Recent {
    fn default() -> Self {
        Self {
            next_number: 1,
            items: VecDeque::new(),
            bytes: 0,
        }
    }
}

impl Recent {
    /// Returns the number of the oldest item that is kept, or of the next one.
    pub(super) fn oldest(&self) -> u64 {
        self.items
            .front()
            .map_or(self.next_number, |item| item.number)
    }

    pub(super) fn get(&self, number: u64) -> Option<&Arc<FeedItem>> {
        let index = number.checked_sub(self.oldest())?;
        self.items.get(usize::try_from(index).ok()?)
    }

    pub(super) fn push(&mut self, at: SystemTime, daemon: Option<Arc<str>>, payload: Payload) {
        let item = Arc::new(FeedItem {
            number: self.next_number,
            at,
            daemon,
            payload,
        });
        self.next_number = self.next_number.saturating_add(1);
        self.bytes = self.bytes.saturating_add(item.memory());
        self.items.push_back(item);
        while self.items.len() > MAX_ITEMS || self.bytes > MAX_BYTES {
            let Some(oldest) = self.items.pop_front() else {
                return;
            };
            self.bytes = self.bytes.saturating_sub(oldest.memory());
        }
    }
}

#[derive(Clone, Debug)]
pub(in crate::admin) struct FeedItem {
    /// Increases by one with every item.
    pub(in crate::admin) number: u64,
    pub(in crate::admin) at: SystemTime,
    /// The other daemon that it comes from.
    pub(in crate::admin) daemon: Option<Arc<str>>,
    pub(in crate::admin) payload: Payload,
}

#[derive(Clone, Debug)]
pub(in crate::admin) enum Payload {
    /// A delivery began, changed or ended.
    Delivery(Change),
    /// An event of Asterisk, of a phone or of handsetd.
    Fact(Fact),
    /// What a rule did. In a cluster only, and only while there are subscribers.
    Rule(Arc<RuleItem>),
}

/// What a rule did, in the form of the API.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(in crate::admin) struct RuleItem {
    pub(in crate::admin) rule: String,
    /// Whether one of its runs has ended; else it decided.
    pub(in crate::admin) is_end: bool,
    pub(in crate::admin) data: Map<String, Value>,
    /// The length of the data as text, in bytes.
    #[serde(skip)]
    length: usize,
}

impl RuleItem {
    pub(in crate::admin) fn new(rule: &str, is_end: bool, data: Value) -> Self {
        let data = match data {
            Value::Object(data) => data,
            _ => Map::new(),
        };
        Self {
            rule: rule.to_owned(),
            is_end,
            data,
            length: 0,
        }
        .measured()
    }

    /// Notes how long it is.
    pub(in crate::admin) fn measured(mut self) -> Self {
        self.length = serde_json::to_string(&self.data).map_or(0, |text| text.len());
        self
    }
}

impl FeedItem {
    /// Returns the memory that it takes, in bytes. That of a delivery is shared with the history.
    pub(super) fn memory(&self) -> usize {
        let payload = match &self.payload {
            Payload::Delivery(change) => change.record.memory(),
            Payload::Fact(fact) => fact.memory(),
            Payload::Rule(item) => item.length.saturating_mul(JSON_MEMORY),
        };
        payload.saturating_add(size_of::<Self>())
    }
}

/// How much memory a JSON value takes for each byte of its text, about.
const JSON_MEMORY: usize = 4;

/// How many items are kept for clients that resume, and how far a client may fall behind.
pub(super) const MAX_ITEMS: usize = 1000;

/// How much memory the items may take together, in bytes: a thousand of the usual size take a tenth.
pub(super) const MAX_BYTES: usize = 16 * 1024 * 1024;
