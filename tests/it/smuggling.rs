//! HTTP request smuggling, and path traversal.
//!
//! The smuggled request is an action URL: if the server took it for a request, there would be an event.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::support::admin_client::AdminClient;
use super::support::daemon::Daemon;
use super::support::raw::{exchange_bytes, get};
use super::support::soon;

/// The tests are a phone: lines about unknown ones would be left out after the first of a minute.
const CONFIG: &str = "[log]\nlevel = \"debug\"\n\
                      [[phone]]\nname = \"test\"\nvendor = \"snom\"\naddress = \"127.0.0.1\"\n";

const SMUGGLED: &str = "GET /action/snom/fwtest HTTP/1.1\r\nHost: a\r\n\r\n";

#[tokio::test]
async fn ambiguous_body_lengths_do_not_smuggle_requests() {
    let daemon = Daemon::start(CONFIG).await;
    let chunked = "Transfer-Encoding: chunked\r\n";
    let headers = [
        // Two lengths, or a length and chunks: parsers differ in which one counts.
        format!("Content-Length: 5\r\n{chunked}"),
        format!("{chunked}Content-Length: 5\r\n"),
        "Content-Length: 5\r\nContent-Length: 6\r\n".to_owned(),
        "Content-Length: 5, 6\r\n".to_owned(),
        // Invalid lengths.
        "Content-Length: +5\r\n".to_owned(),
        "Content-Length: -5\r\n".to_owned(),
        "Content-Length: 0x5\r\n".to_owned(),
        "Content-Length: 5 5\r\n".to_owned(),
        "Content-Length: 99999999999999999999999\r\n".to_owned(),
        "Content-Length: \r\n".to_owned(),
        // Transfer codings that some parsers overlook.
        "Content-Length: 5\r\nTransfer-Encoding: xchunked\r\n".to_owned(),
        "Content-Length: 5\r\nTransfer-Encoding : chunked\r\n".to_owned(),
        "Content-Length: 5\r\nTransfer-Encoding:\x0bchunked\r\n".to_owned(),
        "Content-Length: 5\r\nTransfer-Encoding: chunked, identity\r\n".to_owned(),
        "Content-Length: 5\r\nTransfer-Encoding: identity\r\n".to_owned(),
        "Content-Length: 5\r\nTransfer-Encoding: \"chunked\"\r\n".to_owned(),
        "Content-Length: 5\r\nX: y\r\n Transfer-Encoding: chunked\r\n".to_owned(),
        "Content-Length: 5\r\nX: y\nTransfer-Encoding: chunked\r\n".to_owned(),
        "Content-Length: 5\r\nX: y\rTransfer-Encoding: chunked\r\n".to_owned(),
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n".to_owned(),
        // Invalid header names.
        "Content-Length : 5\r\n".to_owned(),
        "Content-Length\0: 5\r\n".to_owned(),
        "X\x01: 5\r\n".to_owned(),
        ": 5\r\n".to_owned(),
    ];
    // A complete chunked body followed by requests, or a body of the given length.
    for header in &headers {
        let head = format!("POST /cisco/authenticate HTTP/1.1\r\nHost: a\r\n{header}\r\n");
        let outcome = accepted(&daemon, &format!("{head}0\r\n\r\n{SMUGGLED}{SMUGGLED}")).await;
        assert_eq!(outcome, 0, "{header:?}: {}", daemon.log());
    }
    // A body that the handler does not read.
    let length = SMUGGLED.len();
    let head = format!("GET /screen/0 HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n");
    assert_eq!(accepted(&daemon, &format!("{head}{SMUGGLED}")).await, 0);
    // Oversized chunk headers, and ones that a proxy may parse differently.
    for chunk in [
        "ffffffffffffffff1\r\n".to_owned(),
        "-1\r\n".to_owned(),
        // Valid chunks: the connection is closed after them as well.
        "5\r\nhello\r\n0\r\n\r\n".to_owned(),
        "5;a=b\r\nhello\r\n0\r\n\r\n".to_owned(),
        format!("5;{}\r\nhello\r\n0\r\n\r\n", "x".repeat(100_000)),
        format!("0\r\n{}\r\n", "X: y\r\n".repeat(10_000)),
        "5\nhello\n0\n\n".to_owned(),
    ] {
        let head = format!("POST /cisco/authenticate HTTP/1.1\r\nHost: a\r\n{chunked}\r\n");
        let outcome = accepted(&daemon, &format!("{head}{chunk}{SMUGGLED}")).await;
        let start: String = chunk.chars().take(40).collect();
        assert_eq!(outcome, 0, "{start}: {}", daemon.log());
    }
    // Two pipelined requests are two.
    assert_eq!(accepted(&daemon, &format!("{SMUGGLED}{SMUGGLED}")).await, 2);
}

