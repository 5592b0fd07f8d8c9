//! Outcomes that local requests wait for: those of deliveries that other daemons hold.

use std::collections::HashMap;

use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::outcome::Outcome;

/// The pending outcomes, by delivery.
#[derive(Debug, Default)]
pub(super) struct PendingOutcomes(Mutex<HashMap<String, PendingOutcome>>);

#[derive(Debug)]
struct PendingOutcome {
    holder: String,
    result: oneshot::Sender<Outcome>,
}

impl PendingOutcomes {
    /// Registers for the outcome of a delivery that `holder` has. The receiver is closed if that daemon is
    /// gone.
    pub(super) fn register(&self, delivery: &str, holder: String) -> oneshot::Receiver<Outcome> {
        let (result, receiver) = oneshot::channel();
        let mut pending = self.0.lock();
        // Bounded by the number of waiting tasks.
        pending.retain(|_, outcome| !outcome.result.is_closed());
        pending.insert(delivery.to_owned(), PendingOutcome { holder, result });
        receiver
    }

    /// Passes on the outcome of a delivery as reported by `from`; only its holder may report it.
    pub(super) fn complete(&self, delivery: &str, from: &str, outcome: Outcome) {
        let mut pending = self.0.lock();
        let is_holder = pending
            .get(delivery)
            .is_some_and(|outcome| outcome.holder == from);
        if is_holder && let Some(pending) = pending.remove(delivery) {
            // The requester may be gone.
            let _ = pending.result.send(outcome);
        }
    }

    /// Drops the requests whose holder is not among `live`.
    pub(super) fn drop_lost(&self, is_live: impl Fn(&str) -> bool) {
        self.0.lock().retain(|_, outcome| is_live(&outcome.holder));
    }
}
