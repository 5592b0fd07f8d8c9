//! Who requested a delivery.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The requester of a delivery; its JSON is part of the API and of the outbox.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(crate) enum Requester {
    /// A call in the dialplan.
    Call {
        channel: String,
        /// Extension and context, such as `700@phones`.
        extension: String,
    },
    /// A user of the command line on this machine.
    CommandLine,
    /// A user of the web page.
    Page,
    /// A rule.
    Rule {
        rule: String,
        /// The event on which the rule fired.
        event: String,
    },
    /// A client of the admin API.
    Token {
        /// The name of the token that the client presented.
        name: String,
    },
    /// A `UserEvent` of the dialplan.
    UserEvent {
        /// Empty if no channel sent the event.
        channel: String,
        /// Extension and context, such as `700@phones`; empty without a channel.
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
