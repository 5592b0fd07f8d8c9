//! `CiscoIPPhoneExecute`: up to three URIs, done side by side, answered in the order in which
//! they end.

use std::fmt::Write as _;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::time::sleep;
use url::Url;

use super::{Cisco, Refusal, xml};
use crate::document::Element;
use crate::request::Response;
use crate::state::Tone;

impl Cisco {
    /// Does the items of a pushed `CiscoIPPhoneExecute`.
    pub(super) async fn execute(&self, document: &Element) -> Result<Response, Refusal> {
        let urls: Vec<&str> = document
            .named("ExecuteItem")
            .filter_map(|item| item.attribute("URL"))
            .collect();
        let pages = urls.iter().filter(|url| is_page(url)).count();
        if pages > 1 {
            return Err(Refusal::parse(format!(
                "{pages} http URLs in one CiscoIPPhoneExecute"
            )));
        }
        let mut running: FuturesUnordered<_> = urls.into_iter().map(|url| self.item(url)).collect();
        let mut items = Vec::new();
        while let Some(item) = running.next().await {
            items.push(item);
        }
        let refused: Vec<_> = items
            .iter()
            .filter(|item| item.status != 0)
            .map(|item| format!("{}: {}", item.url, item.data))
            .collect();
        let answer = response(&items);
        Ok(if refused.is_empty() {
            answer
        } else {
            answer.refusing(refused.join(", "))
        })
    }

    async fn item(&self, url: &str) -> ResponseItem {
        let done = self.uri(url, Origin::Execute).await;
        let (status, data) = match done {
            Ok(()) => (0, "Success"),
            Err(UriError::Invalid) => (INVALID_URI, "Invalid URI"),
            Err(UriError::Unavailable(why)) => (INTERNAL, why),
        };
        ResponseItem {
            url: url.to_owned(),
            status,
            data,
        }
    }

    /// Does what a URI says, if it may come from there and the model knows it.
    pub(super) async fn uri(&self, uri: &str, origin: Origin) -> Result<(), UriError> {
        if is_page(uri) {
            let url = Url::parse(&self.named(uri)).map_err(|_| UriError::Invalid)?;
            match origin {
                // The answer to a push does not wait for the page.
                Origin::Execute => {
                    let phone = self.clone();
                    self.device.spawn(async move { phone.load(url).await });
                }
                Origin::Screen => self.load(url).await,
            }
            return Ok(());
        }
        let (scheme, rest) = uri.split_once(':').ok_or(UriError::Invalid)?;
        if origin == Origin::Execute && !self.capabilities.runs(scheme, rest) {
            return Err(UriError::Invalid);
        }
        match scheme {
            "Dial" if is_dialable(rest) => {
                let number = rest.split(':').next().unwrap_or_default();
                self.device.change(|state| {
                    state.dial(number);
                    state.set("call", number);
                });
            }
            "EditDial" if is_dialable(rest) => (),
            "SendDigits" if is_dialable(rest) => self.send_digits(rest)?,
            "Key" if is_name(rest) => self.key(rest),
            "SoftKey" if is_name(rest) => (),
            "Init" => self.init(rest)?,
            "Play" => self.play(rest).await?,
            "Display" if is_display(rest) => {
                self.device.change(|state| state.set("display", rest));
            }
            "App" if rest.split(':').next().is_some_and(is_name) => {
                if rest.starts_with("Close") {
                    self.device.clear();
                }
            }
            "Device" if matches!(rest, "Unlock" | "GeneratePRT" | "PRTStatus") => (),
            "Vibrate" => (),
            "RTPRx" | "RTPTx" | "RTPMRx" | "RTPMTx" if is_stream(rest) => self.stream(scheme, rest),
            _ => return Err(UriError::Invalid),
        }
        Ok(())
    }

    /// Presses a key. One that the model does not have is discarded without a word.
    fn key(&self, name: &str) {
        if !self.capabilities.has_key(name) {
            let remark = format!("There is no key {name} here, and nobody is told.");
            self.device.change(|state| state.remark(remark));
            return;
        }
        self.device.change(|state| {
            state.press(name);
            if matches!(name, "Release" | "OnHook") {
                state.settings.remove("call");
            }
        });
    }

    fn send_digits(&self, rest: &str) -> Result<(), UriError> {
        let parts: Vec<&str> = rest.split(':').collect();
        let [digits, "0" | "1", application] = parts.as_slice() else {
            return Err(UriError::Invalid);
        };
        if !application.contains('/') {
            return Err(UriError::Unavailable("Unknown Application ID"));
        }
        if !self.device.state().settings.contains_key("call") {
            return Err(UriError::Unavailable("No Active Call"));
        }
        self.device.change(|state| state.set("digits", digits));
        Ok(())
    }

