//! Transports.

use serde::Deserialize;

/// A transport to a phone.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Via {
    /// CSTA over HTTP.
    Csta,
    /// HTTP to the phone.
    Http,
    /// A SIP NOTIFY sent by Asterisk.
    Notify,
    /// A call placed by Asterisk.
    Pbx,
}

impl Via {
    /// All transports, in order of preference.
    pub const ALL: [Self; 4] = [Self::Http, Self::Notify, Self::Csta, Self::Pbx];

    /// Returns the name that the key `via` takes.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Csta => "csta",
            Self::Http => "http",
            Self::Notify => "notify",
            Self::Pbx => "pbx",
        }
    }
}
