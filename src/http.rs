//! The door that phones use: the authentication URL, what was pushed, for them to fetch, and action
//! URLs, by which they tell what happened to them.
//!
//! Nothing here tells a phone anything by itself, and nothing of the administrator's is here.

mod action;
mod attempts;
mod authenticate;
mod config;
mod content;
mod server;

pub use action::{ActionUrl, Listener};
pub use config::Config;
pub use server::{Error, Server};

use authenticate::Gate;
use axum::Router;
use axum::routing::get;

use crate::deliver::Logins;
use crate::shelf::Shelf;

/// Returns what the door serves.
pub(crate) fn router(shelf: Shelf, logins: Logins, listener: Listener) -> Router {
    let authenticate = get(authenticate::by_query).post(authenticate::by_form);
    let action = get(action::told).with_state(listener);
    Router::new()
        .route("/action/{vendor}/{event}", action)
        .route(
            "/cisco/authenticate",
            authenticate.with_state(Gate::new(logins)),
        )
        .route(
            "/screen/{token}",
            get(content::screen).with_state(shelf.clone()),
        )
        .route(
            "/media/{token}/{name}",
            get(content::media).with_state(shelf),
        )
}

#[cfg(test)]
mod tests;
