//! Guessing of passwords at the authentication URL, and of tokens at the admin server.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use futures_util::future::join_all;
use handset_simulator::Options;
use handset_simulator::Vendor;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::support::admin_client::AdminClient;
use super::support::caller::Caller;
use super::support::daemon::{Daemon, TOKEN};
use super::support::loopback::Loopback;
use super::support::raw::connect_from;
use super::support::sim_phone::{self, SimPhone};
use super::support::soon;

const CONFIG: &str = "[vendor.cisco]\nusername = 'push'\npassword = 'right'\n";

#[tokio::test]
async fn guessing_source_is_blocked_without_affecting_others() {
    let daemon = Daemon::start(CONFIG).await;
    let (guesser, phone) = (Loopback::claim(), Loopback::claim());
    let ask = async |from: IpAddr, password: &str, device: &str| {
        authenticate(daemon.http(), from, "push", password, device).await
    };
    let device = "SEP00005E005301";
    for at in 0..20 {
        let response = ask(guesser.ip(), &format!("wrong{at}"), device).await;
        assert_eq!(response, "UN-AUTHORIZED");
    }
    assert_eq!(ask(guesser.ip(), "right", device).await, "UN-AUTHORIZED");
    // Another spelling of the name does not help.
    let same = "sep00005e005301";
    assert_eq!(ask(guesser.ip(), "right", same).await, "UN-AUTHORIZED");
    // Neither the phone at its own address is affected, nor other phones behind the same NAT.
    assert_eq!(ask(phone.ip(), "right", device).await, "AUTHORIZED");
    let other = "SEP00005E005302";
    assert_eq!(ask(guesser.ip(), "right", other).await, "AUTHORIZED");
    // Valid logins are not limited.
    for _ in 0..100 {
        assert_eq!(ask(phone.ip(), "right", device).await, "AUTHORIZED");
    }
    daemon.line("Too many rejected credentials").await;
    daemon
        .line_after(9, "Rejected a phone's credentials.")
        .await;
    let log = daemon.settled_log().await;
    assert_eq!(
        log.matches("Too many rejected credentials").count(),
        1,
        "{log}"
    );
    assert_eq!(
        log.matches("Rejected a phone's credentials.").count(),
        10,
        "{log}"
    );
    assert!(!log.contains("wrong1") && !log.contains("right"), "{log}");
}

#[tokio::test]
async fn guessing_for_many_phones_is_limited_as_well() {
    let daemon = Daemon::start(CONFIG).await;
    let (guesser, phone) = (Loopback::claim(), Loopback::claim());
    let ask = async |from: IpAddr, password: &str, device: &str| {
        authenticate(daemon.http(), from, "push", password, device).await
    };
    for at in 0..100 {
        let device = format!("SEP00005E00{at:04}");
        let response = ask(guesser.ip(), "wrong", &device).await;
        assert_eq!(response, "UN-AUTHORIZED");
    }
    for device in ["SEP00005E00FFFF", "", "nobody"] {
        let response = ask(guesser.ip(), "right", device).await;
        assert_eq!(response, "UN-AUTHORIZED", "{device}");
        assert_eq!(ask(phone.ip(), "right", device).await, "AUTHORIZED");
    }
    daemon
        .line_after(19, "Rejected a phone's credentials.")
        .await;
    let log = daemon.settled_log().await;
    let refused = log.matches("Rejected a phone's credentials.").count();
    // The first of a minute; the rest are counted.
    assert_eq!(refused, 20, "a flood fills the log");
}

#[tokio::test]
async fn pushes_succeed_while_their_source_address_is_blocked() {
    let address = Loopback::claim();
    let options = sim_phone::options(Vendor::Cisco);
    // No password is configured, so the push has a one-time password.
    let daemon = Daemon::start(&sim_phone::entry("desk", &options, address.port(8080))).await;
    let url = format!("http://{}/cisco/authenticate", daemon.http());
    let options = Options {
        authentication_url: Some(url.parse().unwrap()),
        ..options
    };
    let device = format!("SEP{}", options.mac.replace(':', ""));
    let sim_phone = SimPhone::at(options, address.port(8080)).await;
    // A guesser at the address of the phone: on the same machine, or behind the same NAT.
    let guesser = address.ip();
    for device in ["", &device] {
        for _ in 0..100 {
            let response = authenticate(daemon.http(), guesser, "push", "wrong", device).await;
            assert_eq!(response, "UN-AUTHORIZED");
        }
    }
    let response = Caller::new(daemon.agi())
        .run("push", &["Hello", "phone=desk"])
        .await;
    assert_eq!(response.status, "OK", "{}", response.reason);
    sim_phone.shows_text("Hello").await;
}

