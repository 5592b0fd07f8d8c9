use std::net::SocketAddr;
use std::time::Duration;

use handset_net::tasks::Tasks;
use tokio::net::UdpSocket;
use tokio::time::timeout;

use super::message::Message;
use super::{Agent, CallEnd, Error, Notification, Protocol, SipOptions};
use crate::digest::{DigestInput, parameters, response};

/// A registrar that the test scripts, message by message.
struct Peer {
    socket: UdpSocket,
    agent: SocketAddr,
}

impl Peer {
    async fn receive(&mut self) -> Message {
        let mut buffer = [0; 4096];
        let received = timeout(WAIT_TIMEOUT, self.socket.recv_from(&mut buffer))
            .await
            .unwrap();
        let (length, from) = received.unwrap();
        self.agent = from;
        Message::parse(&buffer[..length]).unwrap()
    }

    async fn expect(&mut self, method: &str) -> Message {
        let message = self.receive().await;
        assert_eq!(message.method(), Some(method), "{message}");
        message
    }

    async fn send(&self, message: &Message) {
        self.socket
            .send_to(message.to_string().as_bytes(), self.agent)
            .await
            .unwrap();
    }

    async fn respond(&self, request: &Message, status: &str) {
        let contact = format!("<sip:{}>", self.socket.local_addr().unwrap());
        self.send(&request.response(status, "peer").with("Contact", contact))
            .await;
    }

    async fn challenge(&self, request: &Message) {
        let challenge = "Digest realm=\"asterisk\", nonce=\"n1\", qop=\"auth\", opaque=\"o\"";
        let response = request.response("401 Unauthorized", "peer");
        self.send(&response.with("WWW-Authenticate", challenge))
            .await;
    }
}

async fn start(password: Option<&str>) -> (Agent, Peer, Tasks) {
    let tasks = Tasks::new();
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let registrar = socket.local_addr().unwrap();
    let options = SipOptions {
        local: "127.0.0.1:0".parse().unwrap(),
        registrar,
        proxy: None,
        user: "1001".to_owned(),
        password: password.map(ToOwned::to_owned),
        user_agent: "Cisco-CP7970G/8.5.4".to_owned(),
        protocol: Protocol::Udp,
        contact_parameters: String::new(),
    };
    let agent = Agent::start(options, &tasks).await.unwrap();
    let peer = Peer {
        socket,
        agent: agent.address(),
    };
    (agent, peer, tasks)
}

fn header(message: &Message, name: &str) -> String {
    message.header(name).unwrap_or_default().to_owned()
}

#[tokio::test]
async fn registration_answers_a_challenge() {
    let (agent, mut peer, tasks) = start(Some("secret")).await;
    let registering = agent.clone();
    let registered = tasks.spawn("register", async move { registering.register().await });
    let first = peer.expect("REGISTER").await;
    assert_eq!(header(&first, "User-Agent"), "Cisco-CP7970G/8.5.4");
    assert_eq!(
        header(&first, "Contact"),
        format!("<sip:1001@{}>", agent.address())
    );
    peer.challenge(&first).await;
    let second = peer.expect("REGISTER").await;
    assert_ne!(first.branch(), second.branch());
    assert_eq!(header(&first, "Call-ID"), header(&second, "Call-ID"));
    let credentials = header(&second, "Authorization");
    let credentials = parameters(credentials.strip_prefix("Digest ").unwrap()).unwrap();
    let given = |name: &str| {
        &credentials
            .iter()
            .find(|(known, _)| known == name)
            .unwrap()
            .1
    };
    let expected = response(&DigestInput {
        user: "1001",
        password: "secret",
        realm: "asterisk",
        method: "REGISTER",
        uri: given("uri"),
        nonce: "n1",
        qop_auth: Some((given("nc"), given("cnonce"))),
    });
    assert_eq!(
        (given("response"), given("opaque").as_str()),
        (&expected, "o")
    );
    peer.respond(&second, "200 OK").await;
    registered.await.unwrap().unwrap();
}

