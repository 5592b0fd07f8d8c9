//! Schedules: when a rule fires by the clock.
//!
//! `croner` reads cron expressions, with five fields or, with seconds in front, six. A clock change is
//! treated as by Vixie cron: a fixed time that the change skips is due at the first moment after it, one
//! that occurs twice is due at the first; an expression with `*` or `/` in its minutes or hours follows the
//! clock.

use croner::Cron;
use croner::errors::CronError;
use croner::parser::{CronParser, Seconds, Year};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::error::Error;
use super::time_zone;

/// When a rule is due.
#[derive(Clone, Debug)]
pub(super) struct Schedule {
    text: String,
    cron: Cron,
    zone: TimeZone,
}

impl Schedule {
    /// Reads a cron expression, whose times are those of `zone`.
    pub(super) fn parse(text: &str, zone: TimeZone) -> Result<Self, Error> {
        let cron = parse(text).and_then(|cron| {
            let now = Timestamp::now().to_zoned(zone.clone());
            match cron.find_next_occurrence(&now, false) {
                Ok(_) => Ok(cron),
                Err(_) => Err("no date matches it".to_owned()),
            }
        });
        let cron = cron.map_err(|reason| {
            let schedule = text.to_owned();
            Error::InvalidSchedule { schedule, reason }
        })?;
        Ok(Self {
            text: text.to_owned(),
            cron,
            zone,
        })
    }

    /// Returns when it is due next, later than `time`. `None` if no date is left, in some thousand years.
    pub(super) fn next_after(&self, time: Timestamp) -> Option<Timestamp> {
        let time = time.to_zoned(self.zone.clone());
        let next = self.cron.find_next_occurrence(&time, false).ok()?;
        Some(next.timestamp())
    }

    /// Returns when it was due last, at `time` or before.
    pub(super) fn last_until(&self, time: Timestamp) -> Option<Timestamp> {
        let time = time.to_zoned(self.zone.clone());
        let last = self.cron.find_previous_occurrence(&time, true).ok()?;
        Some(last.timestamp())
    }

    /// Returns a time in its zone, in the form of RFC 3339.
    pub(super) fn local(&self, time: Timestamp) -> String {
        let offset = self.zone.to_offset(time);
        time.display_with_offset(offset).to_string()
    }

    /// Returns what makes two schedules the same: the expression and the zone.
    pub(super) fn identity(&self) -> String {
        format!("{} {}", self.text, time_zone::name(&self.zone))
    }

    /// Returns the expression as configured.
    pub(super) fn text(&self) -> &str {
        &self.text
    }
}

fn parse(text: &str) -> Result<Cron, String> {
    let parser = CronParser::builder()
        .seconds(Seconds::Optional)
        .year(Year::Disallowed)
        .build();
    parser.parse(text).map_err(|error| match error {
        CronError::EmptyPattern => "it is empty".to_owned(),
        CronError::ComponentError(reason) => lower_case(&reason),
        CronError::IllegalCharacters(reason) => reason.replace("CronPattern contains ", ""),
        // The only other requirement is the number of fields.
        CronError::InvalidPattern(_) => {
            "five fields are required, or six with seconds in front".to_owned()
        }
        error => lower_case(&error.to_string()),
    })
}

