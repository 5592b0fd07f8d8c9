//! What a step does.

use crate::rules::config::{Value, Values};

/// What a step does, which one of its keys says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::rules) enum Kind {
    Ami,
    Verb,
    Wait,
    Webhook,
}

impl Kind {
    /// Returns what a step with these keys does, and the value of the key that says so. A step with a verb is
    /// a request, and its `wait` a key of that verb.
    pub(super) fn of(values: &Values) -> Option<(Self, &Value)> {
        let mut all = [Self::Verb, Self::Webhook, Self::Ami, Self::Wait].into_iter();
        let found = all.find_map(|kind| Some((kind, values.get(kind.key())?)));
        let file = values.get(WEBHOOK_FILE);
        found.or_else(|| Some((Self::Webhook, file?)))
    }

    /// Returns the key.
    pub(in crate::rules) const fn key(self) -> &'static str {
        match self {
            Self::Ami => "ami",
            Self::Verb => "verb",
            Self::Wait => "wait",
            Self::Webhook => "webhook",
        }
    }
}

/// The key of a file that contains the URL of a web hook, which is a secret.
pub(super) const WEBHOOK_FILE: &str = "webhook_file";
