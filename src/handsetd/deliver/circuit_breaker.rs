//! A breaker: whether a phone that gave no sign of life is asked again. No I/O, no clock.

use std::time::Duration;

use tokio::time::Instant;

/// The breaker of one phone.
#[derive(Debug)]
pub(super) struct Breaker {
    state: State,
    /// How often in a row the phone gave no sign of life, and when that was first noted.
    failures: u32,
    since: Instant,
    /// The pause after the next trial that fails.
    pause: Duration,
    /// How often the phone had come back, by Asterisk's word, when it was asked last.
    arrivals: u64,
    /// Until when silence means nothing: the phone restarts.
    excused_until: Option<Instant>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    /// The phone is asked.
    Closed,
    /// One delivery tries; the others are refused.
    HalfOpen,
    /// All are refused until then.
    Open(Instant),
}

/// Why a phone is not asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Open {
    /// For how long there has been no sign of life.
    pub(super) silent_for: Duration,
    /// When it is asked again; zero if it is being asked just now.
    pub(super) again_in: Duration,
}

impl Breaker {
    /// Creates a closed breaker of a phone that has come so often.
    pub(super) fn new(now: Instant, arrivals: u64) -> Self {
        Self {
            state: State::Closed,
            failures: 0,
            since: now,
            pause: FIRST_PAUSE,
            arrivals,
            excused_until: None,
        }
    }

    /// Says whether the phone may be asked now. Whoever may must tell what came of it.
    ///
    /// A phone that has come back since is tried at once.
    pub(super) fn ask(&mut self, now: Instant, arrivals: u64) -> Result<(), Open> {
        let is_back = arrivals != self.arrivals;
        self.arrivals = arrivals;
        match self.state {
            State::Closed => return Ok(()),
            State::Open(until) if is_back || until <= now => {
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
            silent_for: now.saturating_duration_since(self.since),
            again_in: until.saturating_duration_since(now),
        })
    }

    /// Notes a sign of life.
    pub(super) fn alive(&mut self) {
        self.state = State::Closed;
        self.failures = 0;
        self.pause = FIRST_PAUSE;
    }

    /// Notes that there was none.
    pub(super) fn silent(&mut self, now: Instant) {
        if self.excused_until.is_some_and(|until| now < until) {
            return self.undecided(now);
        }
        if self.failures == 0 {
            self.since = now;
        }
        self.failures = self.failures.saturating_add(1);
        let opens = self.state == State::HalfOpen || FAILURES <= self.failures;
        if opens && !matches!(self.state, State::Open(_)) {
            self.state = State::Open(now + self.pause);
            self.pause = self.pause.saturating_mul(2).min(MAX_PAUSE);
        }
    }

    /// Notes that nothing came of asking, for reasons of ours: another may try.
    pub(super) fn undecided(&mut self, now: Instant) {
        if self.state == State::HalfOpen {
            self.state = State::Open(now);
        }
    }

    /// Lets silence mean nothing until then.
    pub(super) fn excuse(&mut self, until: Instant) {
        self.alive();
        self.excused_until = Some(until);
    }

    /// Returns whether the phone is not asked now, or by one delivery alone.
    pub(super) fn is_open(&self) -> bool {
        self.state != State::Closed
    }

    /// Returns whether it could as well be forgotten.
    pub(super) fn is_idle(&self, now: Instant) -> bool {
        let is_excused = self.excused_until.is_some_and(|until| now < until);
        let is_over = match self.state {
            State::Closed => self.failures == 0,
            State::HalfOpen => false,
            State::Open(until) => until + FORGOTTEN < now,
        };
        is_over && !is_excused
    }
}

/// How often in a row a phone may give no sign of life before it is spared.
const FAILURES: u32 = 3;

/// The first pause; a phone whose network was gone shall be of use soon after it is back.
const FIRST_PAUSE: Duration = Duration::from_secs(2);

/// The longest pause.
const MAX_PAUSE: Duration = Duration::from_mins(1);

