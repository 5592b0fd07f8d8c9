//! The table of verbs and their keys: parsing, help and messages are all made from it.

use super::kind::Kind;
use super::led::LedColor;
use super::stream::Codec;

/// One verb.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Row {
    /// Its name.
    pub name: &'static str,
    /// What it does, in a few words.
    pub summary: &'static str,
    /// The key that a value without a key belongs to.
    pub main_key: Option<&'static str>,
    /// Its own keys; [`COMMON`] are those of every verb.
    pub keys: &'static [Key],
    /// Whether any further key is allowed, as an element of a vendor's request.
    pub takes_elements: bool,
    /// Whether it reads something, so that its answer has a result.
    pub returns_result: bool,
}

impl Row {
    /// Returns the key called `name`, of this verb or of all of them.
    pub fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().chain(COMMON).find(|key| key.name == name)
    }
}

/// One key of a verb.
#[derive(Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What its value may be.
    pub kind: Kind,
    /// Whether it may be given more than once.
    pub repeatable: bool,
    /// Whether the verb means nothing without it.
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

const fn repeat(name: &'static str, kind: Kind) -> Key {
    Key {
        name,
        kind,
        repeatable: true,
        required: false,
    }
}

const fn row(
    name: &'static str,
    summary: &'static str,
    main: &'static str,
    keys: &'static [Key],
) -> Row {
    Row {
        name,
        summary,
        main_key: Some(main),
        keys,
        takes_elements: false,
        returns_result: false,
    }
}

const fn bare(name: &'static str, summary: &'static str, keys: &'static [Key]) -> Row {
    Row {
        name,
        summary,
        main_key: None,
        keys,
        takes_elements: false,
        returns_result: false,
    }
}

const fn reading(row: Row) -> Row {
    Row {
        returns_result: true,
        ..row
    }
}

/// The keys of every verb.
pub const COMMON: &[Key] = &[
    key("deadline", Kind::Duration),
    key("keep", Kind::Duration),
    key("phone", Kind::Text),
    key("via", Kind::Word(&["http", "notify", "csta", "pbx"])),
    key("wait", Kind::YES_NO),
];

const ON_OFF: Kind = Kind::Word(&["on", "off"]);

