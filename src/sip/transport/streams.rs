//! TCP and TLS.

use std::fmt;
use std::net::SocketAddr;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use handset_net::listener::{Accepted, Listener, Slot};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info};

use crate::flow::{Connection, Flow, Target};
use crate::listen::Transport;
use crate::receive::Receiver;
use crate::wire::{Frame, Framer};

/// A bound listener, with an acceptor for TLS.
pub(crate) struct StreamListener {
    pub(crate) listener: Listener,
    pub(crate) tls: Option<TlsAcceptor>,
}

impl fmt::Debug for StreamListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamListener")
            .field("listener", &self.listener)
            .field("transport", &self.transport())
            .finish_non_exhaustive()
    }
}

impl StreamListener {
    fn transport(&self) -> Transport {
        match self.tls {
            Some(_) => Transport::Tls,
            None => Transport::Tcp,
        }
    }

    /// Serves connections until `stop` is cancelled.
    pub(crate) async fn run(mut self, receiver: Arc<Receiver>, stop: CancellationToken) {
        let (transport, local) = (self.transport(), self.listener.local_addr());
        let admitting = Arc::clone(&receiver);
        let admits = |peer: SocketAddr| {
            let is_allowed = admitting.core.allow.contains(peer.ip());
            if !is_allowed {
                admitting.core.counters.forbidden.increment();
            }
            is_allowed
        };
        loop {
            let accepted = tokio::select! {
                biased;
                () = stop.cancelled() => return,
                accepted = self.listener.accept(&admits) => accepted,
            };
            let (receiver, tls) = (Arc::clone(&receiver), self.tls.clone());
            let tasks = receiver.core.tasks.clone();
            tasks.spawn("sip connection", async move {
                let Accepted {
                    stream,
                    peer,
                    since,
                    slot,
                } = accepted;
                let slot = Arc::new(slot);
                let address = SocketAddr::new(peer.ip().to_canonical(), peer.port());
                let target = Target { transport, address };
                // The interface that the peer has reached, at the port where it reaches us again.
                let local = match stream.local_addr() {
                    Ok(own) => SocketAddr::new(own.ip(), local.port()),
                    Err(_) => local,
                };
                let link = Link::new(&receiver, target, local, Arc::downgrade(&slot));
                let served = async {
                    match tls {
                        None => link.serve(stream).await,
                        Some(tls) => {
                            match timeout_at(since + HANDSHAKE, tls.accept(stream)).await {
                                Ok(Ok(stream)) => link.serve(stream).await,
                                Ok(Err(error)) => {
                                    info!(
                                        peer = %target,
                                        %error,
                                        "TLS handshake failed; the peer may not trust the certificate."
                                    );
                                }
                                Err(_) => debug!(peer = %target, "TLS handshake timed out."),
                            }
                        }
                    }
                };
                // Boxed, since `run` keeps it beside its own state.
                slot.run(Box::pin(served)).await;
            });
        }
    }
}

/// Establishes a TCP connection and serves it. Connections from `port` on our side are what the peer is
/// told to reach us at.
pub(crate) async fn connect(
    receiver: &Arc<Receiver>,
    address: SocketAddr,
    port: Option<u16>,
    until: Instant,
) -> Option<Flow> {
    let connecting = timeout_at(until, TcpStream::connect(address)).await;
    let stream = connecting.ok()?.ok()?;
    let own = stream.local_addr().ok()?;
    let local = SocketAddr::new(own.ip(), port.unwrap_or_else(|| own.port()));
    let target = Target {
        transport: Transport::Tcp,
        address,
    };
    let link = Link::new(receiver, target, local, Weak::new());
    let flow = link.flow.clone();
    let tasks = &receiver.core.tasks;
    tasks.spawn("sip connection", link.serve(stream));
    Some(flow)
}

/// An open connection.
struct Link {
    receiver: Arc<Receiver>,
    flow: Flow,
    closed: CancellationToken,
    queue: mpsc::Receiver<Bytes>,
}

