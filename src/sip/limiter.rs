//! Limits what one address can make us do in a second.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use handset_net::listener::rate_limit_key;
use parking_lot::Mutex;
use tokio::time::Instant;

/// Counts per address, in windows of a second. At the border of two windows, twice the limit may pass.
#[derive(Debug)]
pub(crate) struct Limiter {
    /// Events per address and window.
    limit: u32,
    window: Mutex<Window>,
}

#[derive(Debug)]
struct Window {
    since: Instant,
    counts: HashMap<IpAddr, u32>,
}

impl Limiter {
    pub(crate) fn new(limit: u32) -> Self {
        let window = Window {
            since: Instant::now(),
            counts: HashMap::new(),
        };
        Self {
            limit,
            window: Mutex::new(window),
        }
    }

    /// Counts an event of `peer`, unless it is over the limit; then it returns when the next window begins.
    pub(crate) fn admit(&self, peer: IpAddr, now: Instant) -> Result<(), Instant> {
        let mut window = self.window.lock();
        if now.saturating_duration_since(window.since) >= WINDOW {
            window.since = now;
            window.counts.clear();
        }
        let key = rate_limit_key(peer);
        let is_new = window.counts.len() >= MAX_ADDRESSES && !window.counts.contains_key(&key);
        let count = window
            .counts
            .entry(if is_new { OTHERS } else { key })
            .or_default();
        if *count >= self.limit {
            return Err(window.since + WINDOW);
        }
        *count += 1;
        Ok(())
    }
}

const WINDOW: Duration = Duration::from_secs(1);

/// How many addresses have a limit each; further ones share one. Sources of datagrams can be forged, so
/// their number is not that of the peers.
const MAX_ADDRESSES: usize = 65_536;

/// Stands for the addresses that share a limit. No peer has this one.
const OTHERS: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn addresses_have_a_limit_each_per_second() {
        let limiter = Limiter::new(2);
        let admit = |peer: &str| limiter.admit(peer.parse().unwrap(), Instant::now()).is_ok();
        let admitted = ["192.0.2.1"; 3].map(admit);
        assert_eq!(admitted, [true, true, false]);
        assert!(admit("192.0.2.2") && admit("2001:db8::1") && admit("2001:db8::2"));
        assert!(!admit("2001:db8::3"), "it is the same network");
        tokio::time::advance(WINDOW).await;
        assert!(admit("192.0.2.1"));
    }

    #[tokio::test(start_paused = true)]
    async fn forged_addresses_share_a_limit_in_the_end() {
        let limiter = Limiter::new(1);
        let now = Instant::now();
        let admitted = (0..u32::try_from(MAX_ADDRESSES).unwrap() + 5).filter(|&number| {
            limiter
                .admit(Ipv4Addr::from_bits(number + 1).into(), now)
                .is_ok()
        });
        assert_eq!(admitted.count(), MAX_ADDRESSES + 1);
        assert!(limiter.window.lock().counts.len() <= MAX_ADDRESSES + 1);
    }
}
