//! The authentication URL of Cisco phones.
//!
//! A phone that is told to do something asks here whether user name and password are good, while
//! whoever told it still waits. It reads the answer byte by byte: anything but the ten letters of
//! `AUTHORIZED` is a no. Newer phones ask by GET with a query, those of 2003 by POST with a form.
//!
//! Who has been wrong too often is told no without a look at the passwords of the configuration. That
//! of an open push is good even then: it can't be guessed, and what phones are told must not depend on
//! who else knocks.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, RawQuery, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use tokio::time::timeout;
use tracing::{info, warn};

use super::login_guard::{Attempt, FailedLogins};
use crate::deliver::PushCredentials;
use handset_phones::phone::MacAddress;

/// Who decides.
#[derive(Clone, Debug)]
pub(super) struct LoginGuard {
    logins: PushCredentials,
    attempts: Arc<FailedLogins>,
}

/// Answers a GET.
pub(super) async fn by_query(
    State(gate): State<LoginGuard>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    RawQuery(query): RawQuery,
) -> Response {
    let query = query.unwrap_or_default();
    gate.answer(peer, &Fields::read(&[query.as_bytes()]))
}

/// Answers a POST; fields may stand in the query as well.
pub(super) async fn by_form(
    State(gate): State<LoginGuard>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    RawQuery(query): RawQuery,
    body: Body,
) -> Response {
    let Ok(Ok(form)) = timeout(PATIENCE, to_bytes(body, MAX_FORM)).await else {
        warn!("A phone sent an authentication request that is too long or does not end.");
        return word("ERROR");
    };
    let query = query.unwrap_or_default();
    gate.answer(peer, &Fields::read(&[query.as_bytes(), &form]))
}

impl LoginGuard {
    /// Lets those in who bring one of `logins`.
    pub(super) fn new(logins: PushCredentials) -> Self {
        let attempts = Arc::default();
        Self { logins, attempts }
    }

    fn answer(&self, peer: SocketAddr, fields: &Fields) -> Response {
        let Fields {
            username,
            password,
            device,
        } = fields;
        if self.logins.are_open(username, password) {
            return word("AUTHORIZED");
        }
        let mac = device.parse::<MacAddress>().ok();
        let look = || self.logins.are_good(mac, username, password);
        let attempt = self.attempts.look(peer.ip(), mac, look);
        if attempt == Attempt::Right {
            return word("AUTHORIZED");
        }
        // Never the password, and not in a query string either: this goes to a log.
        if attempt != Attempt::Blocked {
            info!(%peer, device, user = username, "Rejected a phone's credentials.");
        }
        if attempt == Attempt::Limit {
            warn!(%peer, device, "Too many wrong logins: no more are looked at for a minute.");
        }
        word("UN-AUTHORIZED")
    }
}

fn word(word: &'static str) -> Response {
    ([(CONTENT_TYPE, "text/plain")], word).into_response()
}

/// What a phone asks about.
#[derive(Default)]
struct Fields {
    username: String,
    password: String,
    device: String,
}

impl Fields {
    /// Reads query strings and forms; the first value of each name counts, others are passed over.
    ///
    /// Some firmware sends a line break before its form, so white space around values goes.
    fn read(forms: &[&[u8]]) -> Self {
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

/// The longest form; the three fields need a few hundred bytes.
const MAX_FORM: usize = 8 * 1024;

/// How long a phone may take to send it.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(5);
