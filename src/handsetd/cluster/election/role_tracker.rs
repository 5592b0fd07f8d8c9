//! The role of this daemon for the events of a server, derived from the state of the lease.

use std::time::Duration;

use handset_cluster::Leadership;
use tokio::time::Instant;

use crate::fleet::Role;

/// The role of this daemon for the events of a server, and the reason.
#[derive(Debug)]
pub(super) struct RoleTracker {
    /// The term in which this daemon acts on events, and how long no daemon acted before it.
    acts: Option<(u64, Option<Duration>)>,
    last_term: u64,
    /// When NATS went away.
    away_since: Option<Instant>,
    /// Whether NATS has been available since the start.
    has_joined: bool,
}

impl RoleTracker {
    /// Creates the state of a daemon that is starting to join.
    pub(super) fn new(now: Instant) -> Self {
        Self {
            acts: None,
            last_term: 0,
            away_since: Some(now),
            has_joined: false,
        }
    }

    /// Returns the current role, and when it may change without a further event.
    pub(super) fn update(
        &mut self,
        is_joined: bool,
        lease: &Leadership,
        now: Instant,
    ) -> (Role, Instant) {
        if is_joined {
            self.has_joined = true;
            self.away_since = None;
            return (self.of_lease(lease), now + NO_CHANGE);
        }
        let since = *self.away_since.get_or_insert(now);
        let alone = since + ALONE_TIMEOUT;
        if self.acts.is_none() && alone <= now {
            self.begin(Some(now.saturating_duration_since(since)));
        }
        match self.acts {
            Some((term, gap)) => {
                let role = Role::Leads {
                    term,
                    gap,
                    until: None,
                };
                (role, now + NO_CHANGE)
            }
            None if self.has_joined => (Role::Follows, alone),
            // Usually this takes only a moment.
            None => (Role::Undecided, alone),
        }
    }

    /// The server is disconnected. From now on another daemon may act on its events, except while NATS is
    /// away, when the lease cannot change hands.
    pub(super) fn disconnect(&mut self) {
        if self.away_since.is_none() {
            self.acts = None;
        }
    }

    fn of_lease(&mut self, lease: &Leadership) -> Role {
        match lease {
            Leadership::Mine { gap, until, .. } => {
                let (term, gap) = match self.acts {
                    Some(acts) => acts,
                    None => self.begin(*gap),
                };
                Role::Leads {
                    term,
                    gap,
                    until: Some(*until),
                }
            }
            Leadership::Other { .. } => {
                self.acts = None;
                Role::Follows
            }
            // If it is acquired again, nothing was missed.
            Leadership::Unknown => Role::Undecided,
        }
    }

    fn begin(&mut self, gap: Option<Duration>) -> (u64, Option<Duration>) {
        self.last_term = self.last_term.saturating_add(1);
        *self.acts.insert((self.last_term, gap))
    }
}

/// How long the other daemons may be away before this one acts on events itself: slightly longer than a
/// lease, so that a short interruption has no effect.
const ALONE_TIMEOUT: Duration = Duration::from_secs(15);

/// Used where no change is due.
const NO_CHANGE: Duration = Duration::from_hours(1);

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use bytes::Bytes;

    use super::*;

    fn mine(gap: Option<u64>, until: Instant) -> Leadership {
        Leadership::Mine {
            since: SystemTime::UNIX_EPOCH,
            gap: gap.map(Duration::from_secs),
            until,
        }
    }

    fn other() -> Leadership {
        Leadership::Other {
            daemon: "b".parse().unwrap(),
            value: Bytes::new(),
        }
    }

    fn leads(term: u64, gap: Option<u64>, until: Option<Instant>) -> Role {
        let gap = gap.map(Duration::from_secs);
        Role::Leads { term, gap, until }
    }

    #[test]
    fn lease_decides_while_nats_is_there() {
        let now = Instant::now();
        let later = now + Duration::from_secs(10);
        let mut tracker = RoleTracker::new(now);
        let mut judge = |lease: &Leadership| tracker.update(true, lease, now).0;
        assert_eq!(judge(&Leadership::Unknown), Role::Undecided);
        assert_eq!(judge(&other()), Role::Follows);
        assert_eq!(judge(&Leadership::Unknown), Role::Undecided);
        let gap = mine(Some(9), later);
        assert_eq!(judge(&gap), leads(1, Some(9), Some(later)));
        // Lost for a moment, and acquired again.
        assert_eq!(judge(&Leadership::Unknown), Role::Undecided);
        assert_eq!(judge(&mine(None, now)), leads(1, Some(9), Some(now)));
        assert_eq!(judge(&other()), Role::Follows);
        assert_eq!(judge(&mine(None, later)), leads(2, None, Some(later)));
    }

    #[test]
    fn leader_without_the_cluster_keeps_its_role_and_others_become_leaders_later() {
        let now = Instant::now();
        let at = |seconds| now + Duration::from_secs(seconds);
        let mut leader = RoleTracker::new(now);
        leader.update(true, &mine(None, at(10)), now);
        let away = &Leadership::Unknown;
        assert_eq!(leader.update(false, away, at(20)).0, leads(1, None, None));
        leader.disconnect();
        assert_eq!(leader.update(false, away, at(30)).0, leads(1, None, None));

        let mut follower = RoleTracker::new(now);
        follower.update(true, &other(), now);
        assert_eq!(
            follower.update(false, away, at(20)),
            (Role::Follows, at(35))
        );
        assert_eq!(follower.update(false, away, at(34)).0, Role::Follows);
        let alone = follower.update(false, away, at(35)).0;
        assert_eq!(alone, leads(1, Some(15), None));
        // The partition is over: both held it, and one of them gets the lease.
        for (tracker, lease, role) in [
            (&mut leader, other(), Role::Follows),
            (
                &mut follower,
                mine(Some(40), at(70)),
                leads(1, Some(15), Some(at(70))),
            ),
        ] {
            assert_eq!(tracker.update(true, away, at(60)).0, Role::Undecided);
            assert_eq!(tracker.update(true, &lease, at(60)).0, role);
        }
    }

    #[test]
    fn daemon_that_never_joined_acts_after_a_while() {
        let now = Instant::now();
        let mut tracker = RoleTracker::new(now);
        let alone = now + ALONE_TIMEOUT;
        let away = &Leadership::Unknown;
        assert_eq!(tracker.update(false, away, now), (Role::Undecided, alone));
        assert_eq!(
            tracker.update(false, away, alone).0,
            leads(1, Some(15), None)
        );
    }

    #[test]
    fn connection_that_is_lost_ends_the_term() {
        let now = Instant::now();
        let mut tracker = RoleTracker::new(now);
        tracker.update(true, &mine(None, now), now);
        tracker.disconnect();
        let again = mine(Some(60), now);
        assert_eq!(
            tracker.update(true, &again, now).0,
            leads(2, Some(60), Some(now))
        );
    }
}
