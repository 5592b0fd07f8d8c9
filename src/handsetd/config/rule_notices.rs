//! What is probably wrong with a `[[rule]]`, though it may be meant: events that are never sent, and files
//! that do not exist.

use handset_ami::known_events::{self, EventClass};
use handset_net::wildcard;

use super::explain;
use super::media::Media;
use super::setting::{Setting, Step};
use super::validator::Validator;
use crate::phone_http;
use crate::rules::OWN_EVENTS;
use crate::rules::config::{Rule, Value, Values};

/// Warns of names of events and files of a rule, which is the one with that index.
pub(super) fn report(
    rule: &Rule,
    rule_index: usize,
    section: &Setting,
    media: &Media,
    validator: &mut Validator,
) {
    let name = &rule.name;
    for on in &rule.on {
        if let Some(doubt) = doubt(on) {
            let text = format!("rule {name:?} waits for {on}, {doubt}");
            let diagnostic = section.diagnostic_of("on", text);
            validator.warn_of_rule(rule_index, &diagnostic);
        }
    }
    report_dialplan(rule, rule_index, section, validator);
    for (index, step) in rule.steps.iter().enumerate() {
        for (key, file) in files(step) {
            if !may_exist(media, file) {
                let text =
                    format!("rule {name:?}: {file} is in none of the folders of media.folders");
                let path = [
                    Step::Key("do".to_owned()),
                    Step::Element(index),
                    Step::Key(key.to_owned()),
                ];
                validator.warn_of_rule(rule_index, &section.diagnostic_at(&path, text));
            }
        }
    }
}

/// Warns of values that look as if a dialplan evaluated them.
fn report_dialplan(rule: &Rule, rule_index: usize, section: &Setting, validator: &mut Validator) {
    for (index, step) in rule.steps.iter().enumerate() {
        // Asterisk evaluates some values of actions.
        let is_own = ["verb", "webhook", "webhook_file"]
            .iter()
            .any(|key| step.contains_key(*key));
        let texts = step.iter().filter_map(|(key, value)| match value {
            Value::Text(text) if is_own => Some((key, dialplan_variable(text)?)),
            _ => None,
        });
        for (key, variable) in texts {
            let text = format!(
                "rule {:?}: {variable} stays as it is, since no dialplan evaluates it; \
                 {{{{ event.NAME }}}} is a value of the event",
                rule.name
            );
            let path = [
                Step::Key("do".to_owned()),
                Step::Element(index),
                Step::Key(key.clone()),
            ];
            validator.warn_of_rule(rule_index, &section.diagnostic_at(&path, text));
        }
    }
}

/// Returns the first `${…}` of a text.
fn dialplan_variable(text: &str) -> Option<&str> {
    let (_, variable) = text.split_at_checked(text.find("${")?)?;
    let end = variable.find('}')?.saturating_add(1);
    variable.get(..end)
}

/// Returns whether Asterisk sends what `on` names, as far as that can be determined.
pub(super) fn is_of_asterisk(on: &str) -> bool {
    let on = on.to_ascii_lowercase();
    !(on.starts_with("phone.") || on.starts_with("handsetd."))
}

/// Returns why no event that `on` names is sent, if that is so; it completes a sentence.
fn doubt(on: &str) -> Option<String> {
    let lower = on.to_ascii_lowercase();
    if lower == "handsetd.schedule" {
        return Some("which fires the rule that is due and no other; use schedule".to_owned());
    }
    if let Some(event) = lower.strip_prefix("handsetd.") {
        return unknown(
            event,
            "handsetd.",
            OWN_EVENTS,
            "which handsetd does not raise",
        );
    }
    if let Some(event) = lower.strip_prefix("phone.") {
        let known: Vec<&str> = phone_http::event_names()
            .chain(OTHER_PHONE_EVENTS)
            .collect();
        return unknown(event, "phone.", &known, "which no phone reports");
    }
    if lower.starts_with("userevent.") {
        return None;
    }
    let known: Vec<&str> = known_events::all()
        .filter(|event| event.class != EventClass::Response)
        .map(|event| event.name)
        .collect();
    if let Some(event) = known_events::find(on)
        && event.class == EventClass::Response
    {
        let reason = "which comes in the response to an action only, so it never fires a rule";
        return Some(reason.to_owned());
    }
    // A pattern may be meant for all kinds of events.
    let of_others = |name: &str| wildcard::matches(&lower, name);
    if lower.contains('*')
        && ["handsetd.start", "phone.dnd_on", "userevent.x"]
            .into_iter()
            .any(of_others)
    {
        return None;
    }
    let reason = "which no Asterisk from 16 to 22 sends";
    // As in the dialplan.
    if let Some(arguments) = lower.strip_prefix("userevent(") {
        let length = arguments.find([',', ')']).unwrap_or(arguments.len());
        let start = on.len().saturating_sub(arguments.len());
        let name = on.get(start..).and_then(|name| name.get(..length));
        let name = name.unwrap_or_default().trim();
        return Some(format!("{reason}; did you mean UserEvent.{name}?"));
    }
    // As in a regular expression.
    let plain = on.trim_start_matches('^').trim_end_matches('$');
    let plain = plain.replace(".*", "*");
    if plain != on && doubt(&plain).is_none() {
        return Some(format!("{reason}; did you mean {plain}?"));
    }
    unknown(&lower, "", &known, reason)
}

