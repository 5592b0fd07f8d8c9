//! The door that phones use: the authentication URL, and what was pushed, for them to fetch.
//!
//! Nothing here tells a phone anything by itself, and nothing of the administrator's is here.

mod authenticate;
mod config;
mod content;
mod server;

pub use config::Config;
pub use server::{Error, Server};

use axum::Router;
use axum::routing::get;

use crate::deliver::Logins;
use crate::shelf::Shelf;

/// Returns what the door serves.
fn router(shelf: Shelf, logins: Logins) -> Router {
    let authenticate = get(authenticate::by_query).post(authenticate::by_form);
    Router::new()
        .route("/cisco/authenticate", authenticate.with_state(logins))
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
