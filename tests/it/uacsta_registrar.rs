//! The registrar of CSTA sessions against strangers: wrong passwords, stolen names, foreign methods, garbage.

use std::time::Duration;

use handset_simulator::{Options, Vendor};
use tokio::net::UdpSocket;
use tokio::time::timeout;

use super::support::csta_phone::{CstaPhone, entry, options, pin_of, registrar, server, use_tls};
use super::support::daemon::Daemon;
use super::support::loopback::Loopback;
use super::uacsta::{Fixture, csta_of};

fn snom() -> Options {
    options(Vendor::Snom, &[])
}

/// A datagram socket of a stranger.
struct Stranger {
    socket: UdpSocket,
    count: u32,
}

impl Stranger {
    async fn new(fixture: &Fixture) -> Self {
        let own = Loopback::claim();
        let socket = UdpSocket::bind(own.port(0)).await.unwrap();
        socket.connect(registrar(&fixture.address)).await.unwrap();
        Self { socket, count: 0 }
    }

    /// Sends a request and returns the final response.
    async fn ask(&mut self, method: &str, more: &str) -> String {
        let response = self.try_ask(method, more).await;
        response.unwrap_or_else(|| panic!("{method}: no response"))
    }

    /// Sends a request and returns the final response; `None` if there is none for a while.
    async fn try_ask(&mut self, method: &str, more: &str) -> Option<String> {
        self.count += 1;
        let (own, count) = (self.socket.local_addr().unwrap(), self.count);
        let server = self.socket.peer_addr().unwrap();
        let request = format!(
            "{method} sip:handsetd@{server} SIP/2.0\r\n\
             Via: SIP/2.0/UDP {own};rport;branch=z9hG4bK-{count}\r\n\
             Max-Forwards: 70\r\n\
             From: <sip:desk-csta@{server}>;tag={count}\r\n\
             To: <sip:desk-csta@{server}>\r\n\
             Call-ID: stranger-{count}\r\n\
             CSeq: 1 {method}\r\n\
             Contact: <sip:desk-csta@{own}>\r\n\
             {more}Content-Length: 0\r\n\r\n"
        );
        self.socket.send(request.as_bytes()).await.unwrap();
        loop {
            let mut buffer = vec![0; 65_535];
            let received = timeout(TIMEOUT, self.socket.recv(&mut buffer)).await;
            let length = received.ok()?.unwrap();
            let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
            if !text.starts_with("SIP/2.0 1") {
                return Some(text);
            }
        }
    }
}

#[tokio::test]
async fn wrong_passwords_and_stolen_names_are_refused() {
    let address = Loopback::claim();
    let entries = entry("desk", &snom(), "") + &entry("other", &snom(), "");
    let daemon = Daemon::start(&format!("{}{entries}", server(&address))).await;
    let server = registrar(&address);
    let own = CstaPhone::start("desk", snom(), server).await;
    own.monitored().await;
    for (user, password) in [
        ("other-csta", "wrong"),
        ("desk-csta", "other-secret"),
        ("nobody-csta", "other-secret"),
    ] {
        let thief = CstaPhone::start_with("thief", snom(), server, |identity| {
            user.clone_into(&mut identity.user);
            password.clone_into(&mut identity.password);
        })
        .await;
        let failed = |state: &handset_simulator::State| state.csta.registration_failure.is_some();
        let state = thief.until("a refusal", failed).await;
        assert_eq!((state.csta.registered, state.csta.established), (None, 0));
    }
    let csta = csta_of(&daemon, "other", serde_json::Value::is_object).await;
    assert!(csta["registered"].is_null(), "{csta}");
    // The session of the owner has not suffered.
    let state = own.state();
    assert_eq!((state.csta.sessions, state.csta.established), (1, 1));
    own.phone().receive_call("201");
    let arguments = ["phone=desk", "via=csta"];
    let outcome = super::support::agi_call::agi_call(daemon.agi(), "answer", &arguments).await;
    assert_eq!(outcome["HANDSET_STATUS"], "OK", "{outcome:?}");
}

