//! What a request asks for, read and checked.

use super::{Control, Mobility, Push};
use crate::screen::Source;

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
    /// Something that needs nothing made to measure.
    Control(Control),
    /// Something that the call manager does.
    Mobility(Mobility),
    /// Nothing; handsetd itself answers.
    Ping,
    /// Shows something.
    Push(Push),
    /// Plays a tone now.
    Ring(Tone),
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

/// Something to hear.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Tone {
    /// One of the phone's own, by its name or number.
    BuiltIn(String),
    /// A recording.
    Source(Source),
}
