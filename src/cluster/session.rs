//! One connection to NATS.
//!
//! The client library reconnects by itself and then sends whatever was published in the meantime, however
//! late. That must not happen: a connection that has ended is dropped with its unsent messages, and the next
//! one is a new client.

use std::fmt;
use std::time::Duration;

use async_nats::header::HeaderMap;
use async_nats::jetstream;
use async_nats::{Client, Message, StatusCode};
use bytes::Bytes;
use serde::Deserialize;
use tokio::time::Instant;
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
    pub(crate) reply_timeout: Duration,
}

/// Why a request has no usable reply.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Failure {
    /// It was not sent, or had no subscriber.
    NotSent(Reason),
    /// It may have been executed.
    Unanswered(Reason),
    /// JetStream returned an error.
    Refused { code: u64, reason: Reason },
}

/// Where JetStream stored a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Stored {
    pub(crate) sequence: u64,
    /// It had been stored earlier, with the same id.
    pub(crate) is_duplicate: bool,
}

impl Session {
    /// Publishes without waiting for anything but room in the send queue of the connection.
    pub(crate) async fn publish(
        &self,
        subject: String,
        headers: Option<HeaderMap>,
        body: Bytes,
    ) -> Result<(), Failure> {
        let client = &self.client;
        let sending = async {
            match headers {
                Some(headers) => client.publish_with_headers(subject, headers, body).await,
                None => client.publish(subject, body).await,
            }
        };
        self.send(Instant::now() + self.reply_timeout, sending)
            .await
    }

    /// Publishes a request whose reply goes to `reply`.
    pub(crate) async fn publish_request(
        &self,
        subject: String,
        reply: String,
        headers: HeaderMap,
        body: Bytes,
        deadline: Instant,
    ) -> Result<(), Failure> {
        let client = &self.client;
        let sending = client.publish_with_reply_and_headers(subject, reply, headers, body);
        self.send(deadline, sending).await
    }

    /// Waits until a message is in the send queue of the connection. A publish that is cancelled here is not
    /// in the queue.
    async fn send<E: fmt::Display>(
        &self,
        deadline: Instant,
        sending: impl Future<Output = Result<(), E>>,
    ) -> Result<(), Failure> {
        let reason = tokio::select! {
            sent = tokio::time::timeout_at(deadline, sending) => match sent {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(error)) => Reason::new(error),
                Err(_) => Reason::new("the connection to NATS is congested"),
            },
            () = self.ended.cancelled() => Reason::new(LOST),
        };
        Err(Failure::NotSent(reason))
    }

    /// Waits for an operation of the client library, while the connection lasts.
    pub(crate) async fn within<T>(
        &self,
        timeout: Duration,
        operation: impl Future<Output = Result<T, Reason>>,
    ) -> Result<T, Reason> {
        tokio::select! {
            done = tokio::time::timeout(timeout, operation) => {
                done.unwrap_or_else(|_| Err(Reason::new(format!("no reply within {timeout:?}"))))
            }
            () = self.ended.cancelled() => Err(Reason::new(LOST)),
        }
    }

    /// Publishes to a stream, and waits until JetStream has acknowledged that the message is stored.
    pub(crate) async fn store(
        &self,
        subject: String,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Stored, Failure> {
        let reply = tokio::select! {
            reply = self.request(subject, headers, body) => reply?,
            () = self.ended.cancelled() => return Err(Failure::Unanswered(Reason::new(LOST))),
        };
        let ack: PublishAck = serde_json::from_slice(&reply.payload)
            .map_err(|error| unanswered(format!("the reply is not one of JetStream: {error}")))?;
        match (ack.error, ack.seq) {
            (Some(error), _) => Err(Failure::Refused {
                code: error.err_code,
                reason: Reason::new(error.description),
            }),
            (None, Some(sequence)) => Ok(Stored {
                sequence,
                is_duplicate: ack.duplicate,
            }),
            (None, None) => Err(unanswered("the reply has no sequence")),
        }
    }

    /// Publishes, and waits for one reply.
    async fn request(
        &self,
        subject: String,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Message, Failure> {
        let mut pending = self.inbox.register();
        let deadline = Instant::now() + self.reply_timeout;
        self.publish_request(subject, pending.subject(), headers, body, deadline)
            .await?;
        match tokio::time::timeout_at(deadline, pending.receive()).await {
            Ok(Some(reply)) if reply.status == Some(StatusCode::NO_RESPONDERS) => {
                Err(Failure::NotSent(Reason::new("it has no subscriber")))
            }
            Ok(Some(reply)) => Ok(reply),
            Ok(None) => Err(unanswered(LOST)),
            Err(_) => Err(unanswered(format!(
                "no reply within {:?}",
                self.reply_timeout
            ))),
        }
    }
}

fn unanswered(reason: impl fmt::Display) -> Failure {
    Failure::Unanswered(Reason::new(reason))
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSent(reason) | Self::Unanswered(reason) => write!(f, "{reason}"),
            Self::Refused { code, reason } => write!(f, "{reason} ({code})"),
        }
    }
}

impl From<Failure> for Reason {
    fn from(failure: Failure) -> Self {
        Self::new(failure)
    }
}

/// The acknowledgement of a message by JetStream.
#[derive(Debug, Deserialize)]
struct PublishAck {
    seq: Option<u64>,
    #[serde(default)]
    duplicate: bool,
    error: Option<ApiError>,
}

#[derive(Debug, Deserialize)]
struct ApiError {
    #[serde(default)]
    err_code: u64,
    #[serde(default)]
    description: String,
}

/// Reason: the connection has ended.
pub(crate) const LOST: &str = "the connection to NATS was lost";
