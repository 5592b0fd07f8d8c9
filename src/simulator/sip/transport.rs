//! The socket: sends messages, hands responses to their transactions, and answers requests.

use std::collections::HashMap;
use std::net::SocketAddr;

use parking_lot::Mutex;
use tokio::net::UdpSocket;
use tokio::sync::{broadcast, mpsc, watch};
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::message::Message;
use crate::digest::random_hex;

/// The content of a NOTIFY from the registrar.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Notification {
    /// The `Event` header.
    pub event: String,
    /// The `Content-Type` header; empty without a body.
    pub content_type: String,
    /// The body.
    pub body: String,
}

/// The socket, and everything that waits for a message.
#[derive(Debug)]
pub(super) struct Transport {
    socket: UdpSocket,
    registrar: SocketAddr,
    stop: CancellationToken,
    /// Receivers of responses, by transaction key.
    transactions: Mutex<HashMap<String, mpsc::Sender<Message>>>,
    /// Established calls, by Call-ID.
    dialogs: Mutex<HashMap<String, Dialog>>,
    notifications: broadcast::Sender<Notification>,
}

/// An established call.
#[derive(Debug)]
struct Dialog {
    /// Sent again if the 200 is retransmitted.
    ack: Message,
    hung_up: watch::Sender<bool>,
}

impl Transport {
    pub(super) fn new(socket: UdpSocket, registrar: SocketAddr, stop: CancellationToken) -> Self {
        Self {
            socket,
            registrar,
            stop,
            transactions: Mutex::default(),
            dialogs: Mutex::default(),
            notifications: broadcast::Sender::new(MAX_NOTIFICATIONS),
        }
    }

    /// Subscribes to notifications.
    pub(super) fn notifications(&self) -> broadcast::Receiver<Notification> {
        self.notifications.subscribe()
    }

    pub(super) fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    /// Receives and dispatches datagrams until the token is cancelled.
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
                        self.dispatch(message, peer).await;
                    } else {
                        debug!(%peer, "Ignored a datagram that is not SIP.");
                    }
                }
                // ICMP errors surface here, such as an unreachable port.
                Err(error) => debug!(%error, "Cannot receive."),
            }
        }
    }

    async fn dispatch(&self, message: Message, peer: SocketAddr) {
        if let Some(status) = message.status() {
            self.dispatch_response(message, status).await;
            return;
        }
        let status = match message.method() {
            Some("ACK") | None => return,
            Some("BYE") => {
                let hung_up =
                    self.with_dialog(&message, |dialog| dialog.hung_up.send_replace(true));
                if hung_up.is_some() {
                    "200 OK"
                } else {
                    "481 Call/Transaction Does Not Exist"
                }
            }
            Some("NOTIFY") => {
                // Like a phone that is configured to trust its server only.
                if peer == self.registrar {
                    let header = |name| message.header(name).unwrap_or_default().to_owned();
                    // It fails without subscribers, which is fine.
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
        let response = message.response(status, &random_hex());
        let _ = self
            .socket
            .send_to(response.to_string().as_bytes(), peer)
            .await;
    }

    async fn dispatch_response(&self, message: Message, status: u16) {
        let transaction =
            transaction_key(&message).and_then(|key| self.transactions.lock().get(&key).cloned());
        if let Some(transaction) = transaction {
            // A full queue is as good as a lost datagram.
            let _ = transaction.try_send(message);
        } else if (200..300).contains(&status) && message.sequence_method() == Some("INVITE") {
            let ack = self.with_dialog(&message, |dialog| dialog.ack.clone());
            if let Some(ack) = ack {
                self.send(&ack).await;
            }
        }
    }

    fn with_dialog<T>(&self, message: &Message, then: impl FnOnce(&Dialog) -> T) -> Option<T> {
        let dialogs = self.dialogs.lock();
        message
            .header("Call-ID")
            .and_then(|id| dialogs.get(id))
            .map(then)
    }

    /// Adds an established call; the receiver turns true when the other side hangs up.
    pub(super) fn add_dialog(&self, call_id: &str, ack: Message) -> watch::Receiver<bool> {
        let (hung_up, receiver) = watch::channel(false);
        let dialog = Dialog { ack, hung_up };
        self.dialogs.lock().insert(call_id.to_owned(), dialog);
        receiver
    }

    pub(super) fn remove_dialog(&self, call_id: &str) {
        self.dialogs.lock().remove(call_id);
    }

    /// Routes responses with that key to the returned receiver.
    pub(super) fn add_transaction(&self, key: String) -> mpsc::Receiver<Message> {
        let (sender, responses) = mpsc::channel(MAX_RESPONSES);
        self.transactions.lock().insert(key, sender);
        responses
    }

    pub(super) fn remove_transaction(&self, key: &str) {
        self.transactions.lock().remove(key);
    }

    /// Sends a message once; retransmission is up to the transaction.
    pub(super) async fn send(&self, message: &Message) {
        let sent = self
            .socket
            .send_to(message.to_string().as_bytes(), self.registrar)
            .await;
        if let Err(error) = sent {
            debug!(%error, "Cannot send.");
        }
    }
}

/// Identifies a transaction. The method is part of it because a CANCEL has the branch of its INVITE.
pub(super) fn transaction_key(message: &Message) -> Option<String> {
    Some(format!(
        "{} {}",
        message.branch()?,
        message.sequence_method()?
    ))
}

/// Maximum number of notifications that wait for a slow receiver.
const MAX_NOTIFICATIONS: usize = 64;

/// Maximum size of a datagram in bytes.
const MAX_DATAGRAM: usize = 65_535;

/// Maximum number of responses that wait for a transaction.
const MAX_RESPONSES: usize = 16;
