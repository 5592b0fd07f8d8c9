//! The ids of events on the bus.
//!
//! When another daemon takes over a server, both may publish an event of it. Both give it the same id, so
//! that a stream, or a receiver that remembers ids, keeps it once: the id is derived from the content of the
//! event, the time in steps, and the number of equal events within the step. Equal events at different times
//! have different ids. If two daemons see an event on different sides of the end of a step, it has two ids.

use std::collections::HashMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sha2::{Digest, Sha256};

use crate::rules::Fact;

/// Derives ids.
#[derive(Debug)]
pub(super) struct EventIds {
    /// Distinguishes events that only this daemon can have received.
    incarnation: String,
    count: u64,
    /// The current step of time.
    step: u64,
    /// The number of equal events within the step, by digest.
    occurrences: HashMap<[u8; DIGEST], u32>,
}

impl EventIds {
    pub(super) fn new(incarnation: &str) -> Self {
        Self {
            incarnation: incarnation.to_owned(),
            count: 0,
            step: 0,
            occurrences: HashMap::new(),
        }
    }

    /// Returns the id of an event, at the time of the cluster clock.
    pub(super) fn of(&mut self, fact: &Fact, now: SystemTime) -> String {
        let Some(server) = fact.server() else {
            return self.own();
        };
        let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        let step = since.as_secs() / STEP.as_secs();
        if step != self.step {
            self.step = step;
            self.occurrences.clear();
        }
        let digest = digest(server.as_str(), fact);
        let occurrences = self.occurrences.entry(digest).or_default();
        *occurrences = occurrences.saturating_add(1);
        format!("{}-{step}-{occurrences}", hex::encode(digest))
    }

    /// Returns the id of an event that only this daemon publishes.
    pub(super) fn own(&mut self) -> String {
        self.count = self.count.wrapping_add(1);
        format!("{}-{}", self.incarnation, self.count)
    }
}

fn digest(server: &str, fact: &Fact) -> [u8; DIGEST] {
    let mut hash = Sha256::new();
    let mut add = |text: &str| {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    };
    add(server);
    add(fact.name());
    for (name, value) in fact.values() {
        add(name);
        add(value);
    }
    let mut digest = [0; DIGEST];
    for (to, from) in digest.iter_mut().zip(hash.finalize()) {
        *to = from;
    }
    digest
}

/// How many bytes of the SHA-256 an id has.
const DIGEST: usize = 12;

/// Length of a step: much more than the difference in latency from Asterisk to two daemons.
const STEP: Duration = Duration::from_secs(4);

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(value: &str, server: Option<&str>) -> Fact {
        let values = [("Channel".to_owned(), value.to_owned())];
        let server = server.and_then(|server| server.parse().ok());
        Fact::new("Hangup", values).of_server(server)
    }

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn event_has_the_same_id_at_all_daemons_that_receive_it() {
        let (mut one, mut other) = (EventIds::new("a"), EventIds::new("b"));
        let hangup = fact("PJSIP/1001-1", Some("berlin"));
        let first = one.of(&hangup, at(400));
        assert_eq!(other.of(&hangup, at(401)), first);
        // An equal event, in the same step or later, is another event.
        let again = one.of(&hangup, at(402));
        assert_eq!(other.of(&hangup, at(402)), again);
        let later = one.of(&hangup, at(500));
        let elsewhere = one.of(&fact("PJSIP/1001-1", Some("hamburg")), at(400));
        let different = one.of(&fact("PJSIP/1001-2", Some("berlin")), at(400));
        let own = one.of(&fact("PJSIP/1001-1", None), at(400));
        assert_ne!(own, other.of(&fact("PJSIP/1001-1", None), at(400)));
        let mut all = vec![first, again, later, elsewhere, different, own];
        let count = all.len();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
