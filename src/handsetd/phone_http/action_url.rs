//! Action URLs: a phone reports an event by requesting a URL of this server.
//!
//! The reply is immediate and empty: phones wait for it and show its body. Events and values have the
//! same names for all vendors. Rules decide what an event causes.

mod event;
mod values;

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Path, RawQuery, State};
use axum::http::StatusCode;
use handset_phones::phone::Vendor;
use tokio::sync::mpsc;
use tracing::warn;

use event::Event;

/// An event that a phone reported.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ActionUrlEvent {
    /// The vendor named in the URL.
    pub vendor: Vendor,
    /// The event in the common vocabulary: 1 to 64 letters, digits, `_` and `-`.
    pub event: String,
    /// The address of the phone.
    pub peer: SocketAddr,
    /// The parameters of the query in order, then those that were added under their common names.
    pub values: Vec<(String, String)>,
}

/// Receives the reported events; while it is full, events are dropped and logged.
pub(crate) type EventSender = mpsc::Sender<ActionUrlEvent>;

/// Handles `GET /action/VENDOR/EVENT`.
pub(super) async fn receive(
    State(events): State<EventSender>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path((vendor, event)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> StatusCode {
    let Ok(vendor) = vendor.parse() else {
        return StatusCode::NOT_FOUND;
    };
    if !is_event_name(&event) {
        return StatusCode::NOT_FOUND;
    }
    // Phones insert values such as SIP addresses without encoding them, so parsing is lenient.
    let query = query.unwrap_or_default();
    let parameters = form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .take(MAX_PARAMETERS);
    let mut values = values::with_common_names(parameters.collect());
    let Event { name, value } = Event::parse(vendor, &event);
    values.extend(value.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let event = ActionUrlEvent {
        vendor,
        event: name,
        peer,
        values,
    };
    if events.try_send(event).is_err() {
        warn!(%peer, "Dropped an action URL: the event queue is full.");
    }
    StatusCode::OK
}

fn is_event_name(text: &str) -> bool {
    (1..=MAX_EVENT).contains(&text.len())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
}

/// Maximum length of an event name, in bytes.
const MAX_EVENT: usize = 64;

/// Maximum number of query parameters that are read; further ones are ignored.
const MAX_PARAMETERS: usize = 64;
