//! What a rule does, in words, for the page.

use std::time::Duration;

use super::config::Mode;
use super::step::Outline;

/// What a rule does.
#[derive(Clone, Debug)]
pub(crate) struct Description {
    /// When it fires, in the order in which that is checked.
    pub(crate) fires: Vec<String>,
    /// The condition of each step, and the step as written.
    pub(crate) steps: Vec<(Option<String>, Outline)>,
    /// What happens if it fires while a run of it is active.
    pub(crate) meanwhile: &'static str,
}

/// The parts of a rule that decide whether it fires.
#[derive(Debug)]
pub(super) struct Firing<'a> {
    /// The events and the schedule.
    pub(super) triggers: String,
    pub(super) condition: Option<&'a str>,
    pub(super) every: Option<Duration>,
    pub(super) per: Option<String>,
}

impl Firing<'_> {
    pub(super) fn sentences(&self) -> Vec<String> {
        let mut sentences = vec![format!("Fires on {}", self.triggers)];
        sentences.extend(self.condition.map(|condition| format!("if {condition}")));
        if let Some(every) = self.every {
            let every = humantime::format_duration(every);
            let per = self.per.as_ref().map(|per| format!(" for each {per}"));
            let per = per.unwrap_or_default();
            sentences.push(format!("at most once within {every}{per}"));
        }
        sentences
    }
}

/// Returns what happens if a rule of that mode fires while a run of it is active.
pub(super) const fn meanwhile(mode: Mode) -> &'static str {
    match mode {
        Mode::Parallel => "If it fires meanwhile, both runs are active.",
        Mode::Queued => "If it fires meanwhile, the new run waits for the active one.",
        Mode::Restart => "If it fires meanwhile, the active run is cancelled.",
        Mode::Single => "If it fires meanwhile, the new run is skipped.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_say_when_a_rule_fires() {
        let firing = Firing {
            triggers: "Hangup".to_owned(),
            condition: Some("event.Cause == '17'"),
            every: Some(Duration::from_mins(5)),
            per: Some("{{ event.Channel }}".to_owned()),
        };
        assert_eq!(
            firing.sentences(),
            [
                "Fires on Hangup",
                "if event.Cause == '17'",
                "at most once within 5m for each {{ event.Channel }}"
            ]
        );
    }
}
