//! Requests of other daemons to phones of this daemon.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use handset_cluster::{IncomingRequest, Responder};
use handset_net::tasks::Tasks;
use handset_phones::phone::Phone;
use handset_phones::verb::Request;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tracing::{Instrument, debug, info_span, warn};

use super::files::ClusterFiles;
use super::outcome_wire::ReplyWire;
use super::routes::{from_body, to_body};
use crate::dispatch::{Dispatcher, PeerTerms};
use crate::fleet::{CarriedFiles, FileStore, PeerCancellation, PeerReply, PeerRequest};
use crate::history::{RequestInfo, Requester};
use crate::outcome::{DeliveryId, Outcome, Status};
use crate::resolver::PhoneRef;

/// Delivers on behalf of other daemons.
#[derive(Clone, Debug)]
pub(crate) struct PeerDeliveries {
    pub(crate) dispatcher: Dispatcher,
    pub(crate) files: ClusterFiles,
    pub(crate) tasks: Tasks,
}

/// A parsed request of another daemon.
struct Parsed {
    request: Request,
    info: RequestInfo,
    phone_ref: PhoneRef,
    terms: PeerTerms,
}

impl PeerDeliveries {
    /// Delivers requests until the daemon stops. Requests for known phones enter their queues in the order of
    /// arrival.
    pub(crate) async fn run(self, mut requests: mpsc::Receiver<IncomingRequest>) {
        let stop = self.tasks.stop();
        loop {
            let incoming = tokio::select! {
                () = stop.cancelled() => return,
                incoming = requests.recv() => incoming,
            };
            let Some(incoming) = incoming else { return };
            self.accept(incoming).await;
        }
    }

    /// Executes cancellations until the daemon stops.
    pub(crate) async fn cancel(self, mut cancellations: mpsc::Receiver<IncomingRequest>) {
        let stop = self.tasks.stop();
        loop {
            let incoming = tokio::select! {
                () = stop.cancelled() => return,
                incoming = cancellations.recv() => incoming,
            };
            let Some(IncomingRequest {
                body, responder, ..
            }) = incoming
            else {
                return;
            };
            let read = from_body::<PeerCancellation>(&body, &self.files).await;
            let read = read.and_then(|PeerCancellation { id, requester }| {
                let requester = requester_of(requester)?;
                Ok((id, requester))
            });
            match read {
                Ok((id, requester)) => {
                    let phones = self.dispatcher.cancel_for_peer(&id, &requester).await;
                    let body = serde_json::to_vec(&phones).unwrap_or_default();
                    // The other daemon no longer waits for the reply.
                    let _ = responder.send(body.into()).await;
                }
                Err(why) => responder.refuse(&why).await,
            }
        }
    }

    async fn accept(&self, incoming: IncomingRequest) {
        let IncomingRequest {
            from,
            body,
            deadline,
            responder,
            ..
        } = incoming;
        let parsed = match self.parse(&body, deadline).await {
            Ok(parsed) => parsed,
            Err(why) => {
                debug!(daemon = %from, why, "Refused a request of another daemon.");
                return responder.refuse(&why).await;
            }
        };
        if let Ok(phone) = self.dispatcher.peer_phone(&parsed.phone_ref) {
            return self.start(phone, parsed, responder);
        }
        let deliveries = self.clone();
        self.tasks.spawn("peer delivery", async move {
            deliveries.find(parsed, responder).await;
        });
    }

    /// Looks the phone up in Asterisk first.
    async fn find(&self, parsed: Parsed, responder: Responder) {
        let until = parsed.terms.until;
        let found = self.dispatcher.find_peer_phone(&parsed.phone_ref, until);
        match found.await {
            Ok(phone) => self.start(phone, parsed, responder),
            Err(outcome) => {
                let reply = PeerReply::NoSuchPhone(Box::new(outcome));
                self.send_reply(&reply, responder).await;
            }
        }
    }

    /// Starts a delivery, which is queued when this returns; the reply is sent when it has ended.
    fn start(&self, phone: Phone, parsed: Parsed, responder: Responder) {
        let Parsed {
            request,
            info,
            terms,
            ..
        } = parsed;
        let id = info.id.to_string();
        let mut delivery = self.dispatcher.start_for_peer(phone, request, &info, terms);
        let deliveries = self.clone();
        let finish = async move {
            delivery.end().await;
            let reply = PeerReply::Outcome(Box::new(delivery.into_outcome()));
            deliveries.send_reply(&reply, responder).await;
        };
        let span = info_span!("delivery", id);
        self.tasks.spawn("peer delivery", finish.instrument(span));
    }

    async fn send_reply(&self, reply: &PeerReply, responder: Responder) {
        let body = match to_body(&ReplyWire::from(reply), &self.files).await {
            Ok(body) => body,
            // Even without the data that was read, the outcome is valid.
            Err(why) => self.without_result(reply, &why).await,
        };
        if let Err(error) = responder.send(body).await {
            warn!(%error, "Cannot send the outcome of a request to another daemon.");
        }
    }

    async fn without_result(&self, reply: &PeerReply, why: &str) -> Bytes {
        let (PeerReply::Outcome(outcome) | PeerReply::NoSuchPhone(outcome)) = reply;
        let short = Outcome {
            status: Status::Error,
            reason: format!(
                "the phone replied ({}), and the result is too long to be passed on: {why}",
                outcome.status
            ),
            result: None,
            steps: Box::default(),
            ..Outcome::clone(outcome)
        };
        let short = PeerReply::Outcome(Box::new(short));
        let body = to_body(&ReplyWire::from(&short), &self.files).await;
        body.unwrap_or_default()
    }

    async fn parse(&self, body: &[u8], deadline: Instant) -> Result<Parsed, String> {
        let PeerRequest {
            id,
            requester,
            verb,
            keys,
            phone,
            within,
            files,
        } = from_body(body, &self.files).await?;
        let is_id =
            !id.is_empty() && id.len() <= MAX_ID && id.bytes().all(|b| b.is_ascii_graphic());
        if !is_id {
            return Err("malformed message: id".to_owned());
        }
        let requester = requester_of(requester)?;
        let phone_ref: PhoneRef =
            serde_json::from_value(phone).map_err(|error| format!("phone: {error}"))?;
        let pairs = keys.iter().map(|(key, value)| (key, value));
        let request = Request::parse(&verb, pairs).map_err(|refusal| refusal.to_string())?;
        let store: Arc<dyn FileStore> = Arc::new(self.files.clone());
        let until = (Instant::now() + within.min(MAX_WITHIN)).min(deadline);
        let id = DeliveryId::given(id);
        Ok(Parsed {
            info: RequestInfo::stored(id, requester, verb, keys),
            // The requesting daemon stores it, if it must be stored.
            request: Request {
                keep: None,
                ..request
            },
            phone_ref,
            terms: PeerTerms {
                files: CarriedFiles::received(files, store),
                until,
            },
        })
    }
}

fn requester_of(value: serde_json::Value) -> Result<Requester, String> {
    let requester: Requester =
        serde_json::from_value(value).map_err(|error| format!("requester: {error}"))?;
    Ok(requester.excerpt(MAX_NAME))
}

/// Maximum length of a request id, in bytes.
const MAX_ID: usize = 64;

/// How much of each name of a requester is kept, in bytes; Asterisk's are shorter.
const MAX_NAME: usize = 512;

/// Maximum time that a request may wait.
const MAX_WITHIN: Duration = Duration::from_hours(1);
