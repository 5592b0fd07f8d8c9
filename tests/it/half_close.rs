//! Clients that close their sending side after the request, as `nc -N` does: they are answered, always.

use std::net::SocketAddr;
use std::time::Duration;

use handset_simulator::{Faults, Options as Phone, Vendor};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::support::caller::Caller;
use super::support::daemon::{Daemon, TOKEN};
use super::support::sim_phone::{self, SimPhone};
use super::support::soon;

#[tokio::test]
async fn http_clients_that_close_their_sending_side_are_answered() {
    let daemon = Daemon::start("").await;
    let token = format!("Host: localhost\r\nAuthorization: Bearer {TOKEN}\r\n");
    let unread = "x".repeat(200_000);
    let json = "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
    let requests = [
        (
            daemon.http(),
            "GET /screen/0 HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(),
            404,
        ),
        (
            daemon.http(),
            "GET /cisco/authenticate HTTP/1.0\r\n\r\n".to_owned(),
            200,
        ),
        (
            daemon.http(),
            "POST /cisco/authenticate HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\na=b"
                .to_owned(),
            200,
        ),
        (
            daemon.admin(),
            "GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(),
            200,
        ),
        (
            daemon.admin(),
            format!("GET /api/v1/phones HTTP/1.1\r\n{token}\r\n"),
            200,
        ),
        (
            daemon.admin(),
            format!("POST /api/v1/do/ping HTTP/1.1\r\n{token}{json}"),
            200,
        ),
        // The body is not read, since the token is missing.
        (
            daemon.admin(),
            format!(
                "POST /api/v1/do/ping HTTP/1.1\r\nHost: localhost\r\nContent-Length: 200000\r\n\r\n{unread}"
            ),
            401,
        ),
        // Something follows the request.
        (
            daemon.http(),
            format!("GET /screen/0 HTTP/1.0\r\n\r\n{unread}"),
            404,
        ),
        (
            daemon.admin(),
            format!("no HTTP at all\r\n\r\n{unread}"),
            400,
        ),
    ];
    for _ in 0..TRIES {
        for (server, request, code) in &requests {
            let received = send_and_close(*server, request).await;
            let status = received.split(' ').nth(1).unwrap_or_default();
            let start = request.lines().next().unwrap_or_default();
            assert_eq!(status, code.to_string(), "{start}: {received:?}");
        }
    }
}

#[tokio::test]
async fn delayed_response_reaches_a_client_that_closed_its_sending_side() {
    let phone = Phone {
        faults: Faults {
            delay: Duration::from_secs(1),
            ..Faults::default()
        },
        ..sim_phone::options(Vendor::Snom)
    };
    let sim_phone = SimPhone::new(phone).await;
    let daemon = Daemon::start(&sim_phone.entry("desk")).await;
    let body = "{\"text\": \"Hello\"}";
    let request = format!(
        "POST /api/v1/phones/desk/push HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let received = send_and_close(daemon.admin(), &request).await;
    assert!(received.contains("\"status\":\"OK\""), "{received}");
    // Its event stream continues as well.
    let request = format!(
        "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n\r\n"
    );
    let mut stream = TcpStream::connect(daemon.admin()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut received = String::new();
    let caller = Caller::new(daemon.agi());
    let outcome = caller.run("push", &["Hello", "phone=desk"]).await;
    assert_eq!(outcome.status, "OK", "{}", outcome.reason);
    soon("the event", async {
        while !received.contains("handsetd.delivery") {
            let mut some = [0; 4096];
            let read = stream.read(&mut some).await.unwrap();
            assert_ne!(read, 0, "{received}");
            received += &String::from_utf8_lossy(&some[..read]);
        }
    })
    .await;
}

#[tokio::test]
async fn agi_clients_that_close_their_sending_side_receive_the_result() {
    let phone = Phone {
        faults: Faults {
            delay: Duration::from_millis(300),
            ..Faults::default()
        },
        ..sim_phone::options(Vendor::Snom)
    };
    let sim_phone = SimPhone::new(phone).await;
    let daemon = Daemon::start(&sim_phone.entry("desk")).await;
    let caller = Caller::new(daemon.agi());
    for at in 0..TRIES {
        let verb = if at % 20 == 0 { "push" } else { "ping" };
        let arguments = &["Hello", "phone=desk"][..if verb == "push" { 2 } else { 0 }];
        let mut stream = caller.open(verb, arguments).await;
        stream.get_mut().shutdown().await.unwrap();
        let mut received = String::new();
        soon("the end", stream.read_to_string(&mut received))
            .await
            .unwrap();
        assert!(
            received.contains("SET VARIABLE \"HANDSET_STATUS\" \"OK\"\n"),
            "{received}"
        );
        assert!(
            received.contains("SET VARIABLE \"HANDSET_ID\""),
            "{received}"
        );
    }
    sim_phone.shows_text("Hello").await;
}

/// Sends a request, closes the sending side, and returns everything received.
async fn send_and_close(server: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(server).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut received = String::new();
    let read = soon("a response", stream.read_to_string(&mut received)).await;
    assert!(read.is_ok(), "{read:?} after {received:?}");
    received
}

/// One in ten was not answered once.
const TRIES: usize = 60;
