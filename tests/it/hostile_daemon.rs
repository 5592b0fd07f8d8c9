//! Commands that ask a daemon at an address where something else answers: nothing it says reaches the
//! terminal as a command, is believed without reason, or is waited for without end.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

const TOKEN: &str = "canary0token0of0the0admin0api";

/// The first byte of a TLS handshake, RFC 8446 section 5.1.
const TLS_HANDSHAKE: u8 = 22;

/// Each command that asks.
const COMMANDS: [&[&str]; 8] = [
    &["status"],
    &["history"],
    &["events"],
    &["reload"],
    &["phones"],
    &["rules", "list"],
    &["rules", "watch"],
    &["send", "push", "phone=1001", "Hello"],
];

/// A server that replies to each connection with the same bytes, and closes it.
struct Server {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    /// How many of them sent the token.
    tokens: Arc<AtomicUsize>,
}

impl Server {
    fn start(reply: impl Into<Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let tokens = Arc::new(AtomicUsize::new(0));
        let (counted, reply) = (Arc::clone(&connections), reply.into());
        let with_token = Arc::clone(&tokens);
        thread::spawn(move || {
            for stream in listener.incoming() {
                counted.fetch_add(1, Ordering::SeqCst);
                // The client may close first.
                let _ = answer(stream.unwrap(), &reply, &with_token);
            }
        });
        Self {
            address,
            connections,
            tokens,
        }
    }

    /// Runs a command that asks this server, and returns what it did; it must fail in an orderly way.
    fn refused_by(&self, arguments: &[&str]) -> String {
        let output = ask(&format!("http://{}", self.address), arguments);
        let text = printed(&output);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {text}");
        text
    }
}

/// Reads the head of the request, or the first bytes of a TLS handshake, and replies.
fn answer(mut stream: TcpStream, reply: &[u8], tokens: &AtomicUsize) -> std::io::Result<()> {
    let mut request = [0; 8192];
    let mut length = 0;
    while !request[..length].windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut request[length..])? {
            0 => break,
            read => length += read,
        }
        if request[0] == TLS_HANDSHAKE {
            break;
        }
    }
    if String::from_utf8_lossy(&request[..length]).contains(TOKEN) {
        tokens.fetch_add(1, Ordering::SeqCst);
    }
    stream.write_all(reply)
}

fn ask(url: &str, arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    fs::write(&token, TOKEN).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_handsetd"));
    command.args(arguments).args(["--url", url]);
    command.arg("--token-file").arg(&token).output().unwrap()
}

/// Returns what a command printed, which holds no command for the terminal, no token and no panic.
fn printed(output: &Output) -> String {
    let bytes = [&output.stdout[..], &output.stderr[..]].concat();
    let text = String::from_utf8(bytes).unwrap();
    let is_obeyed = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(!text.contains(is_obeyed), "{text:?}");
    assert!(!text.contains(TOKEN), "{text}");
    assert!(!text.contains("panicked"), "{text}");
    text
}

fn http(status: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\n\r\n{body}").into_bytes()
}

#[test]
fn reason_of_another_server_is_no_command_for_the_terminal() {
    let reason =
        r#"{"status":"DENIED","reason":"\u001b[2J\u009b31m\u202e\r\u0007canary","result":null}"#;
    for status in ["200 OK", "403 Forbidden"] {
        let server = Server::start(http(status, "", reason));
        for arguments in COMMANDS {
            // An event stream is one whatever its content.
            if status == "200 OK" && (arguments == ["events"] || arguments == ["rules", "watch"]) {
                continue;
            }
            let text = server.refused_by(arguments);
            assert!(text.contains("canary"), "{arguments:?}: {text}");
        }
    }
}

#[test]
fn token_does_not_follow_a_redirect() {
    // An error, so that a command which follows ends.
    let other = Server::start(http("500 Error", "", "{}"));
    for status in [
        "301 Moved Permanently",
        "302 Found",
        "307 Temporary Redirect",
    ] {
        let location = format!("Location: http://{}/\r\n", other.address);
        let server = Server::start(http(status, &location, ""));
        for arguments in COMMANDS {
            server.refused_by(arguments);
        }
        assert_eq!(server.tokens.load(Ordering::SeqCst), COMMANDS.len());
    }
    assert_eq!(other.connections.load(Ordering::SeqCst), 0);
}

#[test]
fn replies_that_are_no_replies_are_faults() {
    let nested = "[".repeat(100_000);
    let replies = [
        Vec::new(),
        b"SSH-2.0-OpenSSH_9.2\r\n".to_vec(),
        b"HTTP/1.1 500 \x1b[2J\r\nX: \x1b[2J\r\n\r\n".to_vec(),
        b"HTTP/1.1 500 Error\r\nContent-Length: 18446744073709551615\r\n\r\n{".to_vec(),
        b"HTTP/1.1 500 Error\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n{".to_vec(),
        http("500 Error", "", "<html>\x1b[2J"),
        http("500 Error", "", &nested),
        http("500 Error", "", "null"),
        format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(1 << 20)).into_bytes(),
    ];
    for reply in replies {
        let server = Server::start(reply);
        for arguments in COMMANDS {
            server.refused_by(arguments);
        }
    }
}

#[test]
fn result_of_another_shape_is_a_fault_and_not_nothing() {
    for result in ["null", "{}", "\"\\u001b[2J\"", "5"] {
        let reply = format!(r#"{{"status":"OK","result":{result}}}"#);
        let server = Server::start(http("200 OK", "", &reply));
        for arguments in [
            &["status"][..],
            &["history"],
            &["phones"],
            &["rules", "list"],
        ] {
            let text = server.refused_by(arguments);
            assert!(text.contains("unexpected reply"), "{arguments:?}: {text}");
        }
    }
    for reply in ["null", "[]", "{}", r#"{"status":5}"#] {
        let server = Server::start(http("200 OK", "", reply));
        for arguments in [&["reload"][..], &["send", "ping", "phone=1001"]] {
            let text = server.refused_by(arguments);
            assert!(text.contains("unexpected reply"), "{arguments:?}: {text}");
        }
    }
}

#[test]
fn longest_reply_is_limited() {
    let endless = format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(40 << 20));
    let server = Server::start(endless);
    for arguments in [&["history"][..], &["status"], &["reload"]] {
        let text = server.refused_by(arguments);
        assert!(text.contains("is longer than"), "{text}");
    }
}

#[test]
fn closed_port_is_reported_with_the_address() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    for arguments in COMMANDS {
        let output = ask(&url, arguments);
        let text = printed(&output);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {text}");
        assert!(text.contains(&url), "{arguments:?}: {text}");
    }
}

#[test]
fn server_without_tls_gets_no_token() {
    let server = Server::start(http("200 OK", "", "{}"));
    let url = format!("https://{}", server.address);
    for arguments in COMMANDS {
        let output = ask(&url, arguments);
        let text = printed(&output);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {text}");
    }
    let count = |counter: &AtomicUsize| counter.load(Ordering::SeqCst);
    assert_eq!(count(&server.connections), COMMANDS.len());
    assert_eq!(count(&server.tokens), 0);
}
