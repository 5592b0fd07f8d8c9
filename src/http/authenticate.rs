//! The authentication URL of Cisco phones.
//!
//! A phone that is told to do something asks here whether user name and password are good, while
//! whoever told it still waits. It reads the answer byte by byte: anything but the ten letters of
//! `AUTHORIZED` is a no. Newer phones ask by GET with a query, those of 2003 by POST with a form.

use axum::body::{Body, to_bytes};
use axum::extract::{RawQuery, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use tokio::time::timeout;
use tracing::{info, warn};

use crate::deliver::Logins;
use crate::phone::MacAddress;

/// Answers a GET.
pub(super) async fn by_query(State(logins): State<Logins>, RawQuery(query): RawQuery) -> Response {
    answer(
        &logins,
        &Fields::read(&[query.unwrap_or_default().as_bytes()]),
    )
}

/// Answers a POST; fields may stand in the query as well.
pub(super) async fn by_form(
    State(logins): State<Logins>,
    RawQuery(query): RawQuery,
    body: Body,
) -> Response {
    let Ok(Ok(form)) = timeout(PATIENCE, to_bytes(body, MAX_FORM)).await else {
        warn!("A phone sent an authentication request that is too long or does not end.");
        return word("ERROR");
    };
    let query = query.unwrap_or_default();
    answer(&logins, &Fields::read(&[query.as_bytes(), &form]))
}

fn answer(logins: &Logins, fields: &Fields) -> Response {
    let device = fields.device.parse::<MacAddress>().ok();
    if logins.are_good(device, &fields.username, &fields.password) {
        word("AUTHORIZED")
    } else {
        // Never the password, and not in a query string either: this goes to a log.
        info!(
            device = fields.device,
            user = fields.username,
            "Refused a phone's login."
        );
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
