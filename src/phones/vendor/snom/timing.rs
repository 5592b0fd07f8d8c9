//! How long Snom phones take.

use std::time::Duration;

use crate::vendor::Plan;

/// The pause after which the screen of a phone is ready for the next key or document.
pub(super) const SETTLE_DELAY: Duration = Duration::from_secs(2);

/// Joins plans, with pauses for the screen.
pub(super) fn join_paced(plans: impl IntoIterator<Item = Plan>) -> Plan {
    let join = |plan: Plan, next: Plan| plan.then_pause(SETTLE_DELAY).then(next);
    plans.into_iter().reduce(join).unwrap_or_default()
}
