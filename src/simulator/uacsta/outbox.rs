//! The messages that a phone sends in a session, one after the other.

use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::mpsc;

use super::body;
use crate::device::Device;
use crate::sip::{Agent, Dialog};
use crate::state::{Direction, Exchange};

/// A document to send, and the name of its root.
pub(super) type Document = (String, String);

/// Sends documents in their order, each once the one before is confirmed, until the session is dropped. Returns
/// early if the other side does not know the session any more.
pub(super) async fn run(
    agent: Agent,
    device: Device,
    dialog: Arc<Mutex<Dialog>>,
    mut documents: mpsc::Receiver<Document>,
) {
    while let Some((name, document)) = documents.recv().await {
        let (request, snapshot) = {
            let mut dialog = dialog.lock();
            let request = agent.request_in(&mut dialog, "INFO");
            (request, dialog.clone())
        };
        let mut request = request
            .with("Content-Type", body::MEDIA_TYPE)
            .with("Content-Disposition", body::DISPOSITION);
        request.body = document;
        let headers = request.headers.clone();
        let sent = Bytes::from(request.body.clone());
        let response = agent.send_in(&snapshot, request).await;
        let status = response.as_ref().and_then(crate::sip::Message::status);
        device.record(Exchange {
            direction: Direction::Fetched,
            peer: snapshot.peer().to_string(),
            method: "INFO".to_owned(),
            target: name,
            headers,
            body: sent,
            status,
            response_headers: response
                .map(|response| response.headers)
                .unwrap_or_default(),
            response_body: Bytes::new(),
            refusal: None,
        });
        match status {
            Some(200..300) => device.change(|state| state.csta.events += 1),
            // The dialog is gone (RFC 3261, section 12.2.1.2).
            None | Some(408 | 481) => return,
            Some(_) => {}
        }
    }
}

/// Maximum number of messages that wait.
pub(super) const MAX_DOCUMENTS: usize = 64;
