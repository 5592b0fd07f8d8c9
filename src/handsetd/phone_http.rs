//! The phone-facing HTTP server (`[http]`): the authentication URL of Cisco phones, pushed content
//! for phones to fetch, and action URLs, by which phones report events.
//!
//! It sends nothing to phones on its own account, and serves nothing of the admin API.

mod action_url;
mod authenticate;
mod config;
mod content;
mod failed_logins;
mod server;

pub use action_url::{ActionUrlEvent, EventSender};
pub use config::Config;
pub(crate) use server::Server;

use authenticate::LoginGuard;
use axum::Router;
use axum::routing::get;

use crate::content_store::ContentStore;
use crate::deliver::PushCredentials;

/// Returns the routes of the server; requests must carry a `ConnectInfo`.
pub(crate) fn router(
    content_store: ContentStore,
    credentials: PushCredentials,
    events: EventSender,
) -> Router {
    let authenticate = get(authenticate::get).post(authenticate::post);
    Router::new()
        .route(
            "/action/{vendor}/{event}",
            get(action_url::receive).with_state(events),
        )
        .route(
            "/cisco/authenticate",
            authenticate.with_state(LoginGuard::new(credentials)),
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
