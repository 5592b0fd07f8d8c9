//! What a phone sends in a session: events, and answers in requests of their own.

use std::sync::Arc;

use handset_phones::csta::Incoming;
use handset_phones::phone::ServerName;
use handset_sip::wire::{Method, Name, Response, Status, Value};
use handset_sip::{DialogRequests, End, InDialogRequest};
use tokio::sync::mpsc;
use tracing::debug;

use super::{CSTA, Live};
use crate::uacsta::report::{Report, Reported};

/// Reports the events of one phone.
#[derive(Clone, Debug)]
pub(super) struct Reporter {
    pub(super) phone: String,
    pub(super) server: Option<ServerName>,
    pub(super) reports: mpsc::Sender<Report>,
}

impl Reporter {
    /// Reports what happened. Waits while the receiver is slow; the phone waits, too, for its next request
    /// is answered later.
    pub(super) async fn report(&self, what: Reported) {
        let report = Report {
            phone: self.phone.clone(),
            server: self.server.clone(),
            what,
        };
        // An error means shutdown.
        let _ = self.reports.send(report).await;
    }
}

/// Answers what the phone sends until the dialog ends, and returns why it did.
pub(super) async fn serve(
    live: &Arc<Live>,
    requests: &mut DialogRequests,
    reporter: &Reporter,
) -> String {
    while let Some(request) = requests.next().await {
        take(live, request, reporter).await;
    }
    match live.dialog.ended() {
        Some(End::Bye) => "the phone ended the session",
        Some(End::Unknown) => "the phone does not know the session any more",
        Some(End::Closed) => "the phone closed the connection",
        Some(End::Expired) => "the session was not refreshed in time",
        Some(End::Local | End::ShutDown) | None => "handsetd ended the session",
    }
    .to_owned()
}

async fn take(live: &Arc<Live>, request: InDialogRequest, reporter: &Reporter) {
    let message = request.request();
    match message.method {
        Method::Info if message.has_type(CSTA) => {}
        Method::Info => {
            let accept = Response::new(Status::UNSUPPORTED_MEDIA_TYPE);
            request.respond(accept.with(Name::ACCEPT, Value::lossy(CSTA)));
            return;
        }
        Method::Invite | Method::Update => {
            request.respond(Response::new(Status::NOT_ACCEPTABLE_HERE));
            return;
        }
        _ => {
            request.respond(Response::new(Status::NOT_IMPLEMENTED));
            return;
        }
    }
    let body = message.body.clone();
    // At once: over UDP, the phone repeats it after half a second.
    request.respond(Response::new(Status::OK));
    match Incoming::read(&body) {
        Incoming::Event(event) => {
            live.counters.event();
            let (named, state) = {
                let mut known = live.known.lock();
                let named = known.calls.note(&event);
                if let Some(name) = named.as_ref().map(|named| named.name) {
                    known.dnd = match name {
                        "dnd_on" => Some(true),
                        "dnd_off" => Some(false),
                        _ => known.dnd,
                    };
                }
                (named, known.state())
            };
            if let Some(named) = named {
                let what = Reported::Event(named.name, named.values, state);
                reporter.report(what).await;
            }
        }
        Incoming::Answer => {
            let document = String::from_utf8_lossy(&body).into_owned();
            // One that is late answers a request that is over.
            let awaited = live
                .awaited
                .lock()
                .take_if(|awaited| awaited.request.is_answered_by(&document));
            if awaited.is_none_or(|awaited| awaited.answer.send(document).is_err()) {
                debug!(
                    phone = reporter.phone,
                    "An answer that nothing waits for came too late."
                );
            }
        }
        Incoming::Other(name) => {
            debug!(
                phone = reporter.phone,
                name, "Ignored a message of a CSTA session."
            );
        }
    }
}
