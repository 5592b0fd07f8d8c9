//! The table of verbs and their keys. Parsing, help, the manual, the API description, the page and
//! messages derive from it.

mod calls;
mod device;
mod key;
mod mobility;
mod row;
mod screens;
mod sounds;

use super::id::Verb;

pub use key::{COMMON, Key, MAX_VALUES};
pub use row::Row;

impl Verb {
    /// Returns the row of the verb.
    pub const fn row(self) -> &'static Row {
        &TABLE[self as usize]
    }
}

/// How many elements a request of a vendor may have; the longest of ECMA-323 have a few dozen.
pub const MAX_ELEMENTS: usize = 1000;

/// The rows of all verbs, indexed by [`Verb`].
pub const TABLE: &[Row] = &[
    calls::ANSWER,
    screens::BACKGROUND,
    screens::CLEAR,
    device::CSTA,
    calls::DIAL,
    screens::DISPLAY,
    calls::DND,
    calls::DTMF,
    device::EXECUTE,
    device::FIRMWARE,
    calls::FORWARD,
    calls::HANGUP,
    calls::HOLD,
    device::INFO,
    device::KEY,
    device::LED,
    mobility::LOGIN,
    mobility::LOGOUT,
    device::NOTIFY,
    device::PING,
    screens::PUSH,
    device::REBOOT,
    calls::RESUME,
    device::RESYNC,
    sounds::RING,
    sounds::RINGTONE,
    screens::SCREENSHOT,
    device::SETTINGS,
    sounds::STREAM,
    calls::TRANSFER,
    mobility::WHO,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::given::Given;
    use crate::verb::parse;
    use crate::verb::request::Request;

    #[test]
    fn table_is_indexed_by_verb() {
        assert_eq!(TABLE.len(), Verb::ALL.len());
        for verb in Verb::ALL {
            assert_eq!(verb.row().verb, *verb);
        }
    }

    #[test]
    fn keys_of_a_verb_are_distinct() {
        for row in TABLE {
            let mut names: Vec<_> = row.keys.iter().chain(COMMON).map(|key| key.name).collect();
            names.sort_unstable();
            assert!(names.is_sorted_by(|one, next| one < next), "{}", row.verb);
        }
    }

    #[test]
    fn main_key_is_one_of_the_keys() {
        for row in TABLE {
            assert!(
                row.main_key
                    .is_none_or(|main| row.keys.iter().any(|key| key.name == main))
            );
        }
    }

    #[test]
    fn table_has_every_verb_of_the_interface() {
        let names: Vec<_> = TABLE.iter().map(Row::name).collect();
        let interface = "answer background clear csta dial display dnd dtmf execute firmware forward \
                         hangup hold info key led login logout notify ping push reboot resume \
                         resync ring ringtone screenshot settings stream transfer who";
        assert_eq!(names, interface.split_whitespace().collect::<Vec<_>>());
    }

    /// Returns the keys that a request needs to be accepted, with their examples.
    fn required_pairs(row: &Row) -> Vec<(&'static str, &'static str)> {
        let has_required = row.keys.iter().any(|key| key.required);
        let is_base = |key: &&Key| key.required || !has_required && Some(key.name) == row.main_key;
        let keys = row.keys.iter().filter(is_base);
        keys.map(|key| (key.name, key.example)).collect()
    }

    #[test]
    fn examples_of_verbs_are_accepted() {
        for row in TABLE {
            assert!(!row.examples.is_empty(), "{}", row.verb);
            for example in row.examples {
                let request = Request::parse(row.name(), example.iter().copied());
                assert!(request.is_ok(), "{} {example:?}: {request:?}", row.verb);
            }
        }
    }

    #[test]
    fn examples_of_keys_are_valid_values() {
        for row in TABLE {
            for key in row.keys.iter().chain(COMMON) {
                let parsed = parse::value(key.kind, Given::written(key.example));
                assert!(parsed.is_ok(), "{} {}: {parsed:?}", row.verb, key.name);
            }
        }
    }

    #[test]
    fn defaults_change_nothing() {
        for row in TABLE {
            let base = required_pairs(row);
            let plain = Request::parse(row.name(), base.iter().copied()).unwrap();
            for key in row.keys.iter().chain(COMMON) {
                let Some(default) = key.default else {
                    continue;
                };
                let pairs = base.iter().copied().chain([(key.name, default)]);
                let request = Request::parse(row.name(), pairs).unwrap();
                assert_eq!(request, plain, "{} {}", row.verb, key.name);
            }
        }
    }

    #[test]
    fn texts_are_phrases_in_one_line() {
        let check = |text: &str| {
            assert!(!text.contains('\n') && !text.contains("  "), "{text}");
            assert_eq!(text.matches('`').count() % 2, 0, "{text}");
        };
        for row in TABLE {
            check(row.summary);
            check(row.details);
            assert!(row.summary.starts_with(|c: char| c.is_ascii_lowercase()));
            assert!(row.details.is_empty() || row.details.ends_with('.'));
            for key in row.keys.iter().chain(COMMON) {
                check(key.meaning);
                check(&key.kind.syntax());
                assert!(
                    key.meaning.len() > 5 && !key.meaning.ends_with('.'),
                    "{}",
                    key.name
                );
            }
        }
    }
}
