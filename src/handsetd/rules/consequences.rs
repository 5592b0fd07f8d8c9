//! Which events the steps of running rules are about to cause, so that they know what led to them.
//!
//! Asterisk and phones do not say why something happened. For [`WINDOW`] after a step began and again after
//! it ended, an event that the step can cause, and that mentions what the step was about (a phone, a
//! channel, a queue member), counts as caused by the rule of the step and by what led to that: see
//! [`super::causes`]. So neither a rule nor several together go round in circles.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use handset_net::expiring::ExpiringMap;
use handset_phones::phone::ServerName;
use parking_lot::Mutex;
use tokio::time::Instant;

use super::causes::Causes;
use super::context::Phones;
use super::fact::Fact;
use super::loop_guard::{WINDOW, consequences, lists};
use super::request_subjects;
use super::step::{AmiCall, StepAction};
use super::subject::Subject;

/// The expected consequences of recent steps. Cheap to clone; clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Consequences {
    expected: Arc<Mutex<ExpiringMap<Expected, Causes>>>,
    /// Determines the server of a phone.
    phones: Arc<dyn Phones>,
}

/// What is expected of an event.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
struct Expected {
    /// What it mentions.
    subject: Subject,
    /// Fragments of its name, in lower case.
    fragments: &'static [&'static str],
}

impl Consequences {
    /// Expects nothing yet.
    pub(super) fn new(phones: Arc<dyn Phones>) -> Self {
        Self {
            expected: Arc::new(Mutex::new(ExpiringMap::new(MAX_EXPECTED))),
            phones,
        }
    }

    /// Expects the consequences of a step that begins or ends, in a run for an event of the server `home`.
    pub(crate) fn expect(
        &self,
        action: &StepAction,
        home: Option<&ServerName>,
        causes: &Causes,
        now: Instant,
    ) {
        let (fragments, subjects) = match action {
            StepAction::Ami(call) => ami(call),
            StepAction::Verb(call) => {
                let phones = request_subjects::subjects(&call.request, home, &*self.phones);
                (consequences(call.request.verb.name()), phones.collect())
            }
            _ => return,
        };
        if fragments.is_empty() {
            return;
        }
        let mut expected = self.expected.lock();
        for subject in subjects.into_iter().flat_map(Subject::into_remembered) {
            let key = Expected { subject, fragments };
            let known = expected.get(&key, now).cloned().unwrap_or_default();
            expected.insert(key, known.union(causes), WINDOW, now);
        }
    }

    /// Returns the event with what led to it.
    pub(super) fn attribute<'a>(&self, fact: &'a Fact, now: Instant) -> Cow<'a, Fact> {
        let mut expected = self.expected.lock();
        expected.remove_expired(now);
        if expected.is_empty() {
            return Cow::Borrowed(fact);
        }
        let name = fact.name().to_ascii_lowercase();
        let can_cause = |fragments: &[&str]| fragments.iter().any(|part| name.contains(part));
        let kinds = LISTS.into_iter().chain(lists());
        let kinds: HashSet<&'static [&'static str]> =
            kinds.filter(|fragments| can_cause(fragments)).collect();
        if kinds.is_empty() {
            return Cow::Borrowed(fact);
        }
        let mut causes = fact.causes().clone();
        let subjects: HashSet<Subject> = fact.subjects();
        for subject in subjects.into_iter().flat_map(Subject::into_candidates) {
            let mut key = Expected {
                subject,
                fragments: &[],
            };
            for fragments in &kinds {
                key.fragments = fragments;
                if let Some(found) = expected.get(&key, now) {
                    causes = causes.union(found);
                }
            }
        }
        Cow::Owned(fact.clone().caused_by(causes))
    }
}

/// Returns which events an action can cause, and what it is about.
fn ami(call: &AmiCall) -> (&'static [&'static str], Vec<Subject>) {
    let name = call.action.name().to_ascii_lowercase();
    let known = ACTIONS.iter().find(|(prefix, _)| name.starts_with(prefix));
    let fragments = known.map_or(ANYTHING, |(_, fragments)| fragments);
    let about = |wanted: &[&str]| {
        let headers = call.action.headers();
        let headers = headers.filter(|(name, value)| {
            !value.is_empty()
                && wanted
                    .iter()
                    .any(|wanted| wanted.eq_ignore_ascii_case(name))
        });
        headers.map(|(_, value)| value).collect::<Vec<_>>()
    };
    let mut subjects = about(SUBJECTS);
    let variables = about(&["Variable"]);
    if subjects.is_empty() {
        subjects.extend(&variables);
    }
    // The device in `DEVICE_STATE(Custom:lamp)`.
    let arguments = variables.iter().filter_map(|variable| {
        let (_, argument) = variable.split_once('(')?;
        argument.strip_suffix(')')
    });
    let arguments: Vec<&str> = arguments.collect();
    subjects.extend(arguments);
    if subjects.is_empty() {
        let values = call.action.headers().map(|(_, value)| value);
        subjects.extend(values.filter(|value| value.len() >= MIN_SUBJECT));
    }
    let server = call.server.as_ref().or(call.origin.as_ref());
    let subjects = subjects.into_iter();
    let subjects = subjects.map(|text| Subject::new(text, server));
    (fragments, subjects.collect())
}

/// Headers that say what an action is about.
const SUBJECTS: &[&str] = &[
    "Channel",
    "Channel1",
    "Channel2",
    "ChannelA",
    "Conference",
    "Device",
    "Endpoint",
    "ExtraChannel",
    "Interface",
    "Mailbox",
    "Peer",
    "UserEvent",
];

/// For the first letters of actions, in lower case: fragments of the names of the events that they can
/// cause.
const ACTIONS: &[(&str, &[&str])] = &[
    ("confbridge", CONFERENCE),
    ("db", NOTHING),
    ("get", NOTHING),
    ("mailbox", MESSAGES),
    ("meetme", CONFERENCE),
    ("messagesend", NOTHING),
    ("mwi", MESSAGES),
    ("ping", NOTHING),
    ("presence", PRESENCE),
    ("queue", QUEUE),
    ("setvar", VARIABLE),
    ("userevent", USER_EVENT),
];

const ANYTHING: &[&str] = &[""];
const CONFERENCE: &[&str] = &["confbridge", "meetme", "bridge", "hangup", "channel"];
const MESSAGES: &[&str] = &["messagewaiting", "mwi"];
const NOTHING: &[&str] = &[];
const PRESENCE: &[&str] = &["presence"];
const QUEUE: &[&str] = &["queue"];
const USER_EVENT: &[&str] = &["userevent"];
const VARIABLE: &[&str] = &["varset", "devicestate", "extensionstatus", "presence"];

/// All lists of fragments of actions.
const LISTS: [&[&str]; 7] = [
    ANYTHING, CONFERENCE, MESSAGES, PRESENCE, QUEUE, USER_EVENT, VARIABLE,
];

/// The shortest value that says what an unknown action is about, in bytes; shorter ones are in every event.
const MIN_SUBJECT: usize = 3;

/// Maximum of keys of what is expected at a time, over all rules, two for each subject; what expires next
/// makes room.
const MAX_EXPECTED: usize = 8192;

#[cfg(test)]
mod tests;
