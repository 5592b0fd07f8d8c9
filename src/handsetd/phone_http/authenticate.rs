//! The authentication URL of Cisco phones.
//!
//! A phone that receives a push asks here whether the user name and password of that push are valid,
//! while the sender of the push waits. It compares the reply byte by byte: anything but the ten
//! letters `AUTHORIZED` is a refusal. Recent phones use GET with a query, those of 2003 POST with a
//! form.
//!
//! After too many failures, requests are refused without checking the configured passwords. The
//! one-time password of a push is checked even then: it cannot be guessed, and a push must not depend
//! on who else sends requests.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, RawQuery, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use handset_net::failed_logins::{Attempt, FailedLogins};
use handset_phones::phone::MacAddress;
use tokio::time::timeout;
use tracing::{info, warn};

use crate::deliver::{Presented, PushCredentials, Redemption};

/// Checks credentials, and limits failures.
#[derive(Clone, Debug)]
pub(super) struct LoginGuard {
    credentials: PushCredentials,
    failed_logins: Arc<FailedLogins<MacAddress>>,
}

/// Handles `GET /cisco/authenticate`.
pub(super) async fn get(
    State(guard): State<LoginGuard>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    RawQuery(query): RawQuery,
) -> Response {
    let query = query.unwrap_or_default();
    guard.respond(peer, &Fields::parse(&[query.as_bytes()]))
}

/// Handles `POST /cisco/authenticate`, whose fields may also be in the query.
pub(super) async fn post(
    State(guard): State<LoginGuard>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    RawQuery(query): RawQuery,
    body: Body,
) -> Response {
    let Ok(Ok(form)) = timeout(FORM_TIMEOUT, to_bytes(body, MAX_FORM)).await else {
        warn!(%peer, "Rejected an authentication request: its form is too long or incomplete.");
        return plain_text("ERROR");
    };
    let query = query.unwrap_or_default();
    guard.respond(peer, &Fields::parse(&[query.as_bytes(), &form]))
}

impl LoginGuard {
    pub(super) fn new(credentials: PushCredentials) -> Self {
        Self {
            credentials,
            failed_logins: Arc::default(),
        }
    }

    fn respond(&self, peer: SocketAddr, fields: &Fields) -> Response {
        let Fields {
            username,
            password,
            device,
        } = fields;
        let mac = device.parse::<MacAddress>().ok();
        let presented = Presented {
            peer: peer.ip(),
            mac,
            username,
            password,
        };
        let redemption = self.credentials.redeem(&presented);
        if redemption == Redemption::Accepted {
            return plain_text("AUTHORIZED");
        }
        let attempt = self.failed_logins.attempt(peer.ip(), mac, || {
            self.credentials.accepts_configured(&presented)
        });
        if attempt == Attempt::Accepted {
            return plain_text("AUTHORIZED");
        }
        // The query is not logged, since it contains the password.
        if attempt != Attempt::Blocked {
            match redemption {
                Redemption::Refused(refusal) => {
                    warn!(%peer, device, %refusal, "Rejected the password of a push.");
                }
                Redemption::Accepted | Redemption::Unknown => {
                    info!(%peer, device, user = username, "Rejected a phone's credentials.");
                }
            }
        }
        if attempt == Attempt::Limit {
            warn!(%peer, device, "Too many rejected credentials; blocking further attempts for up to a minute.");
        }
        plain_text("UN-AUTHORIZED")
    }
}

fn plain_text(text: &'static str) -> Response {
    ([(CONTENT_TYPE, "text/plain")], text).into_response()
}

/// The fields of an authentication request; a missing one is empty.
#[derive(Default)]
struct Fields {
    username: String,
    password: String,
    device: String,
}

impl Fields {
    /// Parses query strings and forms; the first non-empty value of each field counts.
    ///
    /// Some firmware sends a line break before its form, so white space around values is removed.
    fn parse(forms: &[&[u8]]) -> Self {
        let mut fields = Self::default();
        for (name, value) in forms
            .iter()
            .flat_map(|form| form_urlencoded::parse(form.trim_ascii()))
        {
            let field = match &*name {
                "UserID" => &mut fields.username,
                "Password" => &mut fields.password,
                "devicename" => &mut fields.device,
                _ => continue,
            };
            if field.is_empty() {
                value.trim().clone_into(field);
            }
        }
        fields
    }
}

/// Maximum length of a form, in bytes; the three fields need a few hundred.
const MAX_FORM: usize = 8 * 1024;

/// How long a form may take to arrive.
const FORM_TIMEOUT: Duration = Duration::from_secs(5);
