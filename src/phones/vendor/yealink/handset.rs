//! A phone and its transports: action URIs and pushed documents over HTTP or by NOTIFY, and pages read
//! over HTTP.

use std::time::Duration;

use super::action_uri::ActionUri;
use super::model::{Kind, Model};
use super::pages;
use super::push::Pusher;
use crate::phone::Phone;
use crate::vendor::{Plan, PlanContext, PlanError};
use crate::verb::Via;

/// A phone in the context of a plan.
#[derive(Clone, Debug)]
pub(super) struct Handset<'a> {
    pub(super) phone: &'a Phone,
    pub(super) model: Model,
    pub(super) context: &'a PlanContext<'a>,
}

/// The transport of action URIs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Transport {
    Http,
    Notify,
}

impl<'a> Handset<'a> {
    pub(super) fn new(phone: &'a Phone, context: &'a PlanContext<'a>) -> Self {
        Self {
            phone,
            model: Model::of(phone),
            context,
        }
    }

    /// Returns whether the phone is reached through Asterisk, by choice or because nothing else works.
    pub(super) fn is_reached_through_asterisk(&self) -> bool {
        self.context.asterisk || self.phone.behind_nat.is_some()
    }

    /// Chooses the transport of action URIs. A NOTIFY is preferred, since it needs no address, no
    /// password and no entry in an allow-list.
    pub(super) fn remote(&self) -> Result<Remote<'_>, PlanError> {
        if self.model.kind() == Kind::Dect {
            return Err(PlanError::unsupported(
                "Yealink DECT bases do not support action URIs",
            ));
        }
        // Never observed on V70 or older.
        let too_old = self.model.is_before(71);
        let transport = match self.context.via {
            Some(Via::Notify) if too_old => {
                return Err(PlanError::unsupported(
                    "action URIs by NOTIFY require firmware V71 or later; omit via",
                ));
            }
            Some(Via::Notify) => Transport::Notify,
            None if self.is_reached_through_asterisk() && !too_old => Transport::Notify,
            _ => Transport::Http,
        };
        Ok(Remote {
            handset: self,
            transport,
        })
    }

    /// Chooses HTTP for `what`, which requires it for the reason `why`; refuses NOTIFY.
    pub(super) fn require_http(&self, what: &str, why: &str) -> Result<Remote<'_>, PlanError> {
        if self.model.kind() == Kind::Dect {
            return Err(PlanError::unsupported(
                "Yealink DECT bases do not support action URIs",
            ));
        }
        if self.context.via == Some(Via::Notify) {
            return Err(PlanError::unsupported(format!(
                "{what} requires http: {why}"
            )));
        }
        if self.context.via.is_none() && self.phone.behind_nat.is_some() {
            return Err(PlanError::unsupported(format!(
                "{what} requires http, and the phone is behind NAT; use via=http to try anyway"
            )));
        }
        let transport = Transport::Http;
        Ok(Remote {
            handset: self,
            transport,
        })
    }

    /// Plans to push a document.
    pub(super) fn push(&self, document: &str) -> Result<Plan, PlanError> {
        match self.model.kind() {
            Kind::Android => {
                return Err(PlanError::unsupported(
                    "Yealink Android models do not support pushed documents",
                ));
            }
            Kind::Dect => {
                return Err(PlanError::unsupported(
                    "Yealink DECT bases do not support pushed documents",
                ));
            }
            Kind::Desk => {}
        }
        let by_notify = match self.context.via {
            None => self.phone.behind_nat.is_some(),
            Some(via) => via == Via::Notify,
        };
        let pusher = Pusher {
            pages: self.model.push_pages(),
            by_notify,
            documents: self.context.documents,
        };
        pusher.document(document)
    }
}

/// Sends action URIs to a phone over the chosen transport.
#[derive(Clone, Debug)]
pub(super) struct Remote<'a> {
    handset: &'a Handset<'a>,
    transport: Transport,
}

impl Remote<'_> {
    /// Plans one action URI.
    pub(super) fn plan(&self, uri: &ActionUri) -> Plan {
        match self.transport {
            Transport::Http => Plan::new([pages::http(self.handset.model.action_pages(), uri)]),
            Transport::Notify => {
                let body = uri.body();
                Plan::notify("ACTION-URI", Some(("message/sipfrag", &body)))
            }
        }
    }

    /// Plans several action URIs in order.
    pub(super) fn plan_all<'u>(&self, uris: impl IntoIterator<Item = &'u ActionUri>) -> Plan {
        let mut plan = Plan::default();
        for uri in uris {
            // Asterisk may send two NOTIFYs at once, and they could be reordered.
            if self.transport == Transport::Notify && !plan.steps.is_empty() {
                plan = plan.then_pause(NOTIFY_DELAY);
            }
            plan = plan.then(self.plan(uri));
        }
        plan
    }
}

/// Why reading does not work by NOTIFY.
pub(super) const NO_ANSWER: &str = "a NOTIFY returns no data; omit via";

/// The delay between two NOTIFYs, so that they arrive in order.
const NOTIFY_DELAY: Duration = Duration::from_millis(150);
