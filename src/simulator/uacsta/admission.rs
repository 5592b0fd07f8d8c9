//! Which requests a phone takes: what SIP demands of all, and what its settings let in.

use std::net::SocketAddr;

use super::body;
use super::profile::{Challenge, Profile};
use super::reply::Reply;
use crate::digest::{Expectation, Nonces, Verification};
use crate::sip::{Agent, Message, uri};

/// Why a request is not performed.
#[derive(Debug)]
pub(super) enum Refusal {
    /// It gets no response, for this reason.
    Silence(String),
    /// It gets this response.
    Response(Reply),
    /// The phone takes it for a call, and rings.
    Ringing,
}

impl From<Reply> for Refusal {
    fn from(reply: Reply) -> Self {
        Self::Response(reply)
    }
}

/// Checks what every request must have.
pub(super) fn check_form(request: &Message) -> Result<(), Reply> {
    let bad = |reason: &str| Err(Reply::refusing("400 Bad Request", reason));
    if !request
        .branch()
        .is_some_and(|branch| branch.starts_with("z9hG4bK"))
    {
        return bad("the branch lacks the cookie z9hG4bK");
    }
    if request.sequence_method() != request.method() || request.sequence_number().is_none() {
        return bad("CSeq is not a number and the method");
    }
    if request
        .header("Max-Forwards")
        .is_none_or(|hops| hops.parse::<u8>().is_err())
    {
        return bad("Max-Forwards is missing");
    }
    if request.header("Call-ID").is_none_or(str::is_empty) {
        return bad("Call-ID is missing");
    }
    if !request
        .header("From")
        .is_some_and(|from| from.contains(";tag="))
    {
        return bad("From has no tag");
    }
    if let Some(option) = request
        .header("Require")
        .filter(|option| *option != "timer")
    {
        let reply = Reply::refusing("420 Bad Extension", "an extension is required");
        return Err(reply.with("Unsupported", option));
    }
    Ok(())
}

/// Checks the type, the disposition and the document of a body.
pub(super) fn check_body(
    request: &Message,
    editions: &[u8],
) -> Result<crate::document::Element, Reply> {
    if request.media_type() != body::MEDIA_TYPE {
        let reason = format!("a body of type {:?}", request.media_type());
        let reply = Reply::refusing("415 Unsupported Media Type", &reason);
        return Err(reply.with("Accept", body::MEDIA_TYPE));
    }
    let disposition = request.header("Content-Disposition").unwrap_or_default();
    let disposition = disposition.replace(' ', "");
    if disposition != body::DISPOSITION {
        let reason = format!("Content-Disposition is {disposition:?}");
        return Err(Reply::refusing("400 Bad Request", &reason));
    }
    body::parse(&request.body, editions)
        .map_err(|reason| Reply::refusing("400 Bad Request", &reason))
}

/// Checks whether an `INVITE` may open a session.
pub(super) fn check_invite(
    invite: &Message,
    peer: SocketAddr,
    agent: &Agent,
    profile: &Profile,
) -> Result<(), Refusal> {
    if profile.drops_strangers() && peer.ip() != agent.options().next_hop().ip() {
        let reason = "a request from none of the registrars, which filter_registrar drops";
        return Err(Refusal::Silence(reason.to_owned()));
    }
    if invite.media_type() == "application/sdp" {
        return Err(Reply::refusing("486 Busy Here", "a call, which is not simulated").into());
    }
    let own = agent.contact();
    if invite.request_uri() != Some(uri(&own)) && !profile.admits_dial_in() {
        let reason =
            "not at the registered contact, and sip_ip_dialin_content_types lacks the type";
        let reply = Reply::refusing("415 Unsupported Media Type", reason);
        return Err(reply.with("Accept", "application/sdp").into());
    }
    if !profile.is_enabled() {
        let reply = Reply::refusing("488 Not Acceptable Here", "CSTA is off or not supported");
        return Err(reply.into());
    }
    if !invite
        .header("Contact")
        .is_some_and(|contact| uri(contact).starts_with("sip"))
    {
        return Err(Reply::refusing("400 Bad Request", "Contact is missing").into());
    }
    Ok(())
}

/// Checks the credentials of a request, if the phone asks for them.
pub(super) fn check_credentials(
    request: &Message,
    agent: &Agent,
    profile: &Profile,
    nonces: &Nonces,
    is_first: bool,
) -> Result<(), Reply> {
    match profile.challenge() {
        Challenge::Never => return Ok(()),
        Challenge::FirstInvite if !is_first => return Ok(()),
        Challenge::FirstInvite | Challenge::EveryRequest => {}
    }
    let options = agent.options();
    let Some(password) = &options.password else {
        return Err(Reply::refusing(
            "403 Forbidden",
            "the identity has no password",
        ));
    };
    let challenge = |stale: &str, reason: &str| {
        let nonce = nonces.issue();
        let header = format!(
            "Digest realm=\"{REALM}\", nonce=\"{nonce}\", algorithm=MD5, qop=\"auth\"{stale}"
        );
        Err(Reply::refusing("401 Unauthorized", reason).with("WWW-Authenticate", &header))
    };
    let Some(header) = request.header("Authorization") else {
        return challenge("", "no Authorization header");
    };
    let Some(header) = header.strip_prefix("Digest ") else {
        return challenge("", "Authorization is not Digest");
    };
    let expected = Expectation {
        method: request.method().unwrap_or_default(),
        uri: request.request_uri().unwrap_or_default(),
        realm: REALM,
        user: &options.user,
        password,
    };
    match nonces.verify(header, &expected, false) {
        Verification::Accepted => Ok(()),
        Verification::Stale => challenge(", stale=true", "a stale nonce"),
        Verification::Wrong(reason) => {
            profile
                .phone
                .device()
                .change(|state| state.bad_credentials += 1);
            challenge("", &reason)
        }
    }
}

/// The realm of challenges.
const REALM: &str = "phone";
