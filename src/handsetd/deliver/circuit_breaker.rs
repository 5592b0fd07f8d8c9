//! Circuit breaker of one phone: decides whether a phone that did not respond gets another request.
//!
//! A state machine without I/O and without a clock. It is closed while the phone responds, opens after
//! [`FAILURES`] failures in a row, and lets one request through after each pause; that trial closes it
//! or starts the next pause, which is twice as long.

use std::time::Duration;

use tokio::time::Instant;

/// Circuit breaker of one phone.
#[derive(Debug)]
pub(super) struct CircuitBreaker {
    state: State,
    /// How many requests in a row got no response.
    failures: u32,
    /// When the first of these failed.
    first_failure: Instant,
    /// How long the breaker opens next.
    pause: Duration,
    /// Registration count of the phone at the last request.
    registrations: u64,
    /// Until when failures do not count: the phone is restarting.
    grace_until: Option<Instant>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    /// All requests pass.
    Closed,
    /// One request is on trial; all others are refused.
    HalfOpen,
    /// All requests are refused until then.
    Open(Instant),
}

/// The breaker is open: no request passes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Open {
    /// How long the phone has not responded.
    pub(super) unresponsive_for: Duration,
    /// When the next request may pass; zero while another one is on trial.
    pub(super) retry_after: Duration,
}

impl CircuitBreaker {
    /// Creates a closed breaker; `registrations` is the registration count of the phone.
    pub(super) fn new(now: Instant, registrations: u64) -> Self {
        Self {
            state: State::Closed,
            failures: 0,
            first_failure: now,
            pause: FIRST_PAUSE,
            registrations,
            grace_until: None,
        }
    }

    /// Lets a request pass, whose result must be reported, or refuses it.
    ///
    /// A phone that has registered since the last request gets a trial at once.
    pub(super) fn try_acquire(&mut self, now: Instant, registrations: u64) -> Result<(), Open> {
        let has_registered = registrations != self.registrations;
        self.registrations = registrations;
        match self.state {
            State::Closed => return Ok(()),
            State::Open(until) if has_registered || until <= now => {
                self.state = State::HalfOpen;
                return Ok(());
            }
            State::Open(_) | State::HalfOpen => {}
        }
        let until = match self.state {
            State::Open(until) => until,
            State::Closed | State::HalfOpen => now,
        };
        Err(Open {
            unresponsive_for: now.saturating_duration_since(self.first_failure),
            retry_after: until.saturating_duration_since(now),
        })
    }

    /// Records that the phone responded.
    pub(super) fn success(&mut self) {
        self.state = State::Closed;
        self.failures = 0;
        self.pause = FIRST_PAUSE;
    }

    /// Records that it did not respond.
    pub(super) fn failure(&mut self, now: Instant) {
        if self.grace_until.is_some_and(|until| now < until) {
            return self.release(now);
        }
        if self.failures == 0 {
            self.first_failure = now;
        }
        self.failures = self.failures.saturating_add(1);
        let opens = self.state == State::HalfOpen || FAILURES <= self.failures;
        if opens && !matches!(self.state, State::Open(_)) {
            self.state = State::Open(now + self.pause);
            self.pause = self.pause.saturating_mul(2).min(MAX_PAUSE);
        }
    }

    /// Records that the request was not sent after all; another may pass.
    pub(super) fn release(&mut self, now: Instant) {
        if self.state == State::HalfOpen {
            self.state = State::Open(now);
        }
    }

    /// Closes the breaker, and ignores failures until then.
    pub(super) fn grant_grace(&mut self, until: Instant) {
        self.success();
        self.grace_until = Some(until);
    }

    /// Returns whether requests are refused.
    pub(super) fn is_open(&self) -> bool {
        self.state != State::Closed
    }

    /// Returns whether the breaker equals a new one.
    pub(super) fn is_idle(&self, now: Instant) -> bool {
        let has_grace = self.grace_until.is_some_and(|until| now < until);
        self.state == State::Closed && self.failures == 0 && !has_grace
    }
}

/// How many failures in a row open the breaker.
const FAILURES: u32 = 3;

