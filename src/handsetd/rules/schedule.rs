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

use super::error::{Error, RulePart};

/// When a rule is due.
#[derive(Clone, Debug)]
pub(super) struct Schedule {
    text: String,
    cron: Cron,
    zone: TimeZone,
}

impl Schedule {
    /// Reads a cron expression and the name of a time zone, by default that of the machine.
    pub(super) fn parse(text: &str, zone: Option<&str>) -> Result<Self, (RulePart, Error)> {
        let zone = zone.map_or_else(|| Ok(TimeZone::system()), find_zone);
        let zone = zone.map_err(|error| (RulePart::Timezone, error))?;
        let cron = parse(text).and_then(|cron| {
            let now = Timestamp::now().to_zoned(zone.clone());
            match cron.find_next_occurrence(&now, false) {
                Ok(_) => Ok(cron),
                Err(_) => Err("no date matches it".to_owned()),
            }
        });
        let cron = cron.map_err(|reason| {
            let schedule = text.to_owned();
            (
                RulePart::Schedule,
                Error::InvalidSchedule { schedule, reason },
            )
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

fn find_zone(name: &str) -> Result<TimeZone, Error> {
    TimeZone::get(name).map_err(|_| {
        let reason = if jiff::tz::db().available().next().is_none() {
            format!(
                "time zone {name:?} cannot be looked up: this machine has no zone files in /usr/share/zoneinfo; install tzdata"
            )
        } else {
            format!("unknown time zone {name:?}; use a name such as Europe/Berlin or UTC")
        };
        Error::UnknownTimezone { reason }
    })
}

/// The event of a rule that is due.
pub(super) const SCHEDULE: &str = "handsetd.schedule";

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the next times that are due after `from`, in that zone.
    fn due(schedule: &str, zone: &str, from: &str, count: usize) -> Vec<String> {
        let schedule = Schedule::parse(schedule, Some(zone)).unwrap();
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
        for (schedule, zone, part, expected) in [
            (
                "0 0 30 2 *",
                None,
                RulePart::Schedule,
                "invalid schedule \"0 0 30 2 *\": no date matches it; use minute (0-59), hour (0-23), day of month (1-31), month (1-12) and day of week (0-7, from Sunday), such as \"0 18 * * 1-5\"",
            ),
            (
                "0 25 * * *",
                None,
                RulePart::Schedule,
                "invalid schedule \"0 25 * * *\": number out of bounds;",
            ),
            (
                "@reboot",
                None,
                RulePart::Schedule,
                "invalid schedule \"@reboot\": five fields are required, or six with seconds in front;",
            ),
            (
                "0 x * * *",
                None,
                RulePart::Schedule,
                "invalid schedule \"0 x * * *\": illegal character 'X' in part 'X';",
            ),
            (
                "",
                None,
                RulePart::Schedule,
                "invalid schedule \"\": it is empty",
            ),
            (
                "0 0 * * *",
                Some("Europe/Berlni"),
                RulePart::Timezone,
                "unknown time zone \"Europe/Berlni\"; use a name such as Europe/Berlin or UTC",
            ),
        ] {
            let (found, error) = Schedule::parse(schedule, zone).unwrap_err();
            assert_eq!(found, part, "{schedule}");
            let text = error.to_string();
            assert!(text.starts_with(expected), "{text}");
        }
    }
}
