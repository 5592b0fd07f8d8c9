//! Events of phones that request their action URLs.

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::debug;

use crate::phone_http::ActionUrlEvent;
use crate::resolver::PhoneResolver;
use crate::rules::Fact;

/// Turns action URLs into events of the phones that requested them, until `stop`.
pub(super) async fn receive(
    mut action_urls: mpsc::Receiver<ActionUrlEvent>,
    resolver: PhoneResolver,
    facts: mpsc::Sender<Fact>,
    stop: CancellationToken,
) {
    loop {
        let url = tokio::select! {
            () = stop.cancelled() => return,
            url = action_urls.recv() => url,
        };
        let Some(ActionUrlEvent {
            vendor,
            event,
            peer,
            values,
        }) = url
        else {
            return;
        };
        let name_of = |name: &str| {
            let found = values.iter().find(|(known, _)| known == name);
            found.and_then(|(_, value)| resolver.name_at(value))
        };
        let ip = peer.ip().to_canonical().to_string();
        let phone = name_of("mac")
            .or_else(|| resolver.name_at(&ip))
            .unwrap_or(ip);
        debug!(%vendor, event, phone, "Received an action URL.");
        let fact = Fact::of_phone(&event, &phone, values.clone());
        if facts.send(fact).await.is_err() {
            return;
        }
    }
}
