//! Which class of an account permits an action.

/// Returns the classes of which the account needs one, as in `manager.conf`; `None` if the action is unknown.
pub(super) fn of(action: &str) -> Option<&'static str> {
    let known = CLASSES
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(action));
    known.map(|(_, classes)| *classes)
}

const CLASSES: &[(&str, &str)] = &[];
