//! A client of NATS that sends whatever a test wants; it shares no code with the one that is tested.

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use super::soon;

/// A connection.
pub(crate) struct RawNats(BufReader<TcpStream>);

impl RawNats {
    /// Connects to the server of a URL `nats://HOST:PORT`.
    pub(crate) async fn connect(url: &str) -> Self {
        let server = url.strip_prefix("nats://").unwrap();
        let stream = TcpStream::connect(server).await.unwrap();
        let mut client = Self(BufReader::new(stream));
        client.line("INFO").await;
        let connect = "CONNECT {\"verbose\":false,\"pedantic\":false,\"headers\":true,\"no_responders\":true}\r\n";
        client.send(connect.as_bytes()).await;
        client.settle().await;
        client
    }

    /// Publishes.
    pub(crate) async fn publish(&mut self, subject: &str, body: &[u8]) {
        let head = format!("PUB {subject} {}\r\n", body.len());
        self.send(&[head.as_bytes(), body, b"\r\n"].concat()).await;
    }

    /// Publishes with a reply subject and headers, each with its line break.
    pub(crate) async fn publish_with(
        &mut self,
        subject: &str,
        reply: &str,
        headers: &str,
        body: &[u8],
    ) {
        let headers = format!("NATS/1.0\r\n{headers}\r\n");
        let all = headers.len() + body.len();
        let head = format!(
            "HPUB {subject} {reply} {} {all}\r\n{headers}",
            headers.len()
        );
        self.send(&[head.as_bytes(), body, b"\r\n"].concat()).await;
    }

    /// Waits until the server has read everything; returns the errors that it has reported.
    pub(crate) async fn settle(&mut self) -> Vec<String> {
        self.send(b"PING\r\n").await;
        let mut errors = Vec::new();
        loop {
            let line = self.next().await;
            if line.starts_with("PONG") {
                return errors;
            }
            if line.starts_with("-ERR") {
                errors.push(line);
            }
        }
    }

    /// Subscribes.
    pub(crate) async fn subscribe(&mut self, subject: &str) {
        self.send(format!("SUB {subject} 1\r\n").as_bytes()).await;
        self.settle().await;
    }

    /// Waits for a message; returns its subject and body.
    pub(crate) async fn message(&mut self) -> (String, Vec<u8>) {
        loop {
            let line = self.next().await;
            let mut words = line.split_whitespace();
            let kind = words.next();
            if !matches!(kind, Some("MSG" | "HMSG")) {
                continue;
            }
            let subject = words.next().unwrap().to_owned();
            let numbers: Vec<usize> = words.filter_map(|word| word.parse().ok()).collect();
            let all = numbers[numbers.len() - 1];
            let headers = match kind {
                Some("HMSG") => numbers[numbers.len() - 2],
                _ => 0,
            };
            let mut body = vec![0; all + 2];
            self.0.read_exact(&mut body).await.unwrap();
            body.truncate(all);
            return (subject, body.split_off(headers));
        }
    }

    async fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.unwrap();
    }

    async fn line(&mut self, start: &str) -> String {
        let line = self.next().await;
        assert!(line.starts_with(start), "{line}");
        line
    }

    async fn next(&mut self) -> String {
        loop {
            let mut line = String::new();
            let reading = self.0.read_line(&mut line);
            let length = soon("a line of NATS", reading).await.unwrap();
            assert!(length > 0, "NATS closed the connection");
            if line.starts_with("PING") {
                self.send(b"PONG\r\n").await;
                continue;
            }
            return line;
        }
    }
}
