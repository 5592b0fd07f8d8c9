//! The state of phones, from action URLs and Asterisk.
//!
//! The events of action URLs have common names for all vendors. Asterisk reports device states, which
//! include neither the hook nor do-not-disturb.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use super::{ServerName, Technology};

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
            | "call_failed"
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
        // It is INUSE from the moment that the phone dials; the phone itself says when it is answered.
        if state == "INUSE" && self.activity == Some(Activity::Dialing) {
            return;
        }
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
///
/// Phones of several servers may have one name; their states are apart. The state of a phone whose server
/// is unknown counts for that of the only server that has its name.
#[derive(Clone, Debug, Default)]
pub struct States(Arc<RwLock<HashMap<String, Named>>>);

/// The phones of one name.
#[derive(Clone, Debug, Default)]
struct Named {
    /// Of the phone whose server is unknown.
    of_none: PhoneState,
    by_server: BTreeMap<ServerName, PhoneState>,
}

impl States {
    /// Returns a copy that shares nothing with this table.
    #[must_use]
    pub fn detached(&self) -> Self {
        let states = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Self(Arc::new(RwLock::new(states.clone())))
    }

    /// Applies an event of an action URL.
    pub fn note_event(&self, server: Option<&ServerName>, phone: &str, event: &str) {
        self.change(server, phone, |state| state.note_event(event));
    }

    /// Replaces activity and hook of a phone by what its calls say, and do-not-disturb if that is known.
    pub fn note_state(&self, server: Option<&ServerName>, phone: &str, state: PhoneState) {
        self.change(server, phone, |known| {
            *known = PhoneState {
                dnd: state.dnd.or(known.dnd),
                ..state
            };
        });
    }

    /// Applies the state of a device, `PJSIP/1001`. Devices that cannot be phones are ignored: trunks, and
    /// what Asterisk computes a state for, such as `Queue:sales_pause_PJSIP/1001`, `Custom:night` and
    /// `Park:701@lot`.
    pub fn note_device(&self, server: Option<&ServerName>, device: &str, state: &str) {
        if !is_device_of_phone(device) {
            return;
        }
        self.change(server, device, |known| known.note_device(state));
    }

    /// Returns the state of a phone, by its name or the name of its endpoint.
    pub fn of(&self, server: Option<&ServerName>, phone: &str) -> PhoneState {
        let states = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let Some(named) = states.get(&key(server, phone)) else {
            return PhoneState::default();
        };
        let known = match server {
            Some(server) => named.by_server.get(server),
            None if named.by_server.len() == 1 => named.by_server.values().next(),
            None => None,
        };
        let known = known.copied().unwrap_or_default();
        known.or(named.of_none)
    }

    fn change(
        &self,
        server: Option<&ServerName>,
        phone: &str,
        change: impl FnOnce(&mut PhoneState),
    ) {
        let name = key(server, phone);
        let mut states = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let has_room = states.len() < MAX_PHONES || states.contains_key(&name);
        let mut named = states.get(&name).cloned().unwrap_or_default();
        let state = match server {
            None => &mut named.of_none,
            Some(server) => named.of_server(server),
        };
        let before = *state;
        change(state);
        // Unknown states and phones beyond the limit are not stored.
        if *state != before && has_room {
            states.insert(name, named);
        }
    }
}

impl Named {
    fn of_server(&mut self, server: &ServerName) -> &mut PhoneState {
        self.by_server.entry(server.clone()).or_default()
    }
}

/// Returns the normalized name of a phone, which may be written with its server.
fn key(server: Option<&ServerName>, phone: &str) -> String {
    let phone = phone.trim();
    normalized_name(
        server
            .and_then(|server| server.strip(phone))
            .unwrap_or(phone),
    )
}

