//! The door that phones use: the authentication URL, what was pushed, for them to fetch, and action
//! URLs, by which they tell what happened to them.
//!
//! Nothing here tells a phone anything by itself, and nothing of the administrator's is here.

mod action;
mod authenticate;
mod config;
mod content;
mod login_guard;
mod server;

pub use action::{ActionUrlEvent, EventSender};
pub use config::Config;
pub use server::{Error, Server};

use authenticate::LoginGuard;
use axum::Router;
use axum::routing::get;

use crate::content_store::ContentStore;
use crate::deliver::PushCredentials;

/// Returns what the door serves.
pub(crate) fn router(
    content_store: ContentStore,
    logins: PushCredentials,
    listener: EventSender,
) -> Router {
    let authenticate = get(authenticate::by_query).post(authenticate::by_form);
    let action = get(action::told).with_state(listener);
    Router::new()
        .route("/action/{vendor}/{event}", action)
        .route(
            "/cisco/authenticate",
            authenticate.with_state(LoginGuard::new(logins)),
        )
        .route(
            "/screen/{token}",
            get(content::screen).with_state(content_store.clone()),
        )
        .route(
            "/media/{token}/{name}",
            get(content::media).with_state(content_store),
        )
}

#[cfg(test)]
mod tests;
