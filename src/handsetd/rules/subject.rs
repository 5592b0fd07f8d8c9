//! What an action or an event is about, compared so that phones of several servers with the same name are
//! apart.

use handset_phones::phone::{ServerName, is_device_of_phone, normalized_name};

/// What an action or an event is about: a phone, a channel, a queue member.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) struct Subject {
    /// In the form of [`normalized_name`], without a server.
    pub(super) name: String,
    place: Place,
}

/// Where a subject is.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
enum Place {
    /// Anywhere. Whatever is remembered is remembered there, too.
    Any,
    Server(ServerName),
    Unknown,
}

impl Subject {
    /// Creates one of the server that `text` names if it begins with it, and of `server` otherwise.
    pub(super) fn new(text: &str, server: Option<&ServerName>) -> Self {
        let own = server.and_then(|server| server.strip(text));
        let place = match server {
            Some(server) if own.is_some() || !is_elsewhere(text) => Place::Server(server.clone()),
            _ => Place::Unknown,
        };
        let name = own.unwrap_or(text);
        // In `munich/PJSIP/1001`, the technology is that of the rest.
        let rest = name.split_once('/').map(|(_, rest)| rest);
        let rest = rest.filter(|rest| is_elsewhere(name) && is_device_of_phone(rest));
        Self {
            name: normalized_name(rest.unwrap_or(name)),
            place,
        }
    }

    /// Returns under which keys to remember it.
    pub(super) fn into_remembered(self) -> [Self; 2] {
        let anywhere = Self {
            name: self.name.clone(),
            place: Place::Any,
        };
        [self, anywhere]
    }

    /// Returns under which keys one that may be the same was remembered: that of the same server, and
    /// one whose server is unknown. If its own server is unknown, that of any.
    pub(super) fn into_candidates(self) -> impl Iterator<Item = Self> {
        let name = self.name.clone();
        let (first, second) = match self.place {
            Place::Any | Place::Unknown => (Place::Any, None),
            Place::Server(_) => (self.place, Some(Place::Unknown)),
        };
        let places = std::iter::once(first).chain(second);
        places.map(move |place| Self {
            name: name.clone(),
            place,
        })
    }
}

/// Returns whether a name begins with what may be a server: a part before a slash that is not a technology of
/// phones.
fn is_elsewhere(name: &str) -> bool {
    name.contains('/') && !is_device_of_phone(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(text: &str, server: &str) -> Subject {
        Subject::new(text, server.parse().ok().as_ref())
    }

    fn may_be_same(known: Subject, other: Subject) -> bool {
        let known = known.into_remembered();
        other.into_candidates().any(|other| known.contains(&other))
    }

    #[test]
    fn phones_of_two_servers_are_apart() {
        for (known, other, expected) in [
            (("1001", "berlin"), ("1001", "berlin"), true),
            (("1001", "berlin"), ("1001", "munich"), false),
            (("1001", "berlin"), ("PJSIP/1001", "berlin"), true),
            (("1001", "berlin"), ("PJSIP/1001", "munich"), false),
            (("berlin/1001", "berlin"), ("PJSIP/1001", "berlin"), true),
            (("berlin/PJSIP/1001", "berlin"), ("1001", "berlin"), true),
            (("berlin/PJSIP/1001", "berlin"), ("1001", "munich"), false),
            (("1001", "berlin"), ("1002", "berlin"), false),
            // Where a server is unknown, it may be any.
            (("1001", ""), ("1001", "munich"), true),
            (("1001", "berlin"), ("1001", ""), true),
            (("1001", ""), ("1001", ""), true),
            // The event of one server mentions a phone of another.
            (("1001", "berlin"), ("berlin/1001", "munich"), true),
            (("1001", "berlin"), ("berlin/PJSIP/1001", "munich"), true),
        ] {
            let same = may_be_same(subject(known.0, known.1), subject(other.0, other.1));
            assert_eq!(same, expected, "{known:?} {other:?}");
        }
    }
}
