//! Who waits here for outcomes of deliveries that other daemons hold.

use std::collections::HashMap;

use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::outcome::Outcome;

/// The requests that wait.
#[derive(Debug, Default)]
pub(super) struct Waiting(Mutex<HashMap<String, Wait>>);

#[derive(Debug)]
struct Wait {
    holder: String,
    result: oneshot::Sender<Outcome>,
}

impl Waiting {
    /// Waits for the outcome of a delivery that `holder` has. The receiver is closed if that is gone.
    pub(super) fn register(&self, delivery: &str, holder: String) -> oneshot::Receiver<Outcome> {
        let (result, receiver) = oneshot::channel();
        let mut waits = self.0.lock();
        // As many as there are tasks that wait.
        waits.retain(|_, wait| !wait.result.is_closed());
        waits.insert(delivery.to_owned(), Wait { holder, result });
        receiver
    }

    /// Passes on the outcome of a delivery, which `from` tells; only its holder can.
    pub(super) fn tell(&self, delivery: &str, from: &str, outcome: Outcome) {
        let mut waits = self.0.lock();
        let is_of = waits.get(delivery).is_some_and(|wait| wait.holder == from);
        if is_of && let Some(wait) = waits.remove(delivery) {
            // Whoever waited may be gone.
            let _ = wait.result.send(outcome);
        }
    }

    /// Forgets those whose holder is not among `live`.
    pub(super) fn forget_lost(&self, is_live: impl Fn(&str) -> bool) {
        self.0.lock().retain(|_, wait| is_live(&wait.holder));
    }
}
