//! The table of verbs and their keys. Parsing, help, API description and messages derive from it.

use super::id::{Verb, closest};
use super::kind::Kind;
use super::led::LedColor;
use super::stream::Codec;

/// One verb.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The verb.
    pub verb: Verb,
    /// What the verb does, as a short clause in the third person.
    pub summary: &'static str,
    /// The key that a value without a key belongs to.
    pub main_key: Option<&'static str>,
    /// The verb's own keys, in addition to [`COMMON`].
    pub keys: &'static [Key],
    /// Whether other keys are accepted, as elements of a vendor's request.
    pub takes_elements: bool,
    /// Whether a delivery returns a result.
    pub returns_result: bool,
}

impl Row {
    /// Returns the name of the verb.
    pub const fn name(&self) -> &'static str {
        self.verb.name()
    }

    /// Returns a key of this verb or of all verbs by its name.
    pub fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().chain(COMMON).find(|key| key.name == name)
    }

    /// Returns the names of all keys, those of the verb before those of all verbs.
    pub fn key_names(&self) -> impl Iterator<Item = &'static str> + Clone {
        self.keys.iter().chain(COMMON).map(|key| key.name)
    }

    /// Returns the key that `name`, which is none, is probably a misspelling of.
    pub fn misspelt_key(&self, name: &str) -> Option<&'static str> {
        self.key(name)
            .is_none()
            .then(|| closest(name, self.key_names()))?
    }
}

impl Verb {
    /// Returns the row of the verb.
    pub const fn row(self) -> &'static Row {
        &TABLE[self as usize]
    }
}

/// One key of a verb.
#[derive(Debug)]
pub struct Key {
    /// The name.
    pub name: &'static str,
    /// The kind of its value.
    pub kind: Kind,
    /// Whether it may be given more than once.
    pub repeatable: bool,
    /// Whether the verb requires it.
    pub required: bool,
}

const fn key(name: &'static str, kind: Kind) -> Key {
    Key {
        name,
        kind,
        repeatable: false,
        required: false,
    }
}

const fn required(name: &'static str, kind: Kind) -> Key {
    Key {
        name,
        kind,
        repeatable: false,
        required: true,
    }
}

const fn repeatable(name: &'static str, kind: Kind) -> Key {
    Key {
        name,
        kind,
        repeatable: true,
        required: false,
    }
}

const fn row(
    verb: Verb,
    summary: &'static str,
    main_key: &'static str,
    keys: &'static [Key],
) -> Row {
    Row {
        verb,
        summary,
        main_key: Some(main_key),
        keys,
        takes_elements: false,
        returns_result: false,
    }
}

const fn without_main_key(verb: Verb, summary: &'static str, keys: &'static [Key]) -> Row {
    Row {
        verb,
        summary,
        main_key: None,
        keys,
        takes_elements: false,
        returns_result: false,
    }
}

const fn with_result(row: Row) -> Row {
    Row {
        returns_result: true,
        ..row
    }
}

/// The keys of every verb.
pub const COMMON: &[Key] = &[
    key("deadline", Kind::Duration),
    key("keep", Kind::Duration),
    key("phone", Kind::Phones),
    key("via", Kind::Word(&["http", "notify", "csta", "pbx"])),
    key("wait", Kind::YES_NO),
];

/// How often a repeatable key may be given. No phone shows a menu or a directory that long, and a
/// request of the longest length has room for some more.
pub const MAX_VALUES: usize = 10_000;

/// How many elements a request of a vendor may have; the longest of ECMA-323 have a few dozen.
pub const MAX_ELEMENTS: usize = 1000;

const ON_OFF: Kind = Kind::Word(&["on", "off"]);

