//! Action URLs: a phone reports an event by requesting a URL of this server.
//!
//! The reply is immediate and empty: phones wait for it and show its body. It is the same for every client, so
//! it does not reveal whether a key was right. Events and values have the same names for all vendors.
//! Which phone has reported an event is decided elsewhere; rules decide what it causes.

mod event;
mod key;
mod queue;
mod url_event;
mod values;

pub(crate) use key::ActionKey;
pub use queue::{EventReceiver, EventSender, event_queue};
pub use url_event::ActionUrlEvent;
pub(super) use values::parse as parse_query;

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Path, RawQuery, State};
use axum::http::StatusCode;
use tracing::warn;

use event::Event;

/// What handles action URLs.
#[derive(Clone, Debug)]
pub(crate) struct ActionUrls {
    pub(crate) events: EventSender,
    /// Without one, no URL has the key.
    pub(crate) key: Option<ActionKey>,
}

/// Handles `GET /action/VENDOR/EVENT`.
pub(super) async fn receive(
    State(urls): State<ActionUrls>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path((vendor, event)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> StatusCode {
    urls.handle(peer, (&vendor, &event), query.as_deref(), false)
}

/// Handles `GET /action/KEY/VENDOR/EVENT`.
pub(super) async fn receive_with_key(
    State(urls): State<ActionUrls>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path((key, vendor, event)): Path<(String, String, String)>,
    RawQuery(query): RawQuery,
) -> StatusCode {
    let has_key = urls.key.as_ref().is_some_and(|own| own.matches(&key));
    // The key itself is not logged: it may be right but for a letter.
    if urls.key.is_none() {
        warn!(%peer, "Received an action URL with a key, but http.action_key is not set.");
    } else if !has_key {
        warn!(%peer, "Received an action URL with a wrong key.");
    }
    urls.handle(peer, (&vendor, &event), query.as_deref(), has_key)
}

impl ActionUrls {
    fn handle(
        &self,
        peer: SocketAddr,
        (vendor, event): (&str, &str),
        query: Option<&str>,
        has_key: bool,
    ) -> StatusCode {
        let Ok(vendor) = vendor.parse() else {
            return StatusCode::NOT_FOUND;
        };
        if !is_event_name(event) {
            return StatusCode::NOT_FOUND;
        }
        let query = query.unwrap_or_default();
        if query.len() > MAX_QUERY {
            return StatusCode::URI_TOO_LONG;
        }
        let mut values = values::with_common_names(values::parse(query, MAX_PARAMETERS));
        let Some(Event { name, value }) = Event::parse(vendor, event) else {
            warn!(
                %peer, %vendor, event,
                "Refused an action URL: no phone reports such an event. See etc/provisioning for those of \
                 each vendor."
            );
            return StatusCode::NOT_FOUND;
        };
        values.extend(value.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let event = ActionUrlEvent {
            vendor,
            event: name,
            peer,
            has_key,
            values,
        };
        if let Err(reason) = self.events.send(event) {
            warn!(%peer, %reason, "Dropped an action URL.");
        }
        StatusCode::OK
    }
}

fn is_event_name(text: &str) -> bool {
    (1..=MAX_EVENT).contains(&text.len())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
}

/// Returns the names of all events, without `phone.`.
pub(crate) fn event_names() -> impl Iterator<Item = &'static str> {
    event::COMMON.iter().copied()
}

/// Maximum length of an event name, in bytes.
const MAX_EVENT: usize = 64;

/// Maximum length of a query, in bytes, which bounds the size of an event. Phones limit the URLs in their
/// settings to 255 (Cisco) or 511 bytes (Yealink), before they insert values.
pub(super) const MAX_QUERY: usize = 8 * 1024;

/// Maximum number of query parameters that are read; further ones are ignored.
pub(super) const MAX_PARAMETERS: usize = 64;
