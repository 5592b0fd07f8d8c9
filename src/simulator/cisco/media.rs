//! `startMedia` and `stopMedia`: RTP streams of newer phones, without any sound.

use std::net::Ipv4Addr;
use std::sync::atomic::Ordering;

use super::{Cisco, xml};
use crate::document::Element;
use crate::request::Response;

impl Cisco {
    /// Starts or ends a stream; one at a time, and none in a call.
    pub(super) fn media(&self, document: &Element) -> Response {
        if !self.capabilities.has_media {
            return failed("InvalidXML", "no such command on this model");
        }
        let settings = self.device.state().settings;
        let stream = document.child("mediaStream");
        if document.name == "stopMedia" {
            let wanted = stream.and_then(|stream| stream.attribute("id"));
            let running = settings
                .get("media")
                .and_then(|media| media.split(' ').next());
            if wanted.is_some() && wanted != running {
                return failed("InvalidResourceID", "no stream of that id");
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
            return failed("InvalidXML", "address or port");
        }
        if settings.contains_key("media") || settings.contains_key("call") {
            // With a blank, as one of Cisco's pages has it.
            return failed("Unavailable Resource", "the stream is in use");
        }
        let id = format!("stream{}", self.next.fetch_add(1, Ordering::Relaxed));
        let volume = stream.and_then(|stream| stream.attribute("receiveVolume"));
        let (mode, codec, address) = (text("mode"), text("codec"), text("address"));
        let volume = volume.unwrap_or("-");
        let told = format!("{id} {mode} {codec} {address}:{port} {volume}");
        self.device.change(|state| state.set("media", &told));
        xml(200, format!("<mediaStream id=\"{id}\"/>"))
    }
}

fn failed(kind: &str, words: &str) -> Response {
    let body = format!("<errorResponse><type>{kind}</type><data>{words}</data></errorResponse>");
    xml(400, body).refusing(format!("{kind}: {words}"))
}
