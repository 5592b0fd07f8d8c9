//! `handsetd simulate`, whose user acts by lines of standard input.

use std::io::{PipeWriter, Write, pipe};
use std::net::SocketAddr;
use std::process::Command;

use handset_simulator::{Options, Vendor};
use tokio::net::UdpSocket;

use super::support::csta_phone::{entry, pin_of, server, tls_registrar};
use super::support::daemon::Daemon;
use super::support::event_stream::Events;
use super::support::loopback::Loopback;
use super::support::process::Process;
use super::support::soon;

/// A menu that leads to a form, and the page that answers it.
const PAGES: &str = r#"
[[page]]
name = "menu"
title = "Canteen"
item = ["Bread|page:order?meal=Bread", "Soup|page:order?meal=Soup"]

[[page]]
name = "order"
title = "{{ query.meal }}"
input = "How many|count|number"
then = "thanks"

[[page]]
name = "thanks"
text = "{{ query.count }} times {{ query.meal }}"
"#;

#[tokio::test]
async fn user_opens_a_page_selects_fills_in_and_sends() {
    for vendor in ["cisco", "snom", "yealink"] {
        let own = Loopback::claim();
        let entry = format!(
            "[[phone]]\nname = 'desk'\nvendor = '{vendor}'\naddress = '{}'\n",
            own.ip()
        );
        let daemon = Daemon::start(&(entry + PAGES)).await;
        let mut events = Events::open(&daemon).await;
        let mut phone = Phone::start(vendor, own.port(0));
        phone.shows("Type help for what its user can do.").await;

        let url = format!("open http://{}/page/menu", daemon.http());
        phone.types(&url);
        phone.shows("2 Soup").await;
        phone.types("select 3");
        phone.shows("the screen has no item 3").await;
        phone.types("select 2");
        phone.shows("How many: [___").await;
        phone.types("fill Nothing=1");
        phone.shows("the screen has no field `Nothing`").await;
        phone.types("fill How many=2");
        phone.shows("How many: [2___").await;
        phone.types("submit");
        phone.shows("2 times Soup").await;
        let event = events.next().await;
        assert_eq!(event["event"], "phone.form", "{event}");
        assert_eq!(event["fields"]["count"], "2", "{event}");

        phone.types("dance");
        phone.shows("unknown command \"dance\"").await;
        phone.ends().await;
    }
}

/// Plays the server that a phone registers with; a test with a real one is in [`super::uacsta`].
#[tokio::test]
async fn phones_register_for_sessions_and_tell_what_the_registrar_says() {
    let own = Loopback::claim();
    let server = UdpSocket::bind(own.port(6060)).await.unwrap();
    let account = format!("1001-csta:secret@{}", own.ip());
    let more = ["--csta", &account, "--setting", "csta_control=off"];
    let mut phone = Phone::start_with("snom", own.port(0), &more);
    for status in ["403 Forbidden", "200 OK"] {
        let mut buffer = vec![0; 65_535];
        let received = soon("a REGISTER", server.recv_from(&mut buffer)).await;
        let (length, from) = received.unwrap();
        let request = String::from_utf8(buffer[..length].to_vec()).unwrap();
        assert!(request.starts_with("REGISTER sip:"), "{request}");
        let copied = request.lines().filter(|line| {
            let name = line.split(':').next().unwrap();
            ["Via", "From", "To", "Call-ID", "CSeq", "Expires"].contains(&name)
        });
        let copied: String = copied.flat_map(|line| [line, "\r\n"]).collect();
        let response = format!("SIP/2.0 {status}\r\n{copied}Content-Length: 0\r\n\r\n");
        server.send_to(response.as_bytes(), from).await.unwrap();
        phone
            .shows(if status.starts_with("403") {
                "The registration for CSTA failed: REGISTER was rejected with status 403."
            } else {
                "Registered for CSTA, for 3600 s."
            })
            .await;
    }
    phone.types("hold");
    phone.shows("there is no call that this applies to").await;
    phone.types("ring 201");
    phone.types("ring");
    phone.shows("ring needs a number").await;
    phone.types("answer");
    phone.types("hold");
    phone.types("answer");
    phone.ends().await;
}

#[tokio::test]
async fn sessions_over_tls_need_the_certificate_with_the_pin() {
    let address = Loopback::claim();
    let desk = entry("desk", &Options::new(Vendor::Snom), "");
    let _daemon = Daemon::start(&(server(&address) + &desk)).await;
    let registrar = tls_registrar(&address);
    let account = format!("desk-csta:desk-secret@{registrar};transport=tls");
    let own = Loopback::claim();
    for (certificate, expected) in [
        (
            "ca.pem",
            format!("failed: cannot connect to {registrar}: its certificate has the pin"),
        ),
        ("server.pem", "A CSTA session is set up.".to_owned()),
    ] {
        let pin = pin_of(certificate).to_string();
        let more = ["--csta", &account, "--pin", &pin];
        let phone = Phone::start_with("snom", own.port(0), &more);
        phone.shows(&expected).await;
        phone.ends().await;
    }
}

#[test]
fn arguments_for_sessions_are_checked() {
    for (arguments, expected) in [
        (
            ["cisco", "--csta", "a:b@127.0.0.1"],
            "--csta needs a Snom or Yealink phone",
        ),
        (["snom", "--csta", "a@127.0.0.1"], "the password is missing"),
        (["snom", "--csta", "a:b"], "the host is missing"),
        (
            ["snom", "--csta", "a:b@127.0.0.1;transport=sctp"],
            "the transport is udp, tcp or tls, not `sctp`",
        ),
        (
            ["snom", "--csta", "a:b@127.0.0.1;transport=tls"],
            "the transport tls requires --pin",
        ),
        (["snom", "--setting", "a"], "--setting expects NAME=VALUE"),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_handsetd"));
        let output = command.arg("simulate").args(arguments).output().unwrap();
        assert!(!output.status.success(), "{arguments:?}");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(errors.contains(expected), "{errors}");
    }
}

/// A simulated phone in a process of its own.
struct Phone {
    process: Process,
    input: Option<PipeWriter>,
}

impl Phone {
    fn start(vendor: &str, listen: SocketAddr) -> Self {
        Self::start_with(vendor, listen, &[])
    }

    fn start_with(vendor: &str, listen: SocketAddr, more: &[&str]) -> Self {
        let (reader, writer) = pipe().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_handsetd"));
        command
            .args(["simulate", vendor, "--listen", &listen.to_string()])
            .args(more);
        Self {
            process: Process::start_reading(vendor, &mut command, reader.into()),
            input: Some(writer),
        }
    }

    fn types(&mut self, line: &str) {
        writeln!(self.input.as_mut().unwrap(), "{line}").unwrap();
    }

    async fn shows(&self, text: &str) {
        self.process.line_after(0, text).await;
    }

    /// Ends the input, which the phone outlives, then the phone.
    async fn ends(mut self) {
        self.input = None;
        let process = &mut self.process;
        process.terminate();
        assert!(process.exit().await.success(), "{}", process.log());
    }
}
