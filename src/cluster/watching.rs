//! Watches the messages of a stream, both existing and new ones.
//!
//! The watchers of the client library resume by themselves without reporting what they may have missed: a
//! deletion whose tombstone was deleted in the meantime. This one ends at any irregularity, and its user
//! starts again.

use std::time::{Duration, SystemTime};

use async_nats::jetstream::Message;
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, ReplayPolicy, push};
use async_nats::{HeaderMap, StatusCode, Subscriber};
use bytes::Bytes;
use futures_util::StreamExt as _;

use crate::error::Reason;
use crate::session::{Failure, Session};

/// A watch.
#[derive(Debug)]
pub(crate) struct Watch {
    session: Session,
    messages: Subscriber,
    /// The number of messages received.
    arrived: u64,
    /// The number of messages that existed when the watch began.
    pub(crate) existing: u64,
}

/// A message of a stream.
#[derive(Clone, Debug)]
pub(crate) struct Watched {
    pub(crate) subject: String,
    pub(crate) sequence: u64,
    pub(crate) at: SystemTime,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The number of further messages that are pending.
    pub(crate) pending: u64,
}

impl Watch {
    /// Starts watching the subjects of a stream that match `filter`.
    pub(crate) async fn start(
        session: &Session,
        stream: &str,
        filter: String,
    ) -> Result<Self, Failure> {
        let failed = |error: &dyn std::fmt::Display| {
            Failure::Unanswered(Reason::new(format!("cannot watch {filter}: {error}")))
        };
        let starting = async {
            let subject = session.client.new_inbox();
            let subscribed = session.client.subscribe(subject.clone()).await;
            let messages = subscribed.map_err(|error| failed(&error))?;
            let config = push::Config {
                deliver_subject: subject,
                deliver_policy: DeliverPolicy::All,
                ack_policy: AckPolicy::None,
                filter_subject: filter.clone(),
                replay_policy: ReplayPolicy::Instant,
                flow_control: true,
                idle_heartbeat: HEARTBEAT,
                max_deliver: 1,
                memory_storage: true,
                num_replicas: 1,
                ..push::Config::default()
            };
            let context = &session.jetstream;
            let created = context.create_consumer_on_stream(config, stream).await;
            let consumer = created.map_err(|error| failed(&error))?;
            Ok(Self {
                session: session.clone(),
                messages,
                arrived: 0,
                existing: consumer.cached_info().num_pending,
            })
        };
        tokio::select! {
            started = tokio::time::timeout(session.patience, starting) => {
                started.unwrap_or_else(|_| Err(failed(&"no answer")))
            }
            () = session.ended.cancelled() => Err(failed(&"the connection to NATS was lost")),
        }
    }

    /// Waits for the next message, or for `None`: no message is pending. An error ends the watch.
    pub(crate) async fn next(&mut self) -> Result<Option<Watched>, Reason> {
        loop {
            let message = tokio::select! {
                message = tokio::time::timeout(SILENCE, self.messages.next()) => message,
                () = self.session.ended.cancelled() => {
                    return Err(Reason::new("the connection to NATS was lost"));
                }
            };
            let message = match message {
                Ok(Some(message)) => message,
                Ok(None) => return Err(Reason::new("the subscription ended")),
                Err(_) => return Err(Reason::new(format!("nothing heard for {SILENCE:?}"))),
            };
            match message.status {
                None => return self.read(message).map(Some),
                Some(StatusCode::IDLE_HEARTBEAT) => {
                    if self.answer(message).await? {
                        return Ok(None);
                    }
                }
                Some(status) => return Err(Reason::new(format!("the consumer ended: {status}"))),
            }
        }
    }

    fn read(&mut self, message: async_nats::Message) -> Result<Watched, Reason> {
        let message = Message {
            context: self.session.jetstream.clone(),
            message,
        };
        let (sequence, arrived, at, pending) = match message.info() {
            Ok(info) => (
                info.stream_sequence,
                info.consumer_sequence,
                info.published,
                info.pending,
            ),
            Err(error) => {
                return Err(Reason::new(format!(
                    "a message without a position: {error}"
                )));
            }
        };
        self.arrived += 1;
        if arrived != self.arrived {
            return Err(Reason::new("messages were lost"));
        }
        let Message { message, .. } = message;
        Ok(Watched {
            subject: message.subject.to_string(),
            sequence,
            at: at.into(),
            headers: message.headers.unwrap_or_default(),
            body: message.payload,
            pending,
        })
    }

    /// Resumes flow control, or checks that nothing is missing; returns whether no message is pending.
    async fn answer(&self, message: async_nats::Message) -> Result<bool, Reason> {
        if let Some(reply) = message.reply {
            let sent = self
                .session
                .publish(reply.to_string(), None, Bytes::new())
                .await;
            return sent
                .map(|()| false)
                .map_err(|failure| Reason::new(failure.to_string()));
        }
        // The server waits for a flow-control reply that was lost.
        let stalled = message
            .headers
            .as_ref()
            .and_then(|headers| headers.get(STALLED));
        if let Some(stalled) = stalled {
            let sent = self
                .session
                .publish(stalled.to_string(), None, Bytes::new())
                .await;
            return sent
                .map(|()| false)
                .map_err(|failure| Reason::new(failure.to_string()));
        }
        let last = message
            .headers
            .as_ref()
            .and_then(|headers| headers.get(LAST_CONSUMER));
        let last = last.and_then(|last| last.as_str().parse::<u64>().ok());
        match last {
            Some(last) if last != self.arrived => Err(Reason::new("messages were lost")),
            _ => Ok(true),
        }
    }
}

/// The heartbeat header with the number of messages sent.
const LAST_CONSUMER: &str = "Nats-Last-Consumer";

/// The heartbeat header with the subject of a missing flow-control reply.
const STALLED: &str = "Nats-Consumer-Stalled";

/// Interval of heartbeats.
const HEARTBEAT: Duration = Duration::from_secs(2);

/// Silence after which the watch is restarted.
const SILENCE: Duration = Duration::from_secs(7);
