//! Keeps a rule from triggering itself.
//!
//! A Yealink phone whose DND is set by handsetd reports DND as if its user had set it. A rule that
//! handles that report by setting DND would loop forever. Therefore each rule remembers its recent
//! actions, verb and phone, for [`WINDOW`] after a run starts and again after it ends. An event that
//! the verb can cause ([`causes`]) does not fire the rule if
//!
//! - the event mentions a phone to which the rule recently applied the verb, or
//! - the rule would apply the verb to the same phone again.
//!
//! Phones of several servers with the same name are apart, if it is known of which server they are.
//!
//! Verbs that cause no events, such as `push`, are never suppressed; use `limit` for them. A rule may
//! trigger other rules: only its own actions are guarded against. Events of handsetd itself need no
//! such guess, as they say which rules led to them: see [`super::causes`].

use std::time::Duration;

use handset_net::expiring::ExpiringMap;
use handset_phones::phone::ServerName;
use handset_phones::verb::Request;
use tokio::time::Instant;

use super::context::Phones;
use super::fact::Fact;
use super::request_subjects::subjects;
use super::step::Step;
use super::subject::Subject;

/// How long after an action an event counts as caused by it.
pub(super) const WINDOW: Duration = Duration::from_secs(10);

/// The recent actions of a rule.
#[derive(Debug)]
pub(super) struct RecentActions(ExpiringMap<ActionKey, ()>);

/// Verb and phone.
pub(super) type ActionKey = (&'static str, Subject);

impl RecentActions {
    pub(super) fn new() -> Self {
        Self(ExpiringMap::new(MAX_ACTIONS))
    }

    /// Records the actions of a run for an event of the server `home`.
    pub(super) fn record(
        &mut self,
        steps: &[Step],
        home: Option<&ServerName>,
        phones: &dyn Phones,
        now: Instant,
    ) {
        for request in steps.iter().filter_map(Step::request) {
            for (verb, phone) in actions(request, home, phones) {
                for phone in phone.into_remembered() {
                    self.0.insert((verb, phone), (), WINDOW, now);
                }
            }
        }
    }

    /// Returns the recent action that may have caused `fact`, and how long it is still remembered.
    pub(super) fn find(
        &self,
        fact: &Fact,
        steps: &[Step],
        phones: &dyn Phones,
        now: Instant,
    ) -> Option<(ActionKey, Duration)> {
        let caused = steps
            .iter()
            .filter_map(Step::request)
            .filter(|request| causes(request.verb.name(), fact.name()));
        let mut subjects = None;
        for request in caused {
            let verb = request.verb.name();
            let subjects = subjects.get_or_insert_with(|| fact.subjects());
            let mentioned = subjects.iter().map(|phone| (verb, phone.clone()));
            for (verb, phone) in actions(request, fact.server(), phones).chain(mentioned) {
                for phone in phone.into_candidates() {
                    let action = (verb, phone);
                    if let Some(remaining) = self.0.remaining(&action, now) {
                        return Some((action, remaining));
                    }
                }
            }
        }
        None
    }

    /// Returns the number of entries in memory.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

/// Returns the actions of a request that can cause events, one per phone.
fn actions(
    request: &Request,
    home: Option<&ServerName>,
    phones: &dyn Phones,
) -> impl Iterator<Item = ActionKey> {
    let verb = request.verb.name();
    let has_consequences = CONSEQUENCES.iter().any(|(name, _)| *name == verb);
    let request = Some(request).filter(|_| has_consequences);
    request
        .into_iter()
        .flat_map(move |request| subjects(request, home, phones))
        .map(move |phone| (verb, phone))
}

/// Returns fragments of the names of the events that the verb can cause, in lower case.
pub(super) fn consequences(verb: &str) -> &'static [&'static str] {
    let known = CONSEQUENCES.iter().find(|(name, _)| *name == verb);
    known.map_or(&[], |(_, parts)| parts)
}

/// Returns the fragments for each verb.
pub(super) fn lists() -> impl Iterator<Item = &'static [&'static str]> {
    CONSEQUENCES.iter().map(|(_, parts)| *parts)
}

