//! The makers of phones.

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

    /// Returns the name as people write it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Cisco => "Cisco",
            Self::Snom => "Snom",
            Self::Yealink => "Yealink",
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
#[error("`{0}` is no vendor that handsetd knows; it knows cisco, snom and yealink")]
pub struct UnknownVendor(String);
