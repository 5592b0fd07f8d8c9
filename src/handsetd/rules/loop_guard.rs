//! Keeps a rule from hearing itself.
//!
//! A Yealink whose DND handsetd sets reports DND as if its user had set it, and a rule that waits
//! for that report and sets DND would go round for ever. So each rule remembers what it did: verb
//! and phone, for [`WINDOW`] after a run began and again after it ended. An event that the verb can
//! bring about ([`brings_about`]) is then an echo, and does not make the rule do the same verb
//! again, if
//!
//! - the event speaks of a phone that the rule did this verb to, or
//! - the rule would do the verb to the same phone once more.
//!
//! Verbs that no event follows, such as `push`, are never held back; for them there is `limit`. What
//! one rule does may well fire another one: only its own doing is kept from each.

use std::time::Duration;

use tokio::time::Instant;

use super::expiring::ExpiringSet;
use super::fact::Fact;
use super::plan::Step;
use handset_phones::phone::normalized_name;

/// How long an event may come after what brought it about.
pub(super) const WINDOW: Duration = Duration::from_secs(10);

/// What a rule did lately.
#[derive(Debug)]
pub(super) struct RecentActions(ExpiringSet<ActionKey>);

/// A verb and a phone.
pub(super) type ActionKey = (&'static str, String);

impl RecentActions {
    /// Creates an empty memory.
    pub(super) fn new() -> Self {
        Self(ExpiringSet::new(MAX_EFFECTS))
    }

    /// Remembers what a run does.
    pub(super) fn note(&mut self, steps: &[Step], now: Instant) {
        for effect in steps.iter().flat_map(effects) {
            self.0.close(effect, WINDOW, now);
        }
    }

    /// Returns what `fact` is an echo of, and for how long it will be taken so.
    pub(super) fn find(
        &self,
        fact: &Fact,
        steps: &[Step],
        now: Instant,
    ) -> Option<(ActionKey, Duration)> {
        let caused = steps
            .iter()
            .filter(|step| brings_about(step.request.verb.name(), fact.name()));
        let mut subjects = None;
        for step in caused {
            let verb = step.request.verb.name();
            let subjects = subjects.get_or_insert_with(|| fact.subjects());
            let spoken_of = subjects.iter().map(|phone| (verb, phone.clone()));
            for effect in effects(step).chain(spoken_of) {
                if let Some(left) = self.0.left(&effect, now) {
                    return Some((effect, left));
                }
            }
        }
        None
    }

    /// Returns how many effects are remembered.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

/// Returns the effects of a step that events may follow, one for each phone it names.
fn effects(step: &Step) -> impl Iterator<Item = ActionKey> {
    let verb = step.request.verb.name();
    let has_echo = ECHOES.iter().any(|(name, _)| *name == verb);
    let phones = step.request.phone.as_deref().filter(|_| has_echo);
    let phones = phones.unwrap_or_default().split('&');
    phones
        .filter(|phone| !phone.trim().is_empty())
        .map(move |phone| (verb, normalized_name(phone)))
}

/// Returns whether an event of this name may be there because of this verb.
fn brings_about(verb: &str, event: &str) -> bool {
    let event = event.to_ascii_lowercase();
    let known = ECHOES.iter().find(|(name, _)| *name == verb);
    known.is_some_and(|(_, parts)| parts.iter().any(|part| event.contains(part)))
}

/// What the names of the events contain that follow a verb, in small letters.
///
/// Names of Asterisk's events and of the phones' action URLs publisher side by side. A verb that can do
/// anything (keys, vendor URIs) may bring about whatever a call and a phone tell.
const ECHOES: &[(&str, &[&str])] = &[
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

/// How much a rule remembers of what it did.
const MAX_EFFECTS: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;
    use handset_phones::verb::Verb;

    #[test]
    fn every_verb_with_an_echo_is_a_verb() {
        assert!(ECHOES.is_sorted_by(|one, next| one.0 < next.0));
        for (verb, parts) in ECHOES {
            assert!(Verb::find(verb).is_some(), "{verb}");
            assert!(parts.iter().all(|part| *part == part.to_ascii_lowercase()));
        }
    }

    #[test]
    fn a_verb_brings_about_only_what_it_can() {
        assert!(brings_about("dnd", "phone.dnd_on"));
        assert!(brings_about("dial", "Newchannel"));
        assert!(brings_about("reboot", "ContactStatus"));
        assert!(!brings_about("push", "phone.dnd_on"));
        assert!(!brings_about("hangup", "Newchannel"));
        assert!(!brings_about("answer", "phone.incoming_call"));
        assert!(!brings_about("key", "QueueMemberPause"));
    }
}
