//! The identifiers and addresses of a dialog (RFC 3261, section 12).

use super::flow::Flow;
use super::outgoing::{Parties, contact, in_brackets, needs_contact, new_branch, request};
use super::wire::envelope::CSeq;
use super::wire::{Body, Method, Name, NameAddr, Request, Response, Uri, Value};

/// What requests in a dialog are written with.
#[derive(Clone, Debug)]
pub(crate) struct Legs {
    pub(crate) parties: Parties,
    /// Where the peer wants requests: its Contact.
    target: Uri,
    /// Proxies that stay on the way.
    routes: Vec<NameAddr>,
    /// The number of our last request.
    pub(crate) number: u32,
    /// Our own Contact's user part.
    user: String,
    user_agent: Value,
}

impl Legs {
    /// Starts a dialog that has no peer yet.
    pub(crate) fn new(parties: Parties, target: Uri, user: &str, user_agent: Value) -> Self {
        Self {
            parties,
            target,
            routes: Vec::new(),
            number: FIRST,
            user: user.to_owned(),
            user_agent,
        }
    }

    /// Returns the dialog that a success response to our INVITE establishes; `None` if it lacks a tag.
    pub(crate) fn established(&self, response: &Response) -> Option<Self> {
        let to = NameAddr::parse(response.headers.get(&Name::TO)?)?;
        to.tag()?;
        let mut legs = self.clone();
        legs.parties.to = to;
        let routes = NameAddr::list(&response.headers, Name::RECORD_ROUTE).unwrap_or_default();
        legs.routes = routes.into_iter().take(MAX_ROUTES).rev().collect();
        legs.retarget(response.headers.get(&Name::CONTACT));
        Some(legs)
    }

    /// Returns the tag of the peer.
    pub(crate) fn remote_tag(&self) -> Option<&str> {
        self.parties.to.tag()
    }

    /// Takes the Contact of the peer from a message that has one.
    pub(crate) fn retarget(&mut self, contact: Option<&str>) {
        if let Some(contact) = contact.and_then(NameAddr::parse)
            && contact.uri.is_sip()
        {
            self.target = contact.uri;
        }
    }

    /// Creates the next request.
    pub(crate) fn request(
        &mut self,
        flow: &Flow,
        method: Method,
        body: Option<Body>,
    ) -> (Request, String) {
        self.number = self.number.saturating_add(1);
        let branch = new_branch();
        let mut request = self.numbered(flow, &branch, method, self.number);
        if let Some(body) = body {
            request = request.with_body(body);
        }
        (request, branch)
    }

    /// Creates the acknowledgement of a success response to the INVITE with this number.
    pub(crate) fn ack(&self, flow: &Flow, number: u32) -> Request {
        self.numbered(flow, &new_branch(), Method::Ack, number)
    }

    fn numbered(&self, flow: &Flow, branch: &str, method: Method, number: u32) -> Request {
        let cseq = CSeq { number, method };
        let mut request = request(flow, branch, self.target.clone(), &self.parties, &cseq);
        for route in &self.routes {
            request
                .headers
                .push(Name::ROUTE, Value::lossy(&route.to_string()));
        }
        if needs_contact(&cseq.method)
            && let Some(contact) = contact(flow, &self.user)
        {
            request.headers.push(Name::CONTACT, in_brackets(&contact));
        }
        request
            .headers
            .push(Name::USER_AGENT, self.user_agent.clone());
        request
    }
}

/// The number before that of our first request.
const FIRST: u32 = 0;

/// Maximum number of proxies on the way.
const MAX_ROUTES: usize = 8;
