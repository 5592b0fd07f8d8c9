//! Requests to another daemon.

use std::sync::Arc;
use std::time::Duration;

use async_nats::StatusCode;
use async_nats::header::HeaderMap;
use bytes::Bytes;
use handset_net::random;
use tokio::time::Instant;

use crate::clock::to_millis;
use crate::error::{Reason, RequestError};
use crate::headers;
use crate::inbox::Expected;
use crate::names::DaemonName;
use crate::shared::{RETRY, Shared};

/// A request that was sent.
#[derive(Debug)]
pub struct Asked {
    shared: Arc<Shared>,
    daemon: DaemonName,
    incarnation: String,
    deadline: Instant,
    expected: Expected,
}

/// Sends a request to a daemon. Without a subscriber nothing was delivered, so the request is repeated: a
/// daemon that has just joined or changes its connection subscribes within moments.
pub(crate) async fn request(
    shared: &Arc<Shared>,
    daemon: &DaemonName,
    operation: &str,
    body: Bytes,
    deadline: Instant,
) -> Result<Bytes, RequestError> {
    let result = ask_listener(shared, daemon, operation, body, deadline).await;
    shared.requests.count(&result);
    result
}

async fn ask_listener(
    shared: &Arc<Shared>,
    daemon: &DaemonName,
    operation: &str,
    body: Bytes,
    deadline: Instant,
) -> Result<Bytes, RequestError> {
    for _ in 0..ATTEMPTS {
        let asked = try_send(shared, daemon, operation, body.clone(), deadline).await?;
        if let Some(answer) = asked.answer_of_listener().await {
            return answer;
        }
        if Instant::now() + RETRY >= deadline {
            break;
        }
        tokio::time::sleep(RETRY).await;
    }
    nobody_listens(daemon)
}

/// Sends a request to a daemon; returns once it is in the send queue of the connection.
pub(crate) async fn send(
    shared: &Arc<Shared>,
    daemon: &DaemonName,
    operation: &str,
    body: Bytes,
    deadline: Instant,
) -> Result<Asked, RequestError> {
    let asked = try_send(shared, daemon, operation, body, deadline).await;
    if asked.is_err() {
        shared.requests.count(&asked);
    }
    asked
}

async fn try_send(
    shared: &Arc<Shared>,
    daemon: &DaemonName,
    operation: &str,
    body: Bytes,
    deadline: Instant,
) -> Result<Asked, RequestError> {
    let session = match shared.session_by(deadline).await {
        Ok(session) => session,
        Err(reason) => return Err(RequestError::NotSent(reason)),
    };
    let incarnation = match shared.members.borrow().get(daemon) {
        Some(member) => member.incarnation.clone(),
        None => return not_sent(&format!("the daemon {daemon} is not there")),
    };
    let remaining = deadline.saturating_duration_since(Instant::now());
    if remaining.is_zero() {
        return not_sent("its time is over");
    }
    let subject = shared.subjects.peer(daemon, operation);
    let expected = shared.inbox.expect();
    let sending = session.client.publish_with_reply_and_headers(
        subject,
        expected.subject(),
        header_of(shared, remaining),
        body,
    );
    // A publish that is cancelled here has not entered the send queue of the connection.
    tokio::select! {
        sent = tokio::time::timeout_at(deadline, sending) => match sent {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return not_sent(&error.to_string()),
            Err(_) => return not_sent("the connection to NATS is congested"),
        },
        () = session.ended.cancelled() => return not_sent("the connection to NATS was lost"),
    }
    Ok(Asked {
        shared: Arc::clone(shared),
        daemon: daemon.clone(),
        incarnation,
        deadline,
        expected,
    })
}

impl Asked {
    /// Waits for the reply.
    ///
    /// # Errors
    ///
    /// Returns an error that says whether the daemon may have acted on the request.
    pub async fn answer(self) -> Result<Bytes, RequestError> {
        let (shared, daemon) = (Arc::clone(&self.shared), self.daemon.clone());
        let answer = self.answer_of_listener().await;
        let answer = answer.unwrap_or_else(|| nobody_listens(&daemon));
        shared.requests.count(&answer);
        answer
    }

    /// Waits for the reply; `None` if the daemon has no subscriber.
    async fn answer_of_listener(self) -> Option<Result<Bytes, RequestError>> {
        let Self {
            shared,
            daemon,
            incarnation,
            deadline,
            mut expected,
        } = self;
        let mut members = shared.members.subscribe();
        let gone = async {
            let _ = members
                .wait_for(|members| !members.has(&daemon, &incarnation))
                .await;
        };
        let mut state = shared.state.subscribe();
        let alone = async {
            let _ = state.wait_for(|state| !state.is_joined()).await;
        };
        Some(tokio::select! {
            // The reply first: it may have arrived at the same time as the loss of the daemon.
            biased;
            answer = expected.answer() => match answer {
                Some(answer) if answer.status == Some(StatusCode::NO_RESPONDERS) => return None,
                Some(answer) => match headers::refusal(answer.headers.as_ref()) {
                    Some(reason) => Err(RequestError::NotSent(reason)),
                    None => Ok(answer.payload),
                },
                None => unanswered("this daemon is stopping".to_owned()),
            },
            () = gone => unanswered(format!("the daemon {daemon} went away before it answered")),
            () = alone => unanswered(format!(
                "NATS went away before the daemon {daemon} answered: {}",
                shared.why_away(),
            )),
            () = tokio::time::sleep_until(deadline) => {
                unanswered(format!("the daemon {daemon} did not answer in time"))
            }
        })
    }
}

fn nobody_listens(daemon: &DaemonName) -> Result<Bytes, RequestError> {
    not_sent(&format!("the daemon {daemon} receives no requests"))
}

fn not_sent<T>(reason: &str) -> Result<T, RequestError> {
    Err(RequestError::NotSent(Reason::new(reason)))
}

fn unanswered(reason: String) -> Result<Bytes, RequestError> {
    Err(RequestError::Unanswered(Reason::new(reason)))
}

/// The headers carry the sender, the deadline and the request id: NATS may deliver a request late.
fn header_of(shared: &Shared, remaining: Duration) -> HeaderMap {
    let deadline = shared
        .clock
        .now()
        .checked_add(remaining)
        .map_or(u64::MAX, to_millis);
    let mut map = HeaderMap::new();
    map.insert(headers::FROM, shared.config.name.as_str());
    map.insert(headers::DEADLINE, deadline.to_string());
    map.insert(headers::ID, random::hex_token::<8>());
    map
}

/// Interval at which a request to a daemon without a subscriber is repeated.
const ATTEMPTS: usize = 5;
