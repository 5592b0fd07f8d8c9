//! The names and values of facts, as they came.

use std::sync::Arc;

use handset_ami as ami;

/// Where the names and values of a fact are.
#[derive(Clone, Debug)]
pub(super) enum Source {
    Ami(ami::Event),
    Pairs(Arc<[(String, String)]>),
    /// Asterisk keeps the blank after a comma: `UserEvent(Door, Place: east)` has a header ` Place`. Blanks
    /// around the names of its headers are therefore no part of them.
    UserEvent(ami::Event),
}

impl Source {
    /// Returns the first value of `name`, compared case-insensitively.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        match self {
            Self::Ami(event) => event.header(name),
            Self::Pairs(pairs) => find(pairs, name),
            Self::UserEvent(event) => user_headers(event)
                .find(|(known, _)| known.eq_ignore_ascii_case(name))
                .map(|(_, value)| value),
        }
    }

    /// Returns all names and values in order, including repeated ones.
    pub(super) fn values(&self) -> Box<dyn Iterator<Item = (&str, &str)> + '_> {
        match self {
            Self::Ami(event) => Box::new(event.headers()),
            Self::Pairs(pairs) => Box::new(
                pairs
                    .iter()
                    .map(|(name, value)| (name.as_str(), value.as_str())),
            ),
            Self::UserEvent(event) => Box::new(user_headers(event)),
        }
    }

    /// Returns the event of Asterisk, unless it was put together here.
    pub(super) fn ami(&self) -> Option<&ami::Event> {
        match self {
            Self::Ami(event) | Self::UserEvent(event) => Some(event),
            Self::Pairs(_) => None,
        }
    }

    /// Returns a copy that holds nothing of the connection that it came from.
    pub(super) fn detached(&self) -> Self {
        match self {
            Self::Ami(event) => Self::Ami(event.detached()),
            Self::Pairs(pairs) => Self::Pairs(Arc::clone(pairs)),
            Self::UserEvent(event) => Self::UserEvent(event.detached()),
        }
    }

    /// Returns how much memory the values take, in bytes.
    pub(super) fn memory(&self) -> usize {
        match self {
            Self::Ami(event) | Self::UserEvent(event) => event.packet().memory(),
            Self::Pairs(pairs) => pairs.iter().map(pair_memory).sum(),
        }
    }
}

/// Returns the headers of a user event, without blanks around their names.
fn user_headers(event: &ami::Event) -> impl Iterator<Item = (&str, &str)> {
    event.headers().map(|(name, value)| (name.trim(), value))
}

/// Drops blanks around the names of headers of a user event.
pub(super) fn trim_names(headers: &mut [(String, String)]) {
    for (name, _) in headers {
        let trimmed = name.trim();
        if trimmed.len() < name.len() {
            *name = trimmed.to_owned();
        }
    }
}

/// Returns the first value of `name`, compared case-insensitively.
pub(super) fn find<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let mut pairs = pairs.iter();
    let (_, value) = pairs.find(|(known, _)| known.eq_ignore_ascii_case(name))?;
    Some(value)
}

/// Returns how much memory a pair takes, in bytes.
pub(super) fn pair_memory((name, value): &(String, String)) -> usize {
    let texts = name.len().saturating_add(value.len());
    texts.saturating_add(size_of::<(String, String)>())
}
