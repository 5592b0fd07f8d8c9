//! The calls of a phone, kept from its events, and the names that events have in handsetd: those of action
//! URLs.

use super::event::{Event, EventKind};
use super::session_dialect::SessionDialect;
use super::snapshot::Call;
use crate::phone::Activity;

/// The calls of a phone in a session, kept from snapshots and events.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct CallTable {
    /// What the phone calls its own line.
    own: String,
    calls: Vec<KnownCall>,
}

/// A call, as far as it is known.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
struct KnownCall {
    id: String,
    /// The phone's own name for its end of the call.
    device: Option<String>,
    /// The state at the phone itself, in ECMA's words.
    state: String,
    /// Whether the phone has dialed and no other end has answered yet. The state does not tell: it is
    /// `connected` from the moment that the number is dialed.
    is_unanswered: bool,
    calling: Option<String>,
    called: Option<String>,
    /// Whether rules know of it: an event has named it as incoming or outgoing.
    is_announced: bool,
}

/// An event as rules see it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PhoneEvent {
    /// The name that action URLs give it, such as `incoming_call`.
    pub name: &'static str,
    /// `CallID`, `Calling`, `Called`, `Cause`, `Target` and `kind`, as far as they are known.
    pub values: Vec<(String, String)>,
}

impl CallTable {
    /// Creates the table of a session that has just begun.
    pub fn new(dialect: &SessionDialect) -> Self {
        Self {
            own: dialect.device.clone(),
            calls: Vec::new(),
        }
    }

    /// Replaces the calls by those of a snapshot. What is known of them besides stays.
    pub fn replace(&mut self, calls: &[Call]) {
        let known = std::mem::take(&mut self.calls);
        self.calls = calls
            .iter()
            .map(|call| {
                let id = call.id().as_str();
                let before = known.iter().find(|known| known.id == id).cloned();
                let before = before.unwrap_or_default();
                KnownCall {
                    id: id.to_owned(),
                    device: call
                        .device()
                        .map(ToOwned::to_owned)
                        .or_else(|| before.device.clone()),
                    state: call.state().to_owned(),
                    is_unanswered: call.is_unanswered().unwrap_or(before.is_unanswered),
                    is_announced: true,
                    ..before
                }
            })
            .take(MAX_CALLS)
            .collect();
    }

    /// Returns the phone's own names for its ends of calls, as a [`SessionDialect`] has them.
    pub fn ends(&self) -> Vec<(String, String)> {
        let ends = self.calls.iter();
        ends.filter_map(|call| Some((call.id.clone(), call.device.clone()?)))
            .collect()
    }

    /// Returns the activity of the phone in each of the calls; `None` in one that has failed.
    pub fn activities(&self) -> impl Iterator<Item = Option<Activity>> {
        self.calls.iter().map(KnownCall::activity)
    }

    /// Returns whether the phone is off hook: it has a call that does more than ring.
    pub fn is_off_hook(&self) -> bool {
        self.calls.iter().any(|call| call.state != ALERTING)
    }

    /// Applies an event; returns it as rules see it, unless they have no name for it.
    pub fn note(&mut self, event: &Event) -> Option<PhoneEvent> {
        let before = event
            .call_id
            .as_deref()
            .and_then(|id| self.find(id))
            .cloned();
        let before = before.unwrap_or_default();
        let (name, state) = self.meaning(event, &before);
        let is_announced = before.is_announced || name.is_some();
        let state = event.local_state.as_deref().unwrap_or(state);
        let is_unanswered = state != ALERTING && before.is_unanswered_after(event.kind);
        let now = KnownCall {
            id: event.call_id.clone().unwrap_or_default(),
            device: self.device(event).or(before.device),
            state: state.to_owned(),
            is_unanswered,
            calling: event.calling.clone().or(before.calling),
            called: event.called.clone().or(before.called),
            is_announced,
        };
        let values = values(event, &now);
        self.store(now, event);
        Some(PhoneEvent {
            name: name?,
            values,
        })
    }

    /// Returns the name of an event, and the state of the phone's end of the call where the event does not
    /// tell.
    fn meaning(&self, event: &Event, before: &KnownCall) -> (Option<&'static str>, &'static str) {
        let local = event.local_state.as_deref();
        let new = |name: &'static str| (!before.is_announced).then_some(name);
        match event.kind {
            EventKind::ServiceInitiated => (None, INITIATED),
            EventKind::Delivered if self.rings_here(event, before) => {
                (Some("incoming_call"), ALERTING)
            }
            // Some phones report only one of the two of a call that they place.
            EventKind::Originated | EventKind::Delivered => (new("outgoing_call"), CONNECTED),
            EventKind::Established => (Some("call_established"), CONNECTED),
            // Another party has left a conference.
            EventKind::ConnectionCleared if local.is_some_and(|local| local != NULL) => (None, ""),
            EventKind::ConnectionCleared => (Some("call_terminated"), NULL),
            EventKind::Held if local.unwrap_or(HOLD) == HOLD => (Some("hold"), HOLD),
            EventKind::Held => (Some("held"), CONNECTED),
            EventKind::Retrieved if before.state == HOLD || before.state.is_empty() => {
                (Some("unhold"), CONNECTED)
            }
            EventKind::Retrieved => (Some("unheld"), CONNECTED),
            EventKind::Diverted => (Some("forward_incoming_call"), NULL),
            EventKind::Failed => (Some("call_failed"), "fail"),
            EventKind::Transferred => (Some("transfer_call"), NULL),
            EventKind::DoNotDisturb => (
                event.is_on.map(|on| if on { "dnd_on" } else { "dnd_off" }),
                "",
            ),
            EventKind::Forwarding => (
                event
                    .is_on
                    .map(|on| if on { "forward_on" } else { "forward_off" }),
                "",
            ),
            EventKind::Conferenced => (None, CONNECTED),
            EventKind::BackInService | EventKind::OutOfService => (None, ""),
        }
    }

