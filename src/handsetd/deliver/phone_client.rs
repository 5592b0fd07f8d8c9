//! The HTTP client for the web servers of phones.
//!
//! No proxy, no redirects, and no connection is kept: phones are close, each gets few requests, and
//! their servers do not agree on how a kept connection ends. A password goes to the phone that it
//! belongs to and nowhere else. A phone with a pin is contacted over TLS only, and only if it
//! presents the certificate of that pin; names do not count.

mod connect;
mod error;
mod exchange;

use std::time::Duration;

use handset_net::expiring::ExpiringMap;
use handset_phones::phone::{Address, Credentials, Phone, Vendor};
use handset_phones::vendor::{Auth, Reply, Request};
use parking_lot::Mutex;
use reqwest::header::WWW_AUTHENTICATE;
use tokio::time::Instant;

use super::challenge::{Challenge, basic};
use super::contactable::Contactable;
use crate::commit_point::CommitPoint;
use exchange::{Clients, Message};

pub(super) use error::Error;

/// Sends requests to the web servers of phones.
#[derive(Debug)]
pub(super) struct PhoneClient {
    clients: Clients,
    /// Servers that asked for Basic; they get the password with the request.
    wants_basic: Mutex<ExpiringMap<String, ()>>,
    /// Phones that refused the credentials, for [`LOCKOUT`].
    refused: Mutex<ExpiringMap<String, ()>>,
}

impl Default for PhoneClient {
    fn default() -> Self {
        Self {
            clients: Clients::default(),
            wants_basic: Mutex::new(ExpiringMap::new(CAPACITY)),
            refused: Mutex::new(ExpiringMap::new(CAPACITY)),
        }
    }
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
        phone: &Contactable,
        request: &Request,
        credentials: Option<&Credentials>,
        timeout: Duration,
        commit_point: &CommitPoint,
    ) -> Result<Reply, Error> {
        let now = Instant::now();
        let until = now + timeout;
        let key = format!(
            "{} {}",
            phone.address,
            credentials.map_or("", |pair| &pair.username)
        );
        let remaining = self.refused.lock().remaining(&key, now);
        if let Some(remaining) = remaining {
            return Err(Error::LockedOut(format!(
                "the phone refused the user name and password {} s ago and locks handsetd out if \
                 that repeats; the next try is possible {} minutes after the refusal, or after a \
                 restart of handsetd",
                LOCKOUT.saturating_sub(remaining).as_secs(),
                LOCKOUT.as_secs() / 60
            )));
        }
        // A Yealink phone may ask for Basic for commands (GET) and for Digest for pushes (POST).
        let basic_key = format!("{key} {:?}", request.method);
        let preemptive = match (request.auth, credentials) {
            (_, None) | (Auth::None, _) => None,
            (Auth::PreemptiveBasic, Some(pair)) => Some(basic(pair)),
            (Auth::OnChallenge, Some(pair)) => {
                let wants_basic = self.wants_basic.lock().contains(&basic_key, now);
                wants_basic.then(|| basic(pair))
            }
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
            (_, Challenge::Basic) => {
                let mut wants_basic = self.wants_basic.lock();
                wants_basic.insert(basic_key, (), BASIC_LIFETIME, Instant::now());
            }
            (_, Challenge::Digest(_)) => {}
        }
        Ok(reply)
    }

    fn record_refusal(&self, phone: &Phone, key: String, basic_key: &str) {
        let now = Instant::now();
        self.wants_basic.lock().remove(basic_key, now);
        if phone.vendor == Vendor::Yealink {
            self.refused.lock().insert(key, (), LOCKOUT, now);
        }
    }
}

/// How long a Yealink phone that refused the credentials gets no request: it locks a client out
/// that fails three times within ten minutes.
const LOCKOUT: Duration = Duration::from_mins(10);

/// How long a server that asked for Basic gets the password without asking.
const BASIC_LIFETIME: Duration = Duration::from_hours(24);

/// How many servers and phones are remembered.
const CAPACITY: usize = 20_000;

#[cfg(test)]
mod tests;
