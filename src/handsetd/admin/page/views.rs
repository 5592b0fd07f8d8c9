//! The views of the page, one per file, each with a template of the same name.

mod deliveries;
mod events;
mod health;
mod overview;
mod pages;
mod phone;
mod phones;
mod rule;
mod rules;
mod send;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use crate::admin::state::AppState;

/// Returns the routes of the views.
pub(super) fn router() -> Router<Arc<AppState>> {
    Router::new()
        .route("/", get(overview::serve))
        .route("/deliveries", get(deliveries::serve))
        .route("/deliveries.csv", get(deliveries::export))
        .route("/events", get(events::serve))
        .route("/health", get(health::serve))
        .route("/pages", get(pages::serve))
        .route("/phones", get(phones::serve))
        .route("/phones/{name}", get(phone::serve))
        .route("/rules", get(rules::serve))
        .route("/rules/{name}", get(rule::serve))
        .route("/send", get(send::serve))
}
