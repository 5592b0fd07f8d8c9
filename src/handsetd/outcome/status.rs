//! The status of a request.

use std::fmt;

/// The status of a request, as dialplans and programs read it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Status {
    /// The phone refused handsetd: password, allow-list, authentication URL.
    Denied,
    /// handsetd failed; the log has the cause, under the id of the delivery.
    Error,
    /// The request is invalid.
    Invalid,
    /// No such phone, or its vendor or address is unknown.
    NotFound,
    /// The phone confirmed, or it accepted over a transport without confirmation.
    Ok,
    /// Several phones, not all `OK`; the reason lists each.
    Partial,
    /// Accepted, and in progress or stored.
    Queued,
    /// The phone understood and refused; the reason quotes it.
    Rejected,
    /// It was sent and no reply arrived: it may have happened, so it is not repeated.
    Unknown,
    /// Nothing was sent: no route, connection refused, not registered, Asterisk not connected.
    Unreachable,
    /// The phone does not support this.
    Unsupported,
}

impl Status {
    /// All statuses, in alphabetical order.
    pub(crate) const ALL: [Self; 11] = [
        Self::Denied,
        Self::Error,
        Self::Invalid,
        Self::NotFound,
        Self::Ok,
        Self::Partial,
        Self::Queued,
        Self::Rejected,
        Self::Unknown,
        Self::Unreachable,
        Self::Unsupported,
    ];

    /// Returns the status with this name, in any case.
    pub(crate) fn find(word: &str) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|status| status.word().eq_ignore_ascii_case(word))
    }

    /// Returns the name, as in `HANDSET_STATUS`.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Denied => "DENIED",
            Self::Error => "ERROR",
            Self::Invalid => "INVALID",
            Self::NotFound => "NOTFOUND",
            Self::Ok => "OK",
            Self::Partial => "PARTIAL",
            Self::Queued => "QUEUED",
            Self::Rejected => "REJECTED",
            Self::Unknown => "UNKNOWN",
            Self::Unreachable => "UNREACHABLE",
            Self::Unsupported => "UNSUPPORTED",
        }
    }

    /// Returns the HTTP status code with which the admin API reports the status.
    pub(crate) const fn http_code(self) -> u16 {
        match self {
            Self::Ok => 200,
            Self::Queued => 202,
            Self::Partial => 207,
            Self::Invalid => 400,
            Self::NotFound => 404,
            Self::Rejected => 409,
            Self::Unsupported => 422,
            Self::Error => 500,
            Self::Denied => 502,
            Self::Unreachable => 503,
            Self::Unknown => 504,
        }
    }

    /// Returns what the status means, for administrators: sentences without the last full stop.
    pub(crate) const fn meaning(self) -> &'static str {
        match self {
            Self::Denied => {
                "The phone refused handsetd: its password, its allow-list or its authentication URL. \
                 The reason names the setting of the phone to change"
            }
            Self::Error => {
                "A fault of handsetd. The log has the cause, under the id of the delivery"
            }
            Self::Invalid => "The request is wrong. The reason names the key and what to write",
            Self::NotFound => {
                "No such phone, or its vendor or address is unknown. The reason lists what was tried"
            }
            Self::Ok => {
                "The phone confirmed, or it accepted over a transport without confirmation. What it \
                 fetches later is noted in the reason"
            }
            Self::Partial => "Several phones, not all `OK`. The reason lists each",
            Self::Queued => {
                "Accepted, and delivery continues: with `wait=no`, with `keep` while the phone \
                 cannot be reached, or when a call has waited for `agi.budget`"
            }
            Self::Rejected => "The phone understood and refused. The reason quotes it",
            Self::Unknown => {
                "It was sent and no reply arrived. It may have happened, so it is not repeated"
            }
            Self::Unreachable => {
                "Nothing was sent: no route, connection refused, not registered, or Asterisk is not \
                 connected. It can be repeated"
            }
            Self::Unsupported => "This phone cannot do this. The reason says why",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