#[tokio::test]
async fn unencoded_queries_do_not_smuggle_requests() {
    let daemon = Daemon::start(CONFIG).await;
    let unencoded = "GET /action/snom/fwtest?name=Ada \"A\" <sip:1@a> HTTP/1.1\r\nHost: a\r\n\r\n";
    // Each request of a connection may have such a query.
    let last = unencoded.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
    let three = format!("{unencoded}{SMUGGLED}\r\n{last}");
    let received = exchange_bytes(daemon.http(), three).await;
    let received = String::from_utf8_lossy(&received);
    assert_eq!(received.matches("HTTP/1.1 200 ").count(), 3, "{received}");
    // Until their events are in the log.
    accepted(&daemon, "").await;
    // In a body such a line is text; it does not grow, so that its end stays where it is.
    for method in [
        "POST /cisco/authenticate?a b",
        "GET /screen/0?a b",
        "GET /screen/0",
    ] {
        for name in ["Content-Length", "content-length"] {
            let head = format!(
                "{method} HTTP/1.1\r\nHost: a\r\n{name}: {}\r\n\r\n",
                unencoded.len()
            );
            let outcome = accepted(&daemon, &format!("{head}{unencoded}")).await;
            assert_eq!(outcome, 0, "{head}: {}", daemon.log());
            // What follows the body is a request, if the server reads on.
            let outcome = accepted(&daemon, &format!("{head}{unencoded}{SMUGGLED}")).await;
            assert!(outcome <= 1, "{head}: {}", daemon.log());
        }
    }
    for query in [
        // The end of one line is not the start of another.
        "x= HTTP/1.1 GET /action/snom/fwtest",
        "x= HTTP/1.1\rGET /action/snom/fwtest",
        "x= HTTP/1.1\0GET /action/snom/fwtest",
        "x= HTTP/1.1\u{85}GET /action/snom/fwtest",
        "x= HTTP/1.1%0d%0a%0d%0aGET /action/snom/fwtest",
        "x= HTTP/1.1\u{560d}\u{560a}GET /action/snom/fwtest",
    ] {
        let line = format!("GET /screen/0?{query} HTTP/1.1\r\nHost: a\r\n\r\n");
        assert_eq!(accepted(&daemon, &line).await, 0, "{query:?}");
    }
    // A chunked body ends the connection, as without blanks.
    let chunked = "POST /cisco/authenticate?a b HTTP/1.1\r\nHost: a\r\n\
                   Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    assert_eq!(accepted(&daemon, &format!("{chunked}{unencoded}")).await, 0);
    // The admin server reads no such line.
    let request = "GET /health/live?a b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let received = exchange_bytes(daemon.admin(), request).await;
    assert!(received.starts_with(b"HTTP/1.1 400 "));
}

#[tokio::test]
async fn other_protocol_versions_and_request_forms_are_handled() {
    let daemon = Daemon::start(CONFIG).await;
    for (request, start) in [
        // HTTP/0.9 and HTTP/2.
        ("GET /screen/0\r\n\r\n", "HTTP/1.1 400 "),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ""),
        ("GET /screen/0 HTTP/3.0\r\n\r\n", "HTTP/1.1 400 "),
        ("\x16\x03\x01\x02\x00\x01\x00", "HTTP/1.1 400 "),
        // The server is not a proxy.
        (
            "GET http://169.254.169.254/ HTTP/1.0\r\n\r\n",
            "HTTP/1.0 404 ",
        ),
        (
            "GET http://a/cisco/authenticate HTTP/1.0\r\n\r\n",
            "HTTP/1.0 200 ",
        ),
        ("CONNECT 127.0.0.1:22 HTTP/1.0\r\n\r\n", "HTTP/1.0 404 "),
        ("OPTIONS * HTTP/1.0\r\n\r\n", "HTTP/1.0 404 "),
        (
            "TRACE /cisco/authenticate HTTP/1.0\r\nX: secret\r\n\r\n",
            "HTTP/1.0 405 ",
        ),
        ("GET /cisco/authenticate HTTP/1.1\r\n\r\n", "HTTP/1.1 200 "),
        ("G\0T / HTTP/1.1\r\n\r\n", "HTTP/1.1 400 "),
        ("GET /\x01 HTTP/1.1\r\n\r\n", "HTTP/1.1 400 "),
    ] {
        let request = request.replace("HTTP/1.1\r\n", "HTTP/1.1\r\nConnection: close\r\n");
        for server in [daemon.http(), daemon.admin()] {
            let received = exchange_bytes(server, &request).await;
            let received = String::from_utf8_lossy(&received);
            if server == daemon.http() {
                assert!(received.starts_with(start), "{request:?}: {received}");
            }
            assert!(
                !received.contains("secret") && !received.contains(" 5"),
                "{request:?}: {received}"
            );
        }
    }
    // Expect: 100-continue gets an interim response.
    let mut stream = TcpStream::connect(daemon.http()).await.unwrap();
    let head = "POST /cisco/authenticate HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\
                Connection: close\r\nExpect: 100-continue\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut interim = [0; 25];
    soon("the interim response", stream.read_exact(&mut interim))
        .await
        .unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"UserID=a").await.unwrap();
    let mut received = String::new();
    soon("a response", stream.read_to_string(&mut received))
        .await
        .unwrap();
    assert!(received.ends_with("UN-AUTHORIZED"), "{received}");
}

