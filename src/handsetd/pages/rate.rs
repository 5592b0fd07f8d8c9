//! How often an address may request pages.

use std::net::IpAddr;
use std::time::Duration;

use handset_net::expiring::ExpiringMap;
use handset_net::listener::rate_limit_key;
use parking_lot::Mutex;
use tokio::time::Instant;

/// Counts the requests of each address.
#[derive(Debug)]
pub(super) struct RequestRate(Mutex<ExpiringMap<IpAddr, u32>>);

impl Default for RequestRate {
    fn default() -> Self {
        Self(Mutex::new(ExpiringMap::new(MAX_ADDRESSES)))
    }
}

impl RequestRate {
    /// Counts a request; returns whether there were not too many.
    pub(super) fn admits(&self, peer: IpAddr) -> bool {
        let (source, now) = (rate_limit_key(peer), Instant::now());
        let mut counts = self.0.lock();
        match counts.get_mut(&source, now) {
            Some(count) if *count >= MAX_RATE => false,
            Some(count) => {
                *count += 1;
                true
            }
            None => {
                counts.insert(source, 1, WINDOW, now);
                true
            }
        }
    }
}

/// How many pages an address may request within [`WINDOW`]: more than a user can, and few enough that the
/// further documents of long pages do not push those of others out of the content store. Phones behind one
/// NAT share it.
const MAX_RATE: u32 = 100;

const WINDOW: Duration = Duration::from_secs(10);

/// Maximum number of remembered addresses; the one that expires next makes room.
const MAX_ADDRESSES: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn floods_are_stopped_per_address() {
        let rate = RequestRate::default();
        let [one, other] = [[192, 0, 2, 1], [192, 0, 2, 2]].map(IpAddr::from);
        assert!((0..MAX_RATE).all(|_| rate.admits(one)));
        assert!(!rate.admits(one) && rate.admits(other));
        tokio::time::advance(WINDOW).await;
        assert!(rate.admits(one));
    }
}
