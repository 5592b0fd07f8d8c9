//! Sends messages, hands responses to their transactions, and answers requests or hands them on.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use handset_net::pin::WrongPin;
use parking_lot::Mutex;
use tokio::io::AsyncReadExt;
use tokio::net::UdpSocket;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::framing::{Broken, Framing};
use super::link::{Connection, Link};
use super::message::Message;
use super::server::{Begun, ServerTransactions};
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

/// What arrives for the server of the requests of an agent.
#[derive(Clone, Debug)]
pub(crate) enum Incoming {
    /// A request that arrives for the first time.
    Request(Message, SocketAddr),
    /// An INVITE was answered with 200, and no ACK has arrived in time.
    Unacknowledged(Message),
}

/// The link, and everything that waits for a message.
#[derive(Debug)]
pub(super) struct Transport {
    link: Link,
    registrar: SocketAddr,
    stop: CancellationToken,
    /// Receivers of responses, by transaction key.
    transactions: Mutex<HashMap<String, mpsc::Sender<Message>>>,
    /// Established calls, by Call-ID.
    dialogs: Mutex<HashMap<String, Dialog>>,
    server: ServerTransactions,
    /// The server of the requests that belong to none of these calls.
    requests: Mutex<Option<mpsc::Sender<Incoming>>>,
    notifications: broadcast::Sender<Notification>,
    /// How many connections were opened.
    connections: watch::Sender<u64>,
    /// Why the last connection could not be opened; `None` if it could.
    connection_failure: watch::Sender<Option<String>>,
}

/// An established call.
#[derive(Debug)]
struct Dialog {
    /// Sent again if the 200 is retransmitted.
    ack: Message,
    hung_up: watch::Sender<bool>,
}

impl Transport {
    pub(super) fn new(link: Link, registrar: SocketAddr, stop: CancellationToken) -> Self {
        Self {
            link,
            registrar,
            stop,
            transactions: Mutex::default(),
            dialogs: Mutex::default(),
            server: ServerTransactions::default(),
            requests: Mutex::default(),
            notifications: broadcast::Sender::new(MAX_NOTIFICATIONS),
            connections: watch::Sender::new(0),
            connection_failure: watch::Sender::default(),
        }
    }

    /// Subscribes to notifications.
    pub(super) fn notifications(&self) -> broadcast::Receiver<Notification> {
        self.notifications.subscribe()
    }

    /// Makes the returned receiver serve all requests that belong to no call of the agent.
    pub(super) fn requests(&self) -> mpsc::Receiver<Incoming> {
        let (sender, requests) = mpsc::channel(MAX_REQUESTS);
        *self.requests.lock() = Some(sender);
        requests
    }

    /// Returns a receiver of the number of connections opened so far.
    pub(super) fn connections(&self) -> watch::Receiver<u64> {
        self.connections.subscribe()
    }

    /// Returns a receiver of the reason why there is no connection, which changes only when the reason does.
    pub(super) fn connection_failure(&self) -> watch::Receiver<Option<String>> {
        self.connection_failure.subscribe()
    }

    pub(super) fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    pub(super) fn registrar(&self) -> SocketAddr {
        self.registrar
    }

    pub(super) fn server(&self) -> &ServerTransactions {
        &self.server
    }

    pub(super) fn is_reliable(&self) -> bool {
        self.link.is_reliable()
    }

    /// Returns the local address; all zero before the first connection if none was chosen.
    pub(super) fn local(&self) -> SocketAddr {
        let unknown = SocketAddr::from(([0, 0, 0, 0], 0));
        self.link.local().unwrap_or(unknown)
    }

    /// Receives and dispatches messages until the token is cancelled.
    pub(super) async fn run(&self) {
        let receiving = async {
            match &self.link {
                Link::Datagrams(socket) => self.receive_datagrams(socket).await,
                Link::Connection(connection) => self.keep_connected(connection).await,
            }
        };
        // Stopped between two messages, nothing is left to do.
        let _: Option<()> = self.stop.run_until_cancelled(receiving).await;
    }

