//! The one HTTP client that talks to phones.
//!
//! No proxy, no redirects, no connection kept: phones are close, few requests go to each, and their
//! servers do not agree on how a kept connection ends. A password goes to the phone that it belongs
//! to and to nobody else. A phone with a pin is spoken to by TLS alone, and only if it shows the
//! certificate of that pin; names do not count.

mod connection;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hyper::header::WWW_AUTHENTICATE;
use tokio::time::Instant;

use super::digest::{Challenge, basic};
use crate::commit_point::CommitPoint;
use connection::Connector;
use handset_phones::phone::{Address, Credentials, Phone, Vendor};
use handset_phones::vendor::{Auth, Method, Reply, Request};

/// Talks to the web servers of phones.
#[derive(Debug, Default)]
pub(super) struct Client {
    connector: Connector,
    /// Phones that asked for Basic, by what was asked of them: they are told at once the next time.
    wants_basic: Mutex<HashMap<String, Instant>>,
    /// Phones that refused our credentials, and lock us out if we try again.
    refused: Mutex<HashMap<String, Instant>>,
}

/// Why there is no answer.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum Failure {
    /// Nothing was sent, because nobody took a connection.
    #[error("{0}")]
    Away(String),
    /// It was sent, and the answer broke off or is none.
    #[error("{0}")]
    NoAnswer(String),
    /// Nothing was sent, for another reason.
    #[error("{0}")]
    NotSent(String),
    /// Nothing was sent, because the same credentials were refused a short while ago.
    #[error("{0}")]
    RefusedBefore(String),
    /// It was sent, and no answer came in time.
    #[error("{0}")]
    Silent(String),
}

impl Client {
    /// Returns where a request to `phone` goes.
    pub(super) fn address(phone: &Phone, request: &Request) -> Address {
        Address {
            port: request.port.or(phone.address.port),
            ..phone.address.clone()
        }
    }

    /// Sends a request to `phone` and returns what it answers within `patience`; `commit_point` is asked
    /// before anything but the connection is made.
    pub(super) async fn send(
        &self,
        phone: &Phone,
        request: &Request,
        credentials: Option<&Credentials>,
        patience: Duration,
        commit_point: &CommitPoint,
    ) -> Result<Reply, Failure> {
        let until = Instant::now() + patience;
        let key = format!(
            "{} {}",
            phone.address,
            credentials.map_or("", |pair| &pair.username)
        );
        if let Some(since) = self.refused_since(phone, &key) {
            return Err(Failure::RefusedBefore(format!(
                "the phone refused the user name and password {} s ago and locks us out if that \
                 repeats; it is asked again after {} minutes, or after a restart of handsetd",
                since.as_secs(),
                LOCKED_OUT.as_secs() / 60
            )));
        }
        // A Yealink phone may ask for Basic where it is told to do something (GET), and for Digest
        // where something is pushed (POST).
        let basic_key = format!("{key} {:?}", request.method);
        let first = match (request.auth, credentials) {
            (_, None) | (Auth::None, _) => None,
            (Auth::PreemptiveBasic, Some(pair)) => Some(basic(pair)),
            (Auth::OnChallenge, Some(pair)) => self.remembers(&basic_key).then(|| basic(pair)),
        };
        let told = first.is_some();
        let (reply, headers) = self
            .connector
            .once(phone, request, first, until, commit_point)
            .await?;
        if reply.status != 401 {
            return Ok(reply);
        }
        let challenges = headers.get_all(WWW_AUTHENTICATE);
        let challenge = Challenge::pick(challenges.iter().filter_map(|value| value.to_str().ok()));
        // Who was told the password and refused it is not told it again.
        let may_tell = !told && request.auth != Auth::None;
        let answer = credentials.zip(challenge).filter(|_| may_tell);
        let Some((pair, challenge)) = answer else {
            if told {
                self.note_refusal(phone, key, &basic_key);
            }
            return Ok(reply);
        };
        let method = match request.method {
            Method::Get => "GET",
            Method::Post => "POST",
        };
        let answer = challenge.answer(pair, method, &request.target);
        let (reply, _) = self
            .connector
            .once(phone, request, Some(answer), until, commit_point)
            .await?;
        match (reply.status, challenge) {
            (401, _) => self.note_refusal(phone, key, &basic_key),
            (_, Challenge::Basic) => note(&self.wants_basic, basic_key),
            (_, Challenge::Digest(_)) => {}
        }
        Ok(reply)
    }

    fn remembers(&self, key: &str) -> bool {
        self.wants_basic
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .contains_key(key)
    }

    fn refused_since(&self, phone: &Phone, key: &str) -> Option<Duration> {
        if phone.vendor != Vendor::Yealink {
            return None;
        }
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let since = refused.get(key)?.elapsed();
        (since < LOCKED_OUT).then_some(since)
    }

    fn note_refusal(&self, phone: &Phone, key: String, basic_key: &str) {
        self.wants_basic
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(basic_key);
        if phone.vendor == Vendor::Yealink {
            note(&self.refused, key);
        }
    }
}

/// Notes the time for a phone; what was noted longest ago makes room.
fn note(notes: &Mutex<HashMap<String, Instant>>, key: String) {
    let mut notes = notes.lock().unwrap_or_else(PoisonError::into_inner);
    if notes.len() >= MAX_NOTES {
        let oldest = notes
            .iter()
            .min_by_key(|(_, at)| **at)
            .map(|(key, _)| key.clone());
        oldest.map(|key| notes.remove(&key));
    }
    notes.insert(key, Instant::now());
}

/// Returns the innermost words of an error: the outer ones name an address that we name ourselves.
pub(super) fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

/// How long a Yealink phone that refused us is left alone: it locks out who tries three times
/// within ten minutes.
const LOCKED_OUT: Duration = Duration::from_mins(10);

/// How many phones are remembered.
const MAX_NOTES: usize = 20_000;

#[cfg(test)]
mod tests;
