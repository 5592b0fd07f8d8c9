//! Follows the stream: adopts entries that this daemon now holds, and drops those that it has lost.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};
use tracing::{error, warn};

use super::ledger::Effect;
use super::message::{Holder, Key, Message, State};
use super::shared::Shared;
use super::stream::StreamEvent;
use crate::outbox::{Change, EntryState, StoredEntry};

impl Shared {
    /// Follows the stream until it ends.
    pub(super) async fn follow(self: Arc<Self>, mut events: mpsc::Receiver<StreamEvent>) {
        let mut is_first = true;
        while let Some(event) = events.recv().await {
            let is_current = matches!(event, StreamEvent::Current);
            let position = match &event {
                StreamEvent::Put { position, .. } => Some(position.last),
                _ => None,
            };
            let effects = self.apply(event);
            if let Some(position) = position {
                self.received
                    .send_modify(|received| *received = position.max(*received));
            }
            self.perform(effects).await;
            if is_current && std::mem::take(&mut is_first) {
                let names = self.ledger.lock().names();
                // Closed when the daemon stops.
                let _ = self.changes.send(Change::Read(names)).await;
            }
        }
    }

    fn apply(&self, event: StreamEvent) -> Vec<Effect> {
        let mut ledger = self.ledger.lock();
        match event {
            StreamEvent::Current => {
                let effects = ledger.finish_reading();
                self.check_holders.notify_one();
                self.migrate.notify_one();
                effects
            }
            StreamEvent::Interrupted => {
                ledger.start_rereading();
                Vec::new()
            }
            StreamEvent::Removed(key) => ledger.removed(&key),
            StreamEvent::Put {
                key,
                position,
                value,
            } => match Message::parse(&value) {
                Ok(message) => {
                    let entry = || message.entry.to_outbox(self.daemons.now());
                    let effects = ledger.put(&key, position, &message, entry);
                    if message.holder != *self.daemons.own() {
                        self.check_holders.notify_one();
                    }
                    effects
                }
                Err(why) => {
                    let delivery = &key.delivery;
                    error!(%why, delivery, "Cannot read an entry in the outbox of the cluster; it is left there.");
                    Vec::new()
                }
            },
        }
    }

    /// Carries out the effects of a message.
    pub(super) async fn perform(&self, effects: Vec<Effect>) {
        for effect in effects {
            let change = match effect {
                Effect::Adopt {
                    number,
                    state,
                    report_to,
                } => match self.adopt(number, state, report_to) {
                    Some(change) => change,
                    None => continue,
                },
                Effect::DeleteRow(row) => {
                    self.delete_row(row).await;
                    continue;
                }
                Effect::Refresh(phone) => Change::Entries(Some(phone)),
            };
            // Closed when the daemon stops.
            if self.changes.send(change).await.is_err() {
                return;
            }
        }
    }

    fn adopt(&self, number: u64, state: State, report_to: Option<Holder>) -> Option<Change> {
        let (key, entry) = {
            let ledger = self.ledger.lock();
            let held = ledger.held(number)?;
            (held.key.clone(), held.entry.clone())
        };
        let stored = StoredEntry {
            number,
            state: match state {
                State::InFlight => EntryState::InFlight,
                State::Pending => EntryState::Pending,
            },
            entry: (*entry).clone(),
        };
        let result = report_to.map(|origin| self.outcome_sender(origin, key));
        Some(Change::Adopted(stored, result))
    }

    /// Returns a sender of an outcome, which is then reported to the daemon `origin`.
    fn outcome_sender(&self, origin: Holder, key: Key) -> oneshot::Sender<crate::outcome::Outcome> {
        let (result, outcome) = oneshot::channel();
        let (daemons, stop) = (Arc::clone(&self.daemons), self.tasks.stop());
        self.tasks.spawn("outbox outcome", async move {
            let report = async {
                if let Ok(outcome) = outcome.await {
                    daemons
                        .report_outcome(&origin, &key.delivery, outcome)
                        .await;
                }
            };
            if stop.run_until_cancelled(report).await.is_none() {
                warn!(
                    "Cannot report an outcome to the requesting daemon: this daemon is stopping."
                );
            }
        });
        result
    }
}