#[tokio::test]
async fn paths_do_not_escape_their_folder() {
    let daemon = Daemon::start(CONFIG).await;
    std::fs::write(daemon.media("secret.png"), "secret").unwrap();
    let name = daemon.media("").display().to_string();
    for folder in [
        "screen",
        "media",
        "page",
        "static",
        "action",
        "cisco",
        "api/v1/phones",
    ] {
        for up in [
            "..",
            "../..",
            "%2e%2e",
            "%2e%2e%2f%2e%2e",
            "..%2f..",
            "..%5c..",
            "..\\..",
            "%252e%252e",
            "%c0%ae%c0%ae",
            "%c0%af",
            "%e0%80%ae",
            "%uff0e%uff0e",
            "....//",
            "/",
            "//",
            "%00",
            "x%00.png",
            ";",
            "..;",
        ] {
            for rest in [
                "secret.png",
                "media/secret.png",
                "etc/passwd",
                "admin-token",
                "",
            ] {
                for path in [
                    format!("/{folder}/{up}/{rest}"),
                    format!("/{folder}//{name}/{rest}"),
                    format!("/{folder}/0/{up}/{rest}"),
                ] {
                    for admin in [daemon.http(), daemon.admin()] {
                        let response =
                            exchange_bytes(admin, format!("GET {path} HTTP/1.0\r\n\r\n")).await;
                        let response = String::from_utf8_lossy(&response);
                        let refused = ["400", "401", "404"].iter();
                        let mut refused = refused.map(|code| format!("HTTP/1.0 {code} "));
                        let is_refused = refused.any(|start| response.starts_with(&start));
                        assert!(
                            is_refused || response.starts_with("HTTP/1.1 400 "),
                            "{path}: {response}"
                        );
                        assert!(
                            !response.contains("root:") && !response.contains("\r\n\r\nsecret")
                        );
                    }
                }
            }
        }
    }
    // With the token, traversal sequences are just names of phones.
    let admin = AdminClient::new(daemon.admin());
    for name in [
        "..%2f..%2fetc%2fpasswd",
        "%00",
        "%c0%ae%c0%ae",
        "a%0d%0aX:%20y",
    ] {
        let answer = admin.get(&format!("/api/v1/phones/{name}")).await;
        assert!(matches!(answer.code, 400 | 404), "{name}: {}", answer.head);
        assert!(!answer.head.contains("\nX:"), "{}", answer.head);
    }
    let response = get(daemon.http(), "/cisco/authenticate").await;
    assert!(response.ends_with("UN-AUTHORIZED"));
}

/// Sends bytes to the phone-facing server, and returns how many smuggled action URLs it accepted.
async fn accepted(daemon: &Daemon, bytes: &str) -> usize {
    let count = || daemon.count("event=\"fwtest\"");
    let before = count();
    send(daemon.http(), bytes).await;
    // Earlier events are in the log by the time that this one is.
    let passed = daemon.count("event=\"longpress\"");
    assert!(
        get(daemon.http(), "/action/snom/longpress")
            .await
            .contains(" 200 ")
    );
    daemon.line_after(passed, "event=\"longpress\"").await;
    count() - before
}

/// Sends bytes, closes the sending direction, and reads until the server closes, too.
async fn send(server: SocketAddr, bytes: &str) {
    let mut stream = TcpStream::connect(server).await.unwrap();
    let _ = stream.write_all(bytes.as_bytes()).await;
    let _ = stream.shutdown().await;
    let mut received = Vec::new();
    let _ = soon("the end", stream.read_to_end(&mut received)).await;
}
