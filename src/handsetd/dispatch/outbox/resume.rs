//! What was held when the daemon ended.

use std::sync::Arc;
use std::time::SystemTime;

use tokio::time::Instant;
use tracing::{info, warn};

use super::pending_delivery::PendingDelivery;
use super::worker::OutboxWorker;
use crate::history::{RequestInfo, Requester, without_secrets};
use crate::outbox::{EntryState, StoredEntry};
use crate::outcome::{DeliveryId, Outcome, Status};
use handset_phones::verb::Request;

impl OutboxWorker {
    /// Goes on with what was held when the daemon ended.
    pub(in crate::dispatch) fn resume(&self, held: Vec<StoredEntry>) {
        let count = held.len();
        for held in held {
            self.resume_one(held);
        }
        if count > 0 {
            info!(
                count,
                "Goes on with what is held for phones that were away."
            );
        }
    }

    fn resume_one(&self, held: StoredEntry) {
        let StoredEntry {
            number,
            stage,
            entry,
        } = held;
        let asked = RequestInfo {
            id: DeliveryId::given(entry.id),
            requester: serde_json::from_str(&entry.asker).unwrap_or(NOBODY),
            verb: entry.verb,
            keys: entry.keys,
        };
        let pairs = asked.keys.iter().map(|(key, value)| (key, value));
        let request = Request::parse(&asked.verb, pairs).map_err(|refusal| refusal.to_string());
        let phone_ref = serde_json::from_str(&entry.phone_ref).map_err(|error| error.to_string());
        let history_id = self
            .parts
            .history
            .begin_at(entry.at, &asked, &entry.phone, None);
        let over = |status, reason: String| Outcome::at(&entry.phone, None, status, reason);
        let over = match (&request, &phone_ref) {
            _ if stage == EntryState::InFlight => {
                let reason = "handsetd ended while this was being sent: it may have happened";
                over(Status::Unknown, reason.to_owned())
            }
            (Err(why), _) | (_, Err(why)) => {
                let reason = format!("this version of handsetd does not understand it: {why}");
                over(Status::Invalid, reason)
            }
            (Ok(request), Ok(phone_ref)) => {
                let commit_point = self.commit_point(number);
                let in_flight = self
                    .parts
                    .in_flight
                    .enter(&asked.id, &entry.phone, &commit_point);
                let now = Instant::now();
                // Whatever the clock says now, it is not held longer than it was asked for.
                let age = SystemTime::now().duration_since(entry.at);
                let left = entry.keep.saturating_sub(age.unwrap_or_default());
                self.enter(PendingDelivery {
                    number,
                    id: asked.id,
                    request: Arc::new(request.clone()),
                    phone: entry.phone,
                    vendor: None,
                    phone_ref: Clone::clone(phone_ref),
                    since: now,
                    until: now + left,
                    history_id,
                    in_flight,
                    commit_point,
                    told: None,
                    why: String::new(),
                });
                return;
            }
        };
        self.parts.history.end(history_id, &over);
        let Outcome { status, reason, .. } = &over;
        let reason = without_secrets(reason);
        warn!(id = %asked.id, phone = entry.phone, %status, reason, "A held delivery is over.");
        self.forget(number);
    }
}

/// Who asked, where a version of the program can't read who.
const NOBODY: Requester = Requester::UserEvent {
    channel: String::new(),
    extension: String::new(),
};
