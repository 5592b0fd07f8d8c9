//! What a request asks for, read and checked.

use url::Url;

use super::{Notify, Verb};
use crate::screen::{Screen, Source};

/// What a phone is to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Sets the background.
    Background {
        /// The picture.
        image: Source,
        /// How it is made to fit.
        fit: Fit,
    },
    /// Takes a pushed screen away.
    Clear,
    /// Sends a NOTIFY as it is.
    Notify(Notify),
    /// Something that is in the vocabulary and that no vendor's backend does yet.
    Other(Verb),
    /// Nothing; handsetd itself answers.
    Ping,
    /// Shows something.
    Push(Push),
    /// Restarts the phone.
    Reboot,
    /// Makes the phone read its configuration again.
    Resync,
    /// Plays a tone now.
    Ring(Tone),
    /// Ends a tone that plays.
    RingStop,
    /// Sets the ring tone.
    Ringtone {
        /// The tone.
        tone: Tone,
        /// The line, counted from 1; `None` means the phone as a whole.
        line: Option<u8>,
    },
}

/// How a picture that has another shape than the display is made to fit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fit {
    /// All of the picture shows, with bars beside it.
    Contain,
    /// All of the display is covered, and the picture's edges are lost.
    Cover,
}

/// Something to show, and when.
#[derive(Clone, Debug, PartialEq)]
pub struct Push {
    /// What to show.
    pub content: Content,
    /// When.
    pub priority: Priority,
}

/// What a push shows.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// A document in the vendor's own words.
    Document(String),
    /// A screen, to be written in the vendor's words.
    Screen(Screen),
    /// A file of the templates folder, filled in.
    Template {
        /// Its name.
        name: String,
        /// What it is filled in with.
        values: Vec<(&'static str, String)>,
    },
    /// A document that the phone fetches itself.
    Url(Url),
}

/// When a screen is shown.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Priority {
    /// As soon as the phone is idle.
    Idle,
    /// At once.
    #[default]
    Now,
    /// Only if the phone is idle.
    OnlyIdle,
}

/// Something to hear.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Tone {
    /// One of the phone's own, by its name or number.
    BuiltIn(String),
    /// A recording.
    Source(Source),
}
