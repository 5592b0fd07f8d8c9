//! One phone, and the ways to it: action URIs over HTTP or by NOTIFY, pushed documents over HTTP or
//! by NOTIFY, and pages that are read over HTTP.

use std::time::Duration;

use super::action_uri::ActionUri;
use super::answer;
use super::model::{Kind, Model};
use super::push::Pusher;
use crate::phone::Phone;
use crate::vendor::{Plan, PlanContext, PlanError, Reply, ReplyOutcome, Request, Step};
use crate::verb::Via;

/// A phone that is told something by certain means.
#[derive(Clone, Debug)]
pub(super) struct Handset<'a> {
    pub(super) phone: &'a Phone,
    pub(super) model: Model,
    pub(super) context: &'a PlanContext<'a>,
}

/// By which of the two ways something goes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Way {
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

    /// Whether Asterisk is there to reach it, or nothing else does.
    pub(super) fn through_asterisk(&self) -> bool {
        self.context.asterisk || self.phone.behind_nat.is_some()
    }

    /// Chooses the way of action URIs. A NOTIFY needs no address, no password and no place in an
    /// allow-list, so it is what works with the least set up.
    pub(super) fn remote(&self) -> Result<Remote<'_>, PlanError> {
        if self.model.kind() == Kind::Dect {
            return Err(PlanError::unsupported(
                "Yealink's DECT bases take no action URIs",
            ));
        }
        // Nobody has seen V70 or older take one by NOTIFY.
        let too_old = self.model.is_before(71);
        let way = match self.context.via {
            Some(Via::Notify) if too_old => {
                return Err(PlanError::unsupported(
                    "action URIs by NOTIFY begin with firmware V71; leave via out",
                ));
            }
            Some(Via::Notify) => Way::Notify,
            None if self.through_asterisk() && !too_old => Way::Notify,
            _ => Way::Http,
        };
        Ok(Remote { handset: self, way })
    }

    /// Chooses the way of what only HTTP does as it should, `what`; others are refused with the
    /// reason.
    pub(super) fn web(&self, what: &str, why: &str) -> Result<Remote<'_>, PlanError> {
        if self.model.kind() == Kind::Dect {
            return Err(PlanError::unsupported(
                "Yealink's DECT bases take no action URIs",
            ));
        }
        if self.context.via == Some(Via::Notify) {
            return Err(PlanError::unsupported(format!(
                "{what} goes by http: {why}"
            )));
        }
        if self.context.via.is_none() && self.phone.behind_nat.is_some() {
            return Err(PlanError::unsupported(format!(
                "{what} goes by http, and the phone's web server is behind NAT; via=http tries it"
            )));
        }
        let way = Way::Http;
        Ok(Remote { handset: self, way })
    }

    /// Says how a document is pushed.
    pub(super) fn push(&self, document: &str) -> Result<Plan, PlanError> {
        match self.model.kind() {
            Kind::Android => {
                return Err(PlanError::unsupported(
                    "Yealink's Android models do not take pushed documents",
                ));
            }
            Kind::Dect => {
                return Err(PlanError::unsupported(
                    "Yealink's DECT bases take no pushed documents",
                ));
            }
            Kind::Desk => {}
        }
        let by_notify = match self.context.via {
            None => self.phone.behind_nat.is_some(),
            Some(via) => via == Via::Notify,
        };
        let pusher = Pusher {
            page: self.model.push_page(),
            by_notify,
            documents: self.context.documents,
        };
        pusher.document(document)
    }
}

/// Sends action URIs to a phone by a way that was chosen.
#[derive(Clone, Debug)]
pub(super) struct Remote<'a> {
    handset: &'a Handset<'a>,
    way: Way,
}

impl Remote<'_> {
    /// Sends one.
    pub(super) fn plan(&self, uri: &ActionUri) -> Plan {
        match self.way {
            Way::Http => Plan::new([http(self.handset.model.action_page(), uri)]),
            Way::Notify => {
                let body = uri.body();
                Plan::notify("ACTION-URI", Some(("message/sipfrag", &body)))
            }
        }
    }

    /// Sends several in order.
    pub(super) fn all<'u>(&self, uris: impl IntoIterator<Item = &'u ActionUri>) -> Plan {
        let mut plan = Plan::default();
        for uri in uris {
            // Asterisk may send two NOTIFYs at once, and they could overtake each other.
            if self.way == Way::Notify && !plan.steps.is_empty() {
                plan = plan.then_pause(GAP);
            }
            plan = plan.then(self.plan(uri));
        }
        plan
    }
}

/// Sends an action URI over HTTP.
pub(super) fn http(page: &str, uri: &ActionUri) -> Step {
    let target = format!("{page}?{}", uri.query());
    Step::Http(Request::get(target).parse_with("yealink action URI", answer::done))
}

/// Asks for a page over HTTP, and reads a good answer by `read`.
pub(super) fn get(
    page: impl Into<String>,
    read: impl Fn(&Reply) -> ReplyOutcome + Send + Sync + 'static,
) -> Step {
    let read = move |reply: &Reply| match answer::good(reply) {
        Ok(reply) => read(reply),
        Err(verdict) => verdict,
    };
    Step::Http(Request::get(page).parse_with("yealink page", read))
}

/// Asks for a page as [`get`] does; where there is no such page, `other` is what is asked instead.
pub(super) fn get_or_else(
    page: impl Into<String>,
    read: impl Fn(&Reply) -> ReplyOutcome + Send + Sync + 'static,
    other: impl Fn() -> Step + Send + Sync + 'static,
) -> Step {
    let read = move |reply: &Reply| match answer::good(reply) {
        Ok(reply) => read(reply),
        Err(_) if reply.status == 404 => ReplyOutcome::Then(vec![other()]),
        Err(verdict) => verdict,
    };
    Step::Http(Request::get(page).parse_with("yealink page", read))
}

/// Why what is read does not go by NOTIFY.
pub(super) const NO_ANSWER: &str = "a NOTIFY brings no answer; leave via out";

/// How long between two NOTIFYs, so that they arrive in order.
const GAP: Duration = Duration::from_millis(150);
