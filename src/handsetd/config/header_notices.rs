//! Values that the events of a `[[rule]]` do not have, and that are called almost like one that they have.

use std::collections::BTreeSet;

use handset_ami::known_events;

use super::explain;
use crate::rules::config::Rule;
use crate::rules::{Engine, RulePart};

/// Returns what is probably wrong with the values that a rule mentions, each with its part. Nothing is said
/// where an event of the rule may have any header, and of names that are like none that is known: Asterisk
/// does not document everything that it sends.
pub(super) fn doubts(rule: &Rule, engine: &Engine) -> Vec<(RulePart, String)> {
    let Some(known) = headers(rule) else {
        return Vec::new();
    };
    let lower: Vec<String> = known.iter().map(|name| name.to_ascii_lowercase()).collect();
    let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
    let mut doubts = Vec::new();
    for (part, names) in engine.mentioned_names() {
        for name in names.event_values() {
            let key = name.to_ascii_lowercase();
            if lower.contains(&key.as_str()) {
                continue;
            }
            let similar = explain::similar(&key, &lower).filter(|similar| is_typo(&key, similar));
            let position = similar.and_then(|similar| lower.iter().position(|low| *low == similar));
            if let Some(meant) = position.and_then(|position| known.get(position)) {
                let events = rule.on.join(", ");
                let text = format!(
                    "rule {:?}: {events} has no {name}; did you mean event.{meant}?",
                    rule.name
                );
                doubts.push((part.clone(), text));
            }
        }
    }
    doubts
}

/// Returns whether one name is surely meant by another: of a short one, fewer letters may differ.
fn is_typo(name: &str, meant: &str) -> bool {
    strsim::levenshtein(name, meant) <= name.len().div_ceil(4)
}

/// Returns the headers that the events of a rule may have; `None` if that is not known of each.
fn headers(rule: &Rule) -> Option<Vec<String>> {
    if rule.on.is_empty() || rule.schedule.is_some() {
        return None;
    }
    let mut all = BTreeSet::new();
    for on in &rule.on {
        all.extend(known_events::headers(on)?);
    }
    Some(all.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doubts_of(text: &str) -> Vec<String> {
        let text = format!("name = 'r'\n{text}");
        let rule: Rule = toml::from_str(&text).unwrap();
        let engine = Engine::new(std::slice::from_ref(&rule)).unwrap();
        let doubts = doubts(&rule, &engine).into_iter();
        doubts
            .map(|(part, text)| format!("{part}: {text}"))
            .collect()
    }

    #[test]
    fn names_like_those_of_the_event_are_doubted() {
        let doubted = doubts_of(
            "on = 'QueueMemberPause'\nwhen = \"event.Pausd == '1'\"\n\
             limit = { every = '1s', per = '{{ event.Interfce }}' }\n\
             do = [{ verb = 'push', text = '{{ event.PausedReason }} {{ event.queu }}' }]",
        );
        let of = |part: &str, name: &str, meant: &str| {
            format!(
                "{part}: rule \"r\": QueueMemberPause has no {name}; did you mean event.{meant}?"
            )
        };
        assert_eq!(
            doubted,
            [
                of("when", "Pausd", "Paused"),
                of("limit.per", "Interfce", "Interface"),
                of("do.text", "queu", "Queue"),
            ]
        );
    }

    #[test]
    fn nothing_is_said_where_it_is_not_certain() {
        for text in [
            // Any case, those of all events, and what is not like any other.
            "on = ['Hangup', 'DialEnd']\nwhen = \"event.cause == 16 or event['Cause-txt'] or event.destchannel\"",
            "on = 'Hangup'\nwhen = 'event.SomethingElse is defined or event.Name'",
            // Events that may have anything, and others.
            "on = ['Hangup', 'UserEvent']\nwhen = 'event.Caus == 16'",
            "on = 'UserEvent.Door'\nwhen = 'event.Chanel'",
            "on = 'Hang*'\nwhen = 'event.Caus == 16'",
            "on = 'phone.dnd_on'\nwhen = 'event.phon'",
            "on = 'Hangup'\nschedule = '0 1 * * *'\nwhen = 'event.Caus == 16'",
        ] {
            let text = format!("{text}\ndo = [{{ verb = 'ping' }}]");
            assert_eq!(doubts_of(&text), [""; 0], "{text}");
        }
    }
}
