//! Wrong logins, counted, so that nobody can try passwords out.
//!
//! They count for who asks about which phone, and for who asks, since names of phones cost nothing.
//! They don't count for the phone alone: then anybody could keep it from being told anything. Who
//! shares an address with somebody who guesses, behind a NAT, shares the wait as well.
//!
//! The crates for rates count every question; here a good login must cost nothing, however often a
//! phone asks. So this is a small table of our own, in windows of a minute.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use handset_net::listener::rate_limit_key;
use handset_phones::phone::MacAddress;

/// The wrong logins of the last minute.
#[derive(Debug, Default)]
pub(super) struct FailedLogins(Mutex<HashMap<(IpAddr, Subject), Count>>);

/// What came of an attempt.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Attempt {
    /// It was right.
    Right,
    /// It was wrong.
    Wrong,
    /// It was wrong, and nothing is looked at any more until the minute is over.
    Limit,
    /// It was not looked at.
    Blocked,
}

/// Which phone is asked about.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
enum Subject {
    All,
    One(MacAddress),
    /// Some phones do not say who they are.
    Unnamed,
}

#[derive(Clone, Copy, Debug)]
struct Count {
    wrong: u32,
    until: Instant,
}

impl FailedLogins {
    /// Lets `look` decide whether a login is right, unless there were too many wrong ones.
    pub(super) fn look(
        &self,
        peer: IpAddr,
        device: Option<MacAddress>,
        look: impl FnOnce() -> bool,
    ) -> Attempt {
        let source = rate_limit_key(peer);
        let own = (source, device.map_or(Subject::Unnamed, Subject::One));
        let bounds = [(own, WRONG_EACH), ((source, Subject::All), WRONG)];
        let now = Instant::now();
        // Held while it is decided, so that many at once are no more than one after the other.
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let wrong = |counts: &HashMap<_, Count>, key| {
            let count = counts.get(key).filter(|count| now < count.until);
            count.map_or(0, |count| count.wrong)
        };
        if bounds
            .iter()
            .any(|(key, most)| wrong(&counts, key) >= *most)
        {
            return Attempt::Blocked;
        }
        if look() {
            return Attempt::Right;
        }
        let mut attempt = Attempt::Wrong;
        for (key, most) in bounds {
            let wrong = note(&mut counts, key, now);
            if wrong >= most {
                attempt = Attempt::Limit;
            }
        }
        attempt
    }
}

/// Counts one more, and returns how many there are now.
fn note(
    counts: &mut HashMap<(IpAddr, Subject), Count>,
    key: (IpAddr, Subject),
    now: Instant,
) -> u32 {
    if !counts.contains_key(&key) && counts.len() >= MAX_COUNTS {
        counts.retain(|_, count| now < count.until);
        if counts.len() >= MAX_COUNTS {
            let first = counts.iter().min_by_key(|(_, count)| count.until);
            let first = first.map(|(key, _)| *key);
            first.map(|key| counts.remove(&key));
        }
    }
    let new = Count {
        wrong: 0,
        until: now + WINDOW,
    };
    let count = counts.entry(key).or_insert(new);
    if count.until <= now {
        *count = new;
    }
    count.wrong = count.wrong.saturating_add(1);
    count.wrong
}

/// From the first wrong login on, how long they are counted, and how long too many are waited out.
const WINDOW: Duration = Duration::from_mins(1);

/// How many wrong logins of one address may be about one phone.
const WRONG_EACH: u32 = 10;

/// How many wrong logins there may be of one address; behind it may be many phones.
const WRONG: u32 = 60;

/// How many counts are kept. Those that end first make room.
const MAX_COUNTS: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    fn mac(last: u8) -> Option<MacAddress> {
        format!("00005E0053{last:02X}").parse().ok()
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn too_many_wrong_logins_for_a_phone_are_waited_out() {
        let attempts = FailedLogins::default();
        let look = |from, device, good| attempts.look(ip(from), device, || good);
        for at in 1..=WRONG_EACH {
            let last = at == WRONG_EACH;
            let expected = if last { Attempt::Limit } else { Attempt::Wrong };
            assert_eq!(look("192.0.2.1", mac(1), false), expected);
            let right = if last {
                Attempt::Blocked
            } else {
                Attempt::Right
            };
            assert_eq!(look("192.0.2.1", mac(1), true), right);
        }
        // Nobody else is kept waiting: no other phone, and not this one where it really is.
        assert_eq!(look("192.0.2.1", mac(2), true), Attempt::Right);
        assert_eq!(look("192.0.2.1", None, true), Attempt::Right);
        assert_eq!(look("192.0.2.2", mac(1), true), Attempt::Right);
        assert_eq!(look("::ffff:192.0.2.1", mac(1), true), Attempt::Blocked);
        tokio::time::advance(WINDOW).await;
        assert_eq!(look("192.0.2.1", mac(1), true), Attempt::Right);
        assert_eq!(look("192.0.2.1", mac(1), false), Attempt::Wrong);
    }

    #[tokio::test(start_paused = true)]
    async fn other_names_help_nobody_who_guesses() {
        let attempts = FailedLogins::default();
        let look = |from, device, good| attempts.look(ip(from), device, || good);
        let names = (0..=u8::MAX).cycle();
        for device in names.take(WRONG as usize) {
            assert_ne!(look("2001:db8::1", mac(device), false), Attempt::Blocked);
        }
        assert_eq!(look("2001:db8::2", mac(200), true), Attempt::Blocked);
        assert_eq!(look("2001:db8:0:1::1", mac(200), true), Attempt::Right);
    }

    #[tokio::test(start_paused = true)]
    async fn the_table_stays_small_and_forgets_what_ends_first() {
        let attempts = FailedLogins::default();
        for at in 0..u32::try_from(MAX_COUNTS).unwrap() + 10 {
            let peer = std::net::Ipv4Addr::from_bits(at << 8).into();
            attempts.look(peer, None, || false);
            tokio::time::advance(Duration::from_millis(1)).await;
        }
        assert_eq!(attempts.0.lock().unwrap().len(), MAX_COUNTS);
    }
}
