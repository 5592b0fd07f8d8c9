//! The state of phones, from action URLs and Asterisk.
//!
//! The events of action URLs have common names for all vendors. Asterisk reports device states, which
//! include neither the hook nor do-not-disturb.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

/// The state of a phone; `None` is unknown.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct PhoneState {
    /// Its activity.
    pub activity: Option<Activity>,
    /// Whether its handset, headset or speaker is off hook.
    pub off_hook: Option<bool>,
    /// Whether do-not-disturb is on.
    pub dnd: Option<bool>,
}

/// The activity of a phone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Activity {
    /// Not registered.
    Away,
    /// Placing a call.
    Dialing,
    /// On a held call.
    Holding,
    /// No call.
    Idle,
    /// A call is ringing.
    Ringing,
    /// In a call.
    Talking,
}

impl Activity {
    /// Returns its name in events and rules.
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
    /// Returns the name of the activity.
    pub fn activity(self) -> &'static str {
        self.activity.map_or(UNKNOWN, Activity::word)
    }

    /// Returns `on` or `off` for the hook, else `unknown`.
    pub fn hook(self) -> &'static str {
        match self.off_hook {
            Some(true) => "off",
            Some(false) => "on",
            None => UNKNOWN,
        }
    }

    /// Returns `on` or `off` for do-not-disturb, else `unknown`.
    pub fn dnd(self) -> &'static str {
        match self.dnd {
            Some(true) => "on",
            Some(false) => "off",
            None => UNKNOWN,
        }
    }

    /// Fills in unknown values from `other`.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            activity: self.activity.or(other.activity),
            off_hook: self.off_hook.or(other.off_hook),
            dnd: self.dnd.or(other.dnd),
        }
    }

    /// Applies an event of an action URL.
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
        // Phones refresh their registration also during calls.
        if event != "registered" || matches!(self.activity, None | Some(Activity::Away)) {
            self.activity = Some(activity);
        }
    }

    /// Applies a device state of Asterisk (`DeviceStateChange`).
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

/// The states of all phones. Cheap to clone; clones share one table.
#[derive(Clone, Debug, Default)]
pub struct States(Arc<RwLock<HashMap<String, PhoneState>>>);

impl States {
    /// Applies an event of an action URL.
    pub fn note_event(&self, phone: &str, event: &str) {
        self.change(phone, |state| state.note_event(event));
    }

    /// Applies the state of a device, `PJSIP/1001`.
    pub fn note_device(&self, device: &str, state: &str) {
        self.change(device, |known| known.note_device(state));
    }

    /// Returns the state of a phone, by its name or the name of its endpoint.
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
        // Unknown states and phones beyond the limit are not stored.
        let is_known = states.contains_key(&name);
        if is_known || state != PhoneState::default() && states.len() < MAX_PHONES {
            states.insert(name, state);
        }
    }
}

/// Returns the name of a phone in lower case, without its technology: `1001` for `PJSIP/1001`.
pub fn normalized_name(name: &str) -> String {
    let name = name.trim();
    let name = name.split_once('/').map_or(name, |(_, name)| name);
    name.to_ascii_lowercase()
}

const UNKNOWN: &str = "unknown";

/// The most phones to store.
const MAX_PHONES: usize = 50_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn state_after(events: &[&str]) -> (&'static str, &'static str, &'static str) {
        let states = States::default();
        for event in events {
            states.note_event("1001", event);
        }
        let state = states.of("PJSIP/1001");
        (state.activity(), state.hook(), state.dnd())
    }

    #[test]
    fn activity_follows_a_call() {
        assert_eq!(state_after(&[]), ("unknown", "unknown", "unknown"));
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
            assert_eq!(state_after(&events), (activity, hook, "unknown"), "{event}");
        }
    }

    #[test]
    fn do_not_disturb_stays_until_it_is_disabled() {
        assert_eq!(state_after(&["dnd_on", "incoming_call"]).2, "on");
        assert_eq!(state_after(&["dnd_on", "dnd_off"]).2, "off");
    }

    #[test]
    fn registration_refresh_does_not_end_a_call() {
        assert_eq!(
            state_after(&["call_established", "registered"]).0,
            "talking"
        );
        assert_eq!(state_after(&["unregistered"]).0, "away");
        assert_eq!(state_after(&["unregistered", "registered"]).0, "idle");
    }

    #[test]
    fn asterisk_reports_update_the_same_phone() {
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
