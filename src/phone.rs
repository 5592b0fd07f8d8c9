//! What handsetd knows about one desk phone. Plain values: no I/O, nothing of Asterisk or HTTP.

use std::fmt;
use std::str::FromStr;

/// A maker of desk phones whose ways handsetd speaks.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Vendor {
    /// Cisco (7900, 8800 and relatives).
    Cisco,
    /// Snom.
    Snom,
    /// Yealink.
    Yealink,
}

impl Vendor {
    /// All of them, in the order of their names.
    pub const ALL: [Self; 3] = [Self::Cisco, Self::Snom, Self::Yealink];

    /// Returns the name that configuration and status use: lower case, one word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cisco => "cisco",
            Self::Snom => "snom",
            Self::Yealink => "yealink",
        }
    }
}

impl fmt::Display for Vendor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Vendor {
    type Err = UnknownVendor;

    fn from_str(name: &str) -> Result<Self, UnknownVendor> {
        Self::ALL
            .into_iter()
            .find(|vendor| vendor.name().eq_ignore_ascii_case(name))
            .ok_or_else(|| UnknownVendor(name.to_owned()))
    }
}

/// The name of a vendor that handsetd does not know.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`{0}` is no vendor that handsetd knows; known are cisco, snom, yealink")]
pub struct UnknownVendor(String);
