//! Ways in for the fuzzer to readers of foreign bytes that nobody else may call; no interface.

use std::net::SocketAddr;

use axum::extract::ConnectInfo;
use axum::http::StatusCode;
use axum::{Extension, Router};
use bytes::Bytes;
use tower::ServiceExt;

use crate::content_store::ContentStore;
use crate::deliver::{Challenge, PushCredentials};
use crate::phone_http::{self, EventSender};
use handset_phones::phone::Credentials;

/// Answers the challenges of a phone, as its `WWW-Authenticate` headers have them.
pub fn answer_challenges<'a>(
    headers: impl Iterator<Item = &'a str>,
    credentials: &Credentials,
    method: &str,
    target: &str,
) -> Option<String> {
    Challenge::pick(headers).map(|challenge| challenge.answer(credentials, method, target))
}

/// The phones' door without its server.
#[derive(Clone, Debug)]
pub struct Door(Router);

impl Door {
    /// Makes a door.
    pub fn new(
        content_store: ContentStore,
        logins: PushCredentials,
        listener: EventSender,
    ) -> Self {
        let peer = ConnectInfo(SocketAddr::from(([192, 0, 2, 21], 50_000)));
        Self(phone_http::router(content_store, logins, listener).layer(Extension(peer)))
    }

    /// Answers one request, as to a phone at 192.0.2.21.
    pub async fn answer(&self, request: axum::http::Request<Bytes>) -> (StatusCode, Bytes) {
        let request = request.map(axum::body::Body::from);
        let answer = match self.0.clone().oneshot(request).await {
            Ok(answer) => answer,
            Err(never) => match never {},
        };
        let status = answer.status();
        let body = axum::body::to_bytes(answer.into_body(), usize::MAX).await;
        (status, body.unwrap_or_default())
    }
}
