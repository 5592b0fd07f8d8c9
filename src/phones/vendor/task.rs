//! What a backend is asked: an action with its pictures and tones already made to measure.

use url::Url;

use crate::screen::Screen;
use crate::verb::{Control, Priority};

/// What a phone is to do, in terms of addresses that it can fetch.
#[derive(Clone, Debug, PartialEq)]
pub enum Task {
    /// Sets the background.
    Background(Picture),
    /// Does or tells something that needs nothing made to measure.
    Control(Control),
    /// Shows something.
    Push(PreparedContent, Priority),
    /// Plays a tone now.
    Ring(PreparedTone),
    /// Sets the ring tone, of one line or of the phone.
    Ringtone(PreparedTone, Option<u8>),
}

impl From<Control> for Task {
    fn from(control: Control) -> Self {
        Self::Control(control)
    }
}

/// Something to show.
#[derive(Clone, Debug, PartialEq)]
pub enum PreparedContent {
    /// A document in the vendor's own words.
    Document(String),
    /// A screen, and its picture if it is one.
    Screen(Box<Screen>, Option<Image>),
    /// A document that the phone fetches from elsewhere.
    Url(Url),
}

/// The picture of a screen.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Image {
    /// A file to fetch.
    File(Url),
    /// Pixels that documents in the document itself, as the vendor writes them.
    Pixels {
        /// From left to right.
        width: u32,
        /// From top to bottom.
        height: u32,
        /// The pixels, as hexadecimal digits.
        data: String,
    },
}

/// A picture to fetch.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Picture {
    /// The picture in its full size.
    pub image: Url,
    /// The same in small, for the phone's list of pictures.
    pub thumbnail: Option<Url>,
    /// The name of the file, different for each picture.
    pub name: String,
}

/// Something to hear.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum PreparedTone {
    /// One of the phone's own tones.
    BuiltIn(String),
    /// A recording to fetch.
    AudioFile(AudioFile),
}

/// A recording to fetch.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AudioFile {
    /// Where it is.
    pub url: Url,
    /// The name of the file, different for each recording.
    pub name: String,
}
