//! A server of CSTA sessions that a test scripts, message by message.

use std::net::SocketAddr;

use handset_net::tasks::Tasks;
use tokio::net::UdpSocket;
use tokio::time::timeout;

use crate::digest::{DigestInput, parameters, random_hex, response};
use crate::harness::WAIT_TIMEOUT;
use crate::options::Options;
use crate::phone::{SimulatedPhone, start};
use crate::sip::{Message, Protocol, uri};
use crate::uacsta::{CstaIdentity, Quirks};

/// A phone, and the server that it registers with.
pub(super) struct Client {
    pub(super) phone: SimulatedPhone,
    socket: UdpSocket,
    /// The registered contact.
    pub(super) contact: String,
    address: SocketAddr,
    /// What all requests of the session have in common.
    call_id: String,
    pub(super) to: String,
    pub(super) sequence: u32,
    _tasks: Tasks,
}

impl Client {
    /// Starts a phone and takes its registration.
    pub(super) async fn new(options: Options, quirks: Quirks) -> Self {
        let tasks = Tasks::new();
        let phone = start(options, &tasks).await.unwrap();
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let identity = CstaIdentity {
            local: "127.0.0.1:0".parse().unwrap(),
            registrar: socket.local_addr().unwrap(),
            proxy: None,
            protocol: Protocol::Udp,
            user: "1001-csta".to_owned(),
            password: "secret".to_owned(),
            expires: 3600,
            quirks,
        };
        let line = phone.connect_csta(identity).await.unwrap();
        let mut client = Self {
            phone,
            socket,
            contact: String::new(),
            address: line.address(),
            call_id: random_hex(),
            to: "<sip:1001-csta@127.0.0.1>".to_owned(),
            sequence: 0,
            _tasks: tasks,
        };
        let register = client.expect("REGISTER").await;
        let contact = register.header("Contact").unwrap();
        client.contact = uri(contact).to_owned();
        let granted = register
            .response("200 OK", "server")
            .with("Contact", format!("{contact};expires=3600"));
        client.send(&granted).await;
        client
    }

    /// Receives the next message.
    pub(super) async fn receive(&self) -> Message {
        let mut buffer = [0; 8192];
        let received = timeout(WAIT_TIMEOUT, self.socket.recv_from(&mut buffer));
        let (length, _) = received.await.unwrap().unwrap();
        Message::parse(&buffer[..length]).unwrap()
    }

    /// Receives a request, which must have this method.
    pub(super) async fn expect(&self, method: &str) -> Message {
        let message = self.receive().await;
        assert_eq!(message.method(), Some(method), "{message}");
        message
    }

    pub(super) async fn send(&self, message: &Message) {
        self.send_text(&message.to_string()).await;
    }

    pub(super) async fn send_text(&self, text: &str) {
        let sent = self.socket.send_to(text.as_bytes(), self.address).await;
        sent.unwrap();
    }

    /// Creates a request of the session, with the next sequence number.
    pub(super) fn request(&mut self, method: &str, body: &str) -> Message {
        self.sequence += 1;
        let own = self.socket.local_addr().unwrap();
        let mut request = Message::new(format!("{method} {} SIP/2.0", self.contact))
            .with(
                "Via",
                format!("SIP/2.0/UDP {own};rport;branch=z9hG4bK{}", random_hex()),
            )
            .with("Max-Forwards", 70)
            .with("From", format!("<sip:handsetd@{own}>;tag=hd"))
            .with("To", &self.to)
            .with("Call-ID", &self.call_id)
            .with("CSeq", format!("{} {method}", self.sequence))
            .with("Contact", format!("<sip:handsetd@{own}>"));
        if !body.is_empty() {
            request = request
                .with("Content-Type", "application/csta+xml")
                .with("Content-Disposition", "signal;handling=required");
            body.clone_into(&mut request.body);
        }
        request
    }

    /// Sends a request; returns the response, and sets events aside.
    pub(super) async fn ask(&self, request: &Message) -> Message {
        self.send(request).await;
        loop {
            let message = self.receive().await;
            if message.status().is_some() {
                return message;
            }
            self.send(&message.response("200 OK", "")).await;
        }
    }

    /// Opens a session; returns the final response, which is acknowledged.
    pub(super) async fn invite(&mut self, invite: &Message) -> Message {
        let response = self.ask(invite).await;
        self.acknowledge(invite, &response).await;
        response
    }

    /// Acknowledges a final response to an INVITE; one that accepts opens the session.
    pub(super) async fn acknowledge(&mut self, invite: &Message, response: &Message) {
        let mut ack = invite.clone();
        ack.start = ack.start.replace("INVITE", "ACK");
        ack.body.clear();
        for (name, value) in &mut ack.headers {
            match name.as_str() {
                "CSeq" => *value = value.replace("INVITE", "ACK"),
                "To" => response.header("To").unwrap().clone_into(value),
                _ => {}
            }
        }
        if response.status() == Some(200) {
            response.header("To").unwrap().clone_into(&mut self.to);
        }
        self.send(&ack).await;
    }

    /// Creates the request that opens a session.
    pub(super) fn opening(&mut self) -> Message {
        let body = csta("RequestSystemStatus", 3, "");
        self.request("INVITE", &body)
            .with("Session-Expires", "1800;refresher=uac")
    }

    /// Opens a session that monitors the phone.
    pub(super) async fn monitor(&mut self, edition: u8, device: &str) {
        let opening = self.opening();
        assert_eq!(self.invite(&opening).await.status(), Some(200));
        let object =
            format!("<monitorObject><deviceObject>{device}</deviceObject></monitorObject>");
        let response = self.csta("MonitorStart", edition, &object).await;
        assert!(response.contains("<monitorCrossRefID>7<"), "{response}");
    }

    /// Sends a request of CSTA; returns the document of the response.
    pub(super) async fn csta(&mut self, name: &str, edition: u8, inside: &str) -> String {
        let request = self.request("INFO", &csta(name, edition, inside));
        let response = self.ask(&request).await;
        assert_eq!(response.status(), Some(200), "{response}");
        response.body
    }

    /// Receives an event and confirms it; returns its document.
    pub(super) async fn event(&self) -> String {
        let info = self.expect("INFO").await;
        self.send(&info.response("200 OK", "")).await;
        info.body
    }
}

/// Writes a document of CSTA.
pub(super) fn csta(name: &str, edition: u8, inside: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{name} \
         xmlns=\"http://www.ecma-international.org/standards/ecma-323/csta/ed{edition}\">\
         {inside}</{name}>"
    )
}

/// Adds the credentials for a challenge.
pub(super) fn with_credentials(request: Message, challenge: &Message, password: &str) -> Message {
    let header = challenge.header("WWW-Authenticate").unwrap();
    let given = parameters(header.strip_prefix("Digest ").unwrap()).unwrap();
    let given = |name: &str| &given.iter().find(|(known, _)| known == name).unwrap().1;
    let (realm, nonce, uri) = (
        given("realm"),
        given("nonce"),
        request.request_uri().unwrap(),
    );
    let response = response(&DigestInput {
        user: "1001-csta",
        password,
        realm,
        method: request.method().unwrap(),
        uri,
        nonce,
        qop_auth: Some(("00000001", "c")),
    });
    let credentials = format!(
        "Digest username=\"1001-csta\", realm=\"{realm}\", nonce=\"{nonce}\", uri=\"{uri}\", \
         response=\"{response}\", algorithm=MD5, qop=auth, nc=00000001, cnonce=\"c\""
    );
    request.with("Authorization", credentials)
}
