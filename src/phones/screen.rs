//! What a push shows, in no vendor's words.
//!
//! The vendors' documents are made from this model; their limits are not known here.

mod target;

use std::fmt;
use std::time::Duration;

use url::Url;

pub(crate) use target::http_url;
pub use target::{KeyName, Number, Target};

/// One screen.
#[derive(Clone, Debug, PartialEq)]
pub struct Screen {
    /// The line on top.
    pub title: Option<String>,
    /// A line that says what to do; phones without a place for it show it with the title or text.
    pub prompt: Option<String>,
    /// What it is about.
    pub body: Body,
    /// Keys below the display, left to right; none means the phone's own.
    pub softkeys: Vec<SoftKey>,
    /// How long it stays; `None` until someone takes it away.
    pub timeout: Option<Duration>,
    /// Whether the phone beeps; `None` leaves it to us.
    pub beep: Option<bool>,
}

/// What a screen is about.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// Names and numbers to call.
    Directory(Vec<Entry>),
    /// Fields to fill in.
    Form {
        /// Where the values go, by GET, as a query.
        submit: Url,
        /// The fields.
        inputs: Vec<Input>,
    },
    /// A picture.
    Image(Source),
    /// A choice.
    Menu(Vec<Item>),
    /// Text; line breaks count.
    Text(String),
}

/// One line of a menu.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Item {
    /// What the line says.
    pub label: String,
    /// What it does.
    pub target: Target,
}

/// One line of a directory.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Entry {
    /// Who.
    pub name: String,
    /// The number to dial.
    pub number: Number,
}

/// A key below the display.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SoftKey {
    /// What it says.
    pub label: String,
    /// What it does.
    pub target: Target,
}

/// A field of a form.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Input {
    /// What it says beside the field.
    pub label: String,
    /// The name of the value in the query: letters, digits, `_`, `-` and `.`, at most 32.
    pub parameter: String,
    /// What may be typed.
    pub kind: InputKind,
}

/// What may be typed into a field.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum InputKind {
    /// Lower-case letters.
    Lower,
    /// Digits.
    Number,
    /// Anything, and it does not show.
    Password,
    /// A telephone number.
    Phone,
    /// Anything.
    Text,
    /// Upper-case letters.
    Upper,
}

impl InputKind {
    /// All of them, with the words for them.
    pub const ALL: [(&'static str, Self); 6] = [
        ("lower", Self::Lower),
        ("number", Self::Number),
        ("password", Self::Password),
        ("phone", Self::Phone),
        ("text", Self::Text),
        ("upper", Self::Upper),
    ];
}

/// Where a picture or a tone comes from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Source {
    /// A file in one of the media folders.
    File(String),
    /// A server.
    Url(Url),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => f.write_str(path),
            Self::Url(url) => write!(f, "{url}"),
        }
    }
}
