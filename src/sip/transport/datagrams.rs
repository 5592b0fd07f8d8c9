//! UDP.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use crate::flow::Flow;
use crate::receive::Receiver;
use crate::wire::Message;

/// A bound UDP socket.
#[derive(Debug)]
pub(crate) struct DatagramSocket {
    /// Reads.
    reader: tokio::net::UdpSocket,
    /// Writes, without waiting.
    writer: Arc<UdpSocket>,
    address: SocketAddr,
}

/// Sends from a bound UDP socket.
#[derive(Clone, Debug)]
pub(crate) struct DatagramSender {
    writer: Arc<UdpSocket>,
    address: SocketAddr,
}

impl DatagramSocket {
    /// Binds `address`.
    ///
    /// # Panics
    ///
    /// Panics outside of a tokio runtime.
    pub(crate) fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = UdpSocket::bind(address)?;
        socket.set_nonblocking(true)?;
        Ok(Self {
            address: socket.local_addr()?,
            writer: Arc::new(socket.try_clone()?),
            reader: tokio::net::UdpSocket::from_std(socket)?,
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn sender(&self) -> DatagramSender {
        DatagramSender {
            writer: Arc::clone(&self.writer),
            address: self.address,
        }
    }

    /// Handles datagrams until `stop` is cancelled.
    pub(crate) async fn run(self, receiver: Arc<Receiver>, stop: CancellationToken) {
        let mut buffer = vec![0; MAX_DATAGRAM];
        let sender = self.sender();
        loop {
            let received = tokio::select! {
                biased;
                () = stop.cancelled() => return,
                received = self.reader.recv_from(&mut buffer) => received,
            };
            match received {
                Ok((length, peer)) => {
                    let datagram = buffer.get(..length).unwrap_or_default();
                    handle(&receiver, &sender, peer, datagram);
                }
                Err(error) => {
                    warn!(address = %self.address, %error, "Cannot receive datagrams.");
                    sleep(RETRY_DELAY).await;
                }
            }
        }
    }
}

impl DatagramSender {
    /// Returns the flow to `peer`, unless the socket is of another address family.
    pub(crate) fn flow(&self, receiver: &Receiver, peer: SocketAddr) -> Option<Flow> {
        let (ours, ip) = (self.address.ip(), peer.ip().to_canonical());
        let ip = match (ours.is_ipv4(), ip) {
            // A socket of IPv6 for any address has those of IPv4, too.
            (false, std::net::IpAddr::V4(ip)) if ours.is_unspecified() => {
                ip.to_ipv6_mapped().into()
            }
            (true, std::net::IpAddr::V6(_)) | (false, std::net::IpAddr::V4(_)) => return None,
            (_, ip) => ip,
        };
        let peer = SocketAddr::new(ip, peer.port());
        let (writer, advertised) = (Arc::clone(&self.writer), receiver.core.address);
        Some(Flow::datagrams(writer, self.address, advertised, peer))
    }
}

fn handle(receiver: &Receiver, sender: &DatagramSender, peer: SocketAddr, datagram: &[u8]) {
    let core = &receiver.core;
    if !core.allow.contains(peer.ip()) {
        return core.counters.forbidden.increment();
    }
    if core.messages.admit(peer.ip(), Instant::now()).is_err() {
        return core.counters.limited.increment();
    }
    // Line breaks and zeros keep the address translation of a router alive.
    if datagram.iter().all(|byte| b"\r\n\0".contains(byte)) {
        return;
    }
    let Some(flow) = sender.flow(receiver, peer) else {
        return;
    };
    let handled = Message::read_datagram(datagram)
        .and_then(|message| receiver.receive(&flow, message, datagram.len()));
    if let Err(error) = handled {
        core.counters.malformed.increment();
        debug!(peer = %flow.target(), %error, "Ignored a datagram.");
    }
}

/// Larger than any datagram.
const MAX_DATAGRAM: usize = 65_536;

/// Pause after a failed attempt to receive, for example when the system has no memory.
const RETRY_DELAY: Duration = Duration::from_millis(100);