#[tokio::test]
async fn missing_and_wrong_passwords_are_reported() {
    for (password, challenges) in [(None, 1), (Some("wrong"), 2)] {
        let (agent, mut peer, tasks) = start(password).await;
        let registered = tasks.spawn("register", async move { agent.register().await });
        for _ in 0..challenges {
            let request = peer.expect("REGISTER").await;
            peer.challenge(&request).await;
        }
        assert!(matches!(
            registered.await.unwrap(),
            Err(Error::Denied { .. })
        ));
    }
}

#[tokio::test]
async fn requests_are_retransmitted_until_they_are_answered() {
    let (agent, mut peer, tasks) = start(None).await;
    let registered = tasks.spawn("register", async move { agent.register().await });
    let first = peer.expect("REGISTER").await;
    let repeated = peer.expect("REGISTER").await;
    assert_eq!(first, repeated);
    peer.respond(&repeated, "403 Forbidden").await;
    assert!(matches!(
        registered.await.unwrap(),
        Err(Error::Refused { status: 403, .. })
    ));
}

#[tokio::test]
async fn calls_end_when_the_other_side_hangs_up() {
    let (agent, mut peer, tasks) = start(Some("secret")).await;
    let dialing = tasks.spawn("dial", async move { agent.dial("700").await });
    let invite = peer.expect("INVITE").await;
    peer.challenge(&invite).await;
    let ack = peer.expect("ACK").await;
    assert_eq!(ack.branch(), invite.branch());
    let invite = peer.expect("INVITE").await;
    assert!(invite.start.starts_with("INVITE sip:700@") && invite.body.contains("PCMU/8000"));
    peer.respond(&invite, "100 Trying").await;
    peer.respond(&invite, "180 Ringing").await;
    peer.respond(&invite, "200 OK").await;
    let ack = peer.expect("ACK").await;
    assert!(header(&ack, "To").ends_with(";tag=peer"));
    assert_eq!(
        header(&ack, "CSeq"),
        header(&invite, "CSeq").replace("INVITE", "ACK")
    );
    let mut call = dialing.await.unwrap().unwrap();
    // The ACK may be lost: the response is retransmitted, and so is the ACK.
    peer.respond(&invite, "200 OK").await;
    assert_eq!(peer.expect("ACK").await.branch(), ack.branch());
    let bye = Message::new("BYE sip:1001@127.0.0.1 SIP/2.0")
        .with("Via", "SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKbye")
        .with("From", header(&ack, "To"))
        .with("To", header(&ack, "From"))
        .with("Call-ID", header(&ack, "Call-ID"))
        .with("CSeq", "1 BYE");
    peer.send(&bye).await;
    assert_eq!(peer.receive().await.status(), Some(200));
    assert_eq!(
        timeout(WAIT_TIMEOUT, call.ended()).await.unwrap(),
        CallEnd::PeerHungUp
    );
    call.hang_up().await.unwrap();
    let text = bye.to_string().replace("z9hG4bKbye", "z9hG4bKbye2");
    peer.send(&Message::parse(text.as_bytes()).unwrap()).await;
    assert_eq!(
        peer.receive().await.status(),
        Some(481),
        "the call is forgotten"
    );
}

#[tokio::test]
async fn notifications_of_the_registrar_reach_subscribers() {
    let (agent, mut peer, _tasks) = start(None).await;
    let mut notifications = agent.notifications();
    let mut notify = Message::new("NOTIFY sip:1001@127.0.0.1 SIP/2.0")
        .with("Via", "SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKnotify")
        .with("From", "<sip:pbx@127.0.0.1>;tag=peer")
        .with("To", "<sip:1001@127.0.0.1>")
        .with("Call-ID", "1")
        .with("CSeq", "1 NOTIFY")
        .with("Event", "ACTION-URI")
        .with("Content-Type", "message/sipfrag");
    "key=OK".clone_into(&mut notify.body);
    // Others are answered and ignored.
    let other = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let foreign = notify.to_string().replace("key=OK", "key=X");
    let sent = other.send_to(foreign.as_bytes(), agent.address()).await;
    sent.unwrap();
    peer.send(&notify).await;
    assert_eq!(peer.receive().await.status(), Some(200));
    let expected = Notification {
        event: "ACTION-URI".to_owned(),
        content_type: "message/sipfrag".to_owned(),
        body: "key=OK".to_owned(),
    };
    let received = timeout(WAIT_TIMEOUT, notifications.recv()).await.unwrap();
    assert_eq!(received.unwrap(), expected);
}

