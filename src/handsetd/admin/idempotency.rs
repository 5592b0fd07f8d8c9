//! `Idempotency-Key`: what came twice is done once.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::reply::Reply;

/// The keys of the last time. The oldest are forgotten when there are too many.
#[derive(Debug, Default)]
pub(super) struct IdempotencyStore(Mutex<VecDeque<Slot>>);

#[derive(Debug)]
struct Slot {
    key: String,
    print: Fingerprint,
    until: Instant,
    answer: watch::Receiver<Option<Reply>>,
}

/// A hash over all that makes up a request.
type Fingerprint = [u8; 32];

/// Payload is to be done about a request.
#[derive(Debug)]
pub(super) enum Admission {
    /// It came before; its answer is or will be here.
    Replay(watch::Receiver<Option<Reply>>),
    /// Nobody asked before; the answer goes here.
    New(watch::Sender<Option<Reply>>),
    /// The key came before, with another request.
    Mismatch,
}

impl IdempotencyStore {
    /// Says whether the request came before.
    pub(super) fn admit(&self, key: &str, print: Fingerprint, now: Instant) -> Admission {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while slots.front().is_some_and(|slot| slot.until <= now) || slots.len() > MAX_KEYS {
            slots.pop_front();
        }
        match slots.iter().find(|slot| slot.key == key) {
            Some(slot) if slot.print == print => Admission::Replay(slot.answer.clone()),
            Some(_) => Admission::Mismatch,
            None => {
                let (tell, answer) = watch::channel(None);
                slots.push_back(Slot {
                    key: key.to_owned(),
                    print,
                    until: now + LIFE,
                    answer,
                });
                Admission::New(tell)
            }
        }
    }
}

/// How long a key is remembered.
const LIFE: Duration = Duration::from_hours(24);

/// How many keys are remembered.
const MAX_KEYS: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_request_has_the_same_answer_until_it_is_forgotten() {
        let (keys, now) = (IdempotencyStore::default(), Instant::now());
        let Admission::New(tell) = keys.admit("a", [1; 32], now) else {
            panic!()
        };
        let reply = Reply::invalid("no");
        tell.send(Some(reply.clone())).unwrap();
        let Admission::Replay(answer) = keys.admit("a", [1; 32], now) else {
            panic!()
        };
        assert_eq!(answer.borrow().as_ref(), Some(&reply));
        assert!(matches!(keys.admit("a", [2; 32], now), Admission::Mismatch));
        let late = now + LIFE;
        assert!(matches!(keys.admit("a", [2; 32], late), Admission::New(_)));
    }

    #[test]
    fn only_so_many_keys_are_remembered() {
        let (keys, now) = (IdempotencyStore::default(), Instant::now());
        for key in 0..3 * MAX_KEYS {
            keys.admit(&key.to_string(), [0; 32], now);
        }
        assert!(keys.0.lock().unwrap().len() <= MAX_KEYS + 1);
        assert!(matches!(keys.admit("0", [1; 32], now), Admission::New(_)));
    }
}
