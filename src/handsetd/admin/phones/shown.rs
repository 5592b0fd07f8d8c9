//! What a phone is doing, in one word, for lists of phones.

use handset_phones::phone::{Activity, PhoneState};
use serde::{Deserialize, Serialize};

use crate::resolver::PhoneSummary;

/// The states, in the order of the list: what needs attention comes first.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::admin) enum Shown {
    /// It has an endpoint, and no contact of it is registered.
    Missing,
    Ringing,
    /// In a call, held or being dialled.
    Talking,
    /// Do-not-disturb is on.
    Dnd,
    /// Registered, and nothing else is known.
    Registered,
    /// It has no endpoint, or the Asterisk server of that is not connected; or a later version knows more.
    #[serde(other)]
    Unfollowed,
}

impl Shown {
    pub(in crate::admin) const ALL: [Self; 6] = [
        Self::Missing,
        Self::Ringing,
        Self::Talking,
        Self::Dnd,
        Self::Registered,
        Self::Unfollowed,
    ];

    /// A call is more urgent than do-not-disturb, which lasts.
    /// Whether a phone is registered is known only if the server of its endpoint `is_followed`.
    pub(in crate::admin) fn of(phone: &PhoneSummary, state: PhoneState, is_followed: bool) -> Self {
        match state.activity {
            Some(Activity::Ringing) => Self::Ringing,
            Some(Activity::Talking | Activity::Holding | Activity::Dialing) => Self::Talking,
            _ if state.off_hook == Some(true) => Self::Talking,
            Some(Activity::Away) => Self::Missing,
            _ if !phone.registered && is_followed => Self::Missing,
            _ if state.dnd == Some(true) => Self::Dnd,
            Some(Activity::Idle) | None if phone.registered => Self::Registered,
            Some(Activity::Idle) | None => Self::Unfollowed,
        }
    }

    /// Returns its value in the address, and its class.
    pub(in crate::admin) const fn key(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Ringing => "ringing",
            Self::Talking => "talking",
            Self::Dnd => "dnd",
            Self::Registered => "registered",
            Self::Unfollowed => "unfollowed",
        }
    }

    pub(in crate::admin) const fn words(self) -> &'static str {
        match self {
            Self::Missing => "not registered",
            Self::Ringing => "ringing",
            Self::Talking => "in a call",
            Self::Dnd => "do not disturb",
            Self::Registered => "registered",
            Self::Unfollowed => "not followed",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_come_before_do_not_disturb_and_absence_before_both() {
        let phone = |endpoint: &str, registered| PhoneSummary {
            name: "desk".to_owned(),
            vendor: String::new(),
            model: String::new(),
            firmware: String::new(),
            address: String::new(),
            mac: String::new(),
            endpoint: endpoint.to_owned(),
            server: String::new(),
            registered,
            found: Vec::new(),
            csta: None,
        };
        let state = |activity, dnd| PhoneState {
            activity,
            off_hook: None,
            dnd,
        };
        let registered = phone("PJSIP/1001", true);
        let of = |activity, dnd| Shown::of(&registered, state(activity, dnd), true);
        assert_eq!(of(None, None), Shown::Registered);
        assert_eq!(of(Some(Activity::Idle), Some(true)), Shown::Dnd);
        assert_eq!(of(Some(Activity::Holding), Some(true)), Shown::Talking);
        assert_eq!(of(Some(Activity::Away), Some(true)), Shown::Missing);
        let missing = phone("PJSIP/1001", false);
        let nothing = state(None, None);
        assert_eq!(Shown::of(&missing, nothing, true), Shown::Missing);
        assert_eq!(Shown::of(&missing, nothing, false), Shown::Unfollowed);
        assert_eq!(
            Shown::of(&phone("", false), nothing, false),
            Shown::Unfollowed
        );
    }
}
