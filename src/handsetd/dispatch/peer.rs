//! Requests that were made at another daemon, for phones of this one. They are never passed on again.

use std::sync::Arc;

use handset_phones::phone::Phone;
use handset_phones::verb::Request;
use tokio::time::Instant;

use super::terms::{PeerTerms, Terms};
use super::{Delivery, Dispatcher};
use crate::deliver::SharedPlans;
use crate::history::{RequestInfo, Requester};
use crate::outcome::Outcome;
use crate::resolver::PhoneRef;

impl Dispatcher {
    /// Returns the phone of a reference that another daemon made. No I/O.
    pub(crate) fn peer_phone(&self, phone_ref: &PhoneRef) -> Result<Phone, Outcome> {
        self.services.resolver.resolve_peer_ref(phone_ref)
    }

    /// The same, after asking Asterisk for one that is not known, at most until `until`.
    pub(crate) async fn find_peer_phone(
        &self,
        phone_ref: &PhoneRef,
        until: Instant,
    ) -> Result<Phone, Outcome> {
        let resolver = &self.services.resolver;
        let until = until.min(Instant::now() + super::INQUIRY_TIME);
        if phone_ref
            .server()
            .is_none_or(|server| resolver.has_server(server))
        {
            resolver.inquire_ref(phone_ref, until).await;
        }
        resolver.resolve_peer_ref(phone_ref)
    }

    /// Starts the delivery of a request that was made at another daemon. It is in the queue of the phone when
    /// this returns.
    pub(crate) fn start_for_peer(
        &self,
        phone: Phone,
        request: Request,
        info: &RequestInfo,
        terms: PeerTerms,
    ) -> Delivery {
        let held = self.services.hold(info);
        let info = match &held {
            Ok(info) => info,
            Err(outcome) => {
                let outcome = Outcome {
                    phone: phone.name.clone(),
                    ..outcome.clone()
                };
                return Delivery::over(self.services.reject(info, outcome));
            }
        };
        let terms = Terms {
            plans: SharedPlans::default(),
            files: terms.files,
            until: Some(terms.until),
        };
        self.start_on((phone, None), Arc::new(request), info, terms)
    }

    /// Cancels what is not sent of a request, on behalf of another daemon; returns the phones.
    pub(crate) async fn cancel_for_peer(&self, id: &str, requester: &Requester) -> Vec<String> {
        self.cancel_here(id, requester).await
    }
}