    async fn receive_datagrams(&self, socket: &UdpSocket) {
        let mut buffer = vec![0; MAX_DATAGRAM];
        loop {
            match socket.recv_from(&mut buffer).await {
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

    /// Opens the connection to the registrar again and again, and reads it until it breaks.
    async fn keep_connected(&self, connection: &Connection) {
        loop {
            match connection.open(self.registrar).await {
                Ok(mut stream) => {
                    self.set_connection_failure(None);
                    self.connections.send_modify(|count| *count += 1);
                    let mut framing = Framing::default();
                    let mut buffer = vec![0; READ_SIZE];
                    while let Ok(length @ 1..) = stream.read(&mut buffer).await {
                        framing.push(buffer.get(..length).unwrap_or_default());
                        if self.dispatch_all(&mut framing).await.is_err() {
                            debug!("The registrar sends something that is not SIP.");
                            break;
                        }
                    }
                    connection.close().await;
                }
                Err(error) => {
                    debug!(%error, "Cannot connect to the registrar.");
                    self.set_connection_failure(Some(self.explain(&error)));
                }
            }
            sleep(RECONNECT_DELAY).await;
        }
    }

    fn set_connection_failure(&self, failure: Option<String>) {
        self.connection_failure.send_if_modified(|current| {
            let is_new = *current != failure;
            *current = failure;
            is_new
        });
    }

    fn explain(&self, error: &io::Error) -> String {
        let registrar = self.registrar;
        match WrongPin::among(error) {
            Some(wrong) => format!("cannot connect to {registrar}: {wrong}"),
            None => format!("cannot connect to {registrar}: {error}"),
        }
    }

    async fn dispatch_all(&self, framing: &mut Framing) -> Result<(), Broken> {
        while let Some(message) = framing.next()? {
            self.dispatch(message, self.registrar).await;
        }
        Ok(())
    }

    async fn dispatch(&self, message: Message, peer: SocketAddr) {
        if let Some(status) = message.status() {
            self.dispatch_response(message, status).await;
            return;
        }
        if message.method() == Some("ACK") {
            self.server.acknowledge(&message);
            self.serve(Incoming::Request(message, peer));
            return;
        }
        match self.server.begin(&message) {
            Begun::New => self.dispatch_request(message, peer).await,
            Begun::Again(Some(response)) => {
                let to = response_destination(&message, peer);
                self.link.send(&response, to).await;
            }
            Begun::Again(None) => {}
        }
    }

    async fn dispatch_request(&self, message: Message, peer: SocketAddr) {
        let status = match message.method() {
            None => return,
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
            Some("BYE")
                if let Some(()) = self.with_dialog(&message, |dialog| {
                    dialog.hung_up.send_replace(true);
                }) =>
            {
                "200 OK"
            }
            Some(method) => {
                let status = match method {
                    "BYE" => "481 Call/Transaction Does Not Exist",
                    "OPTIONS" => "200 OK",
                    _ => "405 Method Not Allowed",
                };
                if self.serve(Incoming::Request(message.clone(), peer)) {
                    return;
                }
                status
            }
        };
        let response = message.response(status, &random_hex());
        self.respond(&message, peer, &response).await;
    }

    /// Passes something to the server of requests; returns whether there is one.
    pub(super) fn serve(&self, incoming: Incoming) -> bool {
        match self.requests.lock().as_ref() {
            // A full queue is as good as a lost datagram.
            Some(sender) => !matches!(
                sender.try_send(incoming),
                Err(mpsc::error::TrySendError::Closed(_))
            ),
            None => false,
        }
    }

    /// Sends the response to a request, and stores it for retransmissions.
    pub(super) async fn respond(&self, request: &Message, peer: SocketAddr, response: &Message) {
        self.server.respond(request, response);
        let to = response_destination(request, peer);
        self.link.send(&response.to_string(), to).await;
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

    /// Sends a message to the registrar once; retransmission is up to the transaction.
    pub(super) async fn send(&self, message: &Message) {
        self.send_to(message, self.registrar).await;
    }

    /// Sends a message once.
    pub(super) async fn send_to(&self, message: &Message, to: SocketAddr) {
        self.link.send(&message.to_string(), to).await;
    }
}

/// Returns where the response to a datagram goes: to its source, or without `rport` to the port in its
/// `Via` (RFC 3261, section 18.2.2, and RFC 3581).
fn response_destination(request: &Message, peer: SocketAddr) -> SocketAddr {
    let via = request.header("Via").unwrap_or_default();
    let mut parts = via.split(';').map(str::trim);
    let sent_by = parts.next().unwrap_or_default();
    if parts.any(|part| part == "rport" || part.starts_with("rport=")) {
        return peer;
    }
    let port = sent_by.rsplit_once(':').map(|(_, port)| port.parse());
    SocketAddr::new(
        peer.ip(),
        port.and_then(Result::ok).unwrap_or_else(|| peer.port()),
    )
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

/// Maximum number of requests that wait to be served.
const MAX_REQUESTS: usize = 64;

/// Maximum size of a datagram in bytes.
const MAX_DATAGRAM: usize = 65_535;

/// How many bytes of a connection are read at once.
const READ_SIZE: usize = 4096;

/// How long an agent waits before it opens its connection again.
const RECONNECT_DELAY: Duration = Duration::from_secs(1);

/// Maximum number of responses that wait for a transaction.
const MAX_RESPONSES: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn responses_go_to_the_source_only_if_the_client_asks_for_that() {
        let peer = "127.0.0.1:4000".parse().unwrap();
        for (via, port) in [
            ("SIP/2.0/UDP 10.0.0.1:6060;rport;branch=z9hG4bK1", 4000),
            ("SIP/2.0/UDP 10.0.0.1:6060;branch=z9hG4bK1;rport=1", 4000),
            ("SIP/2.0/UDP 10.0.0.1:6060;branch=z9hG4bK1", 6060),
            ("SIP/2.0/UDP a;branch=z9hG4bK1", 4000),
        ] {
            let request = Message::new("INFO sip:a SIP/2.0").with("Via", via);
            let to = response_destination(&request, peer);
            assert_eq!((to.ip(), to.port()), (peer.ip(), port), "{via}");
        }
    }
}
