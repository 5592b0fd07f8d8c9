//! Messages that we send: the fields that all of them have.

use handset_net::random::hex_token;

use super::flow::Flow;
use super::listen::Transport;
use super::wire::envelope::CSeq;
use super::wire::{Method, Name, NameAddr, Request, Token, Uri, Value, Via};

/// Who a request is from and to.
#[derive(Clone, Debug)]
pub(crate) struct Parties {
    /// The value of `From`, with our tag.
    pub(crate) from: NameAddr,
    /// The value of `To`, with the tag of the peer if it is known.
    pub(crate) to: NameAddr,
    pub(crate) call_id: Value,
}

/// Creates a request with the fields of RFC 3261, section 8.1.1.
pub(crate) fn request(
    flow: &Flow,
    branch: &str,
    uri: Uri,
    parties: &Parties,
    cseq: &CSeq,
) -> Request {
    let (host, port) = flow.sent_by();
    let transport = transport_token(flow.target().transport);
    let via = Via::new(transport, host.to_owned(), port, branch);
    Request::new(cseq.method.clone(), uri)
        .with(Name::VIA, Value::lossy(&via.to_string()))
        .with(Name::MAX_FORWARDS, Value::lossy(MAX_FORWARDS))
        .with(Name::FROM, Value::lossy(&parties.from.to_string()))
        .with(Name::TO, Value::lossy(&parties.to.to_string()))
        .with(Name::CALL_ID, parties.call_id.clone())
        .with(Name::CSEQ, Value::lossy(&cseq.to_string()))
}

/// Returns our Contact over this flow.
pub(crate) fn contact(flow: &Flow, user: &str) -> Option<Uri> {
    let (host, port) = flow.sent_by();
    let plain = Uri::sip(Some(user), host, Some(port)).ok()?;
    match flow.target().transport {
        Transport::Udp => Some(plain),
        transport => format!("{plain};transport={transport}").parse().ok(),
    }
}

/// Returns the value of a field with just this URI.
pub(crate) fn in_brackets(uri: &Uri) -> Value {
    Value::lossy(&format!("<{uri}>"))
}

/// Returns the methods that we accept, for `Allow`.
pub(crate) fn allow() -> Value {
    Value::lossy("INVITE, ACK, CANCEL, BYE, INFO, UPDATE, OPTIONS, REGISTER")
}

/// Returns the methods that we accept outside a dialog: calls of phones are refused.
pub(crate) fn allow_outside() -> Value {
    Value::lossy("OPTIONS, REGISTER")
}

/// Chooses the identifier of a transaction.
pub(crate) fn new_branch() -> String {
    format!("z9hG4bK{}", hex_token::<12>())
}

/// Chooses a tag. A dialog is found by ours, which cannot be guessed.
pub(crate) fn new_tag() -> String {
    hex_token::<16>()
}

/// Chooses a tag for a response outside a dialog: nothing is found by it, and it should not make the
/// response longer than its request. It is as random as it must be (RFC 3261, section 19.3).
pub(crate) fn new_short_tag() -> String {
    hex_token::<4>()
}

/// Chooses a `Call-ID`.
pub(crate) fn new_call_id() -> Value {
    Value::lossy(&hex_token::<16>())
}

/// Returns whether `method` establishes or refreshes a dialog, so that it must have a Contact.
pub(crate) fn needs_contact(method: &Method) -> bool {
    matches!(method, Method::Invite | Method::Update)
}

fn transport_token(transport: Transport) -> Token {
    Token::lossy_upper(transport.as_str())
}

/// How many proxies may forward a request (RFC 3261, section 8.1.1.6).
const MAX_FORWARDS: &str = "70";
