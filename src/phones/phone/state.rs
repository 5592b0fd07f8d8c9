//! What phones are doing, as far as they and Asterisk tell.
//!
//! Phones tell by action URLs, under names that are the same for all vendors; Asterisk tells by the
//! state of the device, which knows nothing of the hook or of do not disturb.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

/// What one phone is doing. What nobody told is `None`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct PhoneState {
    /// What it is busy with.
    pub activity: Option<Activity>,
    /// Whether its handset, or what it uses instead, is lifted.
    pub off_hook: Option<bool>,
    /// Whether it rings for nobody.
    pub dnd: Option<bool>,
}

/// What a phone is busy with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Activity {
    /// It is not there.
    Away,
    /// It calls somebody.
    Dialing,
    /// Its call waits.
    Holding,
    /// Nothing.
    Idle,
    /// It is called.
    Ringing,
    /// A call goes on.
    Talking,
}

impl Activity {
    /// Returns the word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Away => "away",
            Self::Dialing => "dialing",
            Self::Holding => "holding",
            Self::Idle => "idle",
            Self::Ringing => "ringing",
            Self::Talking => "talking",
        }
    }
}

impl PhoneState {
    /// Returns the word for what it is busy with.
    pub fn activity(self) -> &'static str {
        self.activity.map_or(UNKNOWN, Activity::word)
    }

    /// Returns `on` or `off` for the hook.
    pub fn hook(self) -> &'static str {
        match self.off_hook {
            Some(true) => "off",
            Some(false) => "on",
            None => UNKNOWN,
        }
    }

    /// Returns `on` or `off` for do not disturb.
    pub fn dnd(self) -> &'static str {
        match self.dnd {
            Some(true) => "on",
            Some(false) => "off",
            None => UNKNOWN,
        }
    }

    /// Fills in from `other` what is not known.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            activity: self.activity.or(other.activity),
            off_hook: self.off_hook.or(other.off_hook),
            dnd: self.dnd.or(other.dnd),
        }
    }

    /// Takes in what the phone told by an action URL.
    fn note_event(&mut self, event: &str) {
        match event {
            "dnd_on" => self.dnd = Some(true),
            "dnd_off" => self.dnd = Some(false),
            "off_hook" => self.off_hook = Some(true),
            "on_hook" => self.off_hook = Some(false),
            "setup_completed" => {
                self.activity = Some(Activity::Idle);
                self.off_hook = Some(false);
            }
            _ => {}
        }
        let activity = match event {
            "incoming_call" => Activity::Ringing,
            "outgoing_call" => Activity::Dialing,
            "answer_new_incoming_call" | "call_established" | "unhold" => Activity::Talking,
            "hold" => Activity::Holding,
            "busy_to_idle"
            | "call_remote_canceled"
            | "call_terminated"
            | "cancel_callout"
            | "missed_call"
            | "on_hook"
            | "registered"
            | "reject_incoming_call"
            | "remote_busy" => Activity::Idle,
            "unregistered" => Activity::Away,
            _ => return,
        };
        // A phone that registers again, as all do now and then, may be in a call.
        if event != "registered" || matches!(self.activity, None | Some(Activity::Away)) {
            self.activity = Some(activity);
        }
    }

    /// Takes in what Asterisk says of the device (`DeviceStateChange`).
    fn note_device(&mut self, state: &str) {
        self.activity = match state {
            "BUSY" | "INUSE" => Some(Activity::Talking),
            "NOT_INUSE" => Some(Activity::Idle),
            "ONHOLD" => Some(Activity::Holding),
            "RINGING" | "RINGINUSE" => Some(Activity::Ringing),
            "UNAVAILABLE" => Some(Activity::Away),
            _ => return,
        };
    }
}

/// What all phones are doing. Cheap to clone; all clones are one table.
#[derive(Clone, Debug, Default)]
pub struct States(Arc<RwLock<HashMap<String, PhoneState>>>);

impl States {
    /// Takes in what a phone told by an action URL.
    pub fn note_event(&self, phone: &str, event: &str) {
        self.change(phone, |state| state.note_event(event));
    }

    /// Takes in what Asterisk says of a device, `PJSIP/1001`.
    pub fn note_device(&self, device: &str, state: &str) {
        self.change(device, |known| known.note_device(state));
    }

    /// Returns what a phone is doing, by its name or the one of its endpoint.
    pub fn of(&self, phone: &str) -> PhoneState {
        let states = self.0.read().unwrap_or_else(PoisonError::into_inner);
        states
            .get(&normalized_name(phone))
            .copied()
            .unwrap_or_default()
    }

    fn change(&self, phone: &str, change: impl FnOnce(&mut PhoneState)) {
        let name = normalized_name(phone);
        let mut states = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let mut state = states.get(&name).copied().unwrap_or_default();
        change(&mut state);
        // What tells nothing is not worth a place, nor is one phone too many.
        let is_known = states.contains_key(&name);
        if is_known || state != PhoneState::default() && states.len() < MAX_PHONES {
            states.insert(name, state);
        }
    }
}

/// Returns the name of a phone without its technology, for comparing: `1001` for `PJSIP/1001`.
pub fn normalized_name(name: &str) -> String {
    let name = name.trim();
    let name = name.split_once('/').map_or(name, |(_, name)| name);
    name.to_ascii_lowercase()
}

/// The word for what nobody told.
const UNKNOWN: &str = "unknown";

/// How many phones are remembered.
const MAX_PHONES: usize = 50_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn told(events: &[&str]) -> (&'static str, &'static str, &'static str) {
        let states = States::default();
        for event in events {
            states.note_event("1001", event);
        }
        let state = states.of("PJSIP/1001");
        (state.activity(), state.hook(), state.dnd())
    }

    #[test]
    fn a_call_is_followed_from_ring_to_end() {
        assert_eq!(told(&[]), ("unknown", "unknown", "unknown"));
        let mut events = vec![];
        for (event, activity, hook) in [
            ("incoming_call", "ringing", "unknown"),
            ("off_hook", "ringing", "off"),
            ("call_established", "talking", "off"),
            ("hold", "holding", "off"),
            ("unhold", "talking", "off"),
            ("call_terminated", "idle", "off"),
            ("on_hook", "idle", "on"),
        ] {
            events.push(event);
            assert_eq!(told(&events), (activity, hook, "unknown"), "{event}");
        }
    }

    #[test]
    fn do_not_disturb_stays_until_it_is_taken_back() {
        assert_eq!(told(&["dnd_on", "incoming_call"]).2, "on");
        assert_eq!(told(&["dnd_on", "dnd_off"]).2, "off");
    }

    #[test]
    fn a_phone_that_registers_again_may_be_in_a_call() {
        assert_eq!(told(&["call_established", "registered"]).0, "talking");
        assert_eq!(told(&["unregistered"]).0, "away");
        assert_eq!(told(&["unregistered", "registered"]).0, "idle");
    }

    #[test]
    fn asterisk_tells_of_the_same_phone() {
        let states = States::default();
        states.note_event("1001", "dnd_on");
        for (device, activity) in [
            ("RINGING", "ringing"),
            ("INUSE", "talking"),
            ("ONHOLD", "holding"),
            ("UNKNOWN", "holding"),
            ("NOT_INUSE", "idle"),
            ("UNAVAILABLE", "away"),
        ] {
            states.note_device("PJSIP/1001", device);
            assert_eq!(states.of("1001").activity(), activity, "{device}");
        }
        assert_eq!(states.of("1001").dnd(), "on");
        assert_eq!(states.of("1002"), PhoneState::default());
    }
}
