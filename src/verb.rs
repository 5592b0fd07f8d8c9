//! The vocabulary: what can be asked of a phone, with which keys, in one table.
//!
//! The dialplan, rules, the HTTP interface and the command line all come through
//! [`Request::parse`], so a verb exists in all of them or in none. Nothing here knows how a phone is
//! told, nor which phone can do what.

mod action;
mod kind;
mod notify;
mod request;
mod table;
mod value;

pub use action::{Action, Content, Fit, Priority, Push, Tone};
pub use kind::Kind;
pub use notify::Notify;
pub use request::{Refusal, Request, Via};
pub use table::{COMMON, Key, Row, TABLE};

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
