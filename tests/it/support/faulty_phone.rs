//! A phone whose web server misbehaves in a chosen way.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use handset_net::tasks::Tasks;
use handset_simulator::Vendor;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::time::sleep;

use super::loopback::Loopback;
use super::sim_phone;

/// How the web server misbehaves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fault {
    /// Responds with bytes that are not HTTP.
    Garbage,
    /// Sends endless headers, as fast as they are read.
    EndlessHeaders,
    /// Sends an endless body, as fast as it is read.
    EndlessBody,
    /// Neither accepts nor refuses connections.
    NeverAccepts,
    /// Reads the request and never responds.
    NeverAnswers,
    /// Accepts connections and reads nothing.
    NeverReads,
    /// Works: responds 200 to every request.
    None,
    /// Resets a connection as soon as it is accepted.
    ResetsAtOnce,
    /// Resets a connection after reading the request.
    ResetsAfterTheRequest,
    /// Resets a connection in the middle of the response body.
    ResetsInTheBody,
    /// Sends one byte a second, starting with the status line.
    TricklesHeaders,
    /// Sends the headers at once, then one byte of the body a second.
    TricklesBody,
}

/// A phone with a fault, which tests can change.
#[derive(Debug)]
pub(crate) struct FaultyPhone {
    address: Loopback,
    fault: watch::Sender<Fault>,
    connections: Arc<AtomicUsize>,
    written: Arc<AtomicUsize>,
    tasks: Tasks,
}

impl FaultyPhone {
    /// Starts a phone on a loopback address of its own.
    pub(crate) async fn new(fault: Fault) -> Self {
        let address = Loopback::claim();
        let (fault, current) = watch::channel(fault);
        let connections = Arc::new(AtomicUsize::new(0));
        let written = Arc::new(AtomicUsize::new(0));
        let tasks = Tasks::new();
        let listener = listen(address.port(PORT), *current.borrow()).await;
        let (own, counts, bytes) = (tasks.clone(), connections.clone(), written.clone());
        tasks.spawn("faulty phone", async move {
            if *current.borrow() == Fault::NeverAccepts {
                // The backlog is full and stays so.
                let _kept = listener;
                own.stop().cancelled().await;
                return;
            }
            let stop = own.stop();
            loop {
                let (stream, _) = tokio::select! {
                    () = stop.cancelled() => return,
                    accepted = listener.accept() => accepted.unwrap(),
                };
                counts.fetch_add(1, Ordering::Relaxed);
                let (fault, stop, bytes) = (*current.borrow(), own.stop(), bytes.clone());
                own.spawn("connection", async move {
                    tokio::select! {
                        () = stop.cancelled() => {}
                        () = misbehave(fault, stream, &bytes) => {}
                    }
                });
            }
        });
        Self {
            address,
            fault,
            connections,
            written,
            tasks,
        }
    }

    /// Returns a `[[phone]]` of the configuration.
    pub(crate) fn entry(&self, name: &str) -> String {
        let options = sim_phone::options(Vendor::Yealink);
        let entry = sim_phone::entry(name, &options, self.address.port(PORT));
        // Hardware addresses must be unique.
        let lines = entry.split_inclusive('\n');
        lines.filter(|line| !line.starts_with("mac")).collect()
    }

    /// Changes the fault.
    pub(crate) fn set_fault(&self, fault: Fault) {
        self.fault.send_replace(fault);
    }

    /// Returns how many connections it accepted.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// Returns how many bytes it could write.
    pub(crate) fn written(&self) -> usize {
        self.written.load(Ordering::Relaxed)
    }
}

impl Drop for FaultyPhone {
    fn drop(&mut self) {
        self.tasks.stop().cancel();
    }
}

async fn listen(address: SocketAddr, fault: Fault) -> TcpListener {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(true).unwrap();
    if fault == Fault::NeverReads {
        socket.set_recv_buffer_size(1).unwrap();
    }
    socket.bind(address).unwrap();
    if fault != Fault::NeverAccepts {
        return socket.listen(1024).unwrap();
    }
    let listener = socket.listen(1).unwrap();
    // Connections that wait to be accepted fill the backlog; the kernel drops further ones.
    let filler = async {
        let mut kept = Vec::new();
        loop {
            kept.push(TcpStream::connect(address).await);
        }
    };
    let filled = tokio::time::timeout(Duration::from_secs(1), filler).await;
    assert!(filled.is_err());
    listener
}

async fn misbehave(fault: Fault, mut stream: TcpStream, written: &AtomicUsize) {
    let mut request = vec![0; 64 * 1024];
    match fault {
        Fault::NeverReads => return std::future::pending().await,
        Fault::ResetsAtOnce => return stream.set_zero_linger().unwrap(),
        _ => {}
    }
    // The requests of these tests arrive in one read.
    if !matches!(stream.read(&mut request).await, Ok(1..)) {
        return;
    }
    let (start, more): (&[u8], &[u8]) = match fault {
        Fault::EndlessBody => (HEAD, &[b'x'; 16 * 1024]),
        Fault::EndlessHeaders => (b"HTTP/1.1 200 OK\r\n", b"X-More: and more, and more\r\n"),
        Fault::Garbage => (b"\x00\xff\x1b[2Jnot HTTP\r\n\r\n", b""),
        Fault::None => (
            b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            b"",
        ),
        Fault::ResetsInTheBody => (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", b""),
        Fault::TricklesBody => (TRICKLE, b"x"),
        Fault::TricklesHeaders => (b"", b"HTTP/1.1 200 OK\r\nX: y"),
        _ => (b"", b""),
    };
    // The client closes once it has read enough.
    let _ = stream.write_all(start).await;
    match fault {
        Fault::NeverAnswers => while matches!(stream.read(&mut request).await, Ok(1..)) {},
        Fault::EndlessBody | Fault::EndlessHeaders => {
            while stream.write_all(more).await.is_ok() {
                written.fetch_add(more.len(), Ordering::Relaxed);
            }
        }
        Fault::TricklesBody | Fault::TricklesHeaders => {
            for byte in more.iter().cycle() {
                sleep(Duration::from_secs(1)).await;
                if stream.write_all(&[*byte]).await.is_err() {
                    return;
                }
            }
        }
        Fault::ResetsAfterTheRequest => stream.set_zero_linger().unwrap(),
        Fault::ResetsInTheBody => {
            // Gives the bytes written so far time to arrive.
            sleep(Duration::from_millis(100)).await;
            stream.set_zero_linger().unwrap();
        }
        _ => {}
    }
}

/// Includes the first byte of the body, without which the response would not count as started.
const TRICKLE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nx";

const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n";

/// The HTTP port of these phones.
const PORT: u16 = 8080;