#[tokio::test]
async fn hanging_up_or_dropping_a_call_sends_a_bye() {
    for drops in [false, true] {
        let (agent, mut peer, tasks) = start(None).await;
        let dialing = tasks.spawn("dial", async move { agent.dial("700").await });
        let invite = peer.expect("INVITE").await;
        peer.respond(&invite, "200 OK").await;
        peer.expect("ACK").await;
        let call = dialing.await.unwrap().unwrap();
        let ending = tasks.spawn("end", async move {
            if drops {
                drop(call);
            } else {
                call.hang_up().await.unwrap();
            }
        });
        let bye = peer.expect("BYE").await;
        assert!(
            bye.start
                .starts_with(&format!("BYE sip:{}", peer.socket.local_addr().unwrap()))
        );
        peer.respond(&bye, "200 OK").await;
        ending.await.unwrap();
        assert!(tasks.shut_down(WAIT_TIMEOUT).await);
    }
}

#[tokio::test]
async fn rejected_calls_are_acknowledged_and_reported() {
    let (agent, mut peer, tasks) = start(None).await;
    let dialing = tasks.spawn("dial", async move { agent.dial("700").await });
    let invite = peer.expect("INVITE").await;
    peer.respond(&invite, "486 Busy Here").await;
    assert_eq!(peer.expect("ACK").await.branch(), invite.branch());
    assert!(matches!(
        dialing.await.unwrap(),
        Err(Error::Refused { status: 486, .. })
    ));
}

#[tokio::test]
async fn dropping_a_ringing_call_cancels_it() {
    let (agent, mut peer, tasks) = start(None).await;
    let dialing = tasks.spawn("dial", async move { agent.dial("700").await.map(drop) });
    let invite = peer.expect("INVITE").await;
    peer.respond(&invite, "180 Ringing").await;
    // The agent has surely read the 180 once it answers what was sent after it.
    let options = Message::new("OPTIONS sip:1001@127.0.0.1 SIP/2.0")
        .with("Via", "SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKo")
        .with("From", "<sip:peer>;tag=1")
        .with("To", "<sip:1001>")
        .with("Call-ID", "o")
        .with("CSeq", "1 OPTIONS");
    for _ in 0..2 {
        peer.send(&options).await;
        assert_eq!(peer.receive().await.status(), Some(200));
    }
    dialing.abort();
    let cancel = peer.expect("CANCEL").await;
    assert_eq!(cancel.branch(), invite.branch());
    peer.respond(&cancel, "200 OK").await;
    peer.respond(&invite, "487 Request Terminated").await;
    peer.expect("ACK").await;
    assert!(tasks.shut_down(WAIT_TIMEOUT).await);
}

#[tokio::test]
async fn unexpected_requests_are_answered_and_garbage_is_ignored() {
    let (agent, mut peer, tasks) = start(None).await;
    let request = |method: &str| {
        Message::new(format!("{method} sip:1001@127.0.0.1 SIP/2.0"))
            .with("Via", "SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKx")
            .with("From", "<sip:peer>;tag=1")
            .with("To", "<sip:1001>")
            .with("Call-ID", "x")
            .with("CSeq", format!("1 {method}"))
    };
    peer.socket
        .send_to(b"\0nonsense", agent.address())
        .await
        .unwrap();
    for (method, status) in [
        ("NOTIFY", 200),
        ("OPTIONS", 200),
        ("INVITE", 405),
        ("BYE", 481),
    ] {
        peer.send(&request(method)).await;
        assert_eq!(peer.receive().await.status(), Some(status), "{method}");
    }
    assert!(tasks.shut_down(WAIT_TIMEOUT).await);
}

const WAIT_TIMEOUT: Duration = Duration::from_secs(10);
