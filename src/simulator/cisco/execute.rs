//! `CiscoIPPhoneExecute`: up to three URIs, which run concurrently. The response lists them in the
//! order in which they end.

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
    /// Executes a pushed `CiscoIPPhoneExecute`.
    pub(super) async fn execute(&self, document: &Element) -> Result<Response, Refusal> {
        let urls: Vec<&str> = document
            .named("ExecuteItem")
            .filter_map(|item| item.attribute("URL"))
            .collect();
        let pages = urls.iter().filter(|url| is_page(url)).count();
        if pages > 1 {
            return Err(Refusal::parse(format!(
                "{pages} http URLs in one CiscoIPPhoneExecute; at most 1"
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
        let response = response(&items);
        Ok(if refused.is_empty() {
            response
        } else {
            response.refusing(refused.join(", "))
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

    /// Runs a URI, if the model supports it and it is allowed at its origin.
    pub(super) async fn uri(&self, uri: &str, origin: Origin) -> Result<(), UriError> {
        if is_page(uri) {
            let url = Url::parse(&self.named(uri)).map_err(|_| UriError::Invalid)?;
            match origin {
                // The response to a push does not wait for the page.
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
            "SoftKey" if SOFT_KEYS.contains(&rest) => {
                if matches!(rest, "Exit" | "Cancel" | "Back") {
                    self.device.clear();
                }
            }
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

    /// Presses a key. A key that the model lacks is discarded silently.
    fn key(&self, name: &str) {
        if !self.capabilities.has_key(name) {
            let remark = format!("This model has no key {name}; it is discarded silently.");
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
            // Reception stops altogether, as Cisco documents it.
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

    /// Plays a file from the TFTP server, and waits for its end as phones do.
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

/// Where a URI comes from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Origin {
    /// A `CiscoIPPhoneExecute`, in which fewer URIs are allowed.
    Execute,
    /// A menu item or a soft key.
    Screen,
}

/// Why a URI is not run.
#[derive(Debug)]
pub(super) enum UriError {
    /// The phone does not know it, or does not allow it there.
    Invalid,
    /// The state of the phone does not permit it; the reason is Cisco's.
    Unavailable(&'static str),
}

/// The result of one item.
#[derive(Debug)]
pub(super) struct ResponseItem {
    pub(super) url: String,
    pub(super) status: u8,
    pub(super) data: &'static str,
}

/// Creates the response, with an item for each URI. The order of the attributes varies.
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

/// Returns whether a URI is an HTTP URL.
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

/// Checks for `On`, `Off` or `Default`, and a number of minutes.
fn is_display(text: &str) -> bool {
    let (state, minutes) = text.split_once(':').unwrap_or((text, "0"));
    let minutes = minutes.parse::<u16>().is_ok_and(|minutes| minutes <= 1440);
    matches!(state, "On" | "Off" | "Default") && minutes
}

/// Checks for `Stop`, or an address and an even port from 20480 to 32768.
fn is_stream(text: &str) -> bool {
    let mut parts = text.split(':');
    let (address, port) = (parts.next().unwrap_or_default(), parts.next());
    let port = port.is_none_or(|port| {
        port.parse::<u16>()
            .is_ok_and(|port| (20480..=32768).contains(&port) && port % 2 == 0)
    });
    address == "Stop" || address.parse::<std::net::Ipv4Addr>().is_ok() && port
}

/// The status of an unknown URI.
const INVALID_URI: u8 = 1;

/// The status of a URI that cannot be run now.
const INTERNAL: u8 = 6;

/// The soft keys that objects and other tools name.
const SOFT_KEYS: [&str; 11] = [
    "Back", "Cancel", "Dial", "EditDial", "Exit", "Next", "Search", "Select", "Submit", "Update",
    "<<",
];