#[tokio::test]
async fn guessed_tokens_are_slowed_down_counted_and_logged_once_a_minute() {
    let daemon = Daemon::start("").await;
    let (guesser, other) = (Loopback::claim(), Loopback::claim());
    let ask = async |from: IpAddr, token: &str| present(daemon.admin(), from, token).await;
    for number in 0..10 {
        let head = ask(guesser.ip(), &format!("canary{number}")).await;
        assert!(head.starts_with("HTTP/1.1 401 "), "{head}");
    }
    let head = ask(guesser.ip(), "canary").await.to_lowercase();
    assert!(head.starts_with("http/1.1 429 "), "{head}");
    assert!(head.contains("retry-after: 60\r\n"), "{head}");
    // A right token is right, here as elsewhere.
    for from in [guesser.ip(), other.ip()] {
        let head = ask(from, TOKEN).await;
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    }
    // The login form counts as well.
    let form = "token=canary-of-the-form";
    let length = form.len();
    let request = format!(
        "POST /login HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{form}"
    );
    let head = exchange_from(guesser.ip(), daemon.admin(), &request).await;
    assert!(head.starts_with("HTTP/1.1 429 "), "{head}");
    assert!(head.contains("Try again in a minute"), "{head}");

    // Whatever number of connections guesses, and gives up what takes long.
    let guesses = async {
        let guess = || async {
            let answer = present(daemon.admin(), guesser.ip(), "canary");
            let _ = timeout(Duration::from_millis(50), answer).await;
        };
        let many = (0..40).map(|_| async {
            for _ in 0..20 {
                guess().await;
            }
        });
        join_all(many).await;
    };
    guesses.await;
    let line = daemon.line("Rejected wrong tokens").await;
    let log = daemon.settled_log().await;
    assert_eq!(log.matches("Rejected wrong tokens").count(), 1, "{log}");
    let peer = format!("peer={}", guesser.ip());
    assert!(line.contains("WARN") && line.contains(&peer), "{line}");
    assert!(!log.contains("canary") && !log.contains(TOKEN), "{log}");
    // Clients that leave early are counted, too.
    let metrics = AdminClient::new(daemon.admin()).get("/metrics").await;
    let metrics = String::from_utf8(metrics.body).unwrap();
    let mut lines = metrics.lines();
    let count = lines.find_map(|line| line.strip_prefix("handsetd_admin_wrong_tokens_total "));
    let count: u64 = count.unwrap().parse().unwrap();
    assert!(count > 40, "{count}");
}

/// Presents a token to the admin server, and returns the response.
async fn present(server: SocketAddr, from: IpAddr, token: &str) -> String {
    let request = format!(
        "GET /api/v1/phones HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Authorization: Bearer {token}\r\n\r\n"
    );
    exchange_from(from, server, &request).await
}

/// Sends a request from a local address, and returns the response.
async fn exchange_from(from: IpAddr, server: SocketAddr, request: &str) -> String {
    let mut stream = connect_from(from, server).await;
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut received = Vec::new();
    // A guessing connection may be closed to make room.
    let _ = soon("a response", stream.read_to_end(&mut received)).await;
    String::from_utf8(received).unwrap()
}

/// Sends an authentication request as a phone; returns the body of the reply.
async fn authenticate(
    server: SocketAddr,
    from: IpAddr,
    user: &str,
    password: &str,
    device: &str,
) -> String {
    let mut stream = connect_from(from, server).await;
    let query = format!("UserID={user}&Password={password}&devicename={device}");
    let request = format!("GET /cisco/authenticate?{query} HTTP/1.0\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut received = String::new();
    soon("a response", stream.read_to_string(&mut received))
        .await
        .unwrap();
    received.split_once("\r\n\r\n").unwrap().1.to_owned()
}
