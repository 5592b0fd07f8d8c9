//! Whether the other side is still there (pure).

use std::time::Duration;

use tokio::time::Instant;

/// When to ask, and when to give up.
///
/// Given up is a peer that after a ping stays wholly silent for the time of a pong, and one that
/// sends but leaves a ping unanswered until the second one after it is due.
#[derive(Debug)]
pub(crate) struct Liveness {
    interval: Duration,
    pong: Duration,
    next_ping: Instant,
    last_heard: Instant,
    asked: Option<Asked>,
}

/// A ping that is not answered yet.
#[derive(Clone, Copy, Debug)]
struct Asked {
    /// How long silence may last.
    until: Instant,
    /// Bytes came since.
    heard: bool,
    /// The ping after it was due meanwhile, and not sent.
    missed: bool,
}

impl Liveness {
    /// Starts at `now`, with a peer that has just been heard.
    pub(crate) fn new(interval: Duration, pong: Duration, now: Instant) -> Self {
        Self {
            interval,
            pong,
            next_ping: now + interval,
            last_heard: now,
            asked: None,
        }
    }

    /// Notes that bytes came.
    pub(crate) fn heard(&mut self, now: Instant) {
        self.last_heard = now;
        if let Some(asked) = &mut self.asked {
            asked.heard = true;
        }
    }

    /// Notes that the last ping was answered.
    pub(crate) fn answered(&mut self) {
        self.asked = None;
    }

    /// Returns when bytes came last.
    pub(crate) fn last_heard(&self) -> Instant {
        self.last_heard
    }

    /// Returns when to look again.
    pub(crate) fn next_look(&self) -> Instant {
        match self.asked {
            Some(asked) if !asked.heard => self.next_ping.min(asked.until),
            _ => self.next_ping,
        }
    }

    /// Says what to do at `now`. `busy_until` is how long earlier actions may keep Asterisk from
    /// answering a ping: it does one after the other.
    pub(crate) fn look(&mut self, now: Instant, busy_until: Option<Instant>) -> Verdict {
        if self
            .asked
            .is_some_and(|asked| !asked.heard && asked.until <= now)
        {
            return Verdict::Lost;
        }
        if now < self.next_ping {
            return Verdict::Wait;
        }
        self.next_ping = now + self.interval;
        match &mut self.asked {
            Some(asked) if asked.heard && asked.missed => Verdict::Lost,
            Some(asked) => {
                asked.missed = true;
                Verdict::Wait
            }
            None => {
                let until = busy_until.unwrap_or(now).max(now) + self.pong;
                self.asked = Some(Asked {
                    until,
                    heard: false,
                    missed: false,
                });
                Verdict::Ping
            }
        }
    }
}

/// What to do about a peer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    /// Give it up.
    Lost,
    /// Ask it.
    Ping,
    /// Nothing yet.
    Wait,
}

#[cfg(test)]
mod tests {
    use super::*;

    const PING: Duration = Duration::from_secs(30);
    const PONG: Duration = Duration::from_secs(15);

    /// Looks whenever it wants to, until the verdict is another than to wait; tells when that was.
    fn next(liveness: &mut Liveness, start: Instant) -> (Verdict, u64) {
        loop {
            let now = liveness.next_look();
            match liveness.look(now, None) {
                Verdict::Wait => (),
                verdict => return (verdict, (now - start).as_secs()),
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn silent_peer_is_noticed_within_two_pings() {
        let start = Instant::now();
        let mut liveness = Liveness::new(PING, PONG, start);
        assert_eq!(next(&mut liveness, start), (Verdict::Ping, 30));
        assert_eq!(next(&mut liveness, start), (Verdict::Lost, 45));
    }

    #[tokio::test(start_paused = true)]
    async fn answering_peer_is_asked_again_and_again() {
        let start = Instant::now();
        let mut liveness = Liveness::new(PING, PONG, start);
        for round in 1..5 {
            assert_eq!(next(&mut liveness, start), (Verdict::Ping, round * 30));
            liveness.heard(start);
            liveness.answered();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn peer_that_sends_and_never_answers_is_given_up_after_the_second_ping() {
        let start = Instant::now();
        let mut liveness = Liveness::new(PING, PONG, start);
        assert_eq!(next(&mut liveness, start), (Verdict::Ping, 30));
        liveness.heard(start + PONG);
        assert_eq!(next(&mut liveness, start), (Verdict::Lost, 90));
    }

    #[tokio::test(start_paused = true)]
    async fn slow_action_of_our_own_is_waited_for() {
        let start = Instant::now();
        let mut liveness = Liveness::new(PING, PONG, start);
        let busy = start + PING * 4;
        assert_eq!(liveness.look(start + PING, Some(busy)), Verdict::Ping);
        assert_eq!(next(&mut liveness, start), (Verdict::Lost, 135));
    }
}
