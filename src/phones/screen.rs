//! Screens, independent of the vendor.
//!
//! Backends write the vendors' documents from this model and apply their limits.

mod number;
mod page_link;
mod target;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use url::Url;

use crate::invalid_value::InvalidValue;

pub use number::Number;
pub use page_link::{PageLink, PageName};
pub(crate) use target::http_url;
pub use target::{KeyName, Target};

/// A screen.
#[derive(Clone, Debug, PartialEq)]
pub struct Screen {
    /// The title line.
    pub title: Option<String>,
    /// An instruction; phones without a prompt show it with the title or text.
    pub prompt: Option<String>,
    /// The content.
    pub body: Body,
    /// Keys below the display, left to right; if empty, the phone shows its own.
    pub softkeys: Vec<SoftKey>,
    /// How long the screen stays; `None` until it is closed.
    pub timeout: Option<Duration>,
    /// Whether the phone beeps; `None` is the default of the backend.
    pub beep: Option<bool>,
}

impl Screen {
    /// Returns the pages of handsetd that items and soft keys lead to.
    pub fn page_links(&self) -> impl Iterator<Item = &PageLink> {
        let items = match &self.body {
            Body::Menu(items) => items.as_slice(),
            _ => &[],
        };
        let items = items.iter().map(|item| &item.target);
        let softkeys = self.softkeys.iter().map(|key| &key.target);
        items.chain(softkeys).filter_map(|target| match target {
            Target::Page(link) => Some(link),
            _ => None,
        })
    }
}

/// The content of a screen.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// Names and numbers to call.
    Directory(Vec<Entry>),
    /// Fields to fill in.
    Form {
        /// Where the phone sends the values.
        submit: Submit,
        /// The fields.
        inputs: Vec<Input>,
    },
    /// An image.
    Image(Source),
    /// A menu.
    Menu(Vec<Item>),
    /// Text with line breaks.
    Text(String),
}

/// Where the values of a form go.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Submit {
    /// To handsetd, for its rules.
    Handsetd,
    /// To a server of someone else: the phone requests the URL with the values as its query.
    Url(Url),
}

/// A menu item.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Item {
    /// The label.
    pub label: String,
    /// The target.
    pub target: Target,
}

/// A directory entry.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Entry {
    /// The name.
    pub name: String,
    /// The number to dial.
    pub number: Number,
}

/// A key below the display.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SoftKey {
    /// The label.
    pub label: String,
    /// The target.
    pub target: Target,
}

/// A field of a form.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Input {
    /// The label.
    pub label: String,
    /// The name of the query parameter: up to 32 letters, digits, `_`, `-` and `.`.
    pub parameter: String,
    /// The accepted input.
    pub kind: InputKind,
}

/// The input that a field accepts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum InputKind {
    /// Lower-case letters.
    Lower,
    /// Digits.
    Number,
    /// Anything, hidden.
    Password,
    /// A telephone number.
    Phone,
    /// Anything.
    Text,
    /// Upper-case letters.
    Upper,
}

impl InputKind {
    /// All kinds with their names.
    pub const ALL: [(&'static str, Self); 6] = [
        ("lower", Self::Lower),
        ("number", Self::Number),
        ("password", Self::Password),
        ("phone", Self::Phone),
        ("text", Self::Text),
        ("upper", Self::Upper),
    ];
}

/// The source of an image or tone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Source {
    /// A file in one of the media folders.
    File(String),
    /// A URL.
    Url(Url),
}

impl FromStr for Source {
    type Err = InvalidValue;

    /// Parses an http or https URL, or else the path of a file.
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        if text.is_empty() {
            return Err(InvalidValue::Empty {
                hint: "use a file or a URL",
            });
        }
        if text.contains("://") {
            let hint = "use an http or https URL";
            let url = http_url(text).ok_or_else(|| InvalidValue::malformed("URL", text, hint))?;
            return Ok(Self::Url(url));
        }
        if text.chars().any(char::is_control) {
            return Err(InvalidValue::malformed("file name", text, ""));
        }
        Ok(Self::File(text.to_owned()))
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => f.write_str(path),
            Self::Url(url) => write!(f, "{url}"),
        }
    }
}
