//! The socket, who waits for which answer, and requests that are sent again until it comes.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::Notification;
use super::message::Message;

/// The socket and everything that waits behind it.
#[derive(Debug)]
pub(super) struct Transport {
    socket: UdpSocket,
    registrar: SocketAddr,
    stop: CancellationToken,
    /// By branch and method: who waits for the answers to a request.
    waiting: Mutex<HashMap<String, mpsc::Sender<Message>>>,
    /// By Call-ID: the calls that are up.
    calls: Mutex<HashMap<String, Dialog>>,
    /// Who listens for NOTIFYs; whoever is slow loses the oldest.
    notifications: broadcast::Sender<Notification>,
}

/// A call that is up.
#[derive(Debug)]
struct Dialog {
    /// The ACK, in case that the 200 comes again.
    ack: Message,
    ended: watch::Sender<bool>,
}

impl Transport {
    pub(super) fn new(socket: UdpSocket, registrar: SocketAddr, stop: CancellationToken) -> Self {
        Self {
            socket,
            registrar,
            stop,
            waiting: Mutex::default(),
            calls: Mutex::default(),
            notifications: broadcast::Sender::new(MAX_NOTIFIED),
        }
    }

    /// Listens for what NOTIFYs say from now on.
    pub(super) fn notifications(&self) -> broadcast::Receiver<Notification> {
        self.notifications.subscribe()
    }

    /// Reads and sorts datagrams until everything stops.
    pub(super) async fn run(&self) {
        let mut buffer = vec![0; MAX_DATAGRAM];
        loop {
            let received = tokio::select! {
                () = self.stop.cancelled() => return,
                received = self.socket.recv_from(&mut buffer) => received,
            };
            match received {
                Ok((length, peer)) => {
                    let datagram = buffer.get(..length).unwrap_or_default();
                    if let Some(message) = Message::parse(datagram) {
                        self.sort(message, peer).await;
                    } else {
                        debug!(%peer, "A datagram was no SIP.");
                    }
                }
                // A port that was closed on the other side is told here.
                Err(error) => debug!(%error, "Could not receive."),
            }
        }
    }

    async fn sort(&self, message: Message, peer: SocketAddr) {
        if let Some(status) = message.status() {
            let receiver = self.receiver(&message);
            if let Some(receiver) = receiver {
                // A full queue is as good as a lost datagram.
                let _ = receiver.try_send(message);
            } else if (200..300).contains(&status) && message.sequence_method() == Some("INVITE") {
                let ack = self.with_dialog(&message, |dialog| dialog.ack.clone());
                if let Some(ack) = ack {
                    self.send(&ack).await;
                }
            }
            return;
        }
        let answer = match message.method() {
            Some("ACK") | None => return,
            Some("BYE") => {
                let known = self.with_dialog(&message, |dialog| dialog.ended.send_replace(true));
                if known.is_some() {
                    "200 OK"
                } else {
                    "481 Call/Transaction Does Not Exist"
                }
            }
            Some("NOTIFY") => {
                // As a phone that is set to trust its server only; nobody may be listening.
                if peer == self.registrar {
                    let header = |name| message.header(name).unwrap_or_default().to_owned();
                    let _ = self.notifications.send(Notification {
                        event: header("Event"),
                        content_type: header("Content-Type"),
                        body: message.body.clone(),
                    });
                }
                "200 OK"
            }
            Some("OPTIONS") => "200 OK",
            Some(_) => "405 Method Not Allowed",
        };
        let answer = message.answer(answer, &crate::digest::random_hex());
        let _ = self
            .socket
            .send_to(answer.to_string().as_bytes(), peer)
            .await;
    }

    fn receiver(&self, answer: &Message) -> Option<mpsc::Sender<Message>> {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.get(&key(answer)?).cloned()
    }

    fn with_dialog<T>(&self, message: &Message, then: impl FnOnce(&Dialog) -> T) -> Option<T> {
        let calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        message
            .header("Call-ID")
            .and_then(|id| calls.get(id))
            .map(then)
    }

