//! The state of a simulated phone: what can be seen and heard, and what it has sent and received.
//!
//! Plain values. Nothing here fetches, decides or draws.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;

use crate::calls::Calls;
use crate::picture::Picture;

/// A snapshot of a simulated phone.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// The pushed screen; `None` while the phone is idle.
    pub screen: Option<Screen>,
    /// The status message beside the screen (Cisco, Yealink).
    pub status: Option<String>,
    /// Tones played, oldest first.
    pub played: Vec<Tone>,
    /// Whether a ringer plays until it is stopped (Snom).
    pub ringing: bool,
    /// The ring tone; `None` is the factory setting.
    pub ringtone: Option<Ringtone>,
    /// The background; `None` is the factory setting.
    pub background: Option<Picture>,
    /// The thumbnail of the background (Cisco).
    pub thumbnail: Option<Picture>,
    /// Keys pressed remotely, oldest first.
    pub keys: Vec<String>,
    /// Numbers dialed, oldest first.
    pub dialed: Vec<String>,
    /// The calls (Snom, Yealink).
    pub calls: Calls,
    /// Whether do not disturb is on (Yealink; on Snom phones it is the setting `dnd_mode`).
    pub dnd: bool,
    /// Call forwarding (Yealink): the target by condition (`Always`, `Busy`, `NoAnsw`), followed by `=`
    /// and the seconds to ring where the condition has them.
    pub forwards: BTreeMap<String, String>,
    /// Whether the microphone is off (Yealink).
    pub is_muted: bool,
    /// Settings changed remotely.
    pub settings: BTreeMap<String, String>,
    /// Lamps switched remotely, with their state.
    pub lamps: BTreeMap<String, String>,
    /// Number of requests with wrong credentials.
    pub bad_credentials: usize,
    /// CSTA over SIP.
    pub csta: CstaState,
    /// Number of HTTP requests that wait while the phone is held.
    pub waiting: usize,
    /// Remarks for an observer, as sentences, oldest first.
    pub remarks: Vec<String>,
    /// HTTP requests received and sent, and requests of CSTA over SIP, oldest first.
    pub exchanges: Vec<Exchange>,
    /// Number of older exchanges that are not kept any more.
    pub dropped_exchanges: usize,
}

impl State {
    /// Returns the exchanges that the phone refused, with the reasons.
    pub fn refusals(&self) -> impl Iterator<Item = (&Exchange, &str)> {
        self.exchanges
            .iter()
            .filter_map(|exchange| Some((exchange, exchange.refusal.as_deref()?)))
    }

    pub(crate) fn log(&mut self, exchange: Exchange) {
        if self.exchanges.len() >= MAX_LOG {
            self.dropped_exchanges += 1;
        }
        push_bounded(&mut self.exchanges, exchange);
    }

    pub(crate) fn remark(&mut self, remark: impl Into<String>) {
        push_bounded(&mut self.remarks, remark.into());
    }

    pub(crate) fn press(&mut self, key: impl Into<String>) {
        push_bounded(&mut self.keys, key.into());
    }

    pub(crate) fn dial(&mut self, number: impl Into<String>) {
        push_bounded(&mut self.dialed, number.into());
    }

    pub(crate) fn play(&mut self, played: Tone) {
        push_bounded(&mut self.played, played);
    }

    pub(crate) fn perform(&mut self, request: impl Into<String>) {
        push_bounded(&mut self.csta.requests, request.into());
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        if self.settings.len() < MAX_SETTINGS || self.settings.contains_key(name) {
            self.settings.insert(name.to_owned(), value.to_owned());
        }
    }
}

/// What an observer can see of CSTA over SIP.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct CstaState {
    /// Seconds for which the phone is registered with its CSTA server; `None` while it is not.
    pub registered: Option<u32>,
    /// Number of registrations that succeeded, renewals included.
    pub registrations: u64,
    /// Why the last registration failed; `None` after one that succeeded.
    pub registration_failure: Option<String>,
    /// Number of sessions.
    pub sessions: usize,
    /// Number of sessions that monitor the phone.
    pub monitors: usize,
    /// Number of sessions that were set up so far.
    pub established: u64,
    /// Number of times that the phone has rung because of an `INVITE` for a session.
    pub rung: u64,
    /// Number of times that such ringing was cancelled.
    pub cancelled: u64,
    /// Names of the requests performed, oldest first.
    pub requests: Vec<String>,
    /// Number of events sent and confirmed.
    pub events: u64,
}

