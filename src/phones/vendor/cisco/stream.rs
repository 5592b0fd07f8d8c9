//! RTP audio: the media API of newer phones (`startMedia`), and the `RTP…` URIs of the others.
//!
//! Sources: "Component APIs" and "Internal URI Features" in Cisco's development notes. The API
//! reports the id of the stream or why it did not start; the URIs support G.711 only. Streams end
//! when a call starts or resumes.

use std::net::{SocketAddr, SocketAddrV4};
use std::sync::Arc;

use serde_json::json;

use super::answer::{self, Replies};
use super::execute::{self, Item};
use super::family::Family;
use super::uri::{Uri, is_port};
use crate::phone::Phone;
use crate::vendor::{Plan, PlanError, Reply, ReplyData, ReplyOutcome, lenient_xml};
use crate::verb::{Codec, Mode, Stream};
use crate::xml::Node;

/// Plans to start a stream.
pub(super) fn start(phone: &Phone, stream: &Stream) -> Result<Plan, PlanError> {
    let SocketAddr::V4(address) = stream.address else {
        return Err(PlanError::unsupported(
            "address: Cisco phones stream RTP over IPv4 only",
        ));
    };
    if !is_port(address.port()) {
        return Err(PlanError::Invalid(format!(
            "address: invalid port {}; Cisco phones stream on even ports from 20480 to 32768",
            address.port()
        )));
    }
    if stream.volume.is_some() && stream.mode == Mode::Send {
        return Err(PlanError::Invalid(
            "volume: has no effect with mode=send; omit it".to_owned(),
        ));
    }
    if Family::of(phone).has_media {
        start_media(phone, stream, address)
    } else {
        run_uris(phone, stream, address)
    }
}

/// Plans to end all streams.
pub(super) fn stop(phone: &Phone) -> Result<Plan, PlanError> {
    if Family::of(phone).has_media {
        // An element without an id means all streams.
        let document = Node::new("stopMedia").child(Node::new("mediaStream"));
        return execute::post(phone, &document, "cisco media stop", Arc::new(parse_stop));
    }
    execute::plan(phone, &Uri::stop_streams().map(Item::uri))
}

fn start_media(phone: &Phone, stream: &Stream, address: SocketAddrV4) -> Result<Plan, PlanError> {
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
        Some(volume) => media.attribute("receiveVolume", &volume.to_string()),
        None => media,
    };
    let media = media
        .child(Node::with_text("type", "audio"))
        .child(Node::with_text("codec", codec))
        .child(Node::with_text("mode", mode))
        .child(Node::with_text("address", &address.ip().to_string()))
        .child(Node::with_text("port", &address.port().to_string()));
    let document = Node::new("startMedia").child(media);
    execute::post(phone, &document, "cisco media", Arc::new(parse))
}

fn run_uris(phone: &Phone, stream: &Stream, address: SocketAddrV4) -> Result<Plan, PlanError> {
    if !matches!(stream.codec, None | Some(Codec::G711)) {
        let title = Family::of(phone).title;
        return Err(PlanError::Unsupported(format!(
            "codec: {title} supports G.711 streams only"
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

/// Interprets the reply of the API: a stream with its id, or an `errorResponse`.
fn parse(reply: &Reply) -> ReplyOutcome {
    let root = lenient_xml::parse(&reply.body);
    let find = |name| root.as_ref().and_then(|root| root.find(name));
    if let Some(error) = find("errorResponse") {
        let kind: String = error
            .text_of("type")
            .unwrap_or_default()
            .split_whitespace()
            .collect();
        let cause = match kind.as_str() {
            "InvalidResourceID" => "it has no such stream",
            "InvalidXML" => "it could not parse the request",
            "UnavailableResource" => "it has no free stream, or is in a call",
            _ => "it did not start the stream",
        };
        let data = error.text_of("data").map(|data| format!(", {data:?}"));
        let data = data.unwrap_or_default();
        return answer::rejected(&format!("{cause} ({kind}{data})"));
    }
    let id = find("mediaStream").and_then(|stream| stream.attribute("id"));
    match (reply.status, id) {
        (200..=299, Some(id)) => ReplyOutcome::Data(ReplyData::Value(json!({ "stream": id }))),
        // Only enterprise firmware has this API.
        _ => Replies::Objects.parse(reply),
    }
}

/// Interprets the reply to a stop, which has nothing to return.
fn parse_stop(reply: &Reply) -> ReplyOutcome {
    match reply.status {
        200..=299 if reply.body.is_empty() => ReplyOutcome::Done,
        _ => parse(reply),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(status: u16, body: &str) -> String {
        match parse(&Reply {
            status,
            body: body.to_owned().into(),
            ..Reply::default()
        }) {
            ReplyOutcome::Done => "done".to_owned(),
            ReplyOutcome::Data(ReplyData::Value(value)) => value.to_string(),
            ReplyOutcome::Denied(_) => "denied".to_owned(),
            ReplyOutcome::Rejected(words) | ReplyOutcome::Unconfirmed(words) => words,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn reply_holds_a_stream_or_an_error() {
        assert_eq!(
            check(200, "<mediaStream id=\"abc123\"/>"),
            r#"{"stream":"abc123"}"#
        );
        let none = check(200, "");
        assert!(none.contains("without content"), "{none}");
        assert_eq!(
            parse_stop(&Reply {
                status: 200,
                ..Reply::default()
            }),
            ReplyOutcome::Done
        );
        assert_eq!(check(200, "<CiscoIPPhoneResponse/>"), "done");
        let fault =
            "<errorResponse><type>Unavailable Resource</type><data>busy</data></errorResponse>";
        assert_eq!(
            check(400, fault),
            "the phone refused: it has no free stream, or is in a call \
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
