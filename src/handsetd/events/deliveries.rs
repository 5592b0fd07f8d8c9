//! The event `handsetd.delivery`: a delivery is over.

use std::sync::Arc;

use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tracing::warn;

use crate::history::{History, Record};
use crate::rules::{Causes, Engine, Fact};

/// The deliveries that end, while a rule waits for them; otherwise none is received.
#[derive(Debug)]
pub(crate) struct EndedDeliveries {
    history: History,
    records: Option<broadcast::Receiver<Arc<Record>>>,
}

impl EndedDeliveries {
    /// Receives what ends in `history` from now on, if `engine` waits for it.
    pub(crate) fn new(history: History, engine: &Engine) -> Self {
        let mut ended = Self {
            history,
            records: None,
        };
        ended.follow(engine);
        ended
    }

    /// Adapts to other rules.
    pub(super) fn follow(&mut self, engine: &Engine) {
        if engine.handles(DELIVERY) {
            self.records.get_or_insert_with(|| self.history.ends());
        } else {
            self.records = None;
        }
    }

    /// Waits for the next one. Cancel safe.
    pub(super) async fn next(&mut self) -> Fact {
        loop {
            let Some(records) = &mut self.records else {
                return std::future::pending().await;
            };
            match records.recv().await {
                Ok(record) => return fact(&record),
                Err(RecvError::Lagged(count)) => warn!(
                    count,
                    "Deliveries ended faster than rules are evaluated; some raised no event for rules."
                ),
                Err(RecvError::Closed) => self.records = None,
            }
        }
    }
}

fn fact(record: &Record) -> Fact {
    // A rule must not fire on what its own runs brought about.
    let causes: Causes = record.requester.rules().collect();
    let values = record.event_values();
    let values = values.map(|(name, value)| (name.to_owned(), value));
    Fact::new(DELIVERY, values).caused_by(causes)
}

const DELIVERY: &str = "handsetd.delivery";
