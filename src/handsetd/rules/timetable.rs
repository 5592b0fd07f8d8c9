//! The timetable: which schedules are due.
//!
//! It is pure, and takes the time of the system clock as an argument. That clock may jump: it is set, the
//! machine sleeps, the daemon is down for a while. What was due meanwhile is due now, once, if it is at
//! most [`MAX_LATENESS`] late; of several times of a schedule, the last. Nothing is due twice when the
//! clock is set back by up to [`MAX_STEP_BACK`]; if it is set back further, it was wrong before, and
//! schedules follow the new time at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::fact::{Fact, SCHEDULE};
use super::schedule::Schedule;

/// The schedules of all rules that have one, by the name of the rule.
#[derive(Clone, Debug, Default)]
pub(crate) struct Schedules(pub(super) Vec<(Arc<str>, Schedule)>);

/// When each schedule is due.
#[derive(Debug, Default)]
pub(crate) struct Timetable(Vec<Row>);

#[derive(Debug)]
struct Row {
    rule: Arc<str>,
    schedule: Schedule,
    /// Until here everything is done: it has fired, or was missed.
    done: Timestamp,
    /// As `done`, unless the clock has been set back far.
    base: Timestamp,
    next: Option<Timestamp>,
}

/// A schedule that was due.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Due {
    pub(crate) rule: Arc<str>,
    pub(crate) at: Timestamp,
    /// The same in the zone of the schedule, in the form of RFC 3339.
    pub(crate) local: String,
    /// Whether it is too late to fire the rule.
    pub(crate) is_missed: bool,
    /// How long it is until the next time.
    pub(crate) interval: SignedDuration,
}

/// Until when the schedule of each rule is done, to be kept over a restart.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub(crate) struct Done(BTreeMap<String, RuleDone>);

#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
struct RuleDone {
    /// The expression and its zone: another schedule has nothing to make up for.
    schedule: String,
    until: Timestamp,
}

impl Timetable {
    /// Creates the timetable of `schedules`. Those that `done` does not know start `now`.
    pub(crate) fn new(schedules: Schedules, done: &Done, now: Timestamp) -> Self {
        let row = |(rule, schedule): (Arc<str>, Schedule)| {
            let known = done.0.get(&*rule);
            let same = known.filter(|known| known.schedule == schedule.identity());
            let done = same.map_or(now, |known| known.until);
            let mut row = Row {
                next: None,
                base: done,
                rule,
                schedule,
                done,
            };
            row.follow_clock(now);
            row.next = row.schedule.next_after(row.base);
            row
        };
        Self(schedules.0.into_iter().map(row).collect())
    }

    /// Replaces the schedules; rules whose schedule has not changed keep it.
    pub(crate) fn replace(&mut self, schedules: Schedules, now: Timestamp) {
        *self = Self::new(schedules, &self.done(), now);
    }

    /// Returns when something is due next.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.0.iter().filter_map(|row| row.next).min()
    }

    /// Returns what is due, in the order of time, and regards it as done.
    pub(crate) fn take_due(&mut self, now: Timestamp) -> Vec<Due> {
        let rows = self.0.iter_mut();
        let mut due: Vec<Due> = rows.filter_map(|row| row.take_due(now)).collect();
        due.sort_by_key(|due| due.at);
        due
    }

    /// Returns until when each schedule is done.
    pub(crate) fn done(&self) -> Done {
        let done = self.0.iter().map(|row| {
            let done = RuleDone {
                schedule: row.schedule.identity(),
                until: row.done.max(row.base),
            };
            (row.rule.to_string(), done)
        });
        Done(done.collect())
    }
}

impl Row {
    fn take_due(&mut self, now: Timestamp) -> Option<Due> {
        if self.follow_clock(now) {
            self.next = self.schedule.next_after(self.base);
        }
        let first = self.next.filter(|next| *next <= now)?;
        // The clock may have passed many of them.
        let at = self
            .schedule
            .last_until(now)
            .map_or(first, |last| last.max(first));
        let is_repeated = at == self.done;
        self.base = at;
        self.done = at;
        self.next = self.schedule.next_after(at);
        (!is_repeated).then(|| Due {
            rule: Arc::clone(&self.rule),
            at,
            local: self.schedule.local(at),
            is_missed: now.duration_since(at) > MAX_LATENESS,
            interval: self
                .next
                .map_or(SignedDuration::MAX, |next| next.duration_since(at)),
        })
    }

