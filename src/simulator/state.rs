//! What can be seen and heard of a simulated phone, and what it was told and told others.
//!
//! Plain values: nothing here fetches, decides or draws.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;

use crate::calling::Calling;
use crate::calls::Calls;
use crate::picture::Picture;

/// Everything that can be known of a simulated phone at one moment.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// The pushed screen; none while the phone is idle.
    pub screen: Option<Screen>,
    /// A line of text beside the screen (Cisco's and Yealink's status messages).
    pub status: Option<String>,
    /// The tones played so far, oldest first.
    pub played: Vec<Tone>,
    /// Whether a ringer plays until somebody stops it.
    pub ringing: bool,
    /// The ring tone that was set; none is the factory's.
    pub ringtone: Option<Ringtone>,
    /// The background that was set; none is the factory's.
    pub background: Option<Picture>,
    /// The background's small picture for the phone's own menu (Cisco).
    pub thumbnail: Option<Picture>,
    /// The keys pressed from outside, oldest first.
    pub keys: Vec<String>,
    /// The numbers dialed, oldest first.
    pub dialed: Vec<String>,
    /// The calls that the phone is in (Snom).
    pub calls: Calls,
    /// The calls, and what becomes of those to come (Yealink).
    pub calling: Calling,
    /// The settings changed from outside.
    pub settings: BTreeMap<String, String>,
    /// The lamps switched from outside, with what they do.
    pub lamps: BTreeMap<String, String>,
    /// How many requests carried a wrong name or password.
    pub bad_credentials: usize,
    /// What an onlooker should know, in sentences, oldest first.
    pub remarks: Vec<String>,
    /// Every HTTP request received and made, oldest first.
    pub exchanges: Vec<Exchange>,
}

impl State {
    /// Returns the exchanges that the phone refused, with the reason.
    pub fn refusals(&self) -> impl Iterator<Item = (&Exchange, &str)> {
        self.exchanges
            .iter()
            .filter_map(|exchange| Some((exchange, exchange.refusal.as_deref()?)))
    }

    pub(crate) fn log(&mut self, exchange: Exchange) {
        keep(&mut self.exchanges, exchange);
    }

    pub(crate) fn remark(&mut self, remark: impl Into<String>) {
        keep(&mut self.remarks, remark.into());
    }

    pub(crate) fn press(&mut self, key: impl Into<String>) {
        keep(&mut self.keys, key.into());
    }

    pub(crate) fn dial(&mut self, number: impl Into<String>) {
        keep(&mut self.dialed, number.into());
    }

    pub(crate) fn play(&mut self, played: Tone) {
        keep(&mut self.played, played);
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        if self.settings.len() < MAX_SETTINGS || self.settings.contains_key(name) {
            self.settings.insert(name.to_owned(), value.to_owned());
        }
    }
}

/// A screen, whoever's it is.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Screen {
    /// The line at the top.
    pub title: String,
    /// The line above the soft keys.
    pub prompt: String,
    /// What is between.
    pub content: Content,
    /// The keys below the screen, in the order of their places.
    pub soft_keys: Vec<SoftKey>,
    /// Where the document came from; none if it was in the push itself.
    pub source: Option<String>,
    /// The document as it arrived.
    pub document: String,
    /// How the phone was asked to call attention to it.
    pub beep: bool,
    /// How long it stays; none is for ever.
    pub timeout: Option<Duration>,
}

/// What a screen shows between its title and its soft keys.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Content {
    /// Names with numbers to dial.
    Directory(Vec<DirectoryEntry>),
    /// The phone's own words about a document that it can't show.
    Error(String),
    /// Fields to fill in and send.
    Form {
        /// Where the values go.
        submit: String,
        /// The fields, in order.
        inputs: Vec<FormField>,
    },
    /// A picture, and the text that some vendors allow beside it.
    Image {
        /// The picture, as large as it is shown.
        picture: Picture,
        /// The text.
        text: String,
    },
    /// Lines to choose from.
    Menu(Vec<MenuItem>),
    /// Words.
    Text(String),
}

impl Default for Content {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

impl Content {
    /// Returns the words of a text screen.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the lines of a menu.
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

/// One line of a menu.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MenuItem {
    /// What it says.
    pub label: String,
    /// What it leads to, in the vendor's own form.
    pub target: String,
}

/// One line of a directory.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DirectoryEntry {
    /// Who.
    pub name: String,
    /// The number.
    pub number: String,
}

/// One field of a form.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FormField {
    /// What it says.
    pub label: String,
    /// The name of the value when it is sent.
    pub parameter: String,
    /// What it holds before anybody types.
    pub value: String,
    /// The kind of text it takes, in the vendor's own form.
    pub kind: String,
    /// Whether what is typed stays hidden.
    pub secret: bool,
}

/// A key below the screen.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SoftKey {
    /// Its place, from 1.
    pub position: usize,
    /// What it says.
    pub label: String,
    /// What it does, in the vendor's own form.
    pub target: String,
}

/// A tone that was played.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Tone {
    /// The name or URL of it.
    pub name: String,
    /// The sound, where it was fetched.
    pub sound: Bytes,
}

/// A ring tone that was set.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Ringtone {
    /// The name or URL of it.
    pub name: String,
    /// The sound, where it was fetched.
    pub sound: Bytes,
    /// How long it is, where the sound is known.
    pub length: Option<Duration>,
}

/// One HTTP request and what came of it.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// Who asked.
    pub direction: Direction,
    /// The other side's address (received) or host and port (fetched).
    pub peer: String,
    /// `GET`, `POST`, …
    pub method: String,
    /// The path and query (received) or the whole URL (fetched), as sent.
    pub target: String,
    /// The request's headers, in order.
    pub headers: Vec<(String, String)>,
    /// The request's body.
    pub body: Bytes,
    /// The answer's status; none if there was no answer.
    pub status: Option<u16>,
    /// The answer's headers, in order.
    pub response_headers: Vec<(String, String)>,
    /// The answer's body.
    pub response_body: Bytes,
    /// Why the phone refused it, in words; none if all was well.
    pub refusal: Option<String>,
}

impl Exchange {
    /// Returns the first header of the request with this name, whatever its case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some(&found.1)
    }
}

/// Who asked whom.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Direction {
    /// The phone asked.
    Fetched,
    /// The phone was asked.
    Received,
}

/// Appends to a log that forgets its oldest entries.
fn keep<T>(log: &mut Vec<T>, entry: T) {
    if log.len() >= MAX_LOG {
        log.remove(0);
    }
    log.push(entry);
}

/// The most entries that each log of a phone keeps.
const MAX_LOG: usize = 512;

/// The most settings that a phone keeps.
const MAX_SETTINGS: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_forget_their_oldest_entries() {
        let mut state = State::default();
        for number in 0..=MAX_LOG {
            state.dial(number.to_string());
        }
        assert_eq!(state.dialed.len(), MAX_LOG);
        assert_eq!(state.dialed.first().unwrap(), "1");
    }
}
