//! Slows down the guessing of tokens, counts it and logs it.
//!
//! After [`FREE_ATTEMPTS`] wrong tokens the answer to each further wrong one from that address is
//! delayed by [`PAUSE`]. A right one is accepted at once, so that a guesser locks no other user of the same
//! proxy out. That a token is right thus shows by its duration; its length makes up for that. The
//! delay ends after a minute without a wrong token.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use handset_net::listener::rate_limit_key;
use handset_net::tasks::Tasks;
use parking_lot::Mutex;
use prometheus_client::metrics::counter::Counter;
use tokio::time::sleep;
use tracing::warn;

/// The wrong tokens of the last minutes. Clones share the counts.
#[derive(Clone, Debug)]
pub(super) struct WrongTokens {
    sources: Arc<Mutex<HashMap<Source, Count>>>,
    total: Counter,
    tasks: Tasks,
}

/// Who presented a token.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
enum Source {
    Address(IpAddr),
    /// All addresses beyond [`MAX_SOURCES`].
    Others,
}

#[derive(Debug, Default)]
struct Count {
    /// Since the last minute without a wrong token.
    wrong: u32,
    /// Those of `wrong` that no line of the log has counted yet.
    unreported: u64,
}

/// Why a token was not accepted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Rejection {
    Wrong,
    /// It was wrong, and so were many before.
    TooMany,
}

impl WrongTokens {
    /// `tasks` runs the reports to the log.
    pub(super) fn new(tasks: Tasks) -> Self {
        Self {
            sources: Arc::default(),
            total: Counter::default(),
            tasks,
        }
    }

    /// Lets `check` decide about a token from `peer`; pauses after a wrong one if the address is
    /// guessing.
    pub(super) async fn attempt<T>(
        &self,
        peer: IpAddr,
        check: impl FnOnce() -> Option<T>,
    ) -> Result<T, Rejection> {
        if let Some(accepted) = check() {
            return Ok(accepted);
        }
        let address = rate_limit_key(peer);
        let is_guessing = self.is_guessing(address);
        // Counted first: clients may leave during the pause.
        self.count(address);
        if !is_guessing {
            return Err(Rejection::Wrong);
        }
        sleep(PAUSE).await;
        Err(Rejection::TooMany)
    }

    /// Returns the number of wrong tokens since the start.
    pub(super) fn total(&self) -> Counter {
        self.total.clone()
    }

    fn is_guessing(&self, address: IpAddr) -> bool {
        let sources = self.sources.lock();
        let count = match sources.get(&Source::Address(address)) {
            Some(count) => Some(count),
            None if sources.len() >= MAX_SOURCES => sources.get(&Source::Others),
            None => None,
        };
        count.is_some_and(|count| count.wrong >= FREE_ATTEMPTS)
    }

    /// Counts a wrong token. The first one of an address is logged at once, further ones each minute.
    fn count(&self, address: IpAddr) {
        self.total.inc();
        let mut sources = self.sources.lock();
        let known = Source::Address(address);
        let source = if sources.contains_key(&known) || sources.len() < MAX_SOURCES {
            known
        } else {
            Source::Others
        };
        let is_new = !sources.contains_key(&source);
        let count = sources.entry(source).or_default();
        count.wrong = count.wrong.saturating_add(1);
        if !is_new {
            count.unreported = count.unreported.saturating_add(1);
            return;
        }
        drop(sources);
        log(source, 1);
        let own = self.clone();
        let stop = self.tasks.stop();
        self.tasks.spawn("wrong tokens", async move {
            stop.run_until_cancelled(own.report(source)).await;
        });
    }

    /// Logs the count of a source each minute, and forgets the source after a minute without any.
    async fn report(&self, source: Source) {
        loop {
            sleep(WINDOW).await;
            let mut sources = self.sources.lock();
            let unreported = sources
                .get_mut(&source)
                .map_or(0, |count| std::mem::take(&mut count.unreported));
            if unreported == 0 {
                sources.remove(&source);
                return;
            }
            drop(sources);
            log(source, unreported);
        }
    }
}

fn log(source: Source, count: u64) {
    match source {
        Source::Address(peer) => warn!(%peer, count, "Rejected wrong tokens."),
        Source::Others => warn!(count, "Rejected wrong tokens from many other addresses."),
    }
}

/// The number of wrong tokens that an address may present until it has to wait. People mistype.
const FREE_ATTEMPTS: u32 = 10;

/// How long the answer to a wrong token of a guessing address waits.
const PAUSE: Duration = Duration::from_secs(1);

/// How long an address is remembered after its last wrong token, and how often its count is logged.
pub(super) const WINDOW: Duration = Duration::from_mins(1);

/// The number of addresses that are counted separately; further ones share one count, so that the
/// memory is bounded.
const MAX_SOURCES: usize = 1024;

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use tokio::time::{Instant, advance};

    use super::*;

    const NOBODY: Option<()> = None;

    fn ip(last: u32) -> IpAddr {
        Ipv4Addr::from_bits(0xC000_0200 + last).into()
    }

    /// Presents a token, and returns the result and whether that took a pause.
    async fn attempt<T>(
        wrong_tokens: &WrongTokens,
        peer: IpAddr,
        result: Option<T>,
    ) -> (Result<T, Rejection>, bool) {
        let start = Instant::now();
        let result = wrong_tokens.attempt(peer, || result).await;
        (result, start.elapsed() >= PAUSE)
    }

    #[tokio::test(start_paused = true)]
    async fn guessing_address_waits_and_right_tokens_are_accepted() {
        let wrong_tokens = WrongTokens::new(Tasks::new());
        let attempts = &wrong_tokens;
        for _ in 0..FREE_ATTEMPTS {
            assert_eq!(attempt(attempts, ip(1), Some(())).await, (Ok(()), false));
            let wrong = attempt(attempts, ip(1), NOBODY).await;
            assert_eq!(wrong, (Err(Rejection::Wrong), false));
        }
        let wrong = attempt(attempts, ip(1), NOBODY).await;
        assert_eq!(wrong, (Err(Rejection::TooMany), true));
        assert_eq!(attempt(attempts, ip(1), Some(())).await, (Ok(()), false));
        assert_eq!(attempt(attempts, ip(2), Some(())).await, (Ok(()), false));
        let other = attempt(attempts, ip(2), NOBODY).await;
        assert_eq!(other, (Err(Rejection::Wrong), false));
        assert_eq!(wrong_tokens.total().get(), u64::from(FREE_ATTEMPTS) + 2);
        // The pause ends once there was none for a minute.
        advance(WINDOW).await;
        tokio::task::yield_now().await;
        assert!(wrong_tokens.is_guessing(ip(1)));
        sleep(WINDOW + PAUSE).await;
        assert!(!wrong_tokens.is_guessing(ip(1)));
        assert_eq!(wrong_tokens.sources.lock().len(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn addresses_are_bounded_in_number() {
        let wrong_tokens = WrongTokens::new(Tasks::new());
        let many = u32::try_from(MAX_SOURCES + FREE_ATTEMPTS as usize).unwrap();
        for last in 0..many {
            let _ = attempt(&wrong_tokens, ip(last), NOBODY).await;
        }
        assert_eq!(wrong_tokens.sources.lock().len(), MAX_SOURCES + 1);
        // Those that share a count are slowed down together, and right ones are accepted.
        assert!(wrong_tokens.is_guessing(ip(many)) && !wrong_tokens.is_guessing(ip(1)));
        let right = attempt(&wrong_tokens, ip(many), Some(())).await;
        assert_eq!(right, (Ok(()), false));
    }
}
