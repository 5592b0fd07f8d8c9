//! Who has fetched what, and who was kept from it.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use handset_net::expiring::ExpiringMap;
use handset_net::listener::rate_limit_key;
use tokio::sync::SetOnce;
use tokio::time::Instant;

/// A fetch that is expected. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fetch(Arc<SetOnce<SystemTime>>);

impl Fetch {
    /// Waits until it happened, which may be never; returns when. Cancel safe.
    pub(crate) async fn wait(&self) -> SystemTime {
        *self.0.wait().await
    }

    /// Returns when it happened.
    pub(crate) fn at(&self) -> Option<SystemTime> {
        self.0.get().copied()
    }

    fn set(&self) {
        // Only the first counts.
        let _ = self.0.set(SystemTime::now());
    }
}

/// The expected fetches, and the addresses that were refused.
#[derive(Debug)]
pub(super) struct Fetches {
    /// By token. Fetches of one file by several phones differ in their address.
    expected: ExpiringMap<Arc<str>, Vec<(Option<IpAddr>, Fetch)>>,
    refused: ExpiringMap<IpAddr, Refusals>,
}

/// The refused connections of one address.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Refusals {
    /// How many, since the first of them or the last pause of a day.
    pub(crate) count: u64,
    /// When the last one was.
    pub(crate) last: SystemTime,
    last_instant: Instant,
}

impl Default for Fetches {
    fn default() -> Self {
        Self {
            expected: ExpiringMap::new(MAX_EXPECTED),
            refused: ExpiringMap::new(MAX_REFUSED),
        }
    }
}

impl Fetches {
    /// Expects a fetch of `token` for `lifetime`: by the phone at `from`, or by any.
    pub(super) fn expect(
        &mut self,
        token: &str,
        from: Option<IpAddr>,
        lifetime: Duration,
    ) -> Fetch {
        let now = Instant::now();
        let fetch = Fetch::default();
        let mut all = self.expected.remove(token, now).unwrap_or_default();
        all.truncate(MAX_EXPECTED_EACH - 1);
        all.push((from, fetch.clone()));
        self.expected.insert(token.into(), all, lifetime, now);
        fetch
    }

    /// Records a fetch.
    pub(super) fn fetched(&mut self, token: &str, peer: IpAddr) {
        let Some(expected) = self.expected.get_mut(token, Instant::now()) else {
            return;
        };
        expected.retain(|(from, fetch)| {
            let is_it = from.is_none_or(|from| from.to_canonical() == peer.to_canonical());
            if is_it {
                fetch.set();
            }
            !is_it
        });
    }

    /// Records that a connection was refused.
    pub(super) fn refused(&mut self, peer: IpAddr) {
        let (key, now) = (rate_limit_key(peer), Instant::now());
        let before = self.refused.get(&key, now).map_or(0, |known| known.count);
        let refusals = Refusals {
            count: before.saturating_add(1),
            last: SystemTime::now(),
            last_instant: now,
        };
        self.refused.insert(key, refusals, REFUSED_MEMORY, now);
    }

    /// Returns the refused connections of `peer` within the last day.
    pub(super) fn refusals(&self, peer: IpAddr) -> Option<Refusals> {
        let known = self.refused.get(&rate_limit_key(peer), Instant::now());
        known.copied()
    }

    /// Returns whether a connection from `peer` was refused since `start`.
    pub(super) fn was_refused_since(&self, peer: IpAddr, start: Instant) -> bool {
        self.refusals(peer)
            .is_some_and(|known| start <= known.last_instant)
    }
}

/// How many documents and files are expected to be fetched.
const MAX_EXPECTED: usize = 100_000;

/// How many phones are expected to fetch the same file: more than a push to a large group.
const MAX_EXPECTED_EACH: usize = 10_000;

/// How many refused addresses are remembered.
const MAX_REFUSED: usize = 10_000;

/// How long a refusal is remembered, for an administrator who looks for the cause the next morning.
const REFUSED_MEMORY: Duration = Duration::from_hours(24);

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn fetch_is_that_of_the_expected_phone() {
        let mut fetches = Fetches::default();
        let [one, other] = ["192.0.2.1", "192.0.2.2"].map(ip);
        let first = fetches.expect("a", Some(one), MINUTE);
        let second = fetches.expect("a", Some(other), MINUTE);
        let any = fetches.expect("b", None, MINUTE);
        fetches.fetched("a", ip("192.0.2.3"));
        fetches.fetched("c", one);
        assert!(first.at().is_none() && second.at().is_none() && any.at().is_none());
        fetches.fetched("a", ip("::ffff:192.0.2.2"));
        assert!(first.at().is_none() && second.at().is_some());
        fetches.fetched("b", other);
        assert_eq!(Some(any.wait().await), any.at());
        tokio::time::advance(MINUTE).await;
        fetches.fetched("a", one);
        assert_eq!(first.at(), None, "expired");
    }

    #[tokio::test(start_paused = true)]
    async fn refusals_are_counted_and_remembered_for_a_day() {
        let mut fetches = Fetches::default();
        let [one, other] = ["192.0.2.1", "192.0.2.2"].map(ip);
        let start = Instant::now();
        fetches.refused(one);
        tokio::time::advance(MINUTE).await;
        let later = Instant::now();
        assert!(fetches.was_refused_since(one, start));
        assert!(!fetches.was_refused_since(one, later));
        assert!(!fetches.was_refused_since(other, start));
        fetches.refused(ip("::ffff:192.0.2.1"));
        assert_eq!(fetches.refusals(one).unwrap().count, 2);
        assert!(fetches.was_refused_since(one, later));
        tokio::time::advance(REFUSED_MEMORY).await;
        assert_eq!(fetches.refusals(one), None);
    }
}
