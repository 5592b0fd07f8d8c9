//! Action URLs: phones tell that something happened to them, by fetching an address of ours.
//!
//! The answer is empty and comes at once, since phones show what is in it and wait for it. Events
//! and values have the same names for all vendors; what follows from them is not known here.

mod event;
mod value;

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Path, RawQuery, State};
use axum::http::StatusCode;
use tokio::sync::mpsc;
use tracing::warn;

use self::event::Event;
use handset_phones::phone::Vendor;

/// What a phone told by an action URL.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ActionUrlEvent {
    /// Who made it, as the address says.
    pub vendor: Vendor,
    /// What happened, in the vocabulary of all vendors: letters, digits, `_` and `-`.
    pub event: String,
    /// Where the phone is.
    pub peer: SocketAddr,
    /// The names and values of the query, in order, then what they are called for all vendors.
    pub values: Vec<(String, String)>,
}

/// Where action URLs go; a full queue loses them, and says so.
pub type EventSender = mpsc::Sender<ActionUrlEvent>;

/// Answers `/action/VENDOR/EVENT`.
pub(super) async fn told(
    State(listener): State<EventSender>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path((vendor, event)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> StatusCode {
    let Ok(vendor) = vendor.parse() else {
        return StatusCode::NOT_FOUND;
    };
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if event.is_empty() || event.len() > MAX_EVENT || !event.chars().all(fits) {
        return StatusCode::NOT_FOUND;
    }
    // Phones put values in as they are, a SIP address for one, so whatever can be read is taken.
    let query = query.unwrap_or_default();
    let values = form_urlencoded::parse(query.as_bytes())
        .take(MAX_VALUES)
        .map(|(name, value)| (name.into_owned(), value.into_owned()));
    let mut values = value::common(values.collect());
    let event = Event::of(vendor, &event);
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    values.extend(event.value.map(owned));
    let told = ActionUrlEvent {
        vendor,
        event: event.name,
        peer,
        values,
    };
    if listener.try_send(told).is_err() {
        warn!(%peer, "Lost an action URL: too many at once.");
    }
    StatusCode::OK
}

const MAX_EVENT: usize = 64;
const MAX_VALUES: usize = 64;