/// The first pause: short, so that a phone is usable soon after its network is back.
const FIRST_PAUSE: Duration = Duration::from_secs(2);

/// The longest pause.
const MAX_PAUSE: Duration = Duration::from_mins(1);

#[cfg(test)]
mod tests {
    use super::*;

    struct Bench {
        breaker: CircuitBreaker,
        now: Instant,
        registrations: u64,
    }

    impl Bench {
        fn new() -> Self {
            let now = Instant::now();
            let breaker = CircuitBreaker::new(now, 7);
            Self {
                breaker,
                now,
                registrations: 7,
            }
        }

        /// A bench with an open breaker.
        fn open() -> Self {
            let mut bench = Self::new();
            (0..FAILURES).for_each(|_| bench.fails());
            bench
        }

        fn try_acquire(&mut self) -> Result<(), u64> {
            let result = self.breaker.try_acquire(self.now, self.registrations);
            result.map_err(|open| open.retry_after.as_secs())
        }

        fn fails(&mut self) {
            assert_eq!(self.try_acquire(), Ok(()));
            self.breaker.failure(self.now);
        }

        fn wait(&mut self, seconds: u64) {
            self.now += Duration::from_secs(seconds);
        }
    }

    #[test]
    fn third_failure_in_a_row_opens_the_breaker() {
        let mut bench = Bench::new();
        for _ in 0..2 {
            bench.fails();
            bench.wait(10);
        }
        bench.breaker.success();
        for _ in 0..3 {
            bench.fails();
            bench.wait(1);
        }
        let open = bench.breaker.try_acquire(bench.now, 7).unwrap_err();
        let seconds = Duration::from_secs;
        assert_eq!(open.unresponsive_for, seconds(3));
        assert_eq!(open.retry_after, seconds(1));
    }

    #[test]
    fn one_trial_passes_and_decides() {
        let mut bench = Bench::open();
        bench.wait(2);
        assert_eq!(bench.try_acquire(), Ok(()));
        assert_eq!(bench.try_acquire(), Err(0), "a request is on trial");
        bench.breaker.success();
        assert_eq!((bench.try_acquire(), bench.try_acquire()), (Ok(()), Ok(())));
        assert!(bench.breaker.is_idle(bench.now));
    }

    #[test]
    fn pauses_double_up_to_a_minute_and_start_over_after_a_success() {
        let mut bench = Bench::open();
        for pause in [2, 4, 8, 16, 32, 60, 60] {
            assert_eq!(bench.try_acquire(), Err(pause));
            bench.wait(pause);
            bench.fails();
        }
        bench.wait(60);
        assert_eq!(bench.try_acquire(), Ok(()));
        bench.breaker.success();
        (0..FAILURES).for_each(|_| bench.fails());
        assert_eq!(bench.try_acquire(), Err(2));
    }

    #[test]
    fn released_trial_lets_another_request_pass() {
        let mut bench = Bench::open();
        bench.wait(2);
        assert_eq!(bench.try_acquire(), Ok(()));
        bench.breaker.release(bench.now);
        assert_eq!(bench.try_acquire(), Ok(()));
    }

    #[test]
    fn phone_that_registers_gets_a_trial_at_once() {
        let mut bench = Bench::open();
        assert_eq!(bench.try_acquire(), Err(2));
        bench.registrations += 1;
        assert_eq!(bench.try_acquire(), Ok(()));
        assert_eq!(bench.try_acquire(), Err(0));
    }

    #[test]
    fn failures_of_earlier_requests_do_not_lengthen_the_pause() {
        let mut bench = Bench::open();
        bench.breaker.failure(bench.now);
        assert_eq!(bench.try_acquire(), Err(2));
    }

    #[test]
    fn failures_during_grace_do_not_count() {
        let mut bench = Bench::open();
        bench
            .breaker
            .grant_grace(bench.now + Duration::from_mins(3));
        (0..20).for_each(|_| bench.fails());
        assert!(!bench.breaker.is_idle(bench.now));
        bench.wait(181);
        (0..FAILURES).for_each(|_| bench.fails());
        assert_eq!(bench.try_acquire(), Err(2));
    }
}
