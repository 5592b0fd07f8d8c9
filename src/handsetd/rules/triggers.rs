//! What fires a rule: events, by name, and a schedule.

use std::fmt;

use handset_net::wildcard;
use jiff::tz::TimeZone;

use super::config::Rule;
use super::error::{Error, RulePart};
use super::fact::Fact;
use super::schedule::Schedule;

/// What fires a rule.
#[derive(Debug)]
pub(super) struct Triggers {
    events: Vec<EventPattern>,
    schedule: Option<Schedule>,
}

/// The name of an event, or a pattern of such names.
#[derive(Clone, Debug)]
pub(super) struct EventPattern {
    text: String,
    /// The text in lower case.
    key: String,
}

impl Triggers {
    /// Reads `on` and `schedule`, whose times are those of `zone`; returns all errors.
    pub(super) fn parse(rule: &Rule, zone: &TimeZone) -> Result<Self, Vec<(RulePart, Error)>> {
        let mut errors = Vec::new();
        let mut events = Vec::new();
        for text in &rule.on {
            match EventPattern::parse(text) {
                Ok(event) => events.push(event),
                Err(error) => errors.push((RulePart::On, error)),
            }
        }
        let schedule = match &rule.schedule {
            Some(schedule) => Schedule::parse(schedule, zone.clone())
                .map(Some)
                .map_err(|error| (RulePart::Schedule, error)),
            None if rule.on.is_empty() => Err((RulePart::On, Error::NoTrigger)),
            None => Ok(None),
        };
        match schedule {
            Ok(schedule) if errors.is_empty() => Ok(Self { events, schedule }),
            Ok(_) => Err(errors),
            Err(error) => {
                errors.push(error);
                Err(errors)
            }
        }
    }

    /// Returns whether the event fires the rule of that name.
    pub(super) fn handle(&self, fact: &Fact, rule: &str) -> bool {
        if let Some(due) = fact.scheduled_rule() {
            return due == rule && self.schedule.is_some();
        }
        fact.names().any(|name| {
            let key = name.to_ascii_lowercase();
            self.events.iter().any(|event| event.matches(&key))
        })
    }

    /// Returns the events.
    pub(super) fn events(&self) -> &[EventPattern] {
        &self.events
    }

    /// Returns the names of the events, as configured.
    pub(super) fn event_names(&self) -> impl Iterator<Item = &str> {
        self.events.iter().map(|event| event.text.as_str())
    }

    /// Returns the schedule.
    pub(super) fn schedule(&self) -> Option<&Schedule> {
        self.schedule.as_ref()
    }
}

/// Displays what the rule waits for.
impl fmt::Display for Triggers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.event_names().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(f, "{separator}{name}")?;
        }
        if let Some(schedule) = &self.schedule {
            let separator = if self.events.is_empty() { "" } else { " or " };
            write!(f, "{separator}its schedule {:?}", schedule.text())?;
        }
        Ok(())
    }
}

impl EventPattern {
    fn parse(text: &str) -> Result<Self, Error> {
        if text.is_empty() || text.trim() != text || text.contains(char::is_control) {
            let name = text.to_owned();
            return Err(Error::InvalidEventName { name });
        }
        Ok(Self {
            text: text.to_owned(),
            key: text.to_ascii_lowercase(),
        })
    }

    /// Returns the text in lower case.
    pub(super) fn key(&self) -> &str {
        &self.key
    }

    /// Returns whether it stands for several names.
    pub(super) fn has_wildcard(&self) -> bool {
        self.key.contains('*')
    }

    /// Returns whether it stands for a name that is given in lower case.
    pub(super) fn matches(&self, key: &str) -> bool {
        wildcard::matches(&self.key, key)
    }
}
