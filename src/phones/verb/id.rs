//! The closed set of verbs.

use std::fmt;
use std::str::FromStr;

use crate::invalid_value::quoted;

/// Declares the verbs with their names, in alphabetical order.
macro_rules! verbs {
    ($($variant:ident = $name:literal),+ $(,)?) => {
        /// A verb: an operation that can be requested of a phone.
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        #[expect(missing_docs, reason = "the table describes the verbs")]
        pub enum Verb {
            $($variant,)+
        }

        impl Verb {
            /// All verbs, in the order of their names.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// Returns the name of the verb.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }
    };
}

verbs! {
    Answer = "answer",
    Background = "background",
    Clear = "clear",
    Csta = "csta",
    Dial = "dial",
    Display = "display",
    Dnd = "dnd",
    Dtmf = "dtmf",
    Execute = "execute",
    Firmware = "firmware",
    Forward = "forward",
    Hangup = "hangup",
    Hold = "hold",
    Info = "info",
    Key = "key",
    Led = "led",
    Login = "login",
    Logout = "logout",
    Notify = "notify",
    Ping = "ping",
    Push = "push",
    Reboot = "reboot",
    Resume = "resume",
    Resync = "resync",
    Ring = "ring",
    Ringtone = "ringtone",
    Screenshot = "screenshot",
    Settings = "settings",
    Stream = "stream",
    Transfer = "transfer",
    Who = "who",
}

impl Verb {
    /// Returns the verb with a name.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|verb| verb.name() == name)
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Verb {
    type Err = UnknownVerb;

    fn from_str(name: &str) -> Result<Self, UnknownVerb> {
        Self::find(name).ok_or_else(|| UnknownVerb {
            name: name.to_owned(),
        })
    }
}

/// The name of a verb that does not exist.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("unknown verb {:?}; {}", quoted(name), suggestion(name, Verb::ALL.iter().map(|verb| verb.name())))]
pub struct UnknownVerb {
    name: String,
}

/// Returns the closest of `names`, or all of them if none is close to `name`.
pub(super) fn suggestion(name: &str, names: impl Iterator<Item = &'static str> + Clone) -> String {
    match closest(name, names.clone()) {
        Some(known) => format!("did you mean {known}?"),
        None => format!("expected one of {}", names.collect::<Vec<_>>().join(", ")),
    }
}

/// Returns the one of `names` that `name` is probably a misspelling of, upper or lower case.
///
/// A name of up to five characters may differ in one, a longer one in two; two that were exchanged
/// count as one.
pub(super) fn closest(
    name: &str,
    names: impl Iterator<Item = &'static str>,
) -> Option<&'static str> {
    let length = name.chars().count();
    if length == 0 || length > MAX_MISSPELT {
        return None;
    }
    let name = name.to_lowercase();
    let (distance, known) = names
        .map(|known| (strsim::osa_distance(&name, known), known))
        .min()?;
    (distance <= (length / 3).clamp(1, MAX_DISTANCE)).then_some(known)
}

/// The longest name that is compared with others, in characters: no name of ours is half as long, and
/// comparing takes time with the length.
const MAX_MISSPELT: usize = 32;

/// The most edits between a name and its suggestion.
const MAX_DISTANCE: usize = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbs_are_found_by_their_names() {
        assert!(Verb::ALL.is_sorted_by(|one, next| one.name() < next.name()));
        for verb in Verb::ALL {
            assert_eq!(verb.name().parse(), Ok(*verb));
        }
    }

    #[test]
    fn unknown_verb_suggests_a_close_one() {
        let message = |name: &str| name.parse::<Verb>().unwrap_err().to_string();
        assert_eq!(message("psh"), "unknown verb \"psh\"; did you mean push?");
        let far = message("teleport");
        let start = "unknown verb \"teleport\"; expected one of answer, background,";
        assert!(far.starts_with(start), "{far}");
        assert!(message("").contains("expected one of"));
        let long = message(&"push".repeat(10_000));
        assert!(
            long.contains("(40,000 bytes)") && long.contains("expected one of"),
            "{long}"
        );
    }
}
