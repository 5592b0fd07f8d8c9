//! A phone whose replies the test writes, one by one, while its requests wait.

use std::net::{IpAddr, SocketAddr};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use handset_net::tasks::Tasks;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::loopback::Loopback;
use super::soon;

/// The web server of a phone.
#[derive(Debug)]
pub(crate) struct HeldPhone {
    address: Loopback,
    listener: TcpListener,
}

impl HeldPhone {
    /// Starts a phone on a loopback address of its own.
    pub(crate) async fn new() -> Self {
        let address = Loopback::claim();
        let listener = TcpListener::bind(address.port(PORT)).await.unwrap();
        Self { address, listener }
    }

    /// Returns its address without the port.
    pub(crate) fn ip(&self) -> IpAddr {
        self.address.ip()
    }

    /// Returns the address of its web server.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address.port(PORT)
    }

    /// Waits for a request. Connections that are given up before anything was sent are none.
    pub(crate) async fn request(&self) -> HeldRequest {
        loop {
            let accepted = soon("a connection", self.listener.accept()).await;
            let (mut stream, _) = accepted.unwrap();
            let mut bytes = Vec::new();
            while !bytes.windows(4).any(|four| four == b"\r\n\r\n") {
                let read = soon("a request", stream.read_buf(&mut bytes)).await;
                if read.unwrap() == 0 {
                    break;
                }
            }
            if bytes.is_empty() {
                continue;
            }
            let text = String::from_utf8_lossy(&bytes).into_owned();
            assert!(text.contains("\r\n\r\n"), "an incomplete head: {text:?}");
            return HeldRequest { text, stream };
        }
    }

    /// Replies with each of `replies`, in order; returns the requests.
    pub(crate) async fn play(&self, replies: &[&str]) -> Vec<String> {
        let mut requests = Vec::new();
        for reply in replies {
            let request = self.request().await;
            requests.push(request.text.clone());
            request.reply(reply).await;
        }
        requests
    }
}

/// A request that waits for its reply.
#[derive(Debug)]
pub(crate) struct HeldRequest {
    /// The head, and as much of the body as came with it.
    pub(crate) text: String,
    stream: TcpStream,
}

impl HeldRequest {
    /// Sends the reply, which may lack `Content-Length`, and closes the connection.
    pub(crate) async fn reply(mut self, reply: &str) {
        self.stream.write_all(reply.as_bytes()).await.unwrap();
        self.stream.shutdown().await.unwrap();
        // Closing with unread data would reset the connection.
        let rest = Tasks::new();
        rest.spawn("rest of a request", async move {
            let _ = self.stream.read_to_end(&mut Vec::new()).await;
        });
    }

    /// Returns the value of `Authorization`.
    pub(crate) fn authorization(&self) -> Option<&str> {
        authorization(&self.text)
    }

    /// Returns user name and password of `Authorization: Basic`.
    pub(crate) fn basic(&self) -> (String, String) {
        let value = self.authorization().unwrap_or_default();
        let encoded = value.strip_prefix("Basic ");
        let encoded = encoded.unwrap_or_else(|| panic!("no Basic in {}", self.text));
        let pair = String::from_utf8(STANDARD.decode(encoded).unwrap()).unwrap();
        let (user, password) = pair.split_once(':').unwrap();
        (user.to_owned(), password.to_owned())
    }
}

/// Returns the value of `Authorization` in a request.
pub(crate) fn authorization(request: &str) -> Option<&str> {
    let mut lines = request.lines();
    lines.find_map(|line| line.strip_prefix("Authorization: "))
}

/// The HTTP port of these phones; unprivileged.
const PORT: u16 = 8080;
