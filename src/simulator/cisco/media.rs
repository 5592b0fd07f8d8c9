//! `startMedia` and `stopMedia`: the RTP streams of newer phones, without sound.

use std::net::Ipv4Addr;
use std::sync::atomic::Ordering;

use super::{Cisco, xml};
use crate::document::Element;
use crate::request::Response;

impl Cisco {
    /// Starts or stops a stream. There is one at a time, and none during a call.
    pub(super) fn media(&self, document: &Element) -> Response {
        if !self.capabilities.has_media {
            return failed("InvalidXML", "unsupported command");
        }
        let settings = self.device.state().settings;
        let stream = document.child("mediaStream");
        if document.name == "stopMedia" {
            let wanted = stream.and_then(|stream| stream.attribute("id"));
            let running = settings
                .get("media")
                .and_then(|media| media.split(' ').next());
            if wanted.is_some() && wanted != running {
                return failed("InvalidResourceID", "unknown stream");
            }
            self.device.change(|state| {
                state.settings.remove("media");
            });
            return xml(200, String::new());
        }
        let text = |name: &str| {
            stream
                .map(|stream| stream.text_of(name))
                .unwrap_or_default()
        };
        let port: u16 = text("port").parse().unwrap_or(20_480);
        if text("address").parse::<Ipv4Addr>().is_err() || !port.is_multiple_of(2) {
            return failed("InvalidXML", "invalid address or port");
        }
        if settings.contains_key("media") || settings.contains_key("call") {
            // With a space, as in one of Cisco's documents.
            return failed("Unavailable Resource", "the stream is in use");
        }
        let id = format!("stream{}", self.next.fetch_add(1, Ordering::Relaxed));
        let volume = stream.and_then(|stream| stream.attribute("receiveVolume"));
        let (mode, codec, address) = (text("mode"), text("codec"), text("address"));
        let volume = volume.unwrap_or("-");
        let description = format!("{id} {mode} {codec} {address}:{port} {volume}");
        self.device.change(|state| state.set("media", &description));
        xml(200, format!("<mediaStream id=\"{id}\"/>"))
    }
}

fn failed(kind: &str, message: &str) -> Response {
    let body = format!("<errorResponse><type>{kind}</type><data>{message}</data></errorResponse>");
    xml(400, body).refusing(format!("{kind}: {message}"))
}
