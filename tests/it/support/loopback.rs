//! A loopback address for each test, so that tests can use the same well-known ports concurrently.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicUsize, Ordering};

/// An address in 127.0.20.0/22, reserved while this value lives, across all test runs on the machine.
///
/// Real phones use port 5060 for SIP and 80 for HTTP; with addresses of their own, ours can, too.
#[derive(Debug)]
pub(crate) struct Loopback {
    ip: Ipv4Addr,
    /// Binding this socket reserves the address.
    _claim: TcpListener,
}

impl Loopback {
    /// Claims a free address.
    pub(crate) fn claim() -> Self {
        let addresses = (20..24)
            .flat_map(|third| (1..255).map(move |fourth| Ipv4Addr::new(127, 0, third, fourth)));
        // Sockets on the previous address may take a moment to close.
        let passed = PASSED.fetch_add(1, Ordering::Relaxed);
        addresses
            .cycle()
            .skip(passed)
            .take(ALL)
            .find_map(|ip| {
                let claim = TcpListener::bind((ip, CLAIM_PORT)).ok()?;
                // A killed test may have left a program there.
                is_free(ip, 5060).then_some(Self { ip, _claim: claim })
            })
            .expect("fewer than a thousand tests run at once")
    }

    /// Returns the address without a port.
    pub(crate) fn ip(&self) -> IpAddr {
        self.ip.into()
    }

    /// Returns the address with a port.
    pub(crate) fn port(&self, port: u16) -> SocketAddr {
        SocketAddr::new(self.ip(), port)
    }
}

/// Returns whether no UDP socket has this port. Binding one would not only tell: a process that another test
/// starts meanwhile has a copy of it until it executes its program.
fn is_free(ip: Ipv4Addr, port: u16) -> bool {
    let sockets = fs::read_to_string("/proc/net/udp").unwrap();
    let ip = u32::from_ne_bytes(ip.octets());
    let taken = [ip, 0].map(|ip| format!(" {ip:08X}:{port:04X} "));
    !taken.iter().any(|local| sockets.contains(local))
}

/// Reserves the whole address. Nothing is served here.
const CLAIM_PORT: u16 = 5059;

/// Number of addresses.
const ALL: usize = 4 * 254;

/// Number of addresses claimed so far.
static PASSED: AtomicUsize = AtomicUsize::new(0);
