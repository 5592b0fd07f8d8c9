//! Server transactions: requests that were received, so that their repetitions have no effect.

use std::net::IpAddr;

use bytes::Bytes;
use handset_net::expiring::ExpiringMap;
use parking_lot::Mutex;
use tokio::time::Instant;

use super::flow::Flow;
use super::timers::TRANSACTION;
use super::wire::Method;
use super::wire::envelope::Envelope;

/// The server transactions over UDP; connections repeat nothing.
#[derive(Debug)]
pub(crate) struct Servers(Mutex<ExpiringMap<Key, Server>>);

/// What identifies a transaction (RFC 3261, section 17.2.3), and the address that it came from, so that one
/// peer cannot obtain the response to another.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Key {
    peer: IpAddr,
    branch: String,
    sent_by: (String, Option<u16>),
    method: Method,
}

#[derive(Debug)]
enum Server {
    /// Not answered yet.
    Pending,
    /// Answered with this message, to this port.
    Answered(Bytes, u16),
}

/// What is known of a request.
#[derive(Debug)]
pub(crate) enum Known {
    /// Nothing: it is the first copy.
    New,
    /// It is being handled.
    Pending,
    /// It was answered with this message, to this port.
    Answered(Bytes, u16),
}

impl Key {
    /// Returns the key of a request; that of an ACK to a refusal is that of its INVITE.
    pub(crate) fn new(flow: &Flow, envelope: &Envelope, method: &Method) -> Self {
        let method = match method {
            Method::Ack => Method::Invite,
            method => method.clone(),
        };
        Self {
            peer: flow.target().address.ip(),
            branch: envelope.via.branch().to_owned(),
            sent_by: (envelope.via.host.to_ascii_lowercase(), envelope.via.port),
            method,
        }
    }

    /// Returns the approximate size of a transaction without its response, in bytes. The peer chooses the
    /// texts, each of which may be almost as long as a message.
    fn weight(&self) -> usize {
        let texts = [&self.branch, &self.sent_by.0].map(String::len);
        let method = self.method.as_str().len();
        texts
            .into_iter()
            .fold(WEIGHT + method, usize::saturating_add)
    }

    /// Returns the key of the INVITE that a CANCEL with this key is for.
    pub(crate) fn cancelled(&self) -> Self {
        Self {
            method: Method::Invite,
            ..self.clone()
        }
    }
}

impl Servers {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(ExpiringMap::with_max_weight(
            MAX_SERVERS,
            MAX_WEIGHT,
        )))
    }

    /// Records a request, unless it is known.
    pub(crate) fn admit(&self, key: &Key, now: Instant) -> Known {
        let mut servers = self.0.lock();
        match servers.get(key, now) {
            Some(Server::Pending) => Known::Pending,
            Some(Server::Answered(response, port)) => Known::Answered(response.clone(), *port),
            None => {
                let weight = key.weight();
                servers.insert_weighted(key.clone(), Server::Pending, weight, TRANSACTION, now);
                Known::New
            }
        }
    }

    /// Returns whether a request is known.
    pub(crate) fn contains(&self, key: &Key, now: Instant) -> bool {
        self.0.lock().contains(key, now)
    }

    /// Forgets a request that gets no answer, so that its next copy is handled.
    pub(crate) fn forget(&self, key: &Key) {
        self.0.lock().remove(key, Instant::now());
    }

    /// Records the response to a request.
    pub(crate) fn answer(&self, key: Key, response: Bytes, port: u16, now: Instant) {
        let weight = key.weight().saturating_add(response.len());
        let answered = Server::Answered(response, port);
        let mut servers = self.0.lock();
        servers.insert_weighted(key, answered, weight, TRANSACTION, now);
    }
}

/// Maximum number of transactions. Beyond it the oldest is forgotten, a late repetition of which is then
/// handled again: REGISTER repeats its effect, and a dialog refuses an old number.
const MAX_SERVERS: usize = 65_536;

/// Approximate size of a transaction without its texts, in bytes.
const WEIGHT: usize = 512;

/// Maximum size of all transactions, in bytes.
const MAX_WEIGHT: usize = 64 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_count_towards_the_limit() {
        let servers = Servers::new();
        let key = |number: usize| Key {
            peer: IpAddr::from([192, 0, 2, 1]),
            branch: format!("{number:016000}"),
            sent_by: ("a".to_owned(), None),
            method: Method::Register,
        };
        let now = Instant::now();
        for number in 0..5000 {
            assert!(matches!(servers.admit(&key(number), now), Known::New));
        }
        assert!(!servers.contains(&key(0), now), "the oldest made room");
        assert!(matches!(servers.admit(&key(4999), now), Known::Pending));
        assert!(servers.0.lock().len() <= MAX_WEIGHT / 16_000);
    }
}
