//! Which daemons a view shows: the filter, and those whose part is missing.

use minijinja::{Value, context};

use super::listing::Filters;
use super::render;
use crate::admin::daemons::{Missing, Wanted};
use crate::admin::state::Services;

/// Renders the field that narrows a list to one daemon; nothing without `[cluster]`.
pub(super) fn select(services: &Services, filters: &Filters) -> Value {
    let (names, chosen) = (services.daemons.names(), filters.get("daemon"));
    render::safe("daemon_select.html", context! { names, chosen })
}

/// Renders the names of the daemons whose part is missing; nothing if there are none.
pub(super) fn banner(missing: &[Missing]) -> Value {
    let rows = missing.iter().map(|missing| {
        context! { daemon => &missing.daemon, reason => &missing.reason }
    });
    let rows: Vec<Value> = rows.collect();
    render::safe("missing.html", context! { rows })
}

/// Returns the daemons that a view shows: those of the filter, or all if it names none that exists.
pub(super) fn wanted(services: &Services, filters: &Filters) -> Wanted {
    let wanted = services.daemons.wanted(filters.get("daemon"));
    wanted.unwrap_or_default()
}
