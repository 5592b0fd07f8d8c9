//! What the telephony side of a phone is at a moment, so that a change of it can be reported as events.

use std::collections::BTreeMap;

use crate::calls::{Call, Transfer};
use crate::state::State;
use crate::vendor::Vendor;

/// The calls and features of a phone at a moment.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Telephony {
    pub(crate) calls: Vec<Call>,
    pub(crate) transfers: Vec<Transfer>,
    /// Identifiers of calls that the other side rejected.
    pub(crate) failures: Vec<u32>,
    pub(crate) is_dnd_on: bool,
    /// The target by condition, of those that are on.
    pub(crate) forwards: BTreeMap<Condition, String>,
}

/// When a call is forwarded, in the order of ECMA-269.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Condition {
    Always,
    Busy,
    NoAnswer,
}

/// A change, in the order in which it happened.
#[derive(Clone, Debug)]
pub(crate) struct TelephonyChange {
    pub(crate) before: Telephony,
    pub(crate) after: Telephony,
}

impl Telephony {
    /// Reads it from the state of a phone.
    pub(crate) fn of(state: &State, vendor: Vendor) -> Self {
        let is_snom = vendor == Vendor::Snom;
        let setting = |name: &str| state.settings.get(name).map_or("", String::as_str);
        let forward = |condition: Condition| {
            let target = if is_snom {
                let kind = condition.snom_name();
                let is_on = setting(&format!("fwd_{kind}_enabled1")) == "on";
                is_on.then(|| setting(&format!("fwd_{kind}_target1")))
            } else {
                let forward = state.forwards.get(condition.yealink_name());
                forward.map(|target| target.split('=').next().unwrap_or_default())
            };
            Some((condition, target?.to_owned()))
        };
        Self {
            calls: state.calls.all().to_vec(),
            transfers: state.calls.transfers().to_vec(),
            failures: state.calls.failures().to_vec(),
            is_dnd_on: if is_snom {
                setting("dnd_mode") == "on"
            } else {
                state.dnd
            },
            forwards: Condition::ALL.into_iter().filter_map(forward).collect(),
        }
    }
}

impl Condition {
    const ALL: [Self; 3] = [Self::Always, Self::Busy, Self::NoAnswer];

    /// Returns the value of `forwardingType`.
    pub(crate) fn csta_name(self) -> &'static str {
        match self {
            Self::Always => "forwardImmediate",
            Self::Busy => "forwardBusy",
            Self::NoAnswer => "forwardNoAns",
        }
    }

    /// Finds the condition of a `forwardingType`.
    pub(crate) fn of_csta(name: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|condition| condition.csta_name() == name)
    }

    /// Returns the part of the names of Snom's settings.
    pub(crate) fn snom_name(self) -> &'static str {
        match self {
            Self::Always => "all",
            Self::Busy => "busy",
            Self::NoAnswer => "time",
        }
    }

    /// Returns the part of the names of Yealink's commands.
    pub(crate) fn yealink_name(self) -> &'static str {
        match self {
            Self::Always => "Always",
            Self::Busy => "Busy",
            Self::NoAnswer => "NoAnsw",
        }
    }
}
