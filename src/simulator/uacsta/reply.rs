//! Responses of a phone, and the record of them.

use std::net::SocketAddr;

use bytes::Bytes;

use super::body;
use crate::document::Element;
use crate::sip::{Agent, Message, Misfit};
use crate::state::{Direction, Exchange};

/// A response, and why the phone refuses the request if it does.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub(super) status: &'static str,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: String,
    pub(super) refusal: Option<String>,
}

impl Reply {
    /// Creates a response that accepts a request, with a document or without.
    pub(super) fn accepting(body: String) -> Self {
        Self {
            status: "200 OK",
            headers: Vec::new(),
            body,
            refusal: None,
        }
    }

    /// Creates a response that refuses a request.
    pub(super) fn refusing(status: &'static str, reason: &str) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: String::new(),
            refusal: Some(reason.to_owned()),
        }
    }

    /// Adds a header.
    pub(super) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// Creates the message.
    pub(super) fn response(self, request: &Message, agent: &Agent) -> Message {
        let tag = self.headers.iter().find(|(name, _)| *name == TAG);
        let tag = tag.map_or_else(crate::digest::random_hex, |(_, tag)| tag.clone());
        let mut response = request
            .response(self.status, &tag)
            .with("Contact", agent.contact())
            .with("Allow", ALLOW)
            .with("Accept", body::MEDIA_TYPE)
            .with("User-Agent", &agent.options().user_agent);
        for (name, value) in self.headers.iter().filter(|(name, _)| *name != TAG) {
            response = response.with(name, value);
        }
        if !self.body.is_empty() {
            response = response
                .with("Content-Type", body::MEDIA_TYPE)
                .with("Content-Disposition", body::DISPOSITION);
            response.body = self.body;
        }
        response
    }
}

impl From<Misfit> for Reply {
    fn from((status, reason): Misfit) -> Self {
        Self::refusing(status, &reason)
    }
}

/// Describes a request and its response.
pub(super) fn exchange(
    request: &Message,
    peer: SocketAddr,
    response: Option<&Message>,
    refusal: Option<String>,
) -> Exchange {
    let root = Element::parse(request.body.as_bytes()).map(|element| element.name);
    let uri = || request.request_uri().unwrap_or_default().to_owned();
    Exchange {
        direction: Direction::Received,
        peer: peer.to_string(),
        method: request.method().unwrap_or_default().to_owned(),
        target: root.unwrap_or_else(|_| uri()),
        headers: request.headers.clone(),
        body: Bytes::from(request.body.clone()),
        status: response.and_then(Message::status),
        response_headers: response.map(|one| one.headers.clone()).unwrap_or_default(),
        response_body: Bytes::from(response.map(|one| one.body.clone()).unwrap_or_default()),
        refusal,
    }
}

/// Stands for our tag among the headers of a reply.
pub(super) const TAG: &str = "tag";

/// The methods that a phone supports.
const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, INFO, OPTIONS, UPDATE, NOTIFY";
