//! Methods of requests.

use std::fmt;

use super::text::Token;

/// The method of a request. Names are case-sensitive.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Method {
    /// Confirms a final response to an INVITE.
    Ack,
    /// Ends a dialog.
    Bye,
    /// Cancels an INVITE in progress.
    Cancel,
    /// Carries application data within a dialog (RFC 6086).
    Info,
    /// Establishes or refreshes a dialog.
    Invite,
    /// Asks for capabilities.
    Options,
    /// Binds a contact to an address of record.
    Register,
    /// Refreshes a dialog (RFC 3311).
    Update,
    /// A method that this crate does not implement.
    Other(Token),
}

impl Method {
    /// Returns the method of this name.
    pub fn from_token(name: &Token) -> Self {
        match &**name {
            "ACK" => Self::Ack,
            "BYE" => Self::Bye,
            "CANCEL" => Self::Cancel,
            "INFO" => Self::Info,
            "INVITE" => Self::Invite,
            "OPTIONS" => Self::Options,
            "REGISTER" => Self::Register,
            "UPDATE" => Self::Update,
            _ => Self::Other(name.clone()),
        }
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Ack => "ACK",
            Self::Bye => "BYE",
            Self::Cancel => "CANCEL",
            Self::Info => "INFO",
            Self::Invite => "INVITE",
            Self::Options => "OPTIONS",
            Self::Register => "REGISTER",
            Self::Update => "UPDATE",
            Self::Other(name) => name,
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
