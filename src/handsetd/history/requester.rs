//! Who asked for a delivery.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Who asked.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Requester {
    /// A call in the dialplan.
    Call {
        /// The channel.
        channel: String,
        /// Where the call is, as `700@phones`.
        extension: String,
    },
    /// Somebody at the command line of this machine.
    CommandLine,
    /// Somebody at the administrator's page.
    Page,
    /// A rule.
    Rule {
        /// Its name.
        rule: String,
        /// The event that it fired on.
        event: String,
    },
    /// A program, by the administrator's door.
    Token {
        /// The name of the token that it showed.
        name: String,
    },
    /// A `UserEvent` of the dialplan.
    UserEvent {
        /// The channel; empty if no channel sent it.
        channel: String,
        /// Where the call is, as `700@phones`; empty if there is none.
        extension: String,
    },
}

impl fmt::Display for Requester {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call { channel, extension } => write!(f, "call {channel} at {extension}"),
            Self::CommandLine => f.write_str("command line"),
            Self::Page => f.write_str("page"),
            Self::Rule { rule, event } => write!(f, "rule {rule} on {event}"),
            Self::Token { name } => write!(f, "token {name}"),
            Self::UserEvent { channel, extension } if !channel.is_empty() => {
                write!(f, "user event of {channel} at {extension}")
            }
            Self::UserEvent { .. } => f.write_str("user event"),
        }
    }
}
