//! Access for `tests/fuzz` to parsers of untrusted bytes that are otherwise private. Not an API.

mod clock;
mod steps;

pub use clock::Clock;
pub use steps::{Sent, read_rule, take_steps};

pub use crate::config::{Config, Diagnostic, Location, Sources};
pub use crate::content_store::ContentStore;
pub use crate::deliver::{ConfiguredCredentials, Owner, PushCredentials};
pub use crate::dialplan::read as read_arguments;
pub use crate::phone_http::{ActionUrlEvent, EventReceiver, EventSender, event_queue};
pub use crate::roster::Contact;
pub use crate::rules::config::{Limit, Mode, Rule, Value, Values};
pub use crate::rules::{Engine, Fact, Moment};

use std::net::SocketAddr;

use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode};
use axum::{Extension, Router};
use bytes::Bytes;
use handset_phones::phone::Credentials;
use handset_phones::verb::Verb;
use tower::ServiceExt;

use crate::admin;
use crate::deliver::Challenges;
use crate::phone_http::{self, ActionUrls};

/// Answers the authentication challenges in the `WWW-Authenticate` headers of a phone.
pub fn answer_challenges<'a>(
    headers: impl Iterator<Item = &'a str>,
    credentials: &Credentials,
    method: &str,
    target: &str,
) -> Option<String> {
    let challenge = Challenges::read(headers).strongest?;
    challenge.answer(credentials, method, target)
}

/// Reads the JSON body of a request to the admin API.
pub fn read_body(verb: Verb, body: &[u8]) -> Result<Vec<(String, String)>, String> {
    admin::parse_body(verb, body)
}

/// The routes of the phone-facing server, without a network.
#[derive(Clone, Debug)]
pub struct PhoneHttp(Router);

impl PhoneHttp {
    /// Creates the routes.
    pub fn new(
        content_store: ContentStore,
        credentials: PushCredentials,
        events: EventSender,
    ) -> Self {
        let peer = ConnectInfo(SocketAddr::from(([192, 0, 2, 21], 50_000)));
        let action_urls = ActionUrls { events, key: None };
        let router = phone_http::router(content_store, credentials, action_urls, None);
        Self(router.layer(Extension(peer)))
    }

    /// Handles one request from a phone at 192.0.2.21.
    pub async fn handle(&self, request: Request<Bytes>) -> (StatusCode, Bytes) {
        let response = match self.0.clone().oneshot(request.map(Body::from)).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let status = response.status();
        let body = to_bytes(response.into_body(), usize::MAX).await;
        (status, body.unwrap_or_default())
    }
}