/// A pushed screen, in terms common to all vendors.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Screen {
    /// Title at the top.
    pub title: String,
    /// Prompt above the soft keys.
    pub prompt: String,
    /// Content between them.
    pub content: Content,
    /// Soft keys below the screen, ordered by position.
    pub soft_keys: Vec<SoftKey>,
    /// URL of the document; `None` if it was pushed.
    pub source: Option<String>,
    /// The document as received.
    pub document: String,
    /// Whether the phone beeps.
    pub beep: bool,
    /// How long it stays; `None` is unlimited.
    pub timeout: Option<Duration>,
}

/// The content of a screen.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Content {
    /// Names and numbers to dial.
    Directory(Vec<DirectoryEntry>),
    /// The phone's message about a document that it cannot show.
    Error(String),
    /// Fields to fill in and submit.
    Form {
        /// URL that receives the values.
        submit: String,
        /// Fields, in order.
        inputs: Vec<FormField>,
    },
    /// A picture, and the text that some vendors allow with it.
    Image {
        /// The picture at the size shown.
        picture: Picture,
        /// The text; may be empty.
        text: String,
    },
    /// Items to select.
    Menu(Vec<MenuItem>),
    /// Text.
    Text(String),
}

impl Default for Content {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

impl Content {
    /// Returns the text of a text screen.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the items of a menu.
    pub fn items(&self) -> Option<&[MenuItem]> {
        match self {
            Self::Menu(items) => Some(items),
            _ => None,
        }
    }

    /// Returns the picture of an image screen.
    pub fn picture(&self) -> Option<&Picture> {
        match self {
            Self::Image { picture, .. } => Some(picture),
            _ => None,
        }
    }
}

/// An item of a menu.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MenuItem {
    /// Label.
    pub label: String,
    /// URL or URI of the vendor that it leads to.
    pub target: String,
}

/// An entry of a directory.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DirectoryEntry {
    /// Name.
    pub name: String,
    /// Number.
    pub number: String,
}

/// A field of a form.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FormField {
    /// Label.
    pub label: String,
    /// Name of the value in the query.
    pub parameter: String,
    /// Value; the default until the user changes it.
    pub value: String,
    /// Kind of input, in the vendor's notation.
    pub kind: String,
    /// Whether the value is hidden.
    pub secret: bool,
}

impl FormField {
    /// Returns whether this is the parameter or the label of the field. A colon at the end of a label
    /// does not count.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        self.parameter == name || self.label.trim_end_matches(':') == name.trim_end_matches(':')
    }
}

/// A soft key below the screen.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SoftKey {
    /// Position, from 1.
    pub position: usize,
    /// Label.
    pub label: String,
    /// URL or URI of the vendor that it runs.
    pub target: String,
}

/// A tone that the phone has played.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Tone {
    /// Name or URL.
    pub name: String,
    /// Content of the file; empty if the tone is built in.
    pub sound: Bytes,
}

/// A ring tone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Ringtone {
    /// Name or URL.
    pub name: String,
    /// Content of the file; empty if the tone is built in.
    pub sound: Bytes,
    /// Duration, if the content is known.
    pub length: Option<Duration>,
}

/// An HTTP request and its response; or one of CSTA over SIP, whose target is the name of the CSTA message,
/// or without one the request URI.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// Who sent the request.
    pub direction: Direction,
    /// Address of the client (received), or host and port of the server (fetched).
    pub peer: String,
    /// Method.
    pub method: String,
    /// Path and query (received), or URL (fetched), as sent.
    pub target: String,
    /// Headers of the request, in order.
    pub headers: Vec<(String, String)>,
    /// Body of the request.
    pub body: Bytes,
    /// Status of the response; `None` without a response.
    pub status: Option<u16>,
    /// Headers of the response, in order.
    pub response_headers: Vec<(String, String)>,
    /// Body of the response.
    pub response_body: Bytes,
    /// Why the phone refused the request or the response; `None` if it did not.
    pub refusal: Option<String>,
}

impl Exchange {
    /// Returns the first header of the request with this name, ignoring case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some(&found.1)
    }
}

/// The direction of a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Direction {
    /// Sent by the phone.
    Fetched,
    /// Sent to the phone.
    Received,
}

/// Appends to a log that drops its oldest entries.
fn push_bounded<T>(log: &mut Vec<T>, entry: T) {
    if log.len() >= MAX_LOG {
        log.remove(0);
    }
    log.push(entry);
}

/// Maximum number of entries of each log.
const MAX_LOG: usize = 512;

/// Maximum number of settings.
const MAX_SETTINGS: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_drop_their_oldest_entries() {
        let mut state = State::default();
        for number in 0..=MAX_LOG {
            state.dial(number.to_string());
        }
        assert_eq!(state.dialed.len(), MAX_LOG);
        assert_eq!(state.dialed.first().unwrap(), "1");
    }
}
