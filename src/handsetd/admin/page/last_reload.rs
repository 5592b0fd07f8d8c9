//! What the last reload did, as Rules and Health show it.

use minijinja::{Value, context};

use super::shell::Visitor;
use super::{listing, render};
use crate::admin::role::Role;
use crate::admin::state::AppState;

/// Returns the last reload; none if there was no reload since the start.
pub(super) fn value(state: &AppState) -> Value {
    let reload = state.services.last_reload.borrow();
    let Some((at, report)) = reload.as_ref() else {
        return Value::from(());
    };
    context! {
        at => listing::time(*at),
        faults => report.errors.len(),
        needs_restart => report.needs_restart.join(", "),
    }
}

/// Renders the faults that the last reload found; nothing if there were none.
///
/// Only administrators see them: a fault repeats a value of the configuration.
pub(super) fn faults(state: &AppState, visitor: &Visitor) -> Value {
    let mut errors = Vec::new();
    if let Some((_, report)) = state.services.last_reload.borrow().as_ref() {
        errors.clone_from(&report.errors);
    }
    if errors.is_empty() {
        return Value::from("");
    }
    let hidden = errors.len().saturating_sub(MAX_FAULTS);
    errors.truncate(MAX_FAULTS);
    let is_admin = visitor.may(Role::Admin);
    let values = context! { reload => value(state), errors, hidden, is_admin };
    render::safe("last_reload.html", values)
}

/// How many faults are shown; who corrects these sees the others after the next reload.
const MAX_FAULTS: usize = 20;
