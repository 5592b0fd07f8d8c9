//! A phone whose web server is ill, each in a way of its own.

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

/// What is wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Illness {
    /// It answers with bytes that are no HTTP.
    Garbage,
    /// Headers without end, as fast as they are read.
    EndlessHeaders,
    /// A body without end, as fast as it is read.
    EndlessBody,
    /// It accepts no connection, and refuses none.
    NeverAccepts,
    /// It reads, and says nothing.
    NeverAnswers,
    /// It accepts and reads nothing.
    NeverReads,
    /// Nothing: it says 200 to everything.
    None,
    /// It resets a connection as soon as it is there.
    ResetsAtOnce,
    /// It resets a connection once it has the request.
    ResetsAfterTheRequest,
    /// It resets a connection in the middle of the body.
    ResetsInTheBody,
    /// A byte a second, from the first one on.
    TricklesHeaders,
    /// A byte a second, once the headers are out.
    TricklesBody,
}

/// A phone that is ill, until it gets better.
#[derive(Debug)]
pub(crate) struct SickPhone {
    address: Loopback,
    illness: watch::Sender<Illness>,
    connections: Arc<AtomicUsize>,
    written: Arc<AtomicUsize>,
    tasks: Tasks,
}

impl SickPhone {
    /// Puts a phone on an address of its own.
    pub(crate) async fn new(illness: Illness) -> Self {
        let address = Loopback::claim();
        let (illness, ill) = watch::channel(illness);
        let connections = Arc::new(AtomicUsize::new(0));
        let written = Arc::new(AtomicUsize::new(0));
        let tasks = Tasks::new();
        let listener = listen(address.port(PORT), *ill.borrow()).await;
        let (own, counts, bytes) = (tasks.clone(), connections.clone(), written.clone());
        tasks.spawn("sick phone", async move {
            if *ill.borrow() == Illness::NeverAccepts {
                // Its queue is full, and stays so.
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
                let (illness, stop, bytes) = (*ill.borrow(), own.stop(), bytes.clone());
                own.spawn("connection", async move {
                    tokio::select! {
                        () = stop.cancelled() => {}
                        () = suffer(illness, stream, &bytes) => {}
                    }
                });
            }
        });
        Self {
            address,
            illness,
            connections,
            written,
            tasks,
        }
    }

    /// Returns a `[[phone]]` of the configuration.
    pub(crate) fn entry(&self, name: &str) -> String {
        let options = sim_phone::options(Vendor::Yealink);
        let entry = sim_phone::entry(name, &options, self.address.port(PORT));
        // No two phones have one hardware address.
        let lines = entry.split_inclusive('\n');
        lines.filter(|line| !line.starts_with("mac")).collect()
    }

    /// Makes it ill in another way, or well.
    pub(crate) fn becomes(&self, illness: Illness) {
        self.illness.send_replace(illness);
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

impl Drop for SickPhone {
    fn drop(&mut self) {
        self.tasks.stop().cancel();
    }
}

async fn listen(address: SocketAddr, illness: Illness) -> TcpListener {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(true).unwrap();
    if illness == Illness::NeverReads {
        socket.set_recv_buffer_size(1).unwrap();
    }
    socket.bind(address).unwrap();
    if illness != Illness::NeverAccepts {
        return socket.listen(1024).unwrap();
    }
    let listener = socket.listen(1).unwrap();
    // What waits to be accepted fills the queue; the system drops what comes then.
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

async fn suffer(illness: Illness, mut stream: TcpStream, written: &AtomicUsize) {
    let mut request = vec![0; 64 * 1024];
    match illness {
        Illness::NeverReads => return std::future::pending().await,
        Illness::ResetsAtOnce => return stream.set_zero_linger().unwrap(),
        _ => {}
    }
    // The requests of these tests come in one piece.
    if !matches!(stream.read(&mut request).await, Ok(1..)) {
        return;
    }
    let (start, more): (&[u8], &[u8]) = match illness {
        Illness::EndlessBody => (HEAD, &[b'x'; 16 * 1024]),
        Illness::EndlessHeaders => (b"HTTP/1.1 200 OK\r\n", b"X-More: and more, and more\r\n"),
        Illness::Garbage => (b"\x00\xff\x1b[2Jthis is no HTTP\r\n\r\n", b""),
        Illness::None => (
            b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            b"",
        ),
        Illness::ResetsInTheBody => (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", b""),
        Illness::TricklesBody => (TRICKLE, b"x"),
        Illness::TricklesHeaders => (b"", b"HTTP/1.1 200 OK\r\nX: y"),
        _ => (b"", b""),
    };
    // Whoever has read enough closes.
    let _ = stream.write_all(start).await;
    match illness {
        Illness::NeverAnswers => while matches!(stream.read(&mut request).await, Ok(1..)) {},
        Illness::EndlessBody | Illness::EndlessHeaders => {
            while stream.write_all(more).await.is_ok() {
                written.fetch_add(more.len(), Ordering::Relaxed);
            }
        }
        Illness::TricklesBody | Illness::TricklesHeaders => {
            for byte in more.iter().cycle() {
                sleep(Duration::from_secs(1)).await;
                if stream.write_all(&[*byte]).await.is_err() {
                    return;
                }
            }
        }
        Illness::ResetsAfterTheRequest => stream.set_zero_linger().unwrap(),
        Illness::ResetsInTheBody => {
            // What was written before is to arrive.
            sleep(Duration::from_millis(100)).await;
            stream.set_zero_linger().unwrap();
        }
        _ => {}
    }
}

/// The first byte of the body is there at once, or there would be no answer yet.
const TRICKLE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nx";

const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n";

/// Where these phones serve HTTP.
const PORT: u16 = 8080;
