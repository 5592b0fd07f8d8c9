//! Whether the server still responds (pure).

use std::time::Duration;

use tokio::time::Instant;

/// Decides when to ping, and when the server counts as lost.
///
/// A server is lost if it stays silent for the pong timeout after a ping, or if it keeps sending but
/// leaves a ping unanswered until the second ping after it is due.
#[derive(Debug)]
pub(crate) struct Liveness {
    ping_interval: Duration,
    pong_timeout: Duration,
    next_ping: Instant,
    last_received: Instant,
    outstanding: Option<OutstandingPing>,
}

/// A ping that has not been answered yet.
#[derive(Clone, Copy, Debug)]
struct OutstandingPing {
    /// End of the time that the server may stay silent.
    deadline: Instant,
    /// Data was received since.
    data_received: bool,
    /// The next ping became due meanwhile and was not sent.
    next_is_due: bool,
}

impl Liveness {
    /// Starts at `now`, when data was just received.
    pub(crate) fn new(ping_interval: Duration, pong_timeout: Duration, now: Instant) -> Self {
        Self {
            ping_interval,
            pong_timeout,
            next_ping: now + ping_interval,
            last_received: now,
            outstanding: None,
        }
    }

    /// Records that data was received.
    pub(crate) fn data_received(&mut self, now: Instant) {
        self.last_received = now;
        if let Some(ping) = &mut self.outstanding {
            ping.data_received = true;
        }
    }

    /// Records that the outstanding ping was answered.
    pub(crate) fn pong_received(&mut self) {
        self.outstanding = None;
    }

    /// Returns when data was last received.
    pub(crate) fn last_received(&self) -> Instant {
        self.last_received
    }

    /// Returns when to call [`check`](Self::check) next.
    pub(crate) fn next_check(&self) -> Instant {
        match self.outstanding {
            Some(ping) if !ping.data_received => self.next_ping.min(ping.deadline),
            _ => self.next_ping,
        }
    }

    /// Returns what to do at `now`. Asterisk executes actions one after the other; until
    /// `busy_until` earlier ones may delay the answer to a ping.
    pub(crate) fn check(&mut self, now: Instant, busy_until: Option<Instant>) -> Check {
        if self
            .outstanding
            .is_some_and(|ping| !ping.data_received && ping.deadline <= now)
        {
            return Check::Lost;
        }
        if now < self.next_ping {
            return Check::Wait;
        }
        self.next_ping = now + self.ping_interval;
        match &mut self.outstanding {
            Some(ping) if ping.data_received && ping.next_is_due => Check::Lost,
            Some(ping) => {
                ping.next_is_due = true;
                Check::Wait
            }
            None => {
                let deadline = busy_until.unwrap_or(now).max(now) + self.pong_timeout;
                self.outstanding = Some(OutstandingPing {
                    deadline,
                    data_received: false,
                    next_is_due: false,
                });
                Check::Ping
            }
        }
    }
}

/// The result of a check.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Check {
    /// The server no longer responds; disconnect.
    Lost,
    /// Send a ping.
    Ping,
    /// Nothing to do yet.
    Wait,
}

#[cfg(test)]
mod tests {
    use super::*;

    const PING: Duration = Duration::from_secs(30);
    const PONG: Duration = Duration::from_secs(15);

    /// Checks when due until there is something to do; returns that and the seconds since `start`.
    fn next(liveness: &mut Liveness, start: Instant) -> (Check, u64) {
        loop {
            let now = liveness.next_check();
            match liveness.check(now, None) {
                Check::Wait => (),
                check => return (check, (now - start).as_secs()),
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn silent_server_is_lost_within_two_ping_intervals() {
        let start = Instant::now();
        let mut liveness = Liveness::new(PING, PONG, start);
        assert_eq!(next(&mut liveness, start), (Check::Ping, 30));
        assert_eq!(next(&mut liveness, start), (Check::Lost, 45));
    }

    #[tokio::test(start_paused = true)]
    async fn responding_server_is_pinged_regularly() {
        let start = Instant::now();
        let mut liveness = Liveness::new(PING, PONG, start);
        for round in 1..5 {
            assert_eq!(next(&mut liveness, start), (Check::Ping, round * 30));
            liveness.data_received(start);
            liveness.pong_received();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn server_that_sends_events_without_answering_pings_is_lost() {
        let start = Instant::now();
        let mut liveness = Liveness::new(PING, PONG, start);
        assert_eq!(next(&mut liveness, start), (Check::Ping, 30));
        liveness.data_received(start + PONG);
        assert_eq!(next(&mut liveness, start), (Check::Lost, 90));
    }

    #[tokio::test(start_paused = true)]
    async fn slow_action_extends_the_pong_deadline() {
        let start = Instant::now();
        let mut liveness = Liveness::new(PING, PONG, start);
        let busy = start + PING * 4;
        assert_eq!(liveness.check(start + PING, Some(busy)), Check::Ping);
        assert_eq!(next(&mut liveness, start), (Check::Lost, 135));
    }
}