/// The rows of all verbs, indexed by [`Verb`].
pub const TABLE: &[Row] = &[
    without_main_key(Verb::Answer, "answers a call", &[key("call", Kind::Call)]),
    row(
        Verb::Background,
        "sets the background",
        "image",
        &[
            required("image", Kind::Image),
            key("fit", Kind::Word(&["cover", "contain"])),
        ],
    ),
    without_main_key(Verb::Clear, "closes a pushed screen", &[]),
    Row {
        verb: Verb::Csta,
        summary: "sends any CSTA request",
        main_key: Some("request"),
        keys: &[required("request", Kind::String)],
        takes_elements: true,
        returns_result: true,
    },
    row(
        Verb::Dial,
        "places a call",
        "number",
        &[
            required("number", Kind::Number),
            key("line", Kind::Whole(1, 255)),
        ],
    ),
    row(
        Verb::Display,
        "switches the backlight",
        "state",
        &[
            required("state", Kind::Word(&["on", "off", "default"])),
            key("minutes", Kind::Whole(0, 1440)),
        ],
    ),
    row(
        Verb::Dnd,
        "switches do-not-disturb",
        "state",
        &[required("state", ON_OFF)],
    ),
    row(
        Verb::Dtmf,
        "sends digits in the call",
        "digits",
        &[required("digits", Kind::Digits)],
    ),
    with_result(row(
        Verb::Execute,
        "runs up to three vendor URIs",
        "uri",
        &[Key {
            name: "uri",
            kind: Kind::VendorUri,
            repeatable: true,
            required: true,
        }],
    )),
    row(
        Verb::Firmware,
        "loads firmware",
        "url",
        &[
            required("url", Kind::Url),
            required("confirm", Kind::Word(&["yes"])),
        ],
    ),
    row(
        Verb::Forward,
        "forwards calls",
        "number",
        &[
            key("number", Kind::Number),
            key("kind", Kind::Word(&["all", "busy", "noanswer"])),
            key("state", ON_OFF),
            key("after", Kind::Whole(0, 3600)),
        ],
    ),
    without_main_key(Verb::Hangup, "ends a call", &[key("call", Kind::Call)]),
    without_main_key(Verb::Hold, "holds a call", &[key("call", Kind::Call)]),
    with_result(without_main_key(
        Verb::Info,
        "reads model, firmware, MAC address and lines",
        &[],
    )),
    row(
        Verb::Key,
        "presses keys in order",
        "keys",
        &[required("keys", Kind::Keys)],
    ),
    row(
        Verb::Led,
        "switches a lamp",
        "state",
        &[
            required("state", Kind::Word(&["on", "off", "slow", "fast"])),
            key("led", Kind::Led),
            key("color", Kind::Word(LedColor::WORDS)),
        ],
    ),
    row(
        Verb::Login,
        "logs a user in (Extension Mobility)",
        "user",
        LOGIN,
    ),
    row(
        Verb::Logout,
        "logs a user out (Extension Mobility)",
        "user",
        MOBILITY,
    ),
    row(
        Verb::Notify,
        "sends any SIP NOTIFY through Asterisk",
        "event",
        &[
            required("event", Kind::String),
            key("type", Kind::String),
            key("body", Kind::String),
        ],
    ),
    without_main_key(
        Verb::Ping,
        "does nothing; checks that handsetd responds",
        &[],
    ),
    row(Verb::Push, "shows a screen", "text", PUSH),
    without_main_key(Verb::Reboot, "restarts the phone", &[]),
    without_main_key(
        Verb::Resume,
        "resumes a held call",
        &[key("call", Kind::Call)],
    ),
    without_main_key(
        Verb::Resync,
        "makes the phone reload its configuration",
        &[],
    ),
    row(
        Verb::Ring,
        "plays a tone now",
        "tone",
        &[key("tone", Kind::Tone), key("stop", Kind::Word(&["yes"]))],
    ),
    row(
        Verb::Ringtone,
        "sets the phone's ring tone",
        "tone",
        &[
            required("tone", Kind::Tone),
            key("line", Kind::Whole(1, 255)),
        ],
    ),
    with_result(without_main_key(
        Verb::Screenshot,
        "takes a screenshot",
        &[],
    )),
    with_result(row(
        Verb::Settings,
        "reads or writes phone settings",
        "set",
        &[
            repeatable("set", Kind::Setting),
            repeatable("get", Kind::SettingName),
        ],
    )),
    with_result(row(
        Verb::Stream,
        "plays or sends RTP audio",
        "address",
        &[
            key("address", Kind::Address),
            key("mode", Kind::Word(&["receive", "send", "both"])),
            key("codec", Kind::Word(Codec::WORDS)),
            key("volume", Kind::Whole(0, 100)),
            key("stop", Kind::Word(&["yes"])),
        ],
    )),
    row(
        Verb::Transfer,
        "transfers a call",
        "number",
        &[
            required("number", Kind::Number),
            key("kind", Kind::Word(&["blind", "attended"])),
            key("call", Kind::Call),
        ],
    ),
    with_result(row(
        Verb::Who,
        "reports who is logged in (Extension Mobility)",
        "user",
        MOBILITY,
    )),
];

const PUSH: &[Key] = &[
    key("text", Kind::Text),
    key("title", Kind::Text),
    key("prompt", Kind::Text),
    key("image", Kind::Image),
    repeatable("item", Kind::Item),
    repeatable("entry", Kind::Entry),
    repeatable("input", Kind::Input),
    key("submit", Kind::Url),
    repeatable("softkey", Kind::Item),
    key("template", Kind::Template),
    key("xml", Kind::String),
    key("url", Kind::Url),
    key("timeout", Kind::Duration),
    key("beep", Kind::YES_NO),
    key("priority", Kind::Word(&["now", "idle", "only-idle"])),
];

const MOBILITY: &[Key] = &[key("user", Kind::User), key("device", Kind::Device)];

const LOGIN: &[Key] = &[
    required("user", Kind::User),
    key("profile", Kind::User),
    key("device", Kind::Device),
    key("minutes", Kind::Whole(1, 14400)),
];

#[cfg(test)]
mod tests {
    use super::*;

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
}