/// Returns whether a device, as Asterisk names it, has a technology of desk phones.
pub fn is_device_of_phone(device: &str) -> bool {
    let technology = device.split_once('/').map(|(technology, _)| technology);
    technology.is_some_and(|technology| technology.parse::<Technology>().is_ok())
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
            states.note_event(None, "1001", event);
        }
        let state = states.of(None, "PJSIP/1001");
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
    fn only_devices_of_phones_have_a_state() {
        let states = States::default();
        for device in [
            // The names of the providers are those of the sources of Asterisk.
            "Queue:support_pause_PJSIP/1002",
            "Queue:support_avail",
            "Custom:PJSIP/1002",
            "MeetMe:1002",
            "confbridge:1002",
            "Calendar:1002",
            "Park:1002@parkedcalls",
            "Stasis:1002",
            "SLA:1002_line",
            "CustomPresence:1002",
            "Local/1002@phones",
            "IAX2/1002",
            "DAHDI/1002",
            "1002",
        ] {
            states.note_device(None, device, "INUSE");
            assert_eq!(
                states.of(None, "PJSIP/1002"),
                PhoneState::default(),
                "{device}"
            );
            assert_eq!(states.of(None, device), PhoneState::default(), "{device}");
        }
        for device in ["PJSIP/1002", "SIP/1002", "sccp/1002"] {
            let states = States::default();
            states.note_device(None, device, "INUSE");
            assert_eq!(states.of(None, "1002").activity(), "talking", "{device}");
        }
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
        states.note_event(None, "1001", "dnd_on");
        for (device, activity) in [
            ("RINGING", "ringing"),
            ("INUSE", "talking"),
            ("ONHOLD", "holding"),
            ("UNKNOWN", "holding"),
            ("NOT_INUSE", "idle"),
            ("UNAVAILABLE", "away"),
        ] {
            states.note_device(None, "PJSIP/1001", device);
            assert_eq!(states.of(None, "1001").activity(), activity, "{device}");
        }
        assert_eq!(states.of(None, "1001").dnd(), "on");
        assert_eq!(states.of(None, "1002"), PhoneState::default());
    }

    #[test]
    fn phone_that_dials_is_in_use_for_asterisk() {
        let states = States::default();
        states.note_event(None, "1001", "outgoing_call");
        states.note_device(None, "PJSIP/1001", "INUSE");
        assert_eq!(states.of(None, "1001").activity(), "dialing");
        states.note_event(None, "1001", "call_established");
        assert_eq!(states.of(None, "1001").activity(), "talking");
        states.note_event(None, "1001", "outgoing_call");
        states.note_device(None, "PJSIP/1001", "NOT_INUSE");
        assert_eq!(states.of(None, "1001").activity(), "idle");
    }

    #[test]
    fn phones_of_several_servers_are_apart() {
        let states = States::default();
        let [berlin, munich] = ["berlin", "munich"].map(|name| name.parse::<ServerName>().unwrap());
        states.note_device(Some(&berlin), "PJSIP/1001", "INUSE");
        states.note_event(Some(&munich), "munich/1001", "dnd_on");
        let of = |server, phone| {
            let state = states.of(server, phone);
            (state.activity(), state.dnd())
        };
        for name in ["1001", "PJSIP/1001"] {
            assert_eq!(of(Some(&berlin), name), ("talking", "unknown"));
            assert_eq!(of(Some(&munich), name), ("unknown", "on"));
            assert_eq!(of(None, name), ("unknown", "unknown"), "it may be either");
        }
        assert_eq!(of(Some(&berlin), "berlin/PJSIP/1001").0, "talking");
    }

    #[test]
    fn state_without_a_server_is_that_of_the_only_phone_of_the_name() {
        let states = States::default();
        let berlin: ServerName = "berlin".parse().unwrap();
        states.note_device(Some(&berlin), "PJSIP/1001", "RINGING");
        states.note_event(None, "1001", "dnd_on");
        for server in [None, Some(&berlin)] {
            let state = states.of(server, "1001");
            assert_eq!((state.activity(), state.dnd()), ("ringing", "on"));
        }
    }
}
