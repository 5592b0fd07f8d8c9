//! The HTTP client for the call manager: one field `xml`, in one of three encodings.

use std::time::Duration;

use form_urlencoded::Serializer;
use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use secrecy::ExposeSecret;
use tokio::time::Instant;

use super::config::{CallManager, Encoding};
use crate::deliver::execution::Failed;
use crate::deliver::failure::root_cause;
use crate::outcome::Status;
use handset_net::pin::WrongPin;
use handset_phones::vendor::mobility::{self, Fault, Query, Response};

/// Speaks to one call manager.
#[derive(Debug)]
pub(super) struct Client {
    http: reqwest::Client,
    manager: CallManager,
}

impl Client {
    pub(super) fn new(manager: CallManager) -> Self {
        // No connection is kept: logins are few, and some servlets end kept ones badly.
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("handsetd/", env!("CARGO_PKG_VERSION")))
            .no_proxy()
            .redirect(Policy::none())
            .connect_timeout(CONNECT)
            .pool_max_idle_per_host(0)
            .http1_only();
        if let Some(pin) = manager.pin {
            builder = builder.tls_backend_preconfigured(pin.client_config());
        }
        let http = builder
            .build()
            .expect("main installs a TLS provider before anything else");
        Self { http, manager }
    }

    /// Asks once, and reads the answer.
    pub(super) async fn ask(
        &self,
        ask: &Query,
        until: Instant,
    ) -> Result<Result<Response, Fault>, Failed> {
        let patience = until.saturating_duration_since(Instant::now());
        let sent = self.request(ask).timeout(patience).send().await;
        let mut response = sent.map_err(|error| self.failure(&error))?;
        let status = response.status().as_u16();
        let mut body = Vec::new();
        while body.len() < MAX_BODY {
            match response.chunk().await {
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => break,
                Err(error) => return Err(self.failure(&error)),
            }
        }
        tracing::debug!(status, "The call manager answered.");
        mobility::parse(&body).ok_or_else(|| self.no_answer(status))
    }

    fn request(&self, ask: &Query) -> reqwest::RequestBuilder {
        let CallManager {
            url,
            app_id,
            password,
            encoding,
            ..
        } = &self.manager;
        let xml = ask.to_document(app_id, password.expose_secret());
        match encoding {
            Encoding::Form => {
                let mut form = Serializer::new(String::new());
                let form = form.append_pair("xml", &xml).finish();
                let post = self.http.post(url.clone()).body(form);
                post.header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            }
            Encoding::Multipart => {
                // Nobody can write what ends the part, since nobody can guess it.
                let boundary = handset_net::random::hex_token::<16>();
                let body = format!(
                    "--{boundary}\r\nContent-Disposition: form-data; name=\"xml\"\r\n\r\n{xml}\r\n\
                     --{boundary}--\r\n"
                );
                let kind = format!("multipart/form-data; boundary={boundary}");
                self.http
                    .post(url.clone())
                    .body(body)
                    .header(CONTENT_TYPE, kind)
            }
            Encoding::Query => {
                let mut url = url.clone();
                url.query_pairs_mut().append_pair("xml", &xml);
                self.http.post(url).body("")
            }
        }
    }

    fn failure(&self, error: &reqwest::Error) -> Failed {
        let place = self.manager.url.origin().ascii_serialization();
        if let Some(wrong) = WrongPin::among(error) {
            let reason = format!("{place} is not the server that cucm.tls names: {wrong}");
            return (Status::Unreachable, reason);
        }
        let cause = root_cause(error);
        if error.is_builder() || error.is_connect() {
            let reason = format!("cannot connect to the call manager at {place}: {cause}");
            return (Status::Unreachable, reason);
        }
        let reason = if error.is_timeout() {
            format!("the call manager at {place} took the request and did not answer in time")
        } else {
            format!("the call manager at {place} took the request and broke off: {cause}")
        };
        (Status::Unknown, reason)
    }

    /// Says what a page means that is none of the service.
    fn no_answer(&self, status: u16) -> Failed {
        let path = self.manager.url.path();
        match status {
            401 | 403 => {
                let reason = format!("the call manager refused us (HTTP {status}) at {path}");
                (Status::Denied, reason)
            }
            200..=299 => {
                let reason = format!(
                    "what answers at {path} is no Extension Mobility service; check cucm.url"
                );
                (Status::Rejected, reason)
            }
            404 => {
                let reason = format!(
                    "there is no service at {path} (HTTP 404); check cucm.url, and that the \
                     service Cisco Extension Mobility is active"
                );
                (Status::Unreachable, reason)
            }
            _ => {
                let reason = format!(
                    "the call manager failed (HTTP {status}); another cucm.encoding may help"
                );
                (Status::Rejected, reason)
            }
        }
    }
}

/// How long the call manager may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(3);

/// The most of an answer that is read.
const MAX_BODY: usize = 1 << 20;