    /// Returns whether a call rings at the phone, not at the other end.
    fn rings_here(&self, event: &Event, before: &KnownCall) -> bool {
        if let Some(local) = event.local_state.as_deref() {
            return local == ALERTING;
        }
        let is_own = |device: &Option<String>| device.as_deref() == Some(self.own.as_str());
        if is_own(&event.subject) || is_own(&event.calling) {
            return is_own(&event.subject);
        }
        // The phone dialed it before, or it is that of another party.
        !matches!(before.state.as_str(), INITIATED | CONNECTED)
    }

    /// Returns the device of the phone's own end in an event. Where another party rings, answers or leaves, the
    /// event has the device of that party.
    fn device(&self, event: &Event) -> Option<String> {
        let is_own = match event.kind {
            EventKind::Delivered => event.local_state.as_deref() == Some(ALERTING),
            EventKind::Held => event.local_state.as_deref() != Some(CONNECTED),
            EventKind::Originated | EventKind::ServiceInitiated => true,
            _ => event.device.as_deref() == Some(self.own.as_str()),
        };
        event.device.clone().filter(|_| is_own)
    }

    fn find(&self, id: &str) -> Option<&KnownCall> {
        self.calls.iter().find(|call| call.id == id)
    }

    /// Stores a call, or forgets it if it is over.
    fn store(&mut self, call: KnownCall, event: &Event) {
        if call.id.is_empty() {
            return;
        }
        let second = event.second_call_id.as_deref();
        let place = self.calls.iter().position(|known| known.id == call.id);
        match place.and_then(|place| self.calls.get_mut(place)) {
            Some(known) => *known = call,
            None => self.calls.push(call),
        }
        self.calls
            .retain(|known| known.state != NULL && Some(known.id.as_str()) != second);
        let surplus = self.calls.len().saturating_sub(MAX_CALLS);
        self.calls.drain(..surplus);
    }
}

impl KnownCall {
    fn activity(&self) -> Option<Activity> {
        match self.state.as_str() {
            ALERTING | "queued" => Some(Activity::Ringing),
            INITIATED => Some(Activity::Dialing),
            CONNECTED if self.is_unanswered => Some(Activity::Dialing),
            CONNECTED => Some(Activity::Talking),
            HOLD => Some(Activity::Holding),
            _ => None,
        }
    }

    /// Returns whether the call is dialed and unanswered after an event of this kind.
    fn is_unanswered_after(&self, event: EventKind) -> bool {
        match event {
            EventKind::ServiceInitiated | EventKind::Originated => true,
            // In a call that was answered, a further party rings.
            EventKind::Delivered => {
                self.is_unanswered || matches!(self.state.as_str(), "" | INITIATED)
            }
            EventKind::Established | EventKind::Conferenced => false,
            _ => self.is_unanswered,
        }
    }
}

/// Returns what rules may ask of an event.
fn values(event: &Event, call: &KnownCall) -> Vec<(String, String)> {
    let number = |device: &Option<String>| device.as_deref().map(number);
    let has_call = event.call_id.is_some();
    let kind = event.forwarding.as_deref().map(|kind| match kind {
        "forwardBusy" | "forwardBusyInt" | "forwardBusyExt" => "busy",
        "forwardNoAns" | "forwardNoAnsInt" | "forwardNoAnsExt" => "noanswer",
        _ => "all",
    });
    let all = [
        ("CallID", event.call_id.clone()),
        ("Calling", number(&call.calling).filter(|_| has_call)),
        ("Called", number(&call.called).filter(|_| has_call)),
        ("Cause", event.cause.clone()),
        ("Target", number(&event.target)),
        ("kind", kind.map(ToOwned::to_owned)),
    ];
    all.into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
}

/// Returns the number of a device: the user part of an address.
fn number(device: &str) -> String {
    let schemes = ["sips:", "sip:", "tel:", "SIPS:", "SIP:", "TEL:"];
    let Some(rest) = schemes
        .iter()
        .find_map(|scheme| device.strip_prefix(scheme))
    else {
        return device.to_owned();
    };
    let user = rest.split(['@', ';', '?']).next().unwrap_or_default();
    user.to_owned()
}

/// The state of an end that rings.
const ALERTING: &str = "alerting";

/// The state of an end that takes part in the call, or has dialed.
const CONNECTED: &str = "connected";

/// The state of an end that is about to dial.
const INITIATED: &str = "initiated";

/// The state of an end that is no longer part of the call.
const NULL: &str = "null";

/// The state of an end that has put the call on hold.
const HOLD: &str = "hold";

/// The most calls of one phone that are kept; beyond it, the oldest is forgotten.
const MAX_CALLS: usize = 64;

#[cfg(test)]
mod tests;
