//! An ordered push consumer: the messages of a stream, both existing and new ones.
//!
//! The ordered consumers of the client library resume by themselves without reporting what they may have
//! missed: a deletion whose tombstone was deleted in the meantime. This one ends at any irregularity, and its
//! user starts another one.
//!
//! NATS may place a consumer at a server that lags behind the others, and that sends heartbeats nevertheless:
//! 2.9.10 does so for minutes after all servers were killed, with `Catchup for stream … stalled` in its log.
//! Therefore the leader of the stream is asked from time to time whether there is more.

use std::time::{Duration, SystemTime};

use async_nats::jetstream::Message;
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, ReplayPolicy, push};
use async_nats::{HeaderMap, StatusCode, Subscriber};
use bytes::Bytes;
use futures_util::StreamExt as _;
use tokio::time::Instant;

use crate::error::Reason;
use crate::revisions;
use crate::session::Session;

/// A consumer of a stream.
#[derive(Debug)]
pub(crate) struct OrderedConsumer {
    session: Session,
    stream: String,
    filter: String,
    messages: Subscriber,
    /// The number of messages received.
    received: u64,
    /// The place of the last one in the stream.
    last: u64,
    /// When the leader of the stream is asked next.
    next_check: Instant,
    /// The number of messages received when the leader had more.
    behind: Option<u64>,
    /// The number of messages that existed when the consumer was created.
    pub(crate) existing: u64,
    /// The place in the stream of the last one that existed then; 0 if there was none.
    existing_until: u64,
}

/// A message of a stream.
#[derive(Clone, Debug)]
pub(crate) struct StreamMessage {
    pub(crate) subject: String,
    pub(crate) sequence: u64,
    pub(crate) at: SystemTime,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The number of further messages that are pending; 0 from the last one on that existed at the start. What NATS
    /// counts may be too high afterwards: 2.9.10 also counts some that were replaced before they were delivered.
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
            let existing = created.map_err(Reason::new)?.cached_info().num_pending;
            let last = match existing {
                0 => None,
                _ => revisions::last(session, stream, &filter).await?,
            };
            Ok(Self {
                session: session.clone(),
                stream: stream.to_owned(),
                filter: filter.clone(),
                messages,
                received: 0,
                last: 0,
                next_check: Instant::now(),
                behind: None,
                existing,
                existing_until: last.map_or(0, |last| last.sequence),
            })
        };
        let starting = Box::pin(starting);
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
                        self.check().await?;
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
        self.last = sequence;
        let Message { message, .. } = message;
        Ok(StreamMessage {
            subject: message.subject.to_string(),
            sequence,
            at: at.into(),
            headers: message.headers.unwrap_or_default(),
            body: message.payload,
            pending: if sequence < self.existing_until {
                pending
            } else {
                0
            },
        })
    }

    /// Checks that the leader has not had more since the last check. If it cannot be asked, the next check will.
    async fn check(&mut self) -> Result<(), Reason> {
        let now = Instant::now();
        if now < self.next_check {
            return Ok(());
        }
        self.next_check = now + CHECK_INTERVAL;
        let Ok(last) = revisions::last(&self.session, &self.stream, &self.filter).await else {
            return Ok(());
        };
        let is_behind = last.is_some_and(|last| last.sequence > self.last);
        if is_behind && self.behind == Some(self.received) {
            let reason = "the server of the consumer lags behind the leader of the stream";
            return Err(Reason::new(reason));
        }
        self.behind = is_behind.then_some(self.received);
        Ok(())
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

/// How often the leader of the stream is asked whether it has more, while nothing arrives. Twice in a row, the consumer
/// ends.
const CHECK_INTERVAL: Duration = Duration::from_secs(5);

#[cfg(test)]
impl OrderedConsumer {
    /// Takes what it consumes for the stream of another session.
    pub(crate) fn check_with(&mut self, session: &Session) {
        self.session = session.clone();
    }
}
