//! A client transaction: a request that is retransmitted until it is answered.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::message::Message;
use super::transport::{Transport, transaction_key};

/// A request in flight, and the responses to it.
#[derive(Debug)]
pub(super) struct Transaction<'a> {
    transport: &'a Transport,
    request: Message,
    to: SocketAddr,
    key: String,
    responses: mpsc::Receiver<Message>,
    interval: Duration,
    retransmit_at: Option<Instant>,
    deadline: Instant,
}

impl<'a> Transaction<'a> {
    /// Sends a request to the registrar.
    pub(super) async fn begin(transport: &'a Transport, request: Message) -> Self {
        Self::begin_to(transport, request, transport.registrar()).await
    }

    /// Sends a request.
    pub(super) async fn begin_to(
        transport: &'a Transport,
        request: Message,
        to: SocketAddr,
    ) -> Self {
        let mut transaction = Self::resume(transport, request);
        transaction.to = to;
        transport.send_to(&transaction.request, to).await;
        transaction
    }

    /// Waits for responses to a request that was sent to the registrar before.
    pub(super) fn resume(transport: &'a Transport, request: Message) -> Self {
        let key = transaction_key(&request).unwrap_or_default();
        let responses = transport.add_transaction(key.clone());
        let now = Instant::now();
        Self {
            transport,
            request,
            to: transport.registrar(),
            key,
            responses,
            interval: T1,
            retransmit_at: (!transport.is_reliable()).then_some(now + T1),
            deadline: now + RESPONSE_TIMEOUT,
        }
    }

    /// Waits for the next response, retransmitting the request; returns `None` once it has timed out
    /// or the agent has stopped.
    ///
    /// Cancel safe.
    pub(super) async fn next(&mut self) -> Option<Message> {
        loop {
            let retransmit_at = self.retransmit_at;
            tokio::select! {
                () = self.transport.stop().cancelled() => return None,
                response = self.responses.recv() => {
                    let response = response?;
                    if self.request.method() == Some("INVITE") {
                        self.retransmit_at = None;
                        self.deadline = Instant::now() + RINGING_TIMEOUT;
                    }
                    return Some(response);
                }
                () = sleep_until(retransmit_at.unwrap_or(self.deadline)), if retransmit_at.is_some() => {
                    self.interval = (self.interval * 2).min(T2);
                    self.retransmit_at = Some(Instant::now() + self.interval);
                    self.transport.send_to(&self.request, self.to).await;
                }
                () = sleep_until(self.deadline) => return None,
            }
        }
    }

    /// Waits for the final response.
    pub(super) async fn final_response(&mut self) -> Option<Message> {
        loop {
            let response = self.next().await?;
            if response.status().is_some_and(|status| status >= 200) {
                return Some(response);
            }
        }
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        self.transport.remove_transaction(&self.key);
    }
}

/// First retransmission interval, doubled each time (RFC 3261, section 17).
pub(super) const T1: Duration = Duration::from_millis(500);

/// Maximum retransmission interval.
pub(super) const T2: Duration = Duration::from_secs(4);

/// How long a response may take.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(32);

/// How long a call may ring.
const RINGING_TIMEOUT: Duration = Duration::from_mins(3);
