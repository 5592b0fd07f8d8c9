//! Events of phones that request their action URLs.

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use crate::phone_http::{ActionUrlEvent, EventReceiver};
use crate::resolver::{Claims, NamedPhone, PhoneResolver};
use crate::rules::Fact;

/// Turns action URLs into events of the phones that requested them, until `stop`.
pub(super) async fn receive(
    mut action_urls: EventReceiver,
    resolver: PhoneResolver,
    facts: mpsc::Sender<Fact>,
    stop: CancellationToken,
) {
    loop {
        let url = tokio::select! {
            () = stop.cancelled() => return,
            url = action_urls.recv() => url,
        };
        if facts.send(fact(url, &resolver)).await.is_err() {
            return;
        }
    }
}

/// Returns the event of the phone that a URL speaks for; if there is none, `phone.unknown`.
fn fact(url: ActionUrlEvent, resolver: &PhoneResolver) -> Fact {
    let ActionUrlEvent {
        vendor,
        event,
        peer,
        has_key,
        values,
    } = url;
    let value = |name: &str| {
        let known = values
            .iter()
            .find(|(known, value)| known.eq_ignore_ascii_case(name) && !value.is_empty());
        known.map(|(_, value)| value.as_str())
    };
    let claims = Claims {
        phone: value("phone"),
        mac: value("mac"),
        local: value("active_user").or_else(|| value("local")),
    };
    let ip = peer.ip().to_canonical();
    let speaker = if has_key {
        resolver.speaker_with_key(ip, claims)
    } else {
        resolver.speaker(ip, claims)
    };
    match speaker {
        Ok(NamedPhone {
            name: phone,
            server,
        }) => {
            debug!(%peer, %vendor, event, phone, "Received an action URL.");
            Fact::of_phone(&event, &phone, values).of_server(server)
        }
        Err(reason) => {
            warn!(%peer, %vendor, event, reason, "Received an action URL of an unknown phone.");
            Fact::of_unknown_phone(&event, ip, reason, values)
        }
    }
}
