//! The vendors of simulated phones.
//!
//! A separate enum, because the simulator shares no code with what it tests.

use std::fmt;
use std::str::FromStr;

/// A vendor of simulated phones.
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
    /// All vendors, ordered by name.
    pub const ALL: [Self; 3] = [Self::Cisco, Self::Snom, Self::Yealink];

    /// Returns the lower-case name: `cisco`, `snom` or `yealink`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cisco => "cisco",
            Self::Snom => "snom",
            Self::Yealink => "yealink",
        }
    }

    /// Returns the name for display.
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

/// The name is not that of a vendor.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("unknown vendor `{0}`; expected cisco, snom or yealink")]
pub struct UnknownVendor(String);
