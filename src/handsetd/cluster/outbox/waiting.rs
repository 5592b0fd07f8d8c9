//! Local requests that wait for the outcomes of deliveries that other daemons hold.

use std::collections::HashMap;

use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::outcome::Outcome;

/// The waiting requests.
#[derive(Debug, Default)]
pub(super) struct Waiting(Mutex<HashMap<String, Wait>>);

#[derive(Debug)]
struct Wait {
    holder: String,
    result: oneshot::Sender<Outcome>,
}

impl Waiting {
    /// Registers for the outcome of a delivery that `holder` has. The receiver is closed if that daemon is
    /// gone.
    pub(super) fn register(&self, delivery: &str, holder: String) -> oneshot::Receiver<Outcome> {
        let (result, receiver) = oneshot::channel();
        let mut waits = self.0.lock();
        // Bounded by the number of waiting tasks.
        waits.retain(|_, wait| !wait.result.is_closed());
        waits.insert(delivery.to_owned(), Wait { holder, result });
        receiver
    }

    /// Passes on the outcome of a delivery as reported by `from`; only its holder may report it.
    pub(super) fn tell(&self, delivery: &str, from: &str, outcome: Outcome) {
        let mut waits = self.0.lock();
        let is_of = waits.get(delivery).is_some_and(|wait| wait.holder == from);
        if is_of && let Some(wait) = waits.remove(delivery) {
            // The requester may be gone.
            let _ = wait.result.send(outcome);
        }
    }

    /// Drops the requests whose holder is not among `live`.
    pub(super) fn forget_lost(&self, is_live: impl Fn(&str) -> bool) {
        self.0.lock().retain(|_, wait| is_live(&wait.holder));
    }
}
