//! What the servers say against a rule: its events are of a class that the account does not read, its
//! actions are not offered to the account, or its phones do not exist. Nor may those of a group.
//!
//! An account can read its own section of `manager.conf` by the dialplan function `AST_CONFIG`, which
//! shows nothing else of it. Where that module is not loaded, nothing is known, and nothing is said.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use handset_ami::known_events::{self, EventClass};
use handset_ami::{Action, Client};
use handset_net::wildcard;
use handset_phones::Given;
use handset_phones::phone::PhoneNames;
use tokio::time::{Instant, timeout_at};

use crate::config::{Config, Warning};
use crate::outcome::Status;
use crate::resolver::PhoneResolver;
use crate::roster::Roster;
use crate::rules::config::{Rule, Value, Values};
use crate::rules::{Engine, RulePart};

/// The words of `read` in `manager.conf`, by the name of the server.
pub(crate) type ReadClasses = BTreeMap<String, BTreeSet<String>>;

/// Returns the event classes that the accounts read. `clients` are settled: connected, or known to be away.
pub(crate) async fn read_classes(
    config: &Config,
    clients: &[Client],
    until: Instant,
) -> ReadClasses {
    let mut found = ReadClasses::new();
    for server in &config.asterisk {
        if let Some(client) = connected(clients, &server.name)
            && let Some(read) = classes(client, &server.username, until).await
        {
            found.insert(server.name.clone(), read);
        }
    }
    found
}

/// Returns the doubts about all rules of a configuration that no daemon runs; `roster` has the phones of its
/// servers. `clients` are settled.
pub(crate) async fn examine_rules(
    config: &Config,
    clients: &[Client],
    roster: &Roster,
    until: Instant,
) -> Vec<Warning> {
    let resolver = PhoneResolver::new(
        Arc::clone(&config.directory),
        roster.clone(),
        config.vendors.clone(),
    );
    let read = read_classes(config, clients, until).await;
    rule_doubts(config, clients, &resolver, &read, until).await
}

/// Returns the doubts about all rules, where the accounts read the classes `read`. `clients` are settled.
pub(crate) async fn rule_doubts(
    config: &Config,
    clients: &[Client],
    resolver: &PhoneResolver,
    read: &ReadClasses,
    until: Instant,
) -> Vec<Warning> {
    let mut doubts = Vec::new();
    for server in &config.asterisk {
        let (name, account) = (&server.name, &server.username);
        let Some(client) = connected(clients, name) else {
            continue;
        };
        for (index, rule) in config.rules.iter().enumerate() {
            let Some(read) = read.get(name) else { break };
            let missing = rule.on.iter().filter_map(|on| missing_class(on, read));
            for class in missing.collect::<BTreeSet<_>>() {
                let text = format!(
                    "rule {:?} waits for an event of class {class}; the account {account} of Asterisk {name} reads {}; \
                     add {class} to its read in manager.conf",
                    rule.name,
                    shown(read)
                );
                doubts.push(config.rule_warning(index, &RulePart::On, &text));
            }
        }
        let actions = |rule| actions(rule, name);
        if config.rules.iter().all(|rule| actions(rule).is_empty()) {
            continue;
        }
        let Some(offered) = offered_actions(client, until).await else {
            continue;
        };
        for (index, rule) in config.rules.iter().enumerate() {
            for (action, step) in actions(rule) {
                if !offered.contains(&action.to_lowercase()) {
                    let text = format!(
                        "rule {:?} sends {action}, which Asterisk {name} does not offer to the account {account}: there is \
                         no such action, or its write in manager.conf lacks a class",
                        rule.name
                    );
                    doubts.push(config.rule_warning(index, &RulePart::Do(step, None), &text));
                }
            }
        }
    }
    let has_others = config.cluster.is_some();
    for (index, rule) in config.rules.iter().enumerate() {
        for (name, part) in phones(rule).into_iter().chain(mentioned_phones(rule)) {
            if let Some(reason) =
                doubt_phone(resolver, &name, (has_server(rule), has_others), until).await
            {
                let text = format!("rule {:?} names {name:?}: {reason}", rule.name);
                doubts.push(config.rule_warning(index, &part, &text));
            }
        }
    }
    for (group, member) in config.directory.unlisted_members() {
        // A member without a server is of that of the call or event.
        if let Some(reason) = doubt_phone(resolver, member, (true, has_others), until).await {
            let text = format!("[[group]] {group:?} names {member:?}: {reason}");
            doubts.push(Warning::new(text));
        }
    }
    doubts
}

