//! The routes of the phone-facing server.

use axum::Router;
use axum::routing::get;

use super::action_url::{self, ActionUrls};
use super::authenticate::{self, LoginGuard};
use super::content;
use super::page::{self, PageRoutes};
use crate::content_store::ContentStore;
use crate::deliver::PushCredentials;

/// Returns the routes of the server; requests must carry a `ConnectInfo`. Without
/// `pages`, there are none.
pub(crate) fn router(
    content_store: ContentStore,
    credentials: PushCredentials,
    action_urls: ActionUrls,
    pages: Option<PageRoutes>,
) -> Router {
    let authenticate = get(authenticate::get).post(authenticate::post);
    let router = Router::new()
        .route(
            "/action/{vendor}/{event}",
            get(action_url::receive).with_state(action_urls.clone()),
        )
        .route(
            "/action/{key}/{vendor}/{event}",
            get(action_url::receive_with_key).with_state(action_urls),
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
        );
    match pages {
        Some(pages) => router.merge(page::routes(pages)),
        None => router,
    }
}
