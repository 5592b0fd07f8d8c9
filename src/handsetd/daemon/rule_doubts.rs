//! What the servers say against a rule: its events are of a class that the account does not read, or its
//! phones do not exist.
//!
//! An account can read its own section of `manager.conf` by the dialplan function `AST_CONFIG`, which
//! shows nothing else of it. Where that module is not loaded, nothing is known, and nothing is said.

use std::collections::BTreeSet;

use handset_ami::known_events::{self, EventClass};
use handset_ami::{Action, Client};
use handset_net::wildcard;
use handset_phones::Given;
use handset_phones::phone::PhoneNames;
use tokio::time::{Instant, timeout_at};

use crate::config::Config;
use crate::outcome::Status;
use crate::resolver::PhoneResolver;
use crate::rules::config::{Rule, Value};

/// Returns the doubts about all rules. `clients` are settled: connected, or known to be away.
pub(crate) async fn rule_doubts(
    config: &Config,
    clients: &[Client],
    resolver: &PhoneResolver,
    until: Instant,
) -> Vec<String> {
    let mut doubts = Vec::new();
    for server in &config.asterisk {
        let client = clients.iter().find(|client| client.name() == server.name);
        let connected = client.filter(|client| client.state().borrow().is_connected());
        let Some(client) = connected else { continue };
        let Some(read) = classes(client, &server.username, until).await else {
            continue;
        };
        for rule in &config.rules {
            let missing = rule.on.iter().filter_map(|on| missing_class(on, &read));
            for class in missing.collect::<BTreeSet<_>>() {
                doubts.push(format!(
                    "rule {:?} waits for an event of class {class}; the account {} of Asterisk {} reads {}",
                    rule.name,
                    server.username,
                    server.name,
                    shown(&read)
                ));
            }
        }
    }
    for rule in &config.rules {
        for name in phones(rule) {
            if let Some(reason) = doubt_phone(resolver, &name, until).await {
                doubts.push(format!("rule {:?} names {name:?}: {reason}", rule.name));
            }
        }
    }
    doubts
}

/// Returns the words of `read` in the account's section of `manager.conf`.
async fn classes(client: &Client, account: &str, until: Instant) -> Option<BTreeSet<String>> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '@');
    if !account.chars().all(is_plain) {
        return None;
    }
    // The last of several lines is in effect.
    let variable = format!("AST_CONFIG(manager.conf,{account},read,-1)");
    let action = Action::getvar(None, &variable).ok()?;
    let response = timeout_at(until, client.send(action)).await.ok()?.ok()?;
    let value = response.header("Value")?.to_ascii_lowercase();
    let words = value
        .split(',')
        .map(str::trim)
        .filter(|word| !word.is_empty());
    let words: BTreeSet<String> = words.map(ToOwned::to_owned).collect();
    (!words.is_empty()).then_some(words)
}

/// Returns a class of the events that `on` means if `read` has none of their classes.
fn missing_class(on: &str, read: &BTreeSet<String>) -> Option<EventClass> {
    if read.contains("all") {
        return None;
    }
    let key = on.to_ascii_lowercase();
    let key = if key.starts_with("userevent.") {
        "userevent"
    } else {
        &key
    };
    let meant = known_events::all()
        .filter(|event| event.class != EventClass::Response)
        .filter(|event| wildcard::matches(key, &event.name.to_ascii_lowercase()));
    let meant: Vec<EventClass> = meant.map(|event| event.class).collect();
    let is_read = |class: &EventClass| read.contains(class.word());
    if meant.iter().any(is_read) {
        return None;
    }
    meant.first().copied()
}

fn shown(read: &BTreeSet<String>) -> String {
    read.iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(",")
}

/// Returns the phones and groups that a rule names literally.
fn phones(rule: &Rule) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for step in &rule.steps {
        if !step.contains_key("verb") {
            continue;
        }
        let texts: &[Value] = match step.get("phone") {
            Some(Value::List(list)) => list,
            Some(text) => std::slice::from_ref(text),
            None => &[],
        };
        for text in texts {
            if let Value::Text(text) = text
                && !text.contains("{{")
                && !text.contains("{%")
            {
                names.extend(text.split('&').map(|name| name.trim().to_owned()));
            }
        }
    }
    names.remove("");
    names
}

/// Returns why a name means no phone, if that is so.
async fn doubt_phone(resolver: &PhoneResolver, name: &str, until: Instant) -> Option<String> {
    let names = PhoneNames::parse(Given::written(name)).ok()?;
    resolver.inquire(&names, None, until).await;
    let found = resolver.find(&names, None);
    found.into_iter().find_map(|found| {
        let outcome = found.err()?.outcome;
        let is_wrong = matches!(outcome.status, Status::NotFound | Status::Invalid);
        is_wrong.then_some(outcome.reason)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_that_are_not_read_are_missing() {
        let read: BTreeSet<String> = ["system", "call", "user"].map(ToOwned::to_owned).into();
        for (on, expected) in [
            ("QueueMemberPause", "agent"),
            ("queue*", "agent"),
            ("VarSet", "dialplan"),
        ] {
            let class = missing_class(on, &read).map(EventClass::word);
            assert_eq!(class, Some(expected), "{on}");
        }
        for on in [
            "Hangup",
            "*",
            "UserEvent.Door",
            "phone.dnd_on",
            "Nonsense",
            "handsetd.start",
        ] {
            assert_eq!(missing_class(on, &read), None, "{on}");
        }
        let all = BTreeSet::from(["all".to_owned()]);
        assert_eq!(missing_class("QueueMemberPause", &all), None);
        let system = BTreeSet::from(["system".to_owned()]);
        let class = missing_class("UserEvent.Door", &system).map(EventClass::word);
        assert_eq!(class, Some("user"));
    }
}