#[tokio::test]
async fn phones_register_only_with_the_certificate_that_they_trust() {
    let address = Loopback::claim();
    let config = server(&address) + &entry("desk", &snom(), "");
    let daemon = Daemon::start(&config).await;
    let (found, expected) = (pin_of("server.pem"), pin_of("ca.pem"));
    let phone = CstaPhone::start_with("desk", snom(), registrar(&address), |identity| {
        use_tls(identity, expected);
    })
    .await;
    let failed = |state: &handset_simulator::State| state.csta.registration_failure.is_some();
    let state = phone.until("a failure", failed).await;
    assert_eq!((state.csta.registrations, state.csta.established), (0, 0));
    let failure = state.csta.registration_failure.unwrap();
    let wrong = format!("its certificate has the pin {found}, but {expected} is configured");
    assert!(failure.ends_with(&wrong), "{failure}");
    let csta = csta_of(&daemon, "desk", serde_json::Value::is_object).await;
    assert!(csta["registered"].is_null(), "{csta}");
}

#[tokio::test]
async fn registrations_withdrawn_end_the_session() {
    let fixture = Fixture::new(snom(), "").await;
    fixture.phone.unregister().await;
    let gone = |csta: &serde_json::Value| csta["registered"].is_null() && csta["session"] == false;
    csta_of(&fixture.daemon, "desk", gone).await;
}

#[tokio::test]
async fn foreign_methods_are_refused() {
    let fixture = Fixture::new(snom(), "").await;
    let mut stranger = Stranger::new(&fixture).await;
    let response = stranger.ask("INVITE", "").await;
    assert!(response.starts_with("SIP/2.0 403 "), "{response}");
    for method in ["SUBSCRIBE", "MESSAGE", "NOTIFY", "PUBLISH", "REFER"] {
        let response = stranger.ask(method, "").await;
        assert!(response.starts_with("SIP/2.0 405 "), "{method}: {response}");
        assert!(response.contains("\r\nAllow: "), "{response}");
    }
    for method in ["BYE", "INFO", "UPDATE"] {
        let response = stranger.ask(method, "").await;
        assert!(response.starts_with("SIP/2.0 481 "), "{method}: {response}");
    }
    let response = stranger.ask("REGISTER", "Expires: 60\r\n").await;
    assert!(response.starts_with("SIP/2.0 401 "), "{response}");
    fixture.has_session().await;
}

#[tokio::test]
async fn guesses_of_a_password_are_limited() {
    let fixture = Fixture::new(snom(), "").await;
    let server = registrar(&fixture.address);
    let mut guesser = Stranger::new(&fixture).await;
    let wrong = format!(
        "Authorization: Digest username=\"desk-csta\", realm=\"handsetd\", nonce=\"0\", \
         uri=\"sip:{server}\", response=\"{}\", algorithm=MD5\r\nExpires: 60\r\n",
        "0".repeat(32)
    );
    let mut accepted = 0;
    for _ in 0..200 {
        let response = guesser.try_ask("REGISTER", &wrong).await;
        if response.is_none_or(|response| response.starts_with("SIP/2.0 403")) {
            break;
        }
        accepted += 1;
    }
    assert!(accepted < 200, "every guess was considered");
    fixture.has_session().await;
}

#[tokio::test]
async fn garbage_gets_no_answer() {
    let fixture = Fixture::new(snom(), "").await;
    let mut stranger = Stranger::new(&fixture).await;
    let long = "x".repeat(9000);
    for garbage in [
        "",
        "\0",
        "\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "REGISTER sip:a SIP/3.0\r\n\r\n",
        "REGISTER sip:a SIP/2.0\r\n\r\n",
        "SIP/2.0 200 OK\r\n\r\n",
        &long,
    ] {
        stranger.socket.send(garbage.as_bytes()).await.unwrap();
        let mut buffer = vec![0; 65_535];
        let answer = timeout(
            Duration::from_millis(300),
            stranger.socket.recv(&mut buffer),
        )
        .await;
        let length = answer.map_or(0, Result::unwrap);
        assert!(length <= garbage.len(), "{length} bytes for {garbage:?}");
    }
    let response = stranger.ask("OPTIONS", "").await;
    assert!(response.starts_with("SIP/2.0 "), "{response}");
    fixture.has_session().await;
}

/// How long a stranger waits for a response.
const TIMEOUT: Duration = Duration::from_secs(3);