/// Returns that `event` is none of `known`, with a suggestion; `prefix` is what precedes their names.
fn unknown(event: &str, prefix: &str, known: &[&str], reason: &str) -> Option<String> {
    let matches = |known: &&str| wildcard::matches(event, &known.to_ascii_lowercase());
    if known.iter().any(matches) {
        return None;
    }
    let lower: Vec<String> = known
        .iter()
        .map(|known| known.to_ascii_lowercase())
        .collect();
    let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
    let similar = explain::similar(event, &lower);
    let position = similar.and_then(|similar| lower.iter().position(|known| *known == similar));
    let similar = position.and_then(|position| known.get(position));
    // Otherwise those of which a word is meant.
    let alike: Vec<String> = match similar {
        Some(similar) => vec![format!("{prefix}{similar}")],
        None => known
            .iter()
            .filter(|known| {
                let (word, _) = event.split_once('_').unwrap_or_default();
                known.split('_').any(|known| known == word)
            })
            .take(MAX_SUGGESTIONS)
            .map(|known| format!("{prefix}{known}"))
            .collect(),
    };
    Some(if alike.is_empty() {
        reason.to_owned()
    } else {
        format!("{reason}; did you mean {}?", alike.join(" or "))
    })
}

/// Returns the keys of a step that name a file, and the files, as far as they are written out.
fn files(step: &Values) -> impl Iterator<Item = (&'static str, &str)> {
    let is_verb = step.contains_key("verb");
    let keys = FILE_KEYS.iter().filter(move |_| is_verb);
    keys.filter_map(|key| match step.get(*key) {
        Some(Value::Text(text)) if is_file(key, text) => Some((*key, text.as_str())),
        _ => None,
    })
}

/// Returns whether a value names a file: no template, no URL, and no built-in tone.
fn is_file(key: &str, text: &str) -> bool {
    let is_template = text.contains("{{") || text.contains("{%");
    let is_tone = key == "tone" && !text.contains(['.', '/']);
    !text.is_empty() && !is_template && !text.contains("://") && !is_tone
}

/// Returns whether a file exists in one of the folders, or cannot be looked for.
fn may_exist(media: &Media, file: &str) -> bool {
    let mut folders = media.folders.iter();
    folders.any(|folder| folder.join(file).try_exists().unwrap_or(true))
}

/// How many names are suggested.
const MAX_SUGGESTIONS: usize = 3;

/// The keys that name files of the media folders.
const FILE_KEYS: [&str; 3] = ["image", "template", "tone"];

/// Events of phones that are not action URLs.
const OTHER_PHONE_EVENTS: [&str; 4] = ["call_failed", "csta_lost", "form", "unknown"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dialplan_variables_are_found() {
        for (text, expected) in [
            ("from ${CALLERID(num)}, now", Some("${CALLERID(num)}")),
            ("costs $5 {{ event.X }}", None),
            ("${open", None),
        ] {
            assert_eq!(dialplan_variable(text), expected, "{text}");
        }
    }

    #[test]
    fn events_without_a_source_are_reported() {
        for (on, expected) in [
            (
                "QueueMemberPaused",
                "which no Asterisk from 16 to 22 sends; did you mean QueueMemberPause?",
            ),
            ("Nonsense", "which no Asterisk from 16 to 22 sends"),
            ("Qeue*", "which no Asterisk from 16 to 22 sends"),
            (
                "QueueMember",
                "which comes in the response to an action only, so it never fires a rule",
            ),
            (
                "phone.dnd_onn",
                "which no phone reports; did you mean phone.dnd_on?",
            ),
            (
                "UserEvent(Door,Place: gate)",
                "which no Asterisk from 16 to 22 sends; did you mean UserEvent.Door?",
            ),
            (
                "QueueMember.*",
                "which no Asterisk from 16 to 22 sends; did you mean QueueMember*?",
            ),
            (
                "^Hangup$",
                "which no Asterisk from 16 to 22 sends; did you mean Hangup?",
            ),
            (
                "phone.setup_finished",
                "which no phone reports; did you mean phone.setup_autop_finish or phone.setup_completed?",
            ),
            ("phone.ring*", "which no phone reports"),
            (
                "handsetd.delivry",
                "which handsetd does not raise; did you mean handsetd.delivery?",
            ),
            (
                "handsetd.schedule",
                "which fires the rule that is due and no other; use schedule",
            ),
        ] {
            assert_eq!(doubt(on).as_deref(), Some(expected), "{on}");
        }
        for on in [
            "queuememberpause",
            "Queue*",
            "*",
            "phone.*",
            "Phone.DND_on",
            "phone.unknown",
            "phone.form",
            "UserEvent",
            "UserEvent.Door",
            "UserEvent.D*",
            "User*",
            "handsetd.start",
            "handsetd.*",
            "*_on",
            "MonitorStart",
        ] {
            assert_eq!(doubt(on), None, "{on}");
        }
    }
}
