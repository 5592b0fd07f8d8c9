//! Where a phone is called: down its registration here, or at its contact in Asterisk.

use std::time::Duration;

use handset_sip::{Target, Transport};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::uacsta::shared::Shared;
use crate::uacsta::slot::{Route, Slot};

/// Where a phone is called.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) route: Route,
    pub(super) is_direct: bool,
}

/// Returns where Asterisk knows the phone to be, if it may be called there.
pub(super) async fn direct(slot: &Slot, shared: &Shared) -> Result<Option<Route>, String> {
    if !shared.direct {
        return Ok(None);
    }
    let contact = shared.phones.contact(slot.account().user())?;
    let uri = contact.uri.to_ascii_lowercase();
    let transport = if uri.contains(";transport=tcp") {
        Transport::Tcp
    } else if uri.contains(";transport=tls") || uri.starts_with("sips:") {
        return Err("handsetd calls no phone directly over TLS".to_owned());
    } else {
        Transport::Udp
    };
    let target = Target {
        transport,
        address: contact.address,
    };
    let until = Instant::now() + CONNECT_TIMEOUT;
    let flow = shared.agent.connect(target, until).await;
    let flow = flow.map_err(|error| format!("{target}: {error}"))?;
    Ok(Some(Route {
        flow,
        contact: contact.uri,
        call_id: String::new(),
        user_agent: String::new(),
    }))
}

/// Waits until the phone is registered elsewhere, or not at all. Cancel safe.
pub(super) async fn moved(routes: &mut watch::Receiver<Option<Route>>, place: &Place) {
    loop {
        if routes.changed().await.is_err() {
            return std::future::pending().await;
        }
        let route = routes.borrow_and_update();
        let is_same = match &*route {
            None => place.is_direct,
            Some(_) => false,
        };
        if !is_same {
            return;
        }
    }
}

/// How long a phone that is called directly over TCP may take to accept the connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
