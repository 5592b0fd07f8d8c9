//! The HTTP client for the call manager: one field `xml`, in one of three encodings.

use std::time::Duration;

use form_urlencoded::Serializer;
use handset_net::pin::WrongPin;
use handset_phones::vendor::mobility::{self, Fault, Query, Response};
use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use secrecy::ExposeSecret;
use tokio::time::Instant;

use super::config::{CallManager, Encoding};
use crate::deliver::failure::{Failure, root_cause};
use crate::outcome::Status;

/// HTTP client of one call manager.
#[derive(Debug)]
pub(super) struct Client {
    http: reqwest::Client,
    manager: CallManager,
}

impl Client {
    pub(super) fn new(manager: CallManager) -> Self {
        // No connection is kept: logins are rare, and some servlets mishandle kept ones.
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("handsetd/", env!("CARGO_PKG_VERSION")))
            .no_proxy()
            .redirect(Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_max_idle_per_host(0)
            .http1_only();
        builder = match manager.pin {
            Some(pin) => builder.tls_backend_preconfigured(pin.client_config()),
            // Without a pin it is plain HTTP; authorities of this machine, if there are any, are not read.
            None => builder.tls_certs_only([]),
        };
        let http = builder
            .build()
            .expect("main installs a TLS provider before anything else");
        Self { http, manager }
    }

    /// Sends a query, and reads the answer; the inner error is one that the service reports.
    pub(super) async fn query(
        &self,
        query: &Query,
        until: Instant,
    ) -> Result<Result<Response, Fault>, Failure> {
        let timeout = until.saturating_duration_since(Instant::now());
        let sent = self.request(query).timeout(timeout).send().await;
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

    fn request(&self, query: &Query) -> reqwest::RequestBuilder {
        let CallManager {
            url,
            app_id,
            password,
            encoding,
            ..
        } = &self.manager;
        let xml = query.to_document(app_id, password.expose_secret());
        match encoding {
            Encoding::Form => {
                let mut form = Serializer::new(String::new());
                let form = form.append_pair("xml", &xml).finish();
                let post = self.http.post(url.clone()).body(form);
                post.header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            }
            Encoding::Multipart => {
                // Unguessable, so no value can contain the boundary.
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

    fn failure(&self, error: &reqwest::Error) -> Failure {
        let place = self.manager.url.origin().ascii_serialization();
        if let Some(wrong) = WrongPin::among(error) {
            let reason = format!("{place} is not the server that cucm.tls pins: {wrong}");
            return Failure::new(Status::Unreachable, reason);
        }
        let cause = root_cause(error);
        if error.is_builder() || error.is_connect() {
            let reason = format!("cannot connect to the call manager at {place}: {cause}");
            return Failure::new(Status::Unreachable, reason);
        }
        let reason = if error.is_timeout() {
            format!("the call manager at {place} took the request and did not answer in time")
        } else {
            format!("the call manager at {place} took the request and broke off: {cause}")
        };
        Failure::new(Status::Unknown, reason)
    }

    /// Explains a page that is not an answer of the service.
    fn no_answer(&self, status: u16) -> Failure {
        let path = self.manager.url.path();
        match status {
            401 | 403 => {
                let reason = format!("the call manager denied access to {path} (HTTP {status})");
                Failure::new(Status::Denied, reason)
            }
            200..=299 => {
                let reason = format!("{path} is not an Extension Mobility service; check cucm.url");
                Failure::new(Status::Rejected, reason)
            }
            404 => {
                let reason = format!(
                    "no service at {path} (HTTP 404); check cucm.url, and that the service Cisco \
                     Extension Mobility is activated"
                );
                Failure::new(Status::Unreachable, reason)
            }
            _ => {
                let reason =
                    format!("the call manager failed (HTTP {status}); try another cucm.encoding");
                Failure::new(Status::Rejected, reason)
            }
        }
    }
}

/// How long the call manager may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// How much of an answer is read, in bytes.
const MAX_BODY: usize = 1 << 20;
