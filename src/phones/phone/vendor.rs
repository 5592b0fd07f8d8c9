//! Vendors.

use std::fmt;
use std::str::FromStr;

/// A supported vendor of desk phones.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Vendor {
    /// Cisco (7900, 8800 and relatives).
    Cisco,
    /// Any other, without a backend of its own: for CSTA sessions, NOTIFYs and calls by Asterisk. No User-Agent
    /// is recognized as it.
    Generic,
    /// Snom.
    Snom,
    /// Yealink.
    Yealink,
}

impl Vendor {
    /// All vendors, in the order of their names.
    pub const ALL: [Self; 4] = [Self::Cisco, Self::Generic, Self::Snom, Self::Yealink];

    /// The vendors whose phones handsetd recognizes and controls by their web servers.
    pub const WITH_BACKEND: [Self; 3] = [Self::Cisco, Self::Snom, Self::Yealink];

    /// Returns the lower-case name in configuration and results.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cisco => "cisco",
            Self::Generic => "generic",
            Self::Snom => "snom",
            Self::Yealink => "yealink",
        }
    }

    /// Returns the name in prose.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Cisco => "Cisco",
            Self::Generic => "other",
            Self::Snom => "Snom",
            Self::Yealink => "Yealink",
        }
    }

    /// Returns what the account of a phone's web server is called on the phone.
    pub const fn account(self) -> &'static str {
        match self {
            Self::Cisco => "the user name and password of its user",
            Self::Generic => "its user name and password",
            Self::Snom => "its http_user and http_pass",
            Self::Yealink => "the user name and password of its web administrator",
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

/// The name of an unsupported vendor.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "unknown vendor {0:?}; expected cisco, snom or yealink, or generic for a phone of another vendor"
)]
pub struct UnknownVendor(String);
