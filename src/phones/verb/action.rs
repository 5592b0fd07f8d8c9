//! Actions.

use super::control::Control;
use super::mobility::Mobility;
use super::push::Push;
use super::tone::Tone;
use crate::screen::Source;

/// An action to perform on a phone.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Sets the background.
    Background {
        /// The image.
        image: Source,
        /// How the image fills the display.
        fit: Fit,
    },
    /// Does something that needs no converted media.
    Control(Control),
    /// Does something that the call manager performs.
    Mobility(Mobility),
    /// Nothing; handsetd itself responds.
    Ping,
    /// Shows content.
    Push(Push),
    /// Plays a tone now.
    Ring(Tone),
    /// Sets the ring tone.
    Ringtone {
        /// The tone.
        tone: Tone,
        /// The line, counted from 1; `None` means the whole phone.
        line: Option<u8>,
    },
}

/// How an image of another aspect ratio fills the display.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Fit {
    /// Shows the whole image, with black bars.
    Contain,
    /// Fills the whole display and crops the image.
    #[default]
    Cover,
}
