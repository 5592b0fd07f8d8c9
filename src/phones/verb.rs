//! The vocabulary: what can be asked of a phone, with which keys, in one table.
//!
//! The dialplan, rules, the HTTP interface and the command line all come through
//! [`Request::parse`], so a verb exists in all of them or in none. Nothing here knows how a phone is
//! told, nor which phone can do what.

mod action;
mod call;
mod control;
mod csta;
mod key;
mod kind;
mod led;
mod mobility;
mod notify;
mod push;
mod read;
mod request;
mod setting;
mod stream;
mod table;
mod value;
mod vendor_uri;

pub use action::{Action, Fit, Tone};
pub use call::{CallControl, CallId, Digits, Forward, ForwardKind, TransferKind};
pub use control::{Backlight, Control};
pub use csta::{Csta, Element, Inside};
pub use key::KeyPress;
pub use kind::Kind;
pub use led::{Led, LedColor, LedName, LedState};
pub use mobility::{DeviceName, Mobility, UserId};
pub use notify::Notify;
pub use push::{Content, Priority, Push};
pub use request::{Refusal, Request, Via};
pub use setting::{Setting, SettingName, Settings};
pub use stream::{Codec, Mode, Stream};
pub use table::{COMMON, Key, Row, TABLE};
pub use vendor_uri::VendorUri;

use std::fmt;

/// What can be asked of a phone.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Verb(&'static Row);

impl Verb {
    /// Returns the verb of that name.
    pub fn find(name: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.name == name).map(Self)
    }

    /// Returns its name.
    pub const fn name(self) -> &'static str {
        self.0.name
    }

    /// Returns what the table says of it.
    pub const fn row(self) -> &'static Row {
        self.0
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
