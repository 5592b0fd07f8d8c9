//! What a phone is doing, by its calls.

use handset_phones::csta::CallTable;
use handset_phones::phone::{Activity, PhoneState};

/// Returns the state of a phone with these calls. A ringing call comes first, then one that is connected:
/// so the end of one call is not that of another.
pub(super) fn of_calls(calls: &CallTable, dnd: Option<bool>) -> PhoneState {
    let order = [
        Activity::Ringing,
        Activity::Talking,
        Activity::Dialing,
        Activity::Holding,
    ];
    let is_reported = |activity: &Activity| {
        calls
            .activities()
            .any(|reported| reported == Some(*activity))
    };
    let activity = order.into_iter().find(is_reported);
    PhoneState {
        activity: Some(activity.unwrap_or(Activity::Idle)),
        off_hook: Some(calls.is_off_hook()),
        dnd,
    }
}
