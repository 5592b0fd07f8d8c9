//! Limits failed logins, so that passwords cannot be guessed.
//!
//! Failures count per source and subject, which is the phone or user that the login is about, and per
//! source, since a guesser can name any number of subjects. They do not count per subject alone: then
//! anyone could keep a phone from logging in. Sources behind one NAT share a limit.
//!
//! Rate limiting crates count every request. Here a valid login must cost nothing, however often a
//! phone logs in, so failures are counted in windows of a minute.

use std::hash::Hash;
use std::net::IpAddr;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use crate::expiring::ExpiringMap;
use crate::listener::rate_limit_key;

/// The number of failed logins of the last minute, by source and subject.
#[derive(Debug)]
pub struct FailedLogins<S>(Mutex<Counts<S>>);

type Counts<S> = ExpiringMap<(IpAddr, Subject<S>), u32>;

/// The result of a login.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Attempt {
    /// Valid.
    Accepted,
    /// Not valid.
    Rejected,
    /// Rejected; further attempts are blocked until the window ends.
    Limit,
    /// Refused unchecked, because the limit has been reached.
    Blocked,
}

/// What a login is about.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
enum Subject<S> {
    /// Anything: the count of the source as a whole.
    Any,
    Named(S),
    /// The request names nothing, as that of some firmware does.
    Unnamed,
}

impl<S: Clone + Eq + Hash> FailedLogins<S> {
    /// Lets `check` decide whether a login is valid, unless the source has failed too often.
    pub fn attempt(
        &self,
        peer: IpAddr,
        subject: Option<S>,
        check: impl FnOnce() -> bool,
    ) -> Attempt {
        let source = rate_limit_key(peer);
        let subject = subject.map_or(Subject::Unnamed, Subject::Named);
        let limits = [
            ((source, subject), MAX_FAILURES_PER_SUBJECT),
            ((source, Subject::Any), MAX_FAILURES),
        ];
        let now = Instant::now();
        // Locked across the check, so that concurrent attempts cannot exceed the limit.
        let mut counts = self.0.lock();
        let is_at_limit = |(key, limit): &((IpAddr, Subject<S>), u32)| {
            counts.get(key, now).is_some_and(|count| count >= limit)
        };
        if limits.iter().any(is_at_limit) {
            return Attempt::Blocked;
        }
        if check() {
            return Attempt::Accepted;
        }
        let mut attempt = Attempt::Rejected;
        for (key, limit) in limits {
            if increment(&mut counts, key, now) >= limit {
                attempt = Attempt::Limit;
            }
        }
        attempt
    }
}

impl<S: Clone + Eq + Hash> Default for FailedLogins<S> {
    fn default() -> Self {
        Self(Mutex::new(ExpiringMap::new(MAX_COUNTS)))
    }
}

/// Increments a count, and returns it. A window begins with its first failure.
fn increment<S: Clone + Eq + Hash>(
    counts: &mut Counts<S>,
    key: (IpAddr, Subject<S>),
    now: Instant,
) -> u32 {
    if let Some(count) = counts.get_mut(&key, now) {
        *count = count.saturating_add(1);
        return *count;
    }
    counts.insert(key, 1, WINDOW, now);
    1
}

/// How long failures count, from the first one on.
const WINDOW: Duration = Duration::from_mins(1);

/// Maximum number of failures of one source for one subject.
const MAX_FAILURES_PER_SUBJECT: u32 = 10;

/// Maximum number of failures of one source, behind which there may be many phones.
const MAX_FAILURES: u32 = 60;

/// Maximum number of counts; those that expire next make room.
const MAX_COUNTS: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn too_many_failures_for_a_subject_block_its_source_for_a_minute() {
        let failed_logins = FailedLogins::default();
        let login = |peer, phone, is_valid| failed_logins.attempt(ip(peer), phone, || is_valid);
        for at in 1..=MAX_FAILURES_PER_SUBJECT {
            let is_last = at == MAX_FAILURES_PER_SUBJECT;
            let expected = if is_last {
                Attempt::Limit
            } else {
                Attempt::Rejected
            };
            assert_eq!(login("192.0.2.1", Some(1), false), expected);
            let valid = if is_last {
                Attempt::Blocked
            } else {
                Attempt::Accepted
            };
            assert_eq!(login("192.0.2.1", Some(1), true), valid);
        }
        // Other phones are not affected, nor is this one at another address.
        assert_eq!(login("192.0.2.1", Some(2), true), Attempt::Accepted);
        assert_eq!(login("192.0.2.1", None, true), Attempt::Accepted);
        assert_eq!(login("192.0.2.2", Some(1), true), Attempt::Accepted);
        assert_eq!(login("::ffff:192.0.2.1", Some(1), true), Attempt::Blocked);
        tokio::time::advance(WINDOW).await;
        assert_eq!(login("192.0.2.1", Some(1), true), Attempt::Accepted);
        assert_eq!(login("192.0.2.1", Some(1), false), Attempt::Rejected);
    }

    #[tokio::test(start_paused = true)]
    async fn naming_other_subjects_does_not_evade_the_limit() {
        let failed_logins = FailedLogins::default();
        let login = |peer, phone, is_valid| failed_logins.attempt(ip(peer), phone, || is_valid);
        let phones = (0..=u8::MAX).cycle();
        for phone in phones.take(MAX_FAILURES as usize) {
            assert_ne!(login("2001:db8::1", Some(phone), false), Attempt::Blocked);
        }
        assert_eq!(login("2001:db8::2", Some(200), true), Attempt::Blocked);
        assert_eq!(login("2001:db8:0:1::1", Some(200), true), Attempt::Accepted);
    }

    #[tokio::test(start_paused = true)]
    async fn counts_are_bounded_in_number() {
        let failed_logins = FailedLogins::default();
        for at in 0..u32::try_from(MAX_COUNTS).unwrap() + 10 {
            let peer = std::net::Ipv4Addr::from_bits(at << 8).into();
            failed_logins.attempt(peer, None::<u8>, || false);
            tokio::time::advance(Duration::from_millis(1)).await;
        }
        assert_eq!(failed_logins.0.lock().len(), MAX_COUNTS);
    }
}
