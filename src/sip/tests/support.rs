//! A user agent on the local host, and a peer with a bare UDP socket.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use handset_net::allow_list::AllowList;
use handset_net::tasks::Tasks;
use tokio::net::UdpSocket;
use tokio::time::{Instant, timeout};

use crate::wire::envelope::Envelope;
use crate::wire::{Body, Message, Method, Name, Request, Response, Status, Value};
use crate::{
    Config, Credentials, Dialog, Established, Incoming, Invite, InviteError, Limits, UserAgent,
};

/// A user agent that listens on UDP and TCP.
pub(super) struct Fixture {
    pub(super) agent: UserAgent,
    pub(super) incoming: Incoming,
    pub(super) udp: SocketAddr,
    pub(super) tcp: SocketAddr,
    pub(super) tasks: Tasks,
}

pub(super) fn config() -> Config {
    Config {
        listen: vec![
            "udp:127.0.0.1:0".parse().unwrap(),
            "tcp:127.0.0.1:0".parse().unwrap(),
        ],
        allow: AllowList::loopback(),
        tls: None,
        address: None,
        user: "handsetd".to_owned(),
        user_agent: value("handsetd"),
        limits: Limits::default(),
    }
}

pub(super) fn start(config: Config) -> Fixture {
    let bound = UserAgent::bind(config).unwrap();
    let (udp, tcp) = (bound.listens()[0].address, bound.listens()[1].address);
    let tasks = Tasks::new();
    let (agent, incoming) = bound.start(&tasks);
    Fixture {
        agent,
        incoming,
        udp,
        tcp,
        tasks,
    }
}

pub(super) fn fixture() -> Fixture {
    start(config())
}

pub(super) fn value(text: &str) -> Value {
    Value::new(text).unwrap()
}

pub(super) fn body(text: &str) -> Body {
    Body {
        content_type: value("application/csta+xml"),
        disposition: Some(value("signal;handling=required")),
        bytes: text.to_owned().into(),
    }
}

pub(super) fn credentials(password: &str) -> Credentials {
    Credentials {
        user: "1001-csta".to_owned(),
        password: password.to_owned().into(),
    }
}

pub(super) fn seconds(seconds: u64) -> Instant {
    Instant::now() + Duration::from_secs(seconds)
}

/// A peer that sends and receives one datagram at a time.
pub(super) struct Peer {
    socket: UdpSocket,
    agent: SocketAddr,
    /// How many requests it has written.
    branch: AtomicU32,
}

impl Peer {
    pub(super) async fn new(agent: SocketAddr) -> Self {
        Self::at("127.0.0.1:0", agent).await
    }

    pub(super) async fn at(address: &str, agent: SocketAddr) -> Self {
        Self {
            socket: UdpSocket::bind(address).await.unwrap(),
            agent,
            branch: AtomicU32::new(0),
        }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.socket.local_addr().unwrap()
    }

    /// Sends and receives through a relay from now on.
    pub(super) fn send_through(&mut self, relay: SocketAddr) {
        self.agent = relay;
    }

    pub(super) async fn send(&self, text: &str) {
        self.send_bytes(text.as_bytes()).await;
    }

    pub(super) async fn send_bytes(&self, bytes: &[u8]) {
        self.socket.send_to(bytes, self.agent).await.unwrap();
    }

    /// Receives a message; panics if none comes within a minute.
    pub(super) async fn receive(&self) -> Message {
        let bytes = self.receive_bytes(60).await.expect("nothing was sent");
        Message::read_datagram(&bytes).unwrap()
    }

    /// Receives a datagram, if one comes within that number of seconds.
    pub(super) async fn receive_bytes(&self, seconds: u64) -> Option<Vec<u8>> {
        let mut buffer = vec![0; 65_536];
        let receiving = self.socket.recv_from(&mut buffer);
        let (length, from) = timeout(Duration::from_secs(seconds), receiving)
            .await
            .ok()?
            .unwrap();
        assert_eq!(from, self.agent);
        buffer.truncate(length);
        Some(buffer)
    }

    /// Receives a request with this method.
    pub(super) async fn request(&self, method: &Method) -> Request {
        match self.receive().await {
            Message::Request(request) if request.method == *method => request,
            other => panic!("instead of {method}: {other:?}"),
        }
    }

    /// Receives a response with this status.
    pub(super) async fn response(&self, status: Status) -> Response {
        match self.receive().await {
            Message::Response(response) if response.status == status => response,
            other => panic!("instead of {status}: {other:?}"),
        }
    }

