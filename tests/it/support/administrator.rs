//! Somebody at the administrator's door, who speaks plain HTTP.

use std::fmt::Write as _;
use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::daemon::TOKEN;
use super::soon;

/// A client of the API that shows the token.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Administrator(SocketAddr);

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) code: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Administrator {
    pub(crate) fn new(door: SocketAddr) -> Self {
        Self(door)
    }

    /// Reads something.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], "").await
    }

    /// Asks for something.
    pub(crate) async fn post(&self, path: &str, body: &str) -> Answer {
        self.ask("POST", path, &[], body).await
    }

    /// Sends a request with the token and these headers.
    pub(crate) async fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let token = format!("Bearer {TOKEN}");
        let headers = [&[("Authorization", token.as_str())][..], headers].concat();
        self.ask_as(method, path, &headers, body).await
    }

    /// Sends a request with just these headers.
    pub(crate) async fn ask_as(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let mut stream = self.open(method, path, headers, body).await;
        let mut answer = Vec::new();
        let read = soon(path, stream.read_to_end(&mut answer)).await;
        // A body that nobody reads to its end may be answered by a reset.
        if answer.is_empty() {
            read.unwrap();
        }
        Answer::read(&answer)
    }

    /// Sends a request, and leaves the answer to be read.
    pub(crate) async fn open(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> TcpStream {
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n",
            self.0
        );
        for (name, value) in headers {
            write!(request, "{name}: {value}\r\n").unwrap();
        }
        write!(request, "Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        let mut stream = TcpStream::connect(self.0).await.unwrap();
        // The other side may have refused it before its end.
        let _ = stream.write_all(request.as_bytes()).await;
        stream
    }
}

impl Answer {
    /// Reads an answer that ended with its connection.
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let end = bytes
            .windows(4)
            .position(|part| part == b"\r\n\r\n")
            .unwrap();
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let code = head.split(' ').nth(1).unwrap().parse().unwrap();
        Self {
            code,
            head,
            body: bytes[end + 4..].to_vec(),
        }
    }

    /// Returns the body as JSON.
    pub(crate) fn json(&self) -> Value {
        match serde_json::from_slice(&self.body) {
            Ok(json) => json,
            Err(error) => panic!("{error}: {}", String::from_utf8_lossy(&self.body)),
        }
    }

    /// Returns HTTP status, status and reason.
    pub(crate) fn told(&self) -> (u16, String, String) {
        let json = self.json();
        for key in ["status", "reason", "phone", "vendor", "id"] {
            assert!(json[key].is_string(), "{key}: {json}");
        }
        assert!(json.get("result").is_some(), "{json}");
        let text = |key: &str| json[key].as_str().unwrap().to_owned();
        (self.code, text("status"), text("reason"))
    }
}
