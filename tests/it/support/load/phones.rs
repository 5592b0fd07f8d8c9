//! The web servers of many phones, each with its own address, behind one socket.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use handset_net::tasks::Tasks;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::sleep;

/// Phones that respond to every request after a fixed time.
#[derive(Debug)]
pub(super) struct Phones {
    port: u16,
}

impl Phones {
    /// Starts the web servers.
    pub(super) fn start(answer: Duration, tasks: &Tasks) -> Self {
        let listener = listen();
        let port = listener.local_addr().unwrap().port();
        let (stop, own) = (tasks.stop(), tasks.clone());
        tasks.spawn("phones", async move {
            loop {
                let (stream, _) = tokio::select! {
                    () = stop.cancelled() => return,
                    accepted = listener.accept() => accepted.unwrap(),
                };
                own.spawn("phone", serve(stream, answer));
            }
        });
        Self { port }
    }

    /// Returns the address of the web server of a phone.
    pub(super) fn address(&self, at: usize) -> SocketAddr {
        SocketAddr::from((ip(at), self.port))
    }
}

/// Returns the name of a phone.
pub(super) fn name(at: usize) -> String {
    format!("{}", 10_000 + at)
}

/// Returns the address of a phone.
pub(super) fn ip(at: usize) -> Ipv4Addr {
    let [.., high, low] = u32::try_from(at).unwrap().to_be_bytes();
    Ipv4Addr::new(127, 64, high, low)
}

fn listen() -> TcpListener {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((Ipv4Addr::UNSPECIFIED, 0).into()).unwrap();
    socket.listen(4096).unwrap()
}

/// Reads a request including its body, and responds.
async fn serve(mut stream: TcpStream, answer: Duration) {
    let mut request = Vec::new();
    while !is_whole(&request) {
        if !matches!(stream.read_buf(&mut request).await, Ok(1..)) {
            return;
        }
    }
    sleep(answer).await;
    // The client may have closed the connection.
    let _ = stream.write_all(OK).await;
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head.lines().find_map(|line| {
        line.to_ascii_lowercase()
            .strip_prefix("content-length: ")?
            .parse()
            .ok()
    });
    length.unwrap_or(0) <= body.len()
}

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
