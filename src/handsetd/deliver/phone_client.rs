//! The HTTP client for the web servers of phones.
//!
//! No proxy, no redirects, and no connection is kept: phones are close, each gets few requests, and
//! their servers do not agree on how a kept connection ends. A password goes to the phone that it
//! belongs to and nowhere else. A phone with a pin is contacted over TLS only, and only if it
//! presents the certificate of that pin; names do not count.

mod connect;
mod exchange;

use std::collections::HashMap;
use std::time::Duration;

use parking_lot::Mutex;
use reqwest::header::WWW_AUTHENTICATE;
use tokio::time::Instant;

use super::challenge::{Challenge, basic};
use crate::commit_point::CommitPoint;
use exchange::{Clients, Message};
use handset_phones::phone::{Address, Credentials, Phone, Vendor};
use handset_phones::vendor::{Auth, Reply, Request};

/// Sends requests to the web servers of phones.
#[derive(Debug, Default)]
pub(super) struct PhoneClient {
    clients: Clients,
    /// Servers that asked for Basic, and when: the next request brings the password at once.
    wants_basic: Mutex<HashMap<String, Instant>>,
    /// Phones that refused the credentials, and when; another try may lock handsetd out.
    refused: Mutex<HashMap<String, Instant>>,
}

/// Why there is no reply. All messages are human-readable.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum Error {
    /// Nothing was sent, because the phone did not accept a connection.
    #[error("{0}")]
    ConnectFailed(String),
    /// The request was sent, and the reply broke off or is not HTTP.
    #[error("{0}")]
    Interrupted(String),
    /// Nothing was sent, for another reason.
    #[error("{0}")]
    NotSent(String),
    /// Nothing was sent, because the phone refused the same credentials a short while ago.
    #[error("{0}")]
    LockedOut(String),
    /// The request was sent, and no reply arrived in time.
    #[error("{0}")]
    TimedOut(String),
}

impl PhoneClient {
    /// Returns the server that a request to `phone` goes to.
    pub(super) fn address(phone: &Phone, request: &Request) -> Address {
        Address {
            port: request.port.or(phone.address.port),
            ..phone.address.clone()
        }
    }

    /// Sends a request to `phone` and returns the reply, which may take up to `timeout`, connecting
    /// and authenticating included. Commits before anything is sent.
    pub(super) async fn send(
        &self,
        phone: &Phone,
        request: &Request,
        credentials: Option<&Credentials>,
        timeout: Duration,
        commit_point: &CommitPoint,
    ) -> Result<Reply, Error> {
        let until = Instant::now() + timeout;
        let key = format!(
            "{} {}",
            phone.address,
            credentials.map_or("", |pair| &pair.username)
        );
        if let Some(since) = self.refused_since(phone, &key) {
            return Err(Error::LockedOut(format!(
                "the phone refused the user name and password {} s ago and locks handsetd out if \
                 that repeats; the next try is possible {} minutes after the refusal, or after a \
                 restart of handsetd",
                since.as_secs(),
                LOCKOUT.as_secs() / 60
            )));
        }
        // A Yealink phone may ask for Basic for commands (GET) and for Digest for pushes (POST).
        let basic_key = format!("{key} {:?}", request.method);
        let preemptive = match (request.auth, credentials) {
            (_, None) | (Auth::None, _) => None,
            (Auth::PreemptiveBasic, Some(pair)) => Some(basic(pair)),
            (Auth::OnChallenge, Some(pair)) => self.wants_basic(&basic_key).then(|| basic(pair)),
        };
        let is_authenticated = preemptive.is_some();
        let message = Message::new(phone, &Self::address(phone, request), request)?;
        let (reply, headers) = self
            .clients
            .send(phone, &message, preemptive, until, commit_point)
            .await?;
        if reply.status != 401 {
            return Ok(reply);
        }
        let challenges = headers.get_all(WWW_AUTHENTICATE);
        let challenge = Challenge::pick(challenges.iter().filter_map(|value| value.to_str().ok()));
        // A phone that refused a password does not get it again.
        let may_answer = !is_authenticated && request.auth != Auth::None;
        let Some((pair, challenge)) = credentials.zip(challenge).filter(|_| may_answer) else {
            if is_authenticated {
                self.record_refusal(phone, key, &basic_key);
            }
            return Ok(reply);
        };
        let answer = challenge.answer(pair, message.method(), message.target());
        let (reply, _) = self
            .clients
            .send(phone, &message, Some(answer), until, commit_point)
            .await?;
        match (reply.status, challenge) {
            (401, _) => self.record_refusal(phone, key, &basic_key),
            (_, Challenge::Basic) => record(&self.wants_basic, basic_key),
            (_, Challenge::Digest(_)) => {}
        }
        Ok(reply)
    }

    fn wants_basic(&self, key: &str) -> bool {
        self.wants_basic.lock().contains_key(key)
    }

    fn refused_since(&self, phone: &Phone, key: &str) -> Option<Duration> {
        if phone.vendor != Vendor::Yealink {
            return None;
        }
        let since = self.refused.lock().get(key)?.elapsed();
        (since < LOCKOUT).then_some(since)
    }

    fn record_refusal(&self, phone: &Phone, key: String, basic_key: &str) {
        self.wants_basic.lock().remove(basic_key);
        if phone.vendor == Vendor::Yealink {
            record(&self.refused, key);
        }
    }
}

/// Records the present time; when full, the oldest entry makes room.
fn record(times: &Mutex<HashMap<String, Instant>>, key: String) {
    let mut times = times.lock();
    if times.len() >= MAX_ENTRIES {
        let oldest = times.iter().min_by_key(|(_, at)| **at);
        let oldest = oldest.map(|(key, _)| key.clone());
        oldest.map(|key| times.remove(&key));
    }
    times.insert(key, Instant::now());
}

/// How long a Yealink phone that refused the credentials gets no request: it locks a client out
/// that fails three times within ten minutes.
const LOCKOUT: Duration = Duration::from_mins(10);

/// How many servers are remembered.
const MAX_ENTRIES: usize = 20_000;

#[cfg(test)]
mod tests;