/// Returns the client of a server, if it is connected.
fn connected<'a>(clients: &'a [Client], server: &str) -> Option<&'a Client> {
    let client = clients.iter().find(|client| client.name() == server)?;
    client.state().borrow().is_connected().then_some(client)
}

/// Returns the actions that a rule sends to a server, or may send there, as far as they are written out, each
/// with the index of a step.
fn actions<'a>(rule: &'a Rule, server: &str) -> BTreeMap<&'a str, usize> {
    let of_step = |step: &'a Values| {
        let to = match step.get("server") {
            Some(Value::Text(to)) => Some(to.as_str()),
            _ => None,
        };
        match step.get("ami") {
            Some(Value::Text(action)) if to.is_none_or(|to| to == server) => Some(action.as_str()),
            _ => None,
        }
    };
    let steps = rule.steps.iter().enumerate().rev();
    let actions = steps.filter_map(|(index, step)| Some((of_step(step)?, index)));
    actions
        .filter(|(action, _)| !action.contains("{{") && !action.contains("{%"))
        .collect()
}

/// Returns the names of the actions that the account may send, in lower case.
async fn offered_actions(client: &Client, until: Instant) -> Option<BTreeSet<String>> {
    let response = timeout_at(until, client.send(Action::list_commands()));
    let response = response.await.ok()?.ok()?;
    let names = response.headers().map(|(name, _)| name.to_lowercase());
    Some(names.collect())
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

/// Returns the phones that a rule mentions as `phones["…"]`, each with a part that does.
fn mentioned_phones(rule: &Rule) -> BTreeMap<String, RulePart> {
    // The configuration is valid, so there is an engine.
    let engine = Engine::new(std::slice::from_ref(rule)).ok();
    let names = engine.iter().flat_map(Engine::mentioned_names);
    let phones = names.flat_map(|(part, names)| {
        let phones = names.phones().map(ToOwned::to_owned);
        phones
            .map(move |phone| (phone, part.clone()))
            .collect::<Vec<_>>()
    });
    phones.collect()
}

/// Returns the phones and groups that a rule names literally, each with a step that does.
fn phones(rule: &Rule) -> BTreeMap<String, RulePart> {
    let mut names = BTreeMap::new();
    for (index, step) in rule.steps.iter().enumerate() {
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
                let part = RulePart::Do(index, Some("phone".to_owned()));
                let phones = text.split('&').map(|name| name.trim().to_owned());
                names.extend(phones.map(|name| (name, part.clone())));
            }
        }
    }
    names.remove("");
    names
}

/// Returns whether each event of a rule is of a server, whose phone is then meant by a name that several have.
fn has_server(rule: &Rule) -> bool {
    let is_own = |name: &String| {
        let name = name.to_ascii_lowercase();
        name.starts_with('*') || name.starts_with("handsetd.")
    };
    rule.schedule.is_none() && !rule.on.iter().any(is_own)
}

/// Returns why a name means no phone, if that is so; whether only the server of an event is missing is of no
/// interest to a rule that `has_server`, and what is not known here may be known if this daemon `has_others`.
async fn doubt_phone(
    resolver: &PhoneResolver,
    name: &str,
    (has_server, has_others): (bool, bool),
    until: Instant,
) -> Option<String> {
    let names = PhoneNames::parse(Given::written(name)).ok()?;
    let found = resolver.search(&names, None, until).await;
    found.into_iter().find_map(|found| {
        let outcome = found.err()?.outcome;
        let is_wrong = match outcome.status {
            Status::NotFound => !has_others,
            Status::Invalid => !has_server,
            _ => false,
        };
        is_wrong.then_some(outcome.reason)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_several_servers_have_are_wrong_without_an_event_of_one() {
        for (text, expected) in [
            ("on = 'Hangup'", true),
            ("on = ['phone.dnd_on', 'UserEvent.Door']", true),
            ("on = 'Hangup'\nschedule = '0 18 * * *'", false),
            ("on = ['Hangup', 'handsetd.start']", false),
            ("on = '*'", false),
        ] {
            let text = format!("name = 'a'\n{text}\ndo = [{{ verb = 'clear' }}]");
            let rule: Rule = toml::from_str(&text).unwrap();
            assert_eq!(has_server(&rule), expected, "{text}");
        }
    }

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
