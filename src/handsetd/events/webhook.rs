//! Sends the web hooks of rules.

mod connected;

use std::collections::HashMap;
use std::error::Error;
use std::future::Future;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use parking_lot::Mutex;
use reqwest::redirect::Policy;
use reqwest::{Response, StatusCode};
use serde_json::Value;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, timeout_at};
use tower::layer::layer_fn;

use crate::http_client;
use crate::outcome::Status;
use crate::rules::{StepResult, WebhookCall};
use connected::{Connection, noting};

/// The HTTP client of all web hooks. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct WebhookClient {
    /// Created with the first request, because reading the certificate authorities of the system takes
    /// milliseconds.
    http: Arc<OnceLock<reqwest::Client>>,
    /// For each scheme, host and port that was requested: how many more requests it may have. All are
    /// written in the configuration, so there are few.
    hosts: Arc<Mutex<HashMap<String, Arc<Semaphore>>>>,
}

impl WebhookClient {
    /// Creates a client. Each request has a connection of its own, so that it is known whether it was sent.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Sends a request; once more if nothing was sent and there is time. `None` if `cancelled` ends before
    /// it is its turn: runs that are over wait for nothing, however many there are.
    pub(super) async fn send(
        &self,
        call: &WebhookCall,
        cancelled: impl Future<Output = ()>,
    ) -> Option<StepResult> {
        let until = Instant::now() + call.deadline;
        let place = call.url.origin().ascii_serialization();
        let permit = tokio::select! {
            biased;
            () = cancelled => return None,
            permit = self.permit(&place, until) => permit,
        };
        let Some(_permit) = permit else {
            let reason = format!(
                "{MAX_PER_HOST} requests to {place} are in progress, and none ended in time"
            );
            return Some(StepResult::new(Status::Unreachable, reason));
        };
        let mut result = self.attempt(call, &place, until).await;
        let again = Instant::now() + RETRY_PAUSE;
        let is_unreachable =
            |result: &StepResult| result.status.word() == Status::Unreachable.word();
        if is_unreachable(&result) && again < until {
            sleep(RETRY_PAUSE).await;
            result = self.attempt(call, &place, until).await;
        }
        Some(result)
    }

    /// Waits until another request to that place may begin.
    async fn permit(&self, place: &str, until: Instant) -> Option<OwnedSemaphorePermit> {
        let semaphore = {
            let mut hosts = self.hosts.lock();
            let new = || Arc::new(Semaphore::new(MAX_PER_HOST));
            Arc::clone(hosts.entry(place.to_owned()).or_insert_with(new))
        };
        let permit = timeout_at(until, semaphore.acquire_owned())
            .await
            .ok()?
            .ok();
        // The others may have ended just when time ran out.
        permit.filter(|_| Instant::now() < until)
    }

    async fn attempt(&self, call: &WebhookCall, place: &str, until: Instant) -> StepResult {
        let mut request = self
            .http
            .get_or_init(new_client)
            .request(call.method.clone(), call.url.clone())
            .headers(call.headers.clone());
        if let Some(body) = &call.body {
            request = request.body(body.clone());
        }
        let connection = Connection::default();
        let sent = connection.scope(async {
            let response = request.send().await?;
            Ok::<_, reqwest::Error>(response)
        });
        let failed = |cause: String| {
            if connection.was_made() {
                let reason = format!("{place} took the request and did not answer: {cause}");
                StepResult::new(Status::Unknown, reason)
            } else {
                StepResult::new(
                    Status::Unreachable,
                    format!("cannot connect to {place}: {cause}"),
                )
            }
        };
        match timeout_at(until, sent).await {
            Err(_) => failed("time ran out".to_owned()),
            Ok(Err(error)) => failed(root_cause(&error)),
            Ok(Ok(response)) => answer(call, response, until).await,
        }
    }
}

/// # Panics
///
/// Panics if no TLS provider is installed for the process.
fn new_client() -> reqwest::Client {
    http_client::build(|| {
        reqwest::Client::builder()
            .user_agent(concat!("handsetd/", env!("CARGO_PKG_VERSION")))
            .no_proxy()
            .redirect(Policy::custom(|attempt| {
                let previous = attempt.previous();
                let is_same = previous
                    .first()
                    .is_some_and(|first| first.origin() == attempt.url().origin());
                if is_same && previous.len() <= MAX_REDIRECTS {
                    attempt.follow()
                } else {
                    attempt.stop()
                }
            }))
            .retry(reqwest::retry::never())
            .referer(false)
            .pool_max_idle_per_host(0)
            .http1_only()
            .connector_layer(layer_fn(noting))
    })
}

/// Returns the result of a request that was answered.
async fn answer(call: &WebhookCall, response: Response, until: Instant) -> StepResult {
    let code = response.status();
    let redirect = redirect(&response);
    let status = if code.is_success() {
        Status::Ok
    } else {
        Status::Rejected
    };
    let (result, note) = match timeout_at(until, body(response)).await {
        Ok(Ok(body)) => (value(&body), None),
        Ok(Err(note)) => (None, Some(note)),
        Err(_) => (None, Some("its answer did not end in time".to_owned())),
    };
    let mut reasons = Vec::new();
    if status != Status::Ok {
        let place = call.url.origin().ascii_serialization();
        reasons.push(format!("{place} answered with HTTP {}", code.as_u16()));
    }
    reasons.extend(redirect);
    reasons.extend(note);
    StepResult {
        result,
        http: Some(code.as_u16()),
        ..StepResult::new(status, reasons.join("; "))
    }
}

/// Explains a redirect that was not followed.
fn redirect(response: &Response) -> Option<String> {
    let is_redirect =
        response.status().is_redirection() && response.status() != StatusCode::NOT_MODIFIED;
    let to = response
        .headers()
        .get(reqwest::header::LOCATION)?
        .to_str()
        .ok()?;
    let to = response.url().join(to).ok()?;
    is_redirect.then(|| {
        let to = to.origin().ascii_serialization();
        format!("a redirect to {to} is not followed, as it leads elsewhere or nowhere")
    })
}

async fn body(mut response: Response) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(body),
            Err(error) => return Err(format!("its answer broke off: {}", root_cause(&error))),
        }
        if body.len() > MAX_ANSWER {
            return Err(format!(
                "its answer is longer than {MAX_ANSWER} bytes and not kept"
            ));
        }
    }
}

/// Returns the JSON of an answer, else its text; `None` if it is empty.
fn value(body: &[u8]) -> Option<Value> {
    if body.trim_ascii().is_empty() {
        return None;
    }
    let json = serde_json::from_slice(body).ok();
    json.or_else(|| Some(Value::from(String::from_utf8_lossy(body))))
}

/// Returns the message of the innermost error: the outer ones show the URL, which may be a secret.
fn root_cause(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

/// How much of an answer is read, in bytes: what steps after it look at is short.
const MAX_ANSWER: usize = 64 * 1024;

/// How many requests to one scheme, host and port may be in progress; others wait within their deadline.
const MAX_PER_HOST: usize = 8;

/// How many redirects on the same host are followed.
const MAX_REDIRECTS: usize = 5;

/// How long a server that restarts is given before the second attempt.
const RETRY_PAUSE: Duration = Duration::from_millis(300);

#[cfg(test)]
mod tests;