    /// Returns whether the clock was set back so far that it must have been wrong before.
    fn follow_clock(&mut self, now: Timestamp) -> bool {
        let is_back = self.base.duration_since(now) > MAX_STEP_BACK;
        if is_back {
            self.base = now;
        }
        is_back
    }
}

impl Due {
    /// Returns the event that fires the rule, and no other.
    pub(crate) fn to_fact(&self) -> Fact {
        let values = [("Rule", self.rule.to_string()), ("Due", self.local.clone())];
        Fact::new(
            SCHEDULE,
            values.map(|(name, value)| (name.to_owned(), value)),
        )
    }
}

/// How late a rule may fire after its time: long enough for a restart or an update of the daemon, and
/// too short for anybody to wonder why.
pub(crate) const MAX_LATENESS: SignedDuration = SignedDuration::from_mins(5);

/// How far the clock may be set back without anything being due again. Cron has the same limit.
const MAX_STEP_BACK: SignedDuration = SignedDuration::from_hours(3);

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn schedules(rules: &[(&str, &str)]) -> Schedules {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let parse = |(rule, text): &(&str, &str)| {
            let schedule = Schedule::parse(text, zone.clone()).unwrap();
            (Arc::from(*rule), schedule)
        };
        Schedules(rules.iter().map(parse).collect())
    }

    fn timetable(rules: &[(&str, &str)], now: &str) -> Timetable {
        Timetable::new(schedules(rules), &Done::default(), time(now))
    }

    /// Returns what is due, as `RULE TIME`, with a mark if it is missed.
    fn due(timetable: &mut Timetable, now: &str) -> Vec<String> {
        let due = timetable.take_due(time(now));
        let shown = due.iter().map(|due| {
            let mark = if due.is_missed { " missed" } else { "" };
            format!("{} {}{mark}", due.rule, due.local)
        });
        shown.collect()
    }

    const NONE: [&str; 0] = [];
    const EVENING: &[(&str, &str)] = &[("evening", "0 18 * * *")];
    /// 18:00 in Berlin.
    const SIX: &str = "2026-11-27T17:00:00Z";
    const EVENING_DUE: [&str; 1] = ["evening 2026-11-27T18:00:00+01:00"];

    #[test]
    fn rules_are_due_once_at_their_time() {
        let rules = [("evening", "0 18 * * *"), ("often", "*/30 * * * *")];
        let mut timetable = timetable(&rules, "2026-11-27T16:40:00Z");
        assert_eq!(timetable.next(), Some(time(SIX)));
        assert_eq!(due(&mut timetable, "2026-11-27T16:59:59.9Z"), NONE);
        assert_eq!(
            due(&mut timetable, SIX),
            [
                "evening 2026-11-27T18:00:00+01:00",
                "often 2026-11-27T18:00:00+01:00"
            ]
        );
        assert_eq!(due(&mut timetable, "2026-11-27T17:00:00.5Z"), NONE);
        assert_eq!(timetable.next(), Some(time("2026-11-27T17:30:00Z")));
        assert_eq!(
            due(&mut timetable, "2026-11-27T17:30:02Z"),
            ["often 2026-11-27T18:30:00+01:00"]
        );
    }

    #[test]
    fn restart_neither_repeats_nor_loses_a_firing() {
        let mut before = timetable(EVENING, "2026-11-27T12:00:00Z");
        // It ends before the time and starts after it.
        let missed_by = |done: &Done, now: &str| {
            let mut after = Timetable::new(schedules(EVENING), done, time(now));
            due(&mut after, now)
        };
        let json = serde_json::to_string(&before.done()).unwrap();
        let done: Done = serde_json::from_str(&json).unwrap();
        assert_eq!(missed_by(&done, "2026-11-27T17:00:30Z"), EVENING_DUE);
        assert_eq!(missed_by(&done, "2026-11-27T17:05:00Z"), EVENING_DUE);
        assert_eq!(
            missed_by(&done, "2026-11-27T17:05:01Z"),
            ["evening 2026-11-27T18:00:00+01:00 missed"]
        );
        // It has fired, and starts again within the same minute.
        assert_eq!(due(&mut before, SIX), EVENING_DUE);
        assert_eq!(missed_by(&before.done(), "2026-11-27T17:00:30Z"), NONE);
        assert_eq!(missed_by(&before.done(), SIX), NONE);
        // A new rule has missed nothing.
        assert_eq!(missed_by(&Done::default(), "2026-11-27T17:00:30Z"), NONE);
    }

    #[test]
    fn changed_schedule_starts_anew_and_others_go_on() {
        let rules = [("evening", "0 18 * * *"), ("moved", "0 20 * * *")];
        let mut timetable = timetable(&rules, "2026-11-27T12:00:00Z");
        let rules = [
            ("moved", "0 18 * * *"),
            ("evening", "0 18 * * *"),
            ("new", "0 18 * * *"),
        ];
        timetable.replace(schedules(&rules), time("2026-11-27T17:00:10Z"));
        assert_eq!(due(&mut timetable, "2026-11-27T17:00:10Z"), EVENING_DUE);
        timetable.replace(schedules(&rules), time("2026-11-27T17:00:20Z"));
        assert_eq!(due(&mut timetable, "2026-11-27T17:00:20Z"), NONE);
        assert_eq!(timetable.next(), Some(time("2026-11-28T17:00:00Z")));
    }

    #[test]
    fn what_was_slept_through_is_due_once_if_it_is_not_too_old() {
        let rules = [("often", "* * * * *"), ("hourly", "0 * * * *")];
        let mut timetable = timetable(&rules, "2026-11-27T12:00:30Z");
        assert_eq!(
            due(&mut timetable, "2026-11-27T15:58:20Z"),
            [
                "hourly 2026-11-27T16:00:00+01:00 missed",
                "often 2026-11-27T16:58:00+01:00"
            ]
        );
        assert_eq!(
            due(&mut timetable, "2026-11-27T16:00:00Z"),
            [
                "often 2026-11-27T17:00:00+01:00",
                "hourly 2026-11-27T17:00:00+01:00"
            ]
        );
    }

    #[test]
    fn clock_that_is_set_back_repeats_nothing() {
        let mut timetable = timetable(EVENING, "2026-11-27T12:00:00Z");
        assert_eq!(due(&mut timetable, SIX), EVENING_DUE);
        for now in ["2026-11-27T16:59:58Z", SIX, "2026-11-27T15:00:00Z", SIX] {
            assert_eq!(due(&mut timetable, now), NONE, "{now}");
        }
        // A clock that starts in 1970 and is right later.
        assert_eq!(due(&mut timetable, "1970-01-01T00:00:10Z"), NONE);
        assert_eq!(due(&mut timetable, "2026-11-27T17:01:00Z"), NONE);
        let done = timetable.done();
        let mut booted = Timetable::new(schedules(EVENING), &done, time("1970-01-01T00:00:00Z"));
        assert_eq!(booted.done(), done);
        assert_eq!(due(&mut booted, "2026-11-27T17:02:00Z"), NONE);
        assert_eq!(booted.next(), Some(time("2026-11-28T17:00:00Z")));
    }

    #[test]
    fn clock_that_was_far_ahead_silences_no_rule() {
        let mut timetable = timetable(EVENING, "2031-01-01T12:00:00Z");
        assert_eq!(due(&mut timetable, "2026-11-27T12:00:00Z"), NONE);
        assert_eq!(timetable.next(), Some(time(SIX)));
        assert_eq!(due(&mut timetable, SIX), EVENING_DUE);
    }

    #[test]
    fn clock_changes_of_the_year_repeat_and_lose_nothing() {
        let rules = [("night", "30 2 * * *")];
        let mut timetable = timetable(&rules, "2026-03-28T12:00:00Z");
        let mut fired = Vec::new();
        // Every ten minutes until April, and again in autumn.
        for (from, days) in [("2026-03-28T12:00:00Z", 3), ("2026-10-24T12:00:00Z", 3)] {
            timetable.replace(Schedules::default(), time(from));
            timetable.replace(schedules(&rules), time(from));
            for step in 0..(days * 24 * 6) {
                let now = time(from) + SignedDuration::from_mins(10 * step);
                fired.extend(due(&mut timetable, &now.to_string()));
            }
        }
        assert_eq!(
            fired,
            [
                "night 2026-03-29T03:00:00+02:00",
                "night 2026-03-30T02:30:00+02:00",
                "night 2026-03-31T02:30:00+02:00",
                "night 2026-10-25T02:30:00+02:00",
                "night 2026-10-26T02:30:00+01:00",
                "night 2026-10-27T02:30:00+01:00",
            ]
        );
    }
}
