//! One connection to NATS.
//!
//! The client library reconnects by itself and then sends whatever was published in the meantime, however
//! late. That must not happen: a connection that has ended is dropped with its unsent messages, and the next
//! one is a new client.

use std::time::Duration;

use async_nats::header::HeaderMap;
use async_nats::jetstream;
use async_nats::{Client, Message, StatusCode};
use bytes::Bytes;
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use crate::error::Reason;
use crate::inbox::Inbox;

/// A connection.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) client: Client,
    pub(crate) jetstream: jetstream::Context,
    pub(crate) inbox: Inbox,
    /// Cancelled when the connection has ended or is abandoned.
    pub(crate) ended: CancellationToken,
    /// Time limit for one reply.
    pub(crate) patience: Duration,
}

/// Why a request has no usable reply.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Failure {
    /// It was not sent, or had no subscriber.
    NotSent(Reason),
    /// It may have been acted on.
    Unanswered(Reason),
    /// JetStream returned an error.
    Refused { code: u64, reason: Reason },
}

/// Where JetStream stored a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Stored {
    pub(crate) sequence: u64,
    /// It had been stored earlier, with the same id.
    pub(crate) duplicate: bool,
}

impl Session {
    /// Publishes without waiting for anything but room in the send queue of the connection.
    pub(crate) async fn publish(
        &self,
        subject: String,
        headers: Option<HeaderMap>,
        body: Bytes,
    ) -> Result<(), Failure> {
        let sent = async {
            match headers {
                Some(headers) => {
                    self.client
                        .publish_with_headers(subject, headers, body)
                        .await
                }
                None => self.client.publish(subject, body).await,
            }
        };
        tokio::select! {
            sent = tokio::time::timeout(self.patience, sent) => match sent {
                Ok(Ok(())) => Ok(()),
                Ok(Err(error)) => Err(not_sent(&error)),
                Err(_) => Err(not_sent(&CONGESTED)),
            },
            () = self.ended.cancelled() => Err(not_sent(&LOST)),
        }
    }

    /// Publishes, and waits up to `patience` for one reply.
    pub(crate) async fn ask(
        &self,
        subject: String,
        headers: HeaderMap,
        body: Bytes,
        patience: Duration,
    ) -> Result<Message, Failure> {
        let mut expected = self.inbox.expect();
        let reply = expected.subject();
        let deadline = tokio::time::Instant::now() + patience;
        let sending = self
            .client
            .publish_with_reply_and_headers(subject, reply, headers, body);
        tokio::select! {
            sent = tokio::time::timeout_at(deadline, sending) => match sent {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return Err(not_sent(&error)),
                Err(_) => return Err(not_sent(&CONGESTED)),
            },
            () = self.ended.cancelled() => return Err(not_sent(&LOST)),
        }
        match tokio::time::timeout_at(deadline, expected.answer()).await {
            Ok(Some(message)) if message.status == Some(StatusCode::NO_RESPONDERS) => {
                Err(not_sent(&"nobody receives it"))
            }
            Ok(Some(message)) => Ok(message),
            Ok(None) => Err(Failure::Unanswered(Reason::new(LOST))),
            Err(_) => Err(Failure::Unanswered(Reason::new(format!(
                "no answer within {patience:?}"
            )))),
        }
    }

    /// Publishes to a stream, and waits until it is stored.
    pub(crate) async fn store(
        &self,
        subject: String,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Stored, Failure> {
        let answer = tokio::select! {
            answer = self.ask(subject, headers, body, self.patience) => answer?,
            () = self.ended.cancelled() => return Err(Failure::Unanswered(Reason::new(LOST))),
        };
        let parsed: Ack = serde_json::from_slice(&answer.payload).map_err(|error| {
            Failure::Unanswered(Reason::new(format!(
                "an answer that is none of JetStream: {error}"
            )))
        })?;
        match (parsed.error, parsed.seq) {
            (Some(error), _) => Err(Failure::Refused {
                code: error.err_code,
                reason: Reason::new(error.description),
            }),
            (None, Some(sequence)) => Ok(Stored {
                sequence,
                duplicate: parsed.duplicate,
            }),
            (None, None) => Err(Failure::Unanswered(Reason::new(
                "an answer without a sequence",
            ))),
        }
    }
}

fn not_sent(reason: &dyn ToString) -> Failure {
    Failure::NotSent(Reason::new(reason.to_string()))
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotSent(reason) | Self::Unanswered(reason) => write!(f, "{reason}"),
            Self::Refused { code, reason } => write!(f, "{reason} ({code})"),
        }
    }
}

/// The acknowledgement of a message by JetStream.
#[derive(Debug, Deserialize)]
struct Ack {
    seq: Option<u64>,
    #[serde(default)]
    duplicate: bool,
    error: Option<Refusal>,
}

#[derive(Debug, Deserialize)]
struct Refusal {
    #[serde(default)]
    err_code: u64,
    #[serde(default)]
    description: String,
}

const CONGESTED: &str = "the connection to NATS is congested";

const LOST: &str = "the connection to NATS was lost";