/// Returns a message of `croner` as a part of a sentence.
fn lower_case(message: &str) -> String {
    let message = message.trim_end_matches('.');
    let mut letters = message.chars();
    let first = letters.next().into_iter().flat_map(char::to_lowercase);
    first.chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    /// Returns the next times that are due after `from`, in that zone.
    fn due(schedule: &str, zone: &str, from: &str, count: usize) -> Vec<String> {
        let schedule = Schedule::parse(schedule, TimeZone::get(zone).unwrap()).unwrap();
        let mut time: Timestamp = from.parse().unwrap();
        let mut next = || {
            time = schedule.next_after(time).unwrap();
            let local = time.to_zoned(schedule.zone.clone());
            local.strftime("%m-%d %H:%M:%S%:z").to_string()
        };
        std::iter::repeat_with(&mut next).take(count).collect()
    }

    #[test]
    fn weekdays_count_from_sunday() {
        assert_eq!(
            due("0 18 * * 1-5", "Europe/Berlin", "2026-11-27T12:00:00Z", 2),
            ["11-27 18:00:00+01:00", "11-30 18:00:00+01:00"]
        );
        assert_eq!(
            due("*/20 30 8 1 * *", "UTC", "2026-11-27T12:00:00Z", 4),
            [
                "12-01 08:30:00+00:00",
                "12-01 08:30:20+00:00",
                "12-01 08:30:40+00:00",
                "01-01 08:30:00+00:00",
            ]
        );
    }

    #[test]
    fn time_that_a_clock_change_skips_is_due_after_it() {
        // In Berlin 02:00 to 03:00 of 2026-03-29 does not exist, in New York that of 2026-03-08.
        assert_eq!(
            due("30 2 * * *", "Europe/Berlin", "2026-03-28T00:00:00Z", 3),
            [
                "03-28 02:30:00+01:00",
                "03-29 03:00:00+02:00",
                "03-30 02:30:00+02:00",
            ]
        );
        assert_eq!(
            due("30 2 * * *", "America/New_York", "2026-03-07T06:00:00Z", 3),
            [
                "03-07 02:30:00-05:00",
                "03-08 03:00:00-04:00",
                "03-09 02:30:00-04:00",
            ]
        );
        // Hourly, and nothing twice.
        assert_eq!(
            due("0 * * * *", "Europe/Berlin", "2026-03-29T00:30:00Z", 2),
            ["03-29 03:00:00+02:00", "03-29 04:00:00+02:00"]
        );
        assert_eq!(
            due("0 2,3 * * *", "Europe/Berlin", "2026-03-29T00:30:00Z", 2),
            ["03-29 03:00:00+02:00", "03-30 02:00:00+02:00"]
        );
    }

    #[test]
    fn time_that_occurs_twice_is_due_once() {
        // In Berlin 02:00 to 03:00 of 2026-10-25 occurs twice, in New York 01:00 to 02:00 of 2026-11-01.
        assert_eq!(
            due("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 2),
            ["10-25 02:30:00+02:00", "10-26 02:30:00+01:00"]
        );
        // Also from between the two.
        assert_eq!(
            due("30 2 * * *", "Europe/Berlin", "2026-10-25T00:45:00Z", 1),
            ["10-26 02:30:00+01:00"]
        );
        assert_eq!(
            due("30 1 * * *", "America/New_York", "2026-10-31T12:00:00Z", 2),
            ["11-01 01:30:00-04:00", "11-02 01:30:00-05:00"]
        );
        // What follows the clock is due in both hours.
        assert_eq!(
            due("*/30 * * * *", "Europe/Berlin", "2026-10-25T00:00:00Z", 4),
            [
                "10-25 02:30:00+02:00",
                "10-25 02:00:00+01:00",
                "10-25 02:30:00+01:00",
                "10-25 03:00:00+01:00",
            ]
        );
    }

    #[test]
    fn what_is_never_due_is_refused() {
        for (schedule, expected) in [
            ("0 0 30 2 *", "no date matches it; use minute (0-59), hour"),
            ("0 25 * * *", "number out of bounds;"),
            ("0 x * * *", "illegal character 'X' in part 'X';"),
            (
                "@reboot",
                "five fields are required, or six with seconds in front;",
            ),
            (
                "* * * * * * 2030",
                "five fields are required, or six with seconds in front;",
            ),
            ("", "it is empty;"),
        ] {
            let error = Schedule::parse(schedule, TimeZone::UTC)
                .unwrap_err()
                .to_string();
            let expected = format!("invalid schedule {schedule:?}: {expected}");
            assert!(error.starts_with(&expected), "{error}");
        }
    }

    #[test]
    fn looking_back_finds_what_looking_ahead_found() {
        for (zone, day) in [
            ("Europe/Berlin", "2026-03-28T22:00:00Z"),
            ("Europe/Berlin", "2026-10-24T22:00:00Z"),
            ("America/New_York", "2026-03-08T04:00:00Z"),
            ("America/New_York", "2026-11-01T04:00:00Z"),
            ("Australia/Lord_Howe", "2026-04-04T12:00:00Z"),
            ("Australia/Lord_Howe", "2026-10-03T12:00:00Z"),
        ] {
            let zone = TimeZone::get(zone).unwrap();
            for text in [
                "30 2 * * *",
                "*/20 * * * *",
                "0 1-3 * * *",
                "15 1,2 * * *",
                "0 0 * * *",
            ] {
                let schedule = Schedule::parse(text, zone.clone()).unwrap();
                let start: Timestamp = day.parse().unwrap();
                let mut last = schedule.last_until(start);
                let mut next = schedule.next_after(start);
                for minute in 0..(26 * 60) {
                    let now = start + SignedDuration::from_mins(minute);
                    if next.is_some_and(|next| next <= now) {
                        last = next;
                        next = next.and_then(|next| schedule.next_after(next));
                    }
                    assert_eq!(
                        schedule.last_until(now),
                        last,
                        "{text} at {now} in {zone:?}"
                    );
                    assert_eq!(
                        schedule.next_after(now),
                        next,
                        "{text} at {now} in {zone:?}"
                    );
                }
            }
        }
    }
}
