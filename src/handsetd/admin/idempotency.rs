//! `Idempotency-Key`: a repeated request is executed once.

use std::time::Duration;

use handset_net::expiring::ExpiringMap;
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use tokio::sync::watch;
use tokio::time::Instant;

use super::reply::Reply;

/// The recent keys and the replies to their requests.
#[derive(Debug)]
pub(super) struct IdempotencyStore(Mutex<ExpiringMap<String, Entry>>);

#[derive(Debug)]
struct Entry {
    fingerprint: Fingerprint,
    reply: watch::Receiver<Option<Reply>>,
}

/// A hash of everything that defines a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Fingerprint([u8; 32]);

/// How to proceed with a request.
#[derive(Debug)]
pub(super) enum Admission {
    /// The request is a repetition; the receiver gets its reply, once there is one.
    Replay(watch::Receiver<Option<Reply>>),
    /// The key is new; the reply is to be sent here.
    New(watch::Sender<Option<Reply>>),
    /// The key belongs to another request.
    Mismatch,
}

impl Fingerprint {
    pub(super) fn of(verb: &str, phone: Option<&str>, body: &[u8]) -> Self {
        let mut hash = Sha256::new();
        let phone_bytes = phone.unwrap_or_default().as_bytes();
        for part in [verb.as_bytes(), phone_bytes, body] {
            // Lengths keep the parts apart.
            hash.update(u64::try_from(part.len()).unwrap_or_default().to_be_bytes());
            hash.update(part);
        }
        hash.update([u8::from(phone.is_some())]);
        Self(hash.finalize().into())
    }
}

impl IdempotencyStore {
    pub(super) fn admit(&self, key: &str, fingerprint: Fingerprint, now: Instant) -> Admission {
        let mut entries = self.0.lock();
        match entries.get(key, now) {
            Some(entry) if entry.fingerprint == fingerprint => {
                Admission::Replay(entry.reply.clone())
            }
            Some(_) => Admission::Mismatch,
            None => {
                let (sender, reply) = watch::channel(None);
                let entry = Entry { fingerprint, reply };
                entries.insert(key.to_owned(), entry, LIFETIME, now);
                Admission::New(sender)
            }
        }
    }
}

impl Default for IdempotencyStore {
    fn default() -> Self {
        Self(Mutex::new(ExpiringMap::new(MAX_KEYS)))
    }
}

/// How long a key is remembered.
const LIFETIME: Duration = Duration::from_hours(24);

/// Maximum number of keys; the oldest are dropped first. Each has 255 bytes at most, and its reply the
/// length of [`Reply::excerpt`]: 16 MiB together.
const MAX_KEYS: usize = 1000;

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;
    use serde_json::Value;

    use super::*;
    use crate::outcome::Status;

    #[test]
    fn repeated_requests_get_the_same_reply_until_their_key_expires() {
        let (store, now) = (IdempotencyStore::default(), Instant::now());
        let first = Fingerprint::of("push", Some("desk"), b"{}");
        let Admission::New(sender) = store.admit("a", first, now) else {
            panic!("the key is new");
        };
        let reply = Reply::invalid("no");
        sender.send(Some(reply.clone())).unwrap();
        let Admission::Replay(replayed) = store.admit("a", first, now) else {
            panic!("the request is repeated");
        };
        assert_eq!(replayed.borrow().as_ref(), Some(&reply));
        let other = Fingerprint::of("push", None, b"{}");
        assert!(matches!(store.admit("a", other, now), Admission::Mismatch));
        let later = now + LIFETIME;
        assert!(matches!(store.admit("a", other, later), Admission::New(_)));
    }

    #[test]
    fn keys_are_bounded_in_number() {
        let (store, now) = (IdempotencyStore::default(), Instant::now());
        let fingerprint = Fingerprint::of("push", None, b"");
        for key in 0..3 * MAX_KEYS {
            store.admit(&key.to_string(), fingerprint, now);
        }
        assert_eq!(store.0.lock().len(), MAX_KEYS);
        let other = Fingerprint::of("ping", None, b"");
        assert!(matches!(store.admit("0", other, now), Admission::New(_)));
    }

    #[test]
    fn long_replies_are_kept_without_their_result() {
        let reply = |length: usize| {
            let result = "x".repeat(length).into();
            Reply::new(StatusCode::OK, Status::Ok, "done", result)
        };
        assert_eq!(reply(1000).excerpt(), reply(1000));
        let kept = reply(4_000_000)
            .with("phone", "1001&".repeat(10_000))
            .excerpt();
        assert!(kept.body.to_string().len() < 5000, "{}", kept.body);
        assert_eq!(
            (&kept.body["status"], &kept.body["result"]),
            (&"OK".into(), &Value::Null)
        );
        assert!(
            kept.reason()
                .starts_with("done; the reply was too long to be kept")
        );
        assert!(
            kept.body["phone"]
                .as_str()
                .unwrap()
                .ends_with("… (50,000 bytes)")
        );
    }

    #[test]
    fn fingerprints_distinguish_the_parts_of_requests() {
        let fingerprints = [
            Fingerprint::of("ab", None, b"c"),
            Fingerprint::of("a", None, b"bc"),
            Fingerprint::of("a", Some("b"), b"c"),
            Fingerprint::of("a", Some(""), b"bc"),
        ];
        for (at, one) in fingerprints.iter().enumerate() {
            assert!(!fingerprints[..at].contains(one), "{at}");
        }
    }
}
