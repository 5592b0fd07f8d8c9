//! The one HTTP client that talks to phones.
//!
//! No proxy, no redirects, no connection kept: phones are close, few requests go to each, and their
//! servers do not agree on how a kept connection ends. A password goes to the phone that it belongs
//! to and to nobody else.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, LOCATION, WWW_AUTHENTICATE};
use reqwest::redirect::Policy;
use tokio::time::Instant;

use super::digest::{Challenge, basic};
use crate::phone::{Address, Credentials, Phone, Vendor};
use crate::vendor::{Auth, Method, Reply, Request};

/// Talks to the web servers of phones.
#[derive(Debug)]
pub(super) struct Client {
    http: reqwest::Client,
    /// Phones that asked for Basic, by what was asked of them: they are told at once the next time.
    wants_basic: Mutex<HashMap<String, Instant>>,
    /// Phones that refused our credentials, and lock us out if we try again.
    refused: Mutex<HashMap<String, Instant>>,
}

/// Why there is no answer.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum Failure {
    /// It was sent, and no answer came.
    #[error("{0}")]
    NoAnswer(String),
    /// Nothing was sent.
    #[error("{0}")]
    NotSent(String),
    /// Nothing was sent, because the same credentials were refused a short while ago.
    #[error("{0}")]
    RefusedBefore(String),
}

impl Client {
    /// Creates the client.
    ///
    /// # Panics
    ///
    /// Panics if no TLS provider is installed for the process.
    pub(super) fn new() -> Self {
        let http = reqwest::Client::builder()
            .user_agent(concat!("handsetd/", env!("CARGO_PKG_VERSION")))
            .no_proxy()
            .redirect(Policy::none())
            .connect_timeout(CONNECT)
            .pool_max_idle_per_host(0)
            .http1_only()
            .http1_title_case_headers()
            .http1_allow_spaces_after_header_name_in_responses(true)
            .http1_allow_obsolete_multiline_headers_in_responses(true)
            .http1_ignore_invalid_headers_in_responses(true)
            .build()
            .expect("main installs a TLS provider before anything else");
        Self {
            http,
            wants_basic: Mutex::default(),
            refused: Mutex::default(),
        }
    }

    /// Sends a request to `phone` and returns what it answers within `patience`.
    pub(super) async fn send(
        &self,
        phone: &Phone,
        request: &Request,
        credentials: Option<&Credentials>,
        patience: Duration,
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
            (_, None) | (Auth::Nobody, _) => None,
            (Auth::Basic, Some(pair)) => Some(basic(pair)),
            (Auth::Challenge, Some(pair)) => self.remembers(&basic_key).then(|| basic(pair)),
        };
        let told = first.is_some();
        let (reply, headers) = self.once(phone, request, first, until).await?;
        if reply.status != 401 {
            return Ok(reply);
        }
        let challenges = headers.get_all(WWW_AUTHENTICATE);
        let challenge = Challenge::pick(challenges.iter().filter_map(|value| value.to_str().ok()));
        // Who was told the password and refused it is not told it again.
        let may_tell = !told && request.auth != Auth::Nobody;
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
        let (reply, _) = self.once(phone, request, Some(answer), until).await?;
        match (reply.status, challenge) {
            (401, _) => self.note_refusal(phone, key, &basic_key),
            (_, Challenge::Basic) => note(&self.wants_basic, basic_key),
            (_, Challenge::Digest(_)) => {}
        }
        Ok(reply)
    }

    async fn once(
        &self,
        phone: &Phone,
        request: &Request,
        authorization: Option<String>,
        until: Instant,
    ) -> Result<(Reply, HeaderMap), Failure> {
        let address = match request.port {
            None => phone.address.clone(),
            port => Address {
                port,
                ..phone.address.clone()
            },
        };
        let url = format!("http://{}{}", address.authority(), request.target);
        let mut builder = match request.method {
            Method::Get => self.http.get(url),
            Method::Post => self.http.post(url).body(request.body.clone()),
        };
        for (name, value) in &request.headers {
            builder = builder.header(*name, value);
        }
        if let Some(authorization) = authorization {
            let mut value =
                reqwest::header::HeaderValue::from_str(&authorization).map_err(|_| {
                    Failure::NotSent("the user name can't stand in a header".to_owned())
                })?;
            value.set_sensitive(true);
            builder = builder.header(AUTHORIZATION, value);
        }
        let patience = until.saturating_duration_since(Instant::now());
        let mut response = builder
            .timeout(patience)
            .send()
            .await
            .map_err(|error| failure(phone, &error))?;
        let status = response.status().as_u16();
        let headers = std::mem::take(response.headers_mut());
        let mut body = Vec::new();
        while body.len() < MAX_BODY {
            match response.chunk().await {
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => break,
                // The status is there, and some phones end their answers badly.
                Err(_) if !body.is_empty() || !matches!(status, 200..=299) => break,
                Err(error) => return Err(failure(phone, &error)),
            }
        }
        body.truncate(MAX_BODY);
        tracing::debug!(target = %request.target, status, "The phone answered.");
        let header = |name| {
            let value = headers.get(name).and_then(|value| value.to_str().ok());
            value.map(ToOwned::to_owned)
        };
        let reply = Reply {
            status,
            content_type: header(CONTENT_TYPE).unwrap_or_default(),
            location: header(LOCATION),
            body: body.into(),
        };
        Ok((reply, headers))
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

fn failure(phone: &Phone, error: &reqwest::Error) -> Failure {
    let address = &phone.address;
    let cause = root_cause(error);
    if error.is_builder() || error.is_request() && error.is_connect() {
        return Failure::NotSent(format!("cannot connect to {address}: {cause}"));
    }
    if error.is_timeout() {
        return Failure::NoAnswer(format!(
            "{address} took the request and did not answer in time"
        ));
    }
    Failure::NoAnswer(format!("{address} took the request and broke off: {cause}"))
}

/// Returns the innermost words of an error: the outer ones name an address that we name ourselves.
fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

/// How long a phone may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(3);

/// How long a Yealink phone that refused us is left alone: it locks out who tries three times
/// within ten minutes.
const LOCKED_OUT: Duration = Duration::from_mins(10);

/// The most of an answer that is read: enough for the picture of the largest screen (1280x720 in 24
/// bits); some phones never end one.
const MAX_BODY: usize = 4 << 20;

/// How many phones are remembered.
const MAX_NOTES: usize = 20_000;

#[cfg(test)]
mod tests;
