//! A phone on a UDP socket: it registers, and returns received requests byte for byte.

use std::net::SocketAddr;

use tokio::net::UdpSocket;

use super::loopback::Loopback;
use super::soon;

/// A phone with an address of its own.
#[derive(Debug)]
pub(crate) struct UdpPhone {
    user: String,
    user_agent: String,
    registrar: SocketAddr,
    address: Loopback,
    /// The host and port that it claims to have; by default its own.
    contact: Option<String>,
    socket: UdpSocket,
    sequence: u32,
}

/// A request received by the phone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Message {
    /// The request line and the headers, one element per line.
    pub(crate) head: Vec<String>,
    pub(crate) body: String,
}

impl Message {
    /// Returns the values of a header.
    pub(crate) fn header(&self, name: &str) -> Vec<&str> {
        let named = |line: &'_ String| {
            line.split_once(": ")
                .is_some_and(|(found, _)| found.eq_ignore_ascii_case(name))
        };
        let lines = self.head.iter().filter(|line| named(line));
        lines.map(|line| line.split_once(": ").unwrap().1).collect()
    }
}

impl UdpPhone {
    /// Creates a phone that is not registered.
    pub(crate) async fn new(user: &str, user_agent: &str, registrar: SocketAddr) -> Self {
        let address = Loopback::claim();
        let socket = UdpSocket::bind(address.port(5060)).await.unwrap();
        Self {
            user: user.to_owned(),
            user_agent: user_agent.to_owned(),
            registrar,
            address,
            contact: None,
            socket,
            sequence: 0,
        }
    }

    /// Makes it claim to be at `host`, in its Contact and its Via.
    pub(crate) fn claiming(mut self, host: &str) -> Self {
        self.contact = Some(host.to_owned());
        self
    }

    /// Returns the address of the phone.
    pub(crate) fn address(&self) -> &Loopback {
        &self.address
    }

    /// Registers for `seconds`; 0 unregisters.
    pub(crate) async fn register(&mut self, seconds: u32) {
        self.sequence += 1;
        let Self {
            user,
            user_agent,
            registrar,
            sequence,
            contact,
            ..
        } = self;
        let own = self.address.port(5060).to_string();
        let own = contact.as_deref().unwrap_or(&own);
        let request = format!(
            "REGISTER sip:{registrar} SIP/2.0\r\n\
             Via: SIP/2.0/UDP {own};branch=z9hG4bK-{own}-{sequence};rport\r\n\
             From: <sip:{user}@{registrar}>;tag={sequence}\r\n\
             To: <sip:{user}@{registrar}>\r\n\
             Call-ID: {own}\r\n\
             CSeq: {sequence} REGISTER\r\n\
             Contact: <sip:{user}@{own}>;expires={seconds}\r\n\
             Max-Forwards: 70\r\n\
             User-Agent: {user_agent}\r\n\
             Content-Length: 0\r\n\r\n"
        );
        let sent = self.socket.send_to(request.as_bytes(), *registrar).await;
        sent.unwrap();
        loop {
            let response = self.receive().await;
            if response.head[0].starts_with("SIP/2.0 200") {
                return;
            }
        }
    }

    /// Waits for a NOTIFY and accepts it.
    pub(crate) async fn receive_notify(&self) -> Message {
        loop {
            let message = self.receive().await;
            if !message.head[0].starts_with("NOTIFY ") {
                continue;
            }
            self.reply(&message, "200 OK", "").await;
            return message;
        }
    }

    /// Waits for a call and rings.
    pub(crate) async fn receive_invite(&self) -> Message {
        loop {
            let message = self.receive().await;
            if message.head[0].starts_with("INVITE ") {
                self.reply(&message, "180 Ringing", "").await;
                return message;
            }
        }
    }

    /// Answers a ringing call.
    pub(crate) async fn accept(&self, invite: &Message) {
        let ip = self.address.ip();
        let session = format!(
            "v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\n\
             m=audio 40000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
        );
        self.reply(invite, "200 OK", &session).await;
        self.receive_request("ACK ").await;
    }

    /// Rejects a ringing call.
    pub(crate) async fn reject(&self, invite: &Message, status: &str) {
        self.reply(invite, status, "").await;
        self.receive_request("ACK ").await;
    }

    /// Waits until a ringing call is cancelled.
    pub(crate) async fn receive_cancel(&self, invite: &Message) {
        let cancel = self.receive_request("CANCEL ").await;
        self.reply(&cancel, "200 OK", "").await;
        self.reject(invite, "487 Request Terminated").await;
    }

    /// Waits until an answered call is hung up.
    pub(crate) async fn receive_bye(&self) {
        let bye = self.receive_request("BYE ").await;
        self.reply(&bye, "200 OK", "").await;
    }

    async fn receive_request(&self, method: &str) -> Message {
        loop {
            let message = self.receive().await;
            if message.head[0].starts_with(method) {
                return message;
            }
        }
    }

    /// Replies to a request; a call has the tag `phone` on this side.
    async fn reply(&self, request: &Message, status: &str, session: &str) {
        let mut copied = String::new();
        for name in ["Via", "From", "To", "Call-ID", "CSeq"] {
            for value in request.header(name) {
                let is_new = name == "To" && !value.contains(";tag=");
                let tag = if is_new { ";tag=phone" } else { "" };
                copied.extend([name, ": ", value, tag, "\r\n"]);
            }
        }
        let (user, own) = (&self.user, self.address.port(5060));
        let kind = match session {
            "" => "",
            _ => "Content-Type: application/sdp\r\n",
        };
        let reply = format!(
            "SIP/2.0 {status}\r\n{copied}Contact: <sip:{user}@{own}>\r\n{kind}\
             Content-Length: {}\r\n\r\n{session}",
            session.len()
        );
        let sent = self.socket.send_to(reply.as_bytes(), self.registrar).await;
        sent.unwrap();
    }

    async fn receive(&self) -> Message {
        let mut bytes = vec![0; 64 * 1024];
        let (length, _) = soon("a message", self.socket.recv_from(&mut bytes))
            .await
            .unwrap();
        let text = String::from_utf8(bytes[..length].to_vec()).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        Message {
            head: head.split("\r\n").map(ToOwned::to_owned).collect(),
            body: body.to_owned(),
        }
    }
}