/// How long after its pause a phone that nobody asks is remembered, where memory is scarce.
const FORGOTTEN: Duration = Duration::from_mins(10);

#[cfg(test)]
mod tests {
    use super::*;

    struct Bench {
        breaker: Breaker,
        now: Instant,
        arrivals: u64,
    }

    impl Bench {
        fn new() -> Self {
            let now = Instant::now();
            let breaker = Breaker::new(now, 7);
            Self {
                breaker,
                now,
                arrivals: 7,
            }
        }

        /// A bench whose phone was silent often enough.
        fn open() -> Self {
            let mut bench = Self::new();
            (0..FAILURES).for_each(|_| bench.fails());
            bench
        }

        fn ask(&mut self) -> Result<(), u64> {
            let asked = self.breaker.ask(self.now, self.arrivals);
            asked.map_err(|spared| spared.again_in.as_secs())
        }

        fn fails(&mut self) {
            assert_eq!(self.ask(), Ok(()));
            self.breaker.silent(self.now);
        }

        fn wait(&mut self, seconds: u64) {
            self.now += Duration::from_secs(seconds);
        }
    }

    #[test]
    fn the_third_silence_in_a_row_opens_it_for_a_short_pause() {
        let mut bench = Bench::new();
        for _ in 0..2 {
            bench.fails();
            bench.wait(10);
        }
        bench.breaker.alive();
        for _ in 0..3 {
            bench.fails();
            bench.wait(1);
        }
        let spared = bench.breaker.ask(bench.now, 7).unwrap_err();
        let seconds = Duration::from_secs;
        assert_eq!(spared.silent_for, seconds(3));
        assert_eq!(spared.again_in, seconds(1));
    }

    #[test]
    fn one_trial_is_let_through_and_decides() {
        let mut bench = Bench::open();
        bench.wait(2);
        assert_eq!(bench.ask(), Ok(()));
        assert_eq!(bench.ask(), Err(0), "it is being tried");
        bench.breaker.alive();
        assert_eq!((bench.ask(), bench.ask()), (Ok(()), Ok(())));
        assert!(bench.breaker.is_idle(bench.now));
    }

    #[test]
    fn pauses_double_up_to_a_minute_and_start_over_after_a_success() {
        let mut bench = Bench::open();
        for pause in [2, 4, 8, 16, 32, 60, 60] {
            assert_eq!(bench.ask(), Err(pause));
            bench.wait(pause);
            bench.fails();
        }
        bench.wait(60);
        assert_eq!(bench.ask(), Ok(()));
        bench.breaker.alive();
        (0..FAILURES).for_each(|_| bench.fails());
        assert_eq!(bench.ask(), Err(2));
    }

    #[test]
    fn a_trial_that_came_to_nothing_leaves_its_place_to_another() {
        let mut bench = Bench::open();
        bench.wait(2);
        assert_eq!(bench.ask(), Ok(()));
        bench.breaker.undecided(bench.now);
        assert_eq!(bench.ask(), Ok(()));
    }

    #[test]
    fn a_phone_that_came_back_is_tried_at_once() {
        let mut bench = Bench::open();
        assert_eq!(bench.ask(), Err(2));
        bench.arrivals += 1;
        assert_eq!(bench.ask(), Ok(()));
        assert_eq!(bench.ask(), Err(0));
    }

    #[test]
    fn who_asked_before_it_opened_does_not_lengthen_the_pause() {
        let mut bench = Bench::open();
        bench.breaker.silent(bench.now);
        assert_eq!(bench.ask(), Err(2));
    }

    #[test]
    fn silence_after_a_restart_of_ours_means_nothing() {
        let mut bench = Bench::open();
        bench.breaker.excuse(bench.now + Duration::from_mins(3));
        (0..20).for_each(|_| bench.fails());
        assert!(!bench.breaker.is_idle(bench.now));
        bench.wait(181);
        (0..FAILURES).for_each(|_| bench.fails());
        assert_eq!(bench.ask(), Err(2));
    }
}
