//! A client of the admin API, over plain HTTP.

use std::fmt::Write as _;
use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::daemon::TOKEN;
use super::soon;

/// A client that authenticates with the token.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AdminClient(SocketAddr);

/// A response with its complete body.
#[derive(Clone, Debug)]
pub(crate) struct Response {
    pub(crate) code: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl AdminClient {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self(address)
    }

    /// Sends a GET request.
    pub(crate) async fn get(&self, path: &str) -> Response {
        self.request("GET", path, &[], "").await
    }

    /// Sends a POST request.
    pub(crate) async fn post(&self, path: &str, body: &str) -> Response {
        self.request("POST", path, &[], body).await
    }

    /// Sends a request with the token and `headers`.
    pub(crate) async fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Response {
        let token = format!("Bearer {TOKEN}");
        let headers = [&[("Authorization", token.as_str())][..], headers].concat();
        self.request_with_headers(method, path, &headers, body)
            .await
    }

    /// Sends a request with `headers` only, without the token.
    pub(crate) async fn request_with_headers(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Response {
        let mut stream = self.open(method, path, headers, body).await;
        let mut answer = Vec::new();
        let read = soon(path, stream.read_to_end(&mut answer)).await;
        // The server may reset a connection whose request body it did not read to its end.
        if answer.is_empty() {
            read.unwrap();
        }
        Response::read(&answer)
    }

    /// Sends a request and returns the connection, from which the response is yet to be read.
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
        // The server may have rejected the request before its end.
        let _ = stream.write_all(request.as_bytes()).await;
        stream
    }
}

impl Response {
    /// Parses a response that ended with its connection.
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
    pub(crate) fn outcome(&self) -> (u16, String, String) {
        let json = self.json();
        for key in ["status", "reason", "phone", "vendor", "id"] {
            assert!(json[key].is_string(), "{key}: {json}");
        }
        assert!(json.get("result").is_some(), "{json}");
        let text = |key: &str| json[key].as_str().unwrap().to_owned();
        (self.code, text("status"), text("reason"))
    }
}