    /// Notes that a call is up; what is returned tells when the other side hangs up.
    pub(super) fn add_dialog(&self, id: &str, ack: Message) -> watch::Receiver<bool> {
        let (ended, watching) = watch::channel(false);
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        calls.insert(id.to_owned(), Dialog { ack, ended });
        watching
    }

    /// Forgets a call.
    pub(super) fn remove_dialog(&self, id: &str) {
        self.calls
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(id);
    }

    pub(super) fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    /// Sends a message once; what is lost is sent again by whoever waits for the answer.
    pub(super) async fn send(&self, message: &Message) {
        let sent = self
            .socket
            .send_to(message.to_string().as_bytes(), self.registrar)
            .await;
        if let Err(error) = sent {
            debug!(%error, "Could not send.");
        }
    }
}

/// One request on its way, and its answers.
#[derive(Debug)]
pub(super) struct Transaction<'a> {
    transport: &'a Transport,
    request: Message,
    key: String,
    answers: mpsc::Receiver<Message>,
    interval: Duration,
    resend: Option<Instant>,
    deadline: Instant,
}

impl<'a> Transaction<'a> {
    /// Sends a request.
    pub(super) async fn begin(transport: &'a Transport, request: Message) -> Self {
        let transaction = Self::listen(transport, request);
        transport.send(&transaction.request).await;
        transaction
    }

    /// Waits for answers to a request that is on its way already.
    pub(super) fn listen(transport: &'a Transport, request: Message) -> Self {
        let key = key(&request).unwrap_or_default();
        let (receiver, answers) = mpsc::channel(MAX_ANSWERS);
        let mut waiting = transport
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        waiting.insert(key.clone(), receiver);
        drop(waiting);
        let now = Instant::now();
        Self {
            transport,
            request,
            key,
            answers,
            interval: T1,
            resend: Some(now + T1),
            deadline: now + DEADLINE,
        }
    }

    /// Waits for the next answer, sending the request again meanwhile; none if none comes.
    ///
    /// Cancel safe.
    pub(super) async fn next(&mut self) -> Option<Message> {
        loop {
            let resend = self.resend;
            tokio::select! {
                () = self.transport.stop.cancelled() => return None,
                answer = self.answers.recv() => {
                    let answer = answer?;
                    if self.request.method() == Some("INVITE") {
                        self.resend = None;
                        self.deadline = Instant::now() + RINGING;
                    }
                    return Some(answer);
                }
                () = sleep_until(resend.unwrap_or(self.deadline)), if resend.is_some() => {
                    self.interval = (self.interval * 2).min(T2);
                    self.resend = Some(Instant::now() + self.interval);
                    self.transport.send(&self.request).await;
                }
                () = sleep_until(self.deadline) => return None,
            }
        }
    }

    /// Waits for the final answer.
    pub(super) async fn last(&mut self) -> Option<Message> {
        loop {
            let answer = self.next().await?;
            if answer.status().is_some_and(|status| status >= 200) {
                return Some(answer);
            }
        }
    }

    pub(super) fn request(&self) -> &Message {
        &self.request
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        let waiting = &self.transport.waiting;
        waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&self.key);
    }
}

/// Tells a transaction: a CANCEL has the branch of its INVITE.
fn key(message: &Message) -> Option<String> {
    Some(format!(
        "{} {}",
        message.branch()?,
        message.sequence_method()?
    ))
}

/// How long until a request is sent again; each time twice as long.
const T1: Duration = Duration::from_millis(500);

/// The longest time until a request is sent again.
const T2: Duration = Duration::from_secs(4);

/// How long an answer may take.
const DEADLINE: Duration = Duration::from_secs(32);

/// How long a call may ring.
const RINGING: Duration = Duration::from_mins(3);

/// The most NOTIFYs that wait to be read.
const MAX_NOTIFIED: usize = 64;

/// The most bytes of a datagram.
const MAX_DATAGRAM: usize = 65_535;

/// The most answers that wait to be read.
const MAX_ANSWERS: usize = 16;
