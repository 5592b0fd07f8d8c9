//! A client of NATS that sends whatever a test wants; it shares no code with the one that is tested.

use std::fmt::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::soon;

/// A connection.
#[derive(Debug)]
pub(crate) struct NatsClient {
    stream: BufReader<TcpStream>,
    /// The start of the subjects on which it expects replies.
    inbox: &'static str,
    next: usize,
}

/// Something that the server sent.
#[derive(Clone, Eq, PartialEq)]
pub(crate) enum Sent {
    /// A message: its subject, its headers and its body.
    Message(String, String, Vec<u8>),
    /// An error: `-ERR …`.
    Error(String),
}

/// A line of the protocol, with what belongs to it.
enum Line {
    Sent(Sent),
    Pong,
    Other,
}

impl fmt::Debug for Sent {
    /// Bodies may be very long.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message(subject, _, body) => {
                let start = &body[..body.len().min(200)];
                write!(f, "{subject}: {}", String::from_utf8_lossy(start))
            }
            Self::Error(error) => f.write_str(error),
        }
    }
}

impl NatsClient {
    /// Logs in as `user`, or anonymously.
    pub(crate) async fn connect(ip: Ipv4Addr, user: Option<(&str, &str)>) -> Self {
        let address = SocketAddr::from((ip, 4222));
        let stream = TcpStream::connect(address).await.unwrap();
        let mut client = Self {
            stream: BufReader::new(stream),
            inbox: "_INBOX_crm.test",
            next: 0,
        };
        let mut options = json!({"verbose": false, "pedantic": false, "headers": true,
            "no_responders": true, "lang": "test", "version": "1"});
        if let Some((user, password)) = user {
            options["user"] = user.into();
            options["pass"] = password.into();
        }
        client.write(&format!("CONNECT {options}\r\n")).await;
        client
    }

    /// Sends lines of the protocol.
    pub(crate) async fn write(&mut self, text: &str) {
        self.write_bytes(text.as_bytes()).await;
    }

    /// Sends bytes; the server may have closed the connection.
    pub(crate) async fn write_bytes(&mut self, bytes: &[u8]) {
        let _ = self.stream.get_mut().write_all(bytes).await;
    }

    /// Subscribes.
    pub(crate) async fn subscribe(&mut self, subject: &str) {
        self.next += 1;
        let line = format!("SUB {subject} {}\r\n", self.next);
        self.write(&line).await;
    }

    /// Publishes, with a reply subject unless that is empty.
    pub(crate) async fn publish(
        &mut self,
        (subject, reply): (&str, &str),
        headers: Option<&[(&str, &str)]>,
        body: &[u8],
    ) {
        let mut head = String::new();
        if let Some(headers) = headers {
            head.push_str("NATS/1.0\r\n");
            for (name, value) in headers {
                write!(head, "{name}: {value}\r\n").unwrap();
            }
            head.push_str("\r\n");
        }
        let total = head.len() + body.len();
        let line = if head.is_empty() {
            format!("PUB {subject} {reply} {total}\r\n")
        } else {
            format!("HPUB {subject} {reply} {} {total}\r\n", head.len())
        };
        let bytes = [line.as_bytes(), head.as_bytes(), body, b"\r\n"].concat();
        self.write_bytes(&bytes).await;
    }

    /// Makes a request, and returns the reply.
    pub(crate) async fn request(&mut self, subject: &str, body: &[u8]) -> Value {
        self.next += 1;
        let inbox = format!("{}.{}", self.inbox, self.next);
        self.subscribe(&inbox).await;
        self.publish((subject, &inbox), None, body).await;
        loop {
            match soon("a reply", self.next()).await {
                Some(Sent::Message(to, headers, body)) if to == inbox => {
                    return serde_json::from_slice(&body).unwrap_or_else(|_| headers.into());
                }
                Some(Sent::Error(error)) => return error.into(),
                Some(Sent::Message(..)) => {}
                None => panic!("the connection was closed"),
            }
        }
    }

    /// Waits for a message or an error; `None` is the end of the connection.
    pub(crate) async fn next(&mut self) -> Option<Sent> {
        loop {
            if let Line::Sent(sent) = self.receive().await? {
                return Some(sent);
            }
        }
    }

    /// Waits for a message; returns its subject and body.
    pub(crate) async fn message(&mut self) -> (String, Vec<u8>) {
        loop {
            match soon("a message", self.next()).await {
                Some(Sent::Message(subject, _, body)) => return (subject, body),
                Some(Sent::Error(_)) => {}
                None => panic!("the connection was closed"),
            }
        }
    }

    /// Waits until the server has read everything; returns the errors that it has reported.
    pub(crate) async fn flush(&mut self) -> Vec<String> {
        self.write("PING\r\n").await;
        let mut errors = Vec::new();
        loop {
            match soon("PONG", self.receive()).await {
                Some(Line::Pong) => return errors,
                Some(Line::Sent(Sent::Error(error))) => errors.push(error),
                Some(_) => {}
                None => panic!("the connection was closed"),
            }
        }
    }

    /// Waits until nothing comes for a short time; returns what has come.
    pub(crate) async fn settle(&mut self) -> Vec<Sent> {
        let mut all = Vec::new();
        while let Ok(Some(sent)) = timeout(SHORT, self.next()).await {
            all.push(sent);
        }
        all
    }

    async fn receive(&mut self) -> Option<Line> {
        let mut line = String::new();
        if self.stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        match *words.first()? {
            "PING" => self.write("PONG\r\n").await,
            "PONG" => return Some(Line::Pong),
            "-ERR" => return Some(Line::Sent(Sent::Error(line.trim().to_owned()))),
            "MSG" | "HMSG" => {
                let total: usize = words.last()?.parse().ok()?;
                let mut bytes = vec![0; total + 2];
                self.stream.read_exact(&mut bytes).await.ok()?;
                bytes.truncate(total);
                let head = if words[0] == "HMSG" {
                    words[words.len() - 2].parse().ok()?
                } else {
                    0
                };
                let body = bytes.split_off(head);
                let head = String::from_utf8_lossy(&bytes).into_owned();
                let message = Sent::Message(words[1].to_owned(), head, body);
                return Some(Line::Sent(message));
            }
            _ => {}
        }
        Some(Line::Other)
    }
}

/// Long enough for what is on its way.
const SHORT: Duration = Duration::from_millis(400);
