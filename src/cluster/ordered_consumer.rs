//! An ordered push consumer: the messages of a stream, both existing and new ones.
//!
//! The ordered consumers of the client library resume by themselves without reporting what they may have
//! missed: a deletion whose tombstone was deleted in the meantime. This one ends at any irregularity, and its
//! user starts another one.

use std::time::{Duration, SystemTime};

use async_nats::jetstream::Message;
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, ReplayPolicy, push};
use async_nats::{HeaderMap, StatusCode, Subscriber};
use bytes::Bytes;
use futures_util::StreamExt as _;

use crate::error::Reason;
use crate::session::Session;

/// A consumer of a stream.
#[derive(Debug)]
pub(crate) struct OrderedConsumer {
    session: Session,
    messages: Subscriber,
    /// The number of messages received.
    received: u64,
    /// The number of messages that existed when the consumer was created.
    pub(crate) existing: u64,
}

/// A message of a stream.
#[derive(Clone, Debug)]
pub(crate) struct StreamMessage {
    pub(crate) subject: String,
    pub(crate) sequence: u64,
    pub(crate) at: SystemTime,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The number of further messages that are pending.
    pub(crate) pending: u64,
}

impl OrderedConsumer {
    /// Consumes the subjects of a stream that match `filter`.
    pub(crate) async fn start(
        session: &Session,
        stream: &str,
        filter: String,
    ) -> Result<Self, Reason> {
        let starting = async {
            let subject = session.client.new_inbox();
            let subscribed = session.client.subscribe(subject.clone()).await;
            let messages = subscribed.map_err(Reason::new)?;
            let config = push::Config {
                deliver_subject: subject,
                deliver_policy: DeliverPolicy::All,
                ack_policy: AckPolicy::None,
                filter_subject: filter.clone(),
                replay_policy: ReplayPolicy::Instant,
                flow_control: true,
                idle_heartbeat: HEARTBEAT_INTERVAL,
                max_deliver: 1,
                memory_storage: true,
                num_replicas: 1,
                ..push::Config::default()
            };
            let context = &session.jetstream;
            let created = context.create_consumer_on_stream(config, stream).await;
            let consumer = created.map_err(Reason::new)?;
            Ok(Self {
                session: session.clone(),
                messages,
                received: 0,
                existing: consumer.cached_info().num_pending,
            })
        };
        let started = session.within(session.reply_timeout, starting).await;
        started.map_err(|reason| Reason::new(format!("cannot consume {filter}: {reason}")))
    }

    /// Waits for the next message, or for `None`: no message is pending. An error ends the consumer.
    pub(crate) async fn next(&mut self) -> Result<Option<StreamMessage>, Reason> {
        loop {
            let messages = &mut self.messages;
            let next = async {
                let ended = || Reason::new("the subscription ended");
                messages.next().await.ok_or_else(ended)
            };
            let message = self.session.within(IDLE_TIMEOUT, next).await?;
            match message.status {
                None => return self.parse(message).map(Some),
                Some(StatusCode::IDLE_HEARTBEAT) => {
                    if self.handle_heartbeat(message).await? {
                        return Ok(None);
                    }
                }
                Some(status) => return Err(Reason::new(format!("the consumer ended: {status}"))),
            }
        }
    }

    fn parse(&mut self, message: async_nats::Message) -> Result<StreamMessage, Reason> {
        let message = Message {
            context: self.session.jetstream.clone(),
            message,
        };
        let (sequence, number, at, pending) = match message.info() {
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
        self.received += 1;
        if number != self.received {
            return Err(Reason::new("messages were lost"));
        }
        let Message { message, .. } = message;
        Ok(StreamMessage {
            subject: message.subject.to_string(),
            sequence,
            at: at.into(),
            headers: message.headers.unwrap_or_default(),
            body: message.payload,
            pending,
        })
    }

    /// Resumes flow control, or checks that nothing is missing; returns whether no message is pending.
    async fn handle_heartbeat(&self, message: async_nats::Message) -> Result<bool, Reason> {
        let header = |name| message.headers.as_ref()?.get(name);
        // The server waits for a flow-control reply: to this message, or to one that was lost.
        let flow_control = match &message.reply {
            Some(reply) => Some(reply.to_string()),
            None => header(STALLED).map(ToString::to_string),
        };
        if let Some(subject) = flow_control {
            self.session.publish(subject, None, Bytes::new()).await?;
            return Ok(false);
        }
        let last = header(LAST_CONSUMER).and_then(|last| last.as_str().parse::<u64>().ok());
        match last {
            Some(last) if last != self.received => Err(Reason::new("messages were lost")),
            _ => Ok(true),
        }
    }
}

/// The heartbeat header with the number of messages sent.
const LAST_CONSUMER: &str = "Nats-Last-Consumer";

/// The heartbeat header with the subject of a missing flow-control reply.
const STALLED: &str = "Nats-Consumer-Stalled";

/// Interval of heartbeats.
const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(2);

/// Time without messages and heartbeats after which the consumer ends.
const IDLE_TIMEOUT: Duration = Duration::from_secs(7);
