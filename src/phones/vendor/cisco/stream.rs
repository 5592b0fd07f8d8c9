//! RTP audio: the streaming interface of newer phones, and the `RTP…` URIs of the others.
//!
//! From "Component APIs" and "Internal URI Features" in Cisco's development notes. The interface
//! says which stream it has started and why it has not; the URIs know G.711 only. Streams end when
//! a call starts or resumes.

use std::net::{SocketAddr, SocketAddrV4};
use std::sync::Arc;

use serde_json::json;

use super::answer;
use super::execute::{self, Item};
use super::family::Family;
use super::uri::{Uri, is_port};
use crate::phone::Phone;
use crate::vendor::xml::Node;
use crate::vendor::{Plan, PlanError, Reply, ReplyData, ReplyOutcome, lenient_xml};
use crate::verb::{Codec, Mode, Stream};

/// Starts a stream.
pub(super) fn start(phone: &Phone, stream: &Stream) -> Result<Plan, PlanError> {
    let SocketAddr::V4(address) = stream.address else {
        return Err(PlanError::unsupported(
            "address: a Cisco phone has RTP streams by IPv4 only",
        ));
    };
    if !is_port(address.port()) {
        return Err(PlanError::Invalid(format!(
            "address: port {} is no port for a stream; Cisco phones have the even ones from 20480 \
             to 32768",
            address.port()
        )));
    }
    if stream.volume.is_some() && stream.mode == Mode::Send {
        return Err(PlanError::Invalid(
            "volume: the phone only sends, and has nothing to be loud with".to_owned(),
        ));
    }
    if Family::of(phone).has_media {
        by_interface(phone, stream, address)
    } else {
        by_uris(phone, stream, address)
    }
}

/// Ends all streams.
pub(super) fn stop(phone: &Phone) -> Result<Plan, PlanError> {
    if Family::of(phone).has_media {
        // One without an id stands for all.
        let document = Node::new("stopMedia").child(Node::new("mediaStream"));
        return execute::post(phone, &document, Arc::new(read));
    }
    execute::plan(phone, &Uri::stop_streams().map(Item::uri))
}

fn by_interface(phone: &Phone, stream: &Stream, address: SocketAddrV4) -> Result<Plan, PlanError> {
    let codec = match stream.codec {
        None | Some(Codec::G711) => "G.711",
        Some(Codec::G722) => "G.722",
        Some(Codec::G729) => "G.729",
    };
    let mode = match stream.mode {
        Mode::Both => "sendReceive",
        Mode::Receive => "receive",
        Mode::Send => "send",
    };
    let media = Node::new("mediaStream");
    let media = match stream.volume {
        Some(volume) => media.with("receiveVolume", &volume.to_string()),
        None => media,
    };
    let media = media
        .child(Node::text("type", "audio"))
        .child(Node::text("codec", codec))
        .child(Node::text("mode", mode))
        .child(Node::text("address", &address.ip().to_string()))
        .child(Node::text("port", &address.port().to_string()));
    execute::post(phone, &Node::new("startMedia").child(media), Arc::new(read))
}

fn by_uris(phone: &Phone, stream: &Stream, address: SocketAddrV4) -> Result<Plan, PlanError> {
    if !matches!(stream.codec, None | Some(Codec::G711)) {
        let title = Family::of(phone).title;
        return Err(PlanError::Unsupported(format!(
            "codec: {title} streams G.711 only"
        )));
    }
    let mut uris = Vec::new();
    if stream.mode != Mode::Send {
        uris.push(Uri::receive(address, stream.volume));
    }
    if stream.mode != Mode::Receive {
        uris.push(Uri::send(address));
    }
    let items: Vec<_> = uris.into_iter().map(Item::uri).collect();
    execute::plan(phone, &items)
}

/// Reads the answer of the interface: a stream with its id, or an `errorResponse`.
fn read(reply: &Reply) -> ReplyOutcome {
    let root = lenient_xml::read(&reply.body);
    let find = |name| root.as_ref().and_then(|root| root.find(name));
    if let Some(error) = find("errorResponse") {
        let kind: String = error
            .text_of("type")
            .unwrap_or_default()
            .split_whitespace()
            .collect();
        let cause = match kind.as_str() {
            "InvalidResourceID" => "it has no such stream",
            "InvalidXML" => "it could not read what was sent",
            "UnavailableResource" => "it has no stream free, or is in a call",
            _ => "it starts no stream",
        };
        let words = error.text_of("data").map(|data| format!(", {data:?}"));
        let words = words.unwrap_or_default();
        return answer::rejected(&format!("{cause} ({kind}{words})"));
    }
    let id = find("mediaStream").and_then(|stream| stream.attribute("id"));
    match (reply.status, id) {
        (200..=299, Some(id)) => ReplyOutcome::ReplyData(ReplyData::Value(json!({ "stream": id }))),
        _ => answer::read(reply),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(status: u16, body: &str) -> String {
        match read(&Reply {
            status,
            body: body.to_owned().into(),
            ..Reply::default()
        }) {
            ReplyOutcome::Done => "done".to_owned(),
            ReplyOutcome::ReplyData(ReplyData::Value(value)) => value.to_string(),
            ReplyOutcome::Denied(_) => "denied".to_owned(),
            ReplyOutcome::Rejected(words) => words,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_interface_tells_a_stream_or_a_fault() {
        assert_eq!(
            check(200, "<mediaStream id=\"abc123\"/>"),
            r#"{"stream":"abc123"}"#
        );
        assert_eq!(check(200, ""), "done");
        let fault =
            "<errorResponse><type>Unavailable Resource</type><data>busy</data></errorResponse>";
        assert_eq!(
            check(400, fault),
            "the phone refused: it has no stream free, or is in a call \
             (UnavailableResource, \"busy\")"
        );
        assert_eq!(check(401, ""), "denied");
        assert_eq!(check(200, "<CiscoIPPhoneError Number=\"4\" />"), "denied");
    }

    proptest! {
        #[test]
        fn garbage_never_panics(body in "(<|errorResponse|mediaStream| id=|\"|>|/|\\PC){0,40}") {
            let _ = check(200, &body);
        }
    }
}
