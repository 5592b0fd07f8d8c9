//! Who requested a delivery.

use std::fmt;

use handset_net::excerpt::excerpt;
use serde::{Deserialize, Serialize};

/// The requester of a delivery; its JSON is part of the API and of the outbox.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(crate) enum Requester {
    /// A program on the bus of the cluster.
    Bus,
    /// A call in the dialplan.
    Call {
        channel: String,
        /// Extension and context, such as `700@phones`.
        extension: String,
    },
    /// A user of the command line, as its User-Agent says.
    CommandLine {
        /// The name of the user; empty in outboxes of earlier versions.
        #[serde(default)]
        name: String,
    },
    /// A user of the web page.
    Page {
        /// The name of the user; empty in outboxes of earlier versions.
        #[serde(default)]
        name: String,
    },
    /// A rule.
    Rule {
        rule: String,
        /// The event on which the rule fired.
        event: String,
        /// The rules whose runs led to that event, earliest first.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        after: Vec<String>,
    },
    /// A client of the admin API.
    Token {
        /// The name of the user.
        name: String,
    },
    /// A `UserEvent` of the dialplan.
    UserEvent {
        /// Empty if no channel sent the event.
        channel: String,
        /// Extension and context, such as `700@phones`; empty without a channel.
        extension: String,
    },
    /// One of a kind that only a later version knows, which runs elsewhere in the cluster.
    #[serde(other)]
    Other,
}

impl Requester {
    /// Returns the name of the user of the admin server who made the request; empty if it has another
    /// origin.
    pub(crate) fn user(&self) -> &str {
        match self {
            Self::CommandLine { name } | Self::Page { name } | Self::Token { name } => name,
            Self::Bus
            | Self::Call { .. }
            | Self::Other
            | Self::Rule { .. }
            | Self::UserEvent { .. } => "",
        }
    }

    /// Returns a copy to keep, in which names of more than `limit` bytes are cut. Asterisk passes on names
    /// that a caller chose.
    #[must_use]
    pub(crate) fn excerpt(&self, limit: usize) -> Self {
        let cut = |text: &str| excerpt(text, limit).into_owned();
        match self {
            Self::Call { channel, extension } => Self::Call {
                channel: cut(channel),
                extension: cut(extension),
            },
            // Names of users and of rules come from the configuration.
            Self::Bus
            | Self::CommandLine { .. }
            | Self::Other
            | Self::Page { .. }
            | Self::Token { .. } => self.clone(),
            Self::Rule { rule, event, after } => Self::Rule {
                rule: rule.clone(),
                event: cut(event),
                after: after.clone(),
            },
            Self::UserEvent { channel, extension } => Self::UserEvent {
                channel: cut(channel),
                extension: cut(extension),
            },
        }
    }

    /// Returns the rules whose runs led to the request, earliest first.
    pub(crate) fn rules(&self) -> impl Iterator<Item = &str> {
        let (after, rule) = match self {
            Self::Rule { rule, after, .. } => (after.as_slice(), Some(rule)),
            _ => (&[][..], None),
        };
        after.iter().chain(rule).map(String::as_str)
    }
}

impl fmt::Display for Requester {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bus => f.write_str("bus"),
            Self::Call { channel, extension } => write!(f, "call {channel} at {extension}"),
            Self::CommandLine { name } => write_with_user(f, "command line", name),
            Self::Other => f.write_str("unknown"),
            Self::Page { name } => write_with_user(f, "page", name),
            Self::Rule { rule, event, .. } => write!(f, "rule {rule} on {event}"),
            Self::Token { name } => write!(f, "token {name}"),
            Self::UserEvent { channel, extension } if !channel.is_empty() => {
                write!(f, "user event of {channel} at {extension}")
            }
            Self::UserEvent { .. } => f.write_str("user event"),
        }
    }
}

fn write_with_user(f: &mut fmt::Formatter<'_>, client: &str, name: &str) -> fmt::Result {
    if name.is_empty() {
        f.write_str(client)
    } else {
        write!(f, "{client} of {name}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requesters_without_a_name_are_read() {
        for (json, shown) in [
            (r#"{"kind": "page"}"#, "page"),
            (r#"{"kind": "command-line"}"#, "command line"),
            (r#"{"kind": "page", "name": "ann"}"#, "page of ann"),
            (r#"{"kind": "token", "name": "ann"}"#, "token ann"),
        ] {
            let requester: Requester = serde_json::from_str(json).unwrap();
            assert_eq!(requester.to_string(), shown);
        }
    }

    #[test]
    fn rules_that_led_to_a_request_survive_in_json() {
        let rule = Requester::Rule {
            rule: "b".to_owned(),
            event: "handsetd.expired".to_owned(),
            after: vec!["a".to_owned()],
        };
        let json = serde_json::to_string(&rule).unwrap();
        let read: Requester = serde_json::from_str(&json).unwrap();
        assert_eq!(read.rules().collect::<Vec<_>>(), ["a", "b"]);
        // Of an earlier version, or the first of a chain.
        let first = r#"{"kind":"rule","rule":"b","event":"Hangup"}"#;
        let read: Requester = serde_json::from_str(first).unwrap();
        assert_eq!(read.rules().collect::<Vec<_>>(), ["b"]);
        assert_eq!(serde_json::to_string(&read).unwrap(), first);
        let page: Requester = serde_json::from_str(r#"{"kind": "page"}"#).unwrap();
        assert_eq!(page.rules().count(), 0);
    }
}