impl Link {
    fn new(receiver: &Arc<Receiver>, target: Target, local: SocketAddr, slot: Weak<Slot>) -> Self {
        let core = &receiver.core;
        let closed = core.tasks.stop().child_token();
        let (sender, queue) = mpsc::channel(MAX_QUEUED);
        let connection = Connection {
            id: core.connections.next_id(),
            queue: sender,
            closed: closed.clone(),
            slot,
            is_trusted: AtomicBool::new(false),
        };
        let flow = Flow::connection(target, local, core.address, connection);
        core.connections.add(&flow);
        Self {
            receiver: Arc::clone(receiver),
            flow,
            closed,
            queue,
        }
    }

    /// Reads and writes until one side closes the connection, or it is broken.
    async fn serve<S: AsyncRead + AsyncWrite>(mut self, stream: S) {
        let (mut reader, mut writer) = tokio::io::split(stream);
        let mut buffer = BytesMut::new();
        let mut framer = Framer::default();
        let mut deadline = Instant::now() + SILENCE;
        // Whether a message has begun; until it is complete, more of it does not extend the deadline.
        let mut is_within = false;
        loop {
            buffer.reserve(READ);
            tokio::select! {
                biased;
                () = self.closed.cancelled() => break,
                Some(bytes) = self.queue.recv() => {
                    if !write(&mut writer, &bytes).await {
                        break;
                    }
                }
                read = reader.read_buf(&mut buffer) => match read {
                    Ok(0) | Err(_) => break,
                    Ok(_) => {
                        let Some(frames) = self.take(&mut framer, &mut buffer).await else { break };
                        if frames.pings > 0 && !write(&mut writer, b"\r\n").await {
                            break;
                        }
                        if frames.messages > 0 || !is_within {
                            deadline = Instant::now() + SILENCE;
                        }
                        is_within = framer.is_within_message(&buffer);
                        if buffer.is_empty() && buffer.capacity() > LARGE {
                            buffer = BytesMut::new();
                        }
                    }
                },
                () = sleep_until(deadline) => {
                    if is_within || !self.flow.is_trusted() {
                        break;
                    }
                    deadline = Instant::now() + SILENCE;
                }
            }
        }
    }

    /// Handles the complete messages of `buffer`; `None` if the connection must be closed.
    async fn take(&self, framer: &mut Framer, buffer: &mut BytesMut) -> Option<Frames> {
        let core = &self.receiver.core;
        let mut frames = Frames::default();
        loop {
            let before = buffer.len();
            let handled = match framer.next(buffer) {
                Ok(None) => return Some(frames),
                Ok(Some(Frame::Ping)) => {
                    frames.pings += 1;
                    continue;
                }
                Ok(Some(Frame::Message(message))) => {
                    frames.messages += 1;
                    let peer = self.flow.target().address.ip();
                    // The peer waits, too: what is not read fills its buffers.
                    while let Err(next) = core.messages.admit(peer, Instant::now()) {
                        core.counters.limited.increment();
                        tokio::select! {
                            () = self.closed.cancelled() => return None,
                            () = sleep_until(next) => {}
                        }
                    }
                    let size = before.saturating_sub(buffer.len());
                    self.receiver.receive(&self.flow, message, size)
                }
                Err(error) => Err(error),
            };
            if let Err(error) = handled {
                core.counters.malformed.increment();
                debug!(peer = %self.flow.target(), %error, "Closed a connection: no valid message.");
                return None;
            }
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.closed.cancel();
        self.receiver.core.connections.remove(&self.flow);
    }
}

/// How many of each a buffer had.
#[derive(Debug, Default)]
struct Frames {
    messages: usize,
    pings: usize,
}

async fn write(writer: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> bool {
    let writing = async {
        writer.write_all(bytes).await?;
        writer.flush().await
    };
    matches!(timeout(WRITE, writing).await, Ok(Ok(())))
}

/// Time limit for a TLS handshake, from when the connection was accepted.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// How long a connection may be silent before its peer has shown credentials, and within a message.
const SILENCE: Duration = Duration::from_mins(1);

/// Time limit for writing a message: until then, nothing is read from the peer either.
const WRITE: Duration = Duration::from_secs(5);

/// How many messages may wait until they are written.
const MAX_QUEUED: usize = 32;

/// How much is read at least, in bytes, if there is as much.
const READ: usize = 1024;

/// Larger buffers than this, in bytes, are not kept for the next message.
const LARGE: usize = 8192;