    /// Answers a request; `To` has the tag `phone`.
    pub(super) async fn answer(&self, request: &Request, status: Status, fields: &[(Name, &str)]) {
        self.answer_with(request, status, fields, "").await;
    }

    pub(super) async fn answer_with(
        &self,
        request: &Request,
        status: Status,
        fields: &[(Name, &str)],
        text: &str,
    ) {
        let mut response = Response::new(status);
        for name in [Name::VIA, Name::FROM, Name::TO, Name::CALL_ID, Name::CSEQ] {
            for field in request.headers.all(name.clone()) {
                let tagged =
                    name == Name::TO && !field.contains("tag=") && status != Status::TRYING;
                let field = if tagged {
                    format!("{field};tag=phone")
                } else {
                    field.to_owned()
                };
                response.headers.push(name.clone(), value(&field));
            }
        }
        let contact = format!("<sip:1001@{};line=q7>", self.address());
        response.headers.push(Name::CONTACT, value(&contact));
        for (name, text) in fields {
            response.headers.push(name.clone(), value(text));
        }
        if !text.is_empty() {
            response = response.with_body(body(text));
        }
        self.send_bytes(&response.to_bytes()).await;
    }

    /// Writes a request of the peer in the dialog that `invite`, which it has received, established.
    pub(super) fn in_dialog(
        &self,
        invite: &Request,
        number: u32,
        method: &str,
        fields: &str,
        text: &str,
    ) -> String {
        let branch = self.branch.fetch_add(1, Ordering::Relaxed);
        let field = |name: &Name| invite.headers.get(name).unwrap();
        let (from, to, call_id) = (field(&Name::FROM), field(&Name::TO), field(&Name::CALL_ID));
        format!(
            "{method} sip:handsetd@{} SIP/2.0\r\n\
             Via: SIP/2.0/UDP {};branch=z9hG4bK-p{}-{number}\r\n\
             From: {to};tag=phone\r\nTo: {from}\r\nCall-ID: {call_id}\r\nCSeq: {number} {method}\r\n\
             Max-Forwards: 70\r\nUser-Agent: phone\r\n{fields}Content-Length: {}\r\n\r\n{text}",
            self.agent,
            self.address(),
            branch,
            text.len(),
        )
    }

    /// Writes a request outside a dialog.
    pub(super) fn outside(&self, method: &str, fields: &str) -> String {
        let branch = self.branch.fetch_add(1, Ordering::Relaxed);
        let (agent, own) = (self.agent, self.address());
        format!(
            "{method} sip:{agent} SIP/2.0\r\nVia: SIP/2.0/UDP {own};branch=z9hG4bK-o{branch};rport\r\n\
             Max-Forwards: 70\r\nFrom: <sip:1001@{agent}>;tag=a\r\nTo: <sip:1001@{agent}>\r\nCall-ID: c\r\n\
             CSeq: 1 {method}\r\n{fields}Content-Length: 0\r\n\r\n"
        )
    }

    /// Returns the INVITE for this peer.
    pub(super) fn invite(&self, agent: &UserAgent, credentials: Option<Credentials>) -> Invite {
        Invite {
            flow: agent.udp_flow(self.address()).unwrap(),
            request_uri: format!("sip:1001@{};line=q7", self.address())
                .parse()
                .unwrap(),
            to: "sip:1001@pbx.example".parse().unwrap(),
            from: None,
            body: body("<RequestSystemStatus/>"),
            credentials,
        }
    }

    /// Starts an INVITE to this peer.
    pub(super) fn call(
        &self,
        agent: &UserAgent,
        credentials: Option<Credentials>,
    ) -> impl Future<Output = Result<Established, InviteError>> + use<> {
        let (agent, invite) = (agent.clone(), self.invite(agent, credentials));
        async move { Dialog::invite(&agent, invite, seconds(10)).await }
    }

    /// Establishes a dialog; returns it with the INVITE that the peer received.
    pub(super) async fn establish(
        &self,
        agent: &UserAgent,
        fields: &[(Name, &str)],
    ) -> (Established, Request) {
        let phone = async {
            let invite = self.request(&Method::Invite).await;
            self.answer_with(
                &invite,
                Status::OK,
                fields,
                "<RequestSystemStatusResponse/>",
            )
            .await;
            let ack = self.request(&Method::Ack).await;
            assert_eq!(number(&ack), number(&invite));
            invite
        };
        let (established, invite) =
            tokio::join!(self.call(agent, Some(credentials("s3cret"))), phone);
        (established.unwrap(), invite)
    }
}

/// Returns the number of a request.
pub(super) fn number(request: &Request) -> u32 {
    Envelope::read(&request.headers).unwrap().cseq.number
}
