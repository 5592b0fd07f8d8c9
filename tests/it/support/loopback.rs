//! Loopback addresses of a test's own, so that well-known ports can be used side by side.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::sync::atomic::{AtomicUsize, Ordering};

/// An address in 127.0.20.0/22 that no other test has while this value lives, not even one of
/// another test run on the machine.
///
/// A real phone has SIP on port 5060 and HTTP on port 80; with an address for each, so do ours.
#[derive(Debug)]
pub(crate) struct Loopback {
    ip: Ipv4Addr,
    /// Whoever could bind this owns the address.
    _claim: TcpListener,
}

impl Loopback {
    /// Claims a free address.
    pub(crate) fn claim() -> Self {
        let addresses = (20..24)
            .flat_map(|third| (1..255).map(move |fourth| Ipv4Addr::new(127, 0, third, fourth)));
        // What has listened on the last one may take a moment to go.
        let passed = PASSED.fetch_add(1, Ordering::Relaxed);
        addresses
            .cycle()
            .skip(passed)
            .take(ALL)
            .find_map(|ip| {
                let claim = TcpListener::bind((ip, CLAIM_PORT)).ok()?;
                // A test that was killed may have left a program there.
                UdpSocket::bind((ip, 5060)).ok()?;
                Some(Self { ip, _claim: claim })
            })
            .expect("a thousand tests don't run at once")
    }

    /// Returns the bare address.
    pub(crate) fn ip(&self) -> IpAddr {
        self.ip.into()
    }

    /// Returns the address with a port.
    pub(crate) fn port(&self, port: u16) -> SocketAddr {
        SocketAddr::new(self.ip(), port)
    }
}

/// Stands for the whole address. Nothing is ever served here.
const CLAIM_PORT: u16 = 5059;

/// How many addresses there are.
const ALL: usize = 4 * 254;

/// How many were claimed so far.
static PASSED: AtomicUsize = AtomicUsize::new(0);