    fn stream(&self, scheme: &str, rest: &str) {
        self.device.change(|state| match (scheme, rest) {
            // What is played ends altogether, as Cisco says it.
            ("RTPRx", "Stop") => {
                state
                    .settings
                    .retain(|name, _| name != "RTPRx" && name != "RTPMRx");
            }
            ("RTPTx", "Stop") => {
                state
                    .settings
                    .retain(|name, _| name != "RTPTx" && name != "RTPMTx");
            }
            _ => state.set(scheme, rest),
        });
    }

    fn init(&self, application: &str) -> Result<(), UriError> {
        match application {
            "Services" | "Messages" | "Directories" => self.device.clear(),
            "AppStatus" => self.device.change(|state| state.status = None),
            "CallHistory" => (),
            _ => return Err(UriError::Invalid),
        }
        Ok(())
    }

    /// Plays a file of the TFTP server, and waits for its end as phones do.
    async fn play(&self, file: &str) -> Result<(), UriError> {
        if file == "Stop" {
            self.device.change(|state| state.ringing = false);
            return Ok(());
        }
        let characters = file
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
        let stem = [".raw", ".rwb"]
            .iter()
            .find_map(|ending| file.strip_suffix(ending));
        if !characters || stem.is_none_or(str::is_empty) {
            return Err(UriError::Invalid);
        }
        let played = Tone {
            name: file.to_owned(),
            sound: bytes::Bytes::new(),
        };
        self.device.change(|state| state.play(played));
        sleep(self.device.options().playback).await;
        Ok(())
    }
}

/// Where a URI stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Origin {
    /// In a `CiscoIPPhoneExecute`, which may hold fewer of them.
    Execute,
    /// Behind a menu item or a soft key.
    Screen,
}

/// Why a URI is not done.
#[derive(Debug)]
pub(super) enum UriError {
    /// It is none that the phone knows, or not there.
    Invalid,
    /// It can't be done as things stand.
    Unavailable(&'static str),
}

/// What came of one item.
#[derive(Debug)]
pub(super) struct ResponseItem {
    pub(super) url: String,
    pub(super) status: u8,
    pub(super) data: &'static str,
}

/// Answers with an item for each URI; the attributes come in another order each time.
pub(super) fn response(items: &[ResponseItem]) -> Response {
    let mut body =
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<CiscoIPPhoneResponse>\n".to_owned();
    for (index, ResponseItem { url, status, data }) in items.iter().enumerate() {
        let mut attributes = [
            format!("Status=\"{status}\""),
            format!("Data=\"{data}\""),
            format!("URL=\"{}\"", escaped(url)),
        ];
        attributes.rotate_left((url.len() + index) % 3);
        let _ = writeln!(body, "<ResponseItem {}/>", attributes.join(" "));
    }
    body.push_str("</CiscoIPPhoneResponse>\n");
    xml(200, body)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// Returns whether a URI leads to a page of a web server.
pub(super) fn is_page(uri: &str) -> bool {
    uri.starts_with("http://") || uri.starts_with("https://")
}

fn is_dialable(text: &str) -> bool {
    let number = text.split(':').next().unwrap_or_default();
    !number.is_empty()
        && number.bytes().all(|byte| {
            byte.is_ascii_alphanumeric()
                || matches!(byte, b'*' | b'#' | b',' | b'+' | b'@' | b'.' | b'-')
        })
}

fn is_name(text: &str) -> bool {
    text == "<<" || !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// `On`, `Off` or `Default`, and for how many minutes.
fn is_display(text: &str) -> bool {
    let (state, minutes) = text.split_once(':').unwrap_or((text, "0"));
    let minutes = minutes.parse::<u16>().is_ok_and(|minutes| minutes <= 1440);
    matches!(state, "On" | "Off" | "Default") && minutes
}

/// `Stop`, or an address and an even port of the range that phones use.
fn is_stream(text: &str) -> bool {
    let mut parts = text.split(':');
    let (address, port) = (parts.next().unwrap_or_default(), parts.next());
    let port = port.is_none_or(|port| {
        port.parse::<u16>()
            .is_ok_and(|port| (20480..=32768).contains(&port) && port % 2 == 0)
    });
    address == "Stop" || address.parse::<std::net::Ipv4Addr>().is_ok() && port
}

/// The status of a URI that the phone does not know.
const INVALID_URI: u8 = 1;

/// The status of a URI that the phone can't do now.
const INTERNAL: u8 = 6;