/// All verbs, in the order of their names.
pub const TABLE: &[Row] = &[
    bare("answer", "answers a call", &[key("call", Kind::Call)]),
    row(
        "background",
        "sets the background",
        "image",
        &[
            required("image", Kind::Image),
            key("fit", Kind::Word(&["cover", "contain"])),
        ],
    ),
    bare("clear", "takes a pushed screen away", &[]),
    Row {
        name: "csta",
        summary: "sends any CSTA request",
        main_key: Some("request"),
        keys: &[required("request", Kind::Text)],
        takes_elements: true,
        returns_result: true,
    },
    row(
        "dial",
        "places a call",
        "number",
        &[
            required("number", Kind::Number),
            key("line", Kind::Whole(1, 255)),
        ],
    ),
    row(
        "display",
        "switches the backlight",
        "state",
        &[
            required("state", Kind::Word(&["on", "off", "default"])),
            key("minutes", Kind::Whole(0, 1440)),
        ],
    ),
    row(
        "dnd",
        "switches do not disturb",
        "state",
        &[required("state", ON_OFF)],
    ),
    row(
        "dtmf",
        "sends digits in the call",
        "digits",
        &[required("digits", Kind::Digits)],
    ),
    reading(row(
        "execute",
        "runs up to three vendor URIs at once",
        "uri",
        &[Key {
            name: "uri",
            kind: Kind::VendorUri,
            repeatable: true,
            required: true,
        }],
    )),
    row(
        "firmware",
        "loads a firmware",
        "url",
        &[
            required("url", Kind::Url),
            required("confirm", Kind::Word(&["yes"])),
        ],
    ),
    row(
        "forward",
        "forwards calls",
        "number",
        &[
            key("number", Kind::Number),
            key("kind", Kind::Word(&["all", "busy", "noanswer"])),
            key("state", ON_OFF),
            key("after", Kind::Whole(0, 3600)),
        ],
    ),
    bare("hangup", "ends a call", &[key("call", Kind::Call)]),
    bare("hold", "holds a call", &[key("call", Kind::Call)]),
    reading(bare(
        "info",
        "reads model, firmware, hardware address and lines",
        &[],
    )),
    row(
        "key",
        "presses keys in order",
        "keys",
        &[required("keys", Kind::Keys)],
    ),
    row(
        "led",
        "switches a key's lamp",
        "state",
        &[
            required("state", Kind::Word(&["on", "off", "slow", "fast"])),
            key("led", Kind::Led),
            key("color", Kind::Word(LedColor::WORDS)),
        ],
    ),
    row(
        "login",
        "logs a user in (Extension Mobility)",
        "user",
        LOGIN,
    ),
    row(
        "logout",
        "logs a user out (Extension Mobility)",
        "user",
        MOBILITY,
    ),
    row(
        "notify",
        "sends any SIP NOTIFY through Asterisk",
        "event",
        &[
            required("event", Kind::Text),
            key("type", Kind::Text),
            key("body", Kind::Text),
        ],
    ),
    bare("ping", "does nothing; proves that handsetd answers", &[]),
    row("push", "shows a screen", "text", PUSH),
    bare("reboot", "restarts the phone", &[]),
    bare("resume", "resumes a held call", &[key("call", Kind::Call)]),
    bare(
        "resync",
        "makes the phone read its configuration again",
        &[],
    ),
    row(
        "ring",
        "plays a tone now",
        "tone",
        &[key("tone", Kind::Tone), key("stop", Kind::Word(&["yes"]))],
    ),
    row(
        "ringtone",
        "sets the phone's ring tone",
        "tone",
        &[
            required("tone", Kind::Tone),
            key("line", Kind::Whole(1, 255)),
        ],
    ),
    reading(bare("screenshot", "takes the picture on the screen", &[])),
    reading(row(
        "settings",
        "reads or writes phone settings",
        "set",
        &[
            repeat("set", Kind::Setting),
            repeat("get", Kind::SettingName),
        ],
    )),
    reading(row(
        "stream",
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
        "transfer",
        "transfers a call",
        "number",
        &[
            required("number", Kind::Number),
            key("kind", Kind::Word(&["blind", "attended"])),
            key("call", Kind::Call),
        ],
    ),
    reading(row(
        "who",
        "tells who is logged in (Extension Mobility)",
        "user",
        MOBILITY,
    )),
];

const PUSH: &[Key] = &[
    key("text", Kind::Text),
    key("title", Kind::Text),
    key("prompt", Kind::Text),
    key("image", Kind::Image),
    repeat("item", Kind::Item),
    repeat("entry", Kind::Entry),
    repeat("input", Kind::Input),
    key("submit", Kind::Url),
    repeat("softkey", Kind::Item),
    key("template", Kind::Template),
    key("xml", Kind::Text),
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
    fn the_table_is_in_order_and_says_nothing_twice() {
        assert!(TABLE.is_sorted_by(|one, next| one.name < next.name));
        for row in TABLE {
            let mut names: Vec<_> = row.keys.iter().chain(COMMON).map(|key| key.name).collect();
            names.sort_unstable();
            assert!(names.is_sorted_by(|one, next| one < next), "{}", row.name);
        }
    }

    #[test]
    fn the_main_key_is_one_of_the_keys() {
        for row in TABLE {
            assert!(
                row.main_key
                    .is_none_or(|main| row.keys.iter().any(|key| key.name == main))
            );
        }
    }

    #[test]
    fn every_verb_of_the_interface_is_there() {
        let names: Vec<_> = TABLE.iter().map(|row| row.name).collect();
        let interface = "answer background clear csta dial display dnd dtmf execute firmware forward \
                         hangup hold info key led login logout notify ping push reboot resume \
                         resync ring ringtone screenshot settings stream transfer who";
        assert_eq!(names, interface.split_whitespace().collect::<Vec<_>>());
    }
}
