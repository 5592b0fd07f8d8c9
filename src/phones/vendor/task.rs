//! The input of a backend: an action whose images and tones are already converted for the phone.

use url::Url;

use crate::screen::Screen;
use crate::verb::{Control, Priority};

/// What a phone is to do. Media are given by URLs that the phone can fetch.
#[derive(Clone, Debug, PartialEq)]
pub enum Task {
    /// Sets the background.
    Background(BackgroundImage),
    /// Does something that needs no converted media.
    Control(Control),
    /// Shows content.
    Push(PreparedContent, Priority),
    /// Plays a tone now.
    Ring(PreparedTone),
    /// Sets the ring tone of a line, counted from 1, or of the phone.
    Ringtone(PreparedTone, Option<u8>),
}

impl From<Control> for Task {
    fn from(control: Control) -> Self {
        Self::Control(control)
    }
}

/// Content to show.
#[derive(Clone, Debug, PartialEq)]
pub enum PreparedContent {
    /// A document in the vendor's own format.
    Document(String),
    /// A screen, and its image if the screen shows one.
    Screen(Box<Screen>, Option<Image>),
    /// A document that the phone fetches from elsewhere; no page.
    Url(Url),
}

/// The image of a screen.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Image {
    /// A file to fetch.
    File(Url),
    /// Pixels to embed in the document, in the vendor's encoding.
    Pixels {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
        /// The pixels, as hexadecimal digits.
        data: String,
    },
}

/// A background image to fetch.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BackgroundImage {
    /// The URL of the full-size image.
    pub image: Url,
    /// The URL of the thumbnail for the phone's menu.
    pub thumbnail: Option<Url>,
    /// The file name, unique per image.
    pub name: String,
}

/// A tone to play or set.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum PreparedTone {
    /// An audio file to fetch.
    AudioFile(AudioFile),
    /// A built-in tone of the phone, by name or number.
    BuiltIn(String),
}

/// An audio file to fetch.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AudioFile {
    /// Its URL.
    pub url: Url,
    /// The file name, unique per tone.
    pub name: String,
}
