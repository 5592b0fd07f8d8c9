//! Which call is meant where none is named: the only one in the right state.

use super::snapshot::Call;

/// The call that is meant.
#[derive(Debug)]
pub(crate) enum Selection<'a> {
    /// No call is in one of the states.
    None,
    /// The only call in the first of the states that has one.
    One(&'a Call),
    /// Several calls are in that state: how many, and one of them.
    Several(usize, &'a Call),
}

impl<'a> Selection<'a> {
    /// Selects among `calls` by `states`, which are in order of preference.
    pub(crate) fn of(calls: &'a [Call], states: &[&str]) -> Self {
        for state in states {
            let fitting: Vec<_> = calls.iter().filter(|call| call.state() == *state).collect();
            match fitting.as_slice() {
                [] => {}
                [only] => return Self::One(only),
                [first, ..] => return Self::Several(fitting.len(), first),
            }
        }
        Self::None
    }
}

/// Says that no call is in one of the states.
pub(crate) fn no_call(states: &[&str]) -> &'static str {
    match states {
        ["alerting"] => "no call is ringing at the phone",
        ["hold"] => "no call is on hold at the phone",
        ["connected"] => "no call is connected at the phone",
        _ => "the phone has no call",
    }
}

/// Says that several calls are in the same state.
pub(crate) fn several_calls(count: usize, one: &Call) -> String {
    let id = one.id();
    format!("the phone has {count} such calls; select one, such as call={id}")
}
