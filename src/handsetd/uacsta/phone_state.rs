//! What a phone is doing, by its calls.

use handset_phones::csta::CallTable;
use handset_phones::phone::{Activity, PhoneState};

/// Returns the state of a phone with these calls. A ringing call comes first, then one that is connected:
/// so the end of one call is not that of another.
pub(super) fn of_calls(calls: &CallTable, dnd: Option<bool>) -> PhoneState {
    let has = |words: &[&str]| calls.states().any(|state| words.contains(&state));
    let activity = if has(&["alerting", "queued"]) {
        Activity::Ringing
    } else if has(&["connected"]) {
        Activity::Talking
    } else if has(&["initiated"]) {
        Activity::Dialing
    } else if has(&["hold"]) {
        Activity::Holding
    } else {
        Activity::Idle
    };
    PhoneState {
        activity: Some(activity),
        off_hook: Some(calls.is_off_hook()),
        dnd,
    }
}
