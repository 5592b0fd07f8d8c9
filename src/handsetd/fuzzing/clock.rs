//! Schedules of rules, by a clock that is set by hand.

use jiff::Timestamp;

use crate::rules::{Done, Engine, Timetable};

/// The timetable of an engine's schedules. Times are seconds since 1970, UTC.
#[derive(Debug)]
pub struct Clock(Timetable);

impl Clock {
    /// Creates the timetable at this time.
    ///
    /// # Panics
    ///
    /// Panics if the time is out of range, like all methods.
    pub fn new(engine: &Engine, now: i64) -> Self {
        Self(Timetable::new(
            engine.schedules(),
            &Done::default(),
            at(now),
        ))
    }

    /// Returns the timetable after a restart of the daemon.
    #[must_use]
    pub fn restarted(&self, engine: &Engine, now: i64) -> Self {
        Self(Timetable::new(engine.schedules(), &self.0.done(), at(now)))
    }

    /// Returns when something is due next.
    pub fn next(&self) -> Option<i64> {
        self.0.next().map(Timestamp::as_second)
    }

    /// Returns when each rule was due that is due now, and the same as text.
    pub fn take_due(&mut self, now: i64) -> Vec<(i64, String)> {
        let due = self.0.take_due(at(now)).into_iter();
        due.map(|due| (due.at.as_second(), due.local)).collect()
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("a time in range")
}