/// Returns whether the verb can cause an event of this name.
fn causes(verb: &str, event: &str) -> bool {
    let event = event.to_ascii_lowercase();
    consequences(verb).iter().any(|part| event.contains(part))
}

/// For each verb, lower-case fragments of the names of the events that it can cause.
///
/// They cover the events of Asterisk and the action URLs of phones. A verb that can do anything (keys,
/// vendor URIs) can cause any event of calls and phones.
const CONSEQUENCES: &[(&str, &[&str])] = &[
    ("answer", TALK),
    ("csta", ANYTHING),
    ("dial", CALL),
    ("dnd", &["dnd"]),
    ("dtmf", &["dtmf"]),
    ("execute", ANYTHING),
    ("firmware", RESTART),
    ("forward", &["forward", "fwd"]),
    (
        "hangup",
        &[
            "cancel",
            "devicestate",
            "disconnect",
            "extensionstatus",
            "hangup",
            "hook",
            "idle",
            "leave",
            "memberstatus",
            "terminated",
        ],
    ),
    ("hold", &["held", "hold"]),
    ("key", ANYTHING),
    ("login", RESTART),
    ("logout", RESTART),
    ("notify", ANYTHING),
    ("reboot", RESTART),
    ("resume", &["held", "hold"]),
    ("resync", RESTART),
    ("settings", &["phone."]),
    ("transfer", &["bridge", "held", "hold", "transfer"]),
];

const ANYTHING: &[&str] = &[
    "answer",
    "bridge",
    "channel",
    "devicestate",
    "dial",
    "dtmf",
    "extensionstatus",
    "hangup",
    "hold",
    "memberstatus",
    "newexten",
    "newstate",
    "phone.",
    "transfer",
];

const CALL: &[&str] = &[
    "bridge",
    "call_",
    "channel",
    "connected",
    "devicestate",
    "dial",
    "disconnect",
    "established",
    "extensionstatus",
    "hangup",
    "hook",
    "idle",
    "memberstatus",
    "newexten",
    "newstate",
    "outgoing",
    "terminated",
];

const RESTART: &[&str] = &[
    "autop",
    "boot",
    "contactstatus",
    "devicelist",
    "devicestate",
    "endpoint",
    "extensionstatus",
    "ip_change",
    "log",
    "memberstatus",
    "peerstatus",
    "register",
    "setup",
];

const TALK: &[&str] = &[
    "answer",
    "bridge",
    "connected",
    "devicestate",
    "established",
    "extensionstatus",
    "hook",
    "idle",
    "memberstatus",
    "newstate",
];

/// Maximum of remembered keys of actions per rule; each action has two, see [`Subject::into_remembered`].
pub(super) const MAX_ACTIONS: usize = 8192;

#[cfg(test)]
mod tests {
    use handset_phones::verb::Verb;

    use super::*;

    #[test]
    fn table_names_existing_verbs_in_order() {
        assert!(CONSEQUENCES.is_sorted_by(|one, next| one.0 < next.0));
        for (verb, parts) in CONSEQUENCES {
            assert!(Verb::find(verb).is_some(), "{verb}");
            assert!(parts.iter().all(|part| *part == part.to_ascii_lowercase()));
        }
    }

    #[test]
    fn verbs_cause_related_events_only() {
        assert!(causes("dnd", "phone.dnd_on"));
        assert!(causes("dial", "Newchannel"));
        assert!(causes("reboot", "ContactStatus"));
        assert!(!causes("push", "phone.dnd_on"));
        assert!(!causes("hangup", "Newchannel"));
        assert!(!causes("answer", "phone.incoming_call"));
        assert!(!causes("key", "QueueMemberPause"));
    }
}
