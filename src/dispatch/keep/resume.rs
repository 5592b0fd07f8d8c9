//! What was held when the daemon ended.

use std::sync::Arc;
use std::time::SystemTime;

use tokio::time::Instant;
use tracing::{info, warn};

use super::keeper::Keeper;
use super::parcel::Parcel;
use crate::held::{Held, Stage};
use crate::history::{Asked, Asker, without_secrets};
use crate::outcome::{DeliveryId, Outcome, Status};
use crate::verb::Request;

impl Keeper {
    /// Goes on with what was held when the daemon ended.
    pub(in crate::dispatch) fn resume(&self, held: Vec<Held>) {
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

    fn resume_one(&self, held: Held) {
        let Held {
            number,
            stage,
            letter,
        } = held;
        let asked = Asked {
            id: DeliveryId::given(letter.id),
            asker: serde_json::from_str(&letter.asker).unwrap_or(NOBODY),
            verb: letter.verb,
            keys: letter.keys,
        };
        let pairs = asked.keys.iter().map(|(key, value)| (key, value));
        let request = Request::parse(&asked.verb, pairs).map_err(|refusal| refusal.to_string());
        let bearings = serde_json::from_str(&letter.bearings).map_err(|error| error.to_string());
        let entry = self
            .parts
            .history
            .begin_at(letter.at, &asked, &letter.phone, None);
        let over = |status, reason: String| Outcome::at(&letter.phone, None, status, reason);
        let over = match (&request, &bearings) {
            _ if stage == Stage::Sending => {
                let reason = "handsetd ended while this was being sent: it may have happened";
                over(Status::Unknown, reason.to_owned())
            }
            (Err(why), _) | (_, Err(why)) => {
                let reason = format!("this version of handsetd does not understand it: {why}");
                over(Status::Invalid, reason)
            }
            (Ok(request), Ok(bearings)) => {
                let sendoff = self.sendoff(number);
                let place = self
                    .parts
                    .under_way
                    .enter(&asked.id, &letter.phone, &sendoff);
                let now = Instant::now();
                // Whatever the clock says now, it is not held longer than it was asked for.
                let age = SystemTime::now().duration_since(letter.at);
                let left = letter.keep.saturating_sub(age.unwrap_or_default());
                self.enter(Parcel {
                    number,
                    id: asked.id,
                    request: Arc::new(request.clone()),
                    phone: letter.phone,
                    vendor: None,
                    bearings: Clone::clone(bearings),
                    since: now,
                    until: now + left,
                    entry,
                    place,
                    sendoff,
                    told: None,
                    why: String::new(),
                });
                return;
            }
        };
        self.parts.history.end(entry, &over);
        let Outcome { status, reason, .. } = &over;
        let reason = without_secrets(reason);
        warn!(id = %asked.id, phone = letter.phone, %status, reason, "A held delivery is over.");
        self.forget(number);
    }
}

/// Who asked, where a version of the program can't read who.
const NOBODY: Asker = Asker::UserEvent {
    channel: String::new(),
    extension: String::new(),
};
