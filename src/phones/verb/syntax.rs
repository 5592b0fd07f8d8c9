//! How values are written, in words: derived from the kinds of keys and the limits of the parser.

use super::call::{CallId, Digits};
use super::key::{MAX_KEYS, MAX_TIME};
use super::kind::Kind;
use super::led::LedName;
use super::mobility::{DeviceName, UserId};
use super::parse::{MAX_DAYS, MAX_PARAMETER, MAX_VALUE};
use super::setting::{self, SettingName};
use super::vendor_uri::VendorUri;
use crate::phone::PhoneNames;
use crate::screen::{InputKind, Number};

impl Kind {
    /// Returns what stands for a value after `KEY=`: a word in capitals, or the words to choose from.
    pub fn placeholder(self) -> String {
        let word = match self {
            Self::Address => "IP:PORT",
            Self::Call => "CALL",
            Self::Device => "DEVICE",
            Self::Digits => "DIGITS",
            Self::Duration => "DURATION",
            Self::Entry => "NAME|NUMBER",
            Self::Image => "IMAGE",
            Self::Input => "LABEL|PARAMETER|KIND",
            Self::Item => "LABEL|TARGET",
            Self::Keys => "KEYS",
            Self::Led => "LAMP",
            Self::Number => "NUMBER",
            Self::Phones => "PHONES",
            Self::Setting => "NAME=VALUE",
            Self::SettingName => "NAME",
            Self::String | Self::Text => "TEXT",
            Self::Template => "FILE",
            Self::Tone => "TONE",
            Self::Url => "URL",
            Self::User => "USER",
            Self::VendorUri => "URI",
            Self::Whole(..) => "N",
            Self::Word(words) => return words.join("|"),
        };
        word.to_owned()
    }

    /// Describes a value in a noun phrase, with its limits and with words to write in backticks.
    pub fn syntax(self) -> String {
        match self {
            Self::Address => "an IP address and a port".to_owned(),
            Self::Call => format!(
                "a call id from the phone's action URLs or the name of an Asterisk channel, up to {} \
                 characters",
                CallId::MAX
            ),
            Self::Device => format!(
                "the name of a device in the call manager, up to {} characters, or a MAC address",
                DeviceName::MAX
            ),
            Self::Digits => format!("up to {} of `0`-`9`, `*`, `#` and `A`-`D`", Digits::MAX),
            Self::Duration => format!(
                "a duration such as `30s`, `5m` or `1h 30m`, or a number of seconds; up to {MAX_DAYS} \
                 days"
            ),
            Self::Entry => "`Name|Number`".to_owned(),
            Self::Image => "a file of `media.folders` or a URL: PNG, JPEG, GIF or BMP".to_owned(),
            Self::Input => format!(
                "`Label|parameter|kind`; the parameter is up to {MAX_PARAMETER} letters, digits, \
                 `_`, `-` and `.`, the kind {} (default: `text`)",
                choice(InputKind::ALL.map(|(word, _)| word))
            ),
            Self::Item => "`Label|TARGET`; targets are `dial:NUMBER`, `key:NAME`, `page:NAME`, \
                           `exit` and URLs"
                .to_owned(),
            Self::Keys => format!(
                "up to {MAX_KEYS} keys, separated by commas; `KEY:HOLD:PAUSE` holds a key and waits \
                 afterwards, each up to {} milliseconds",
                MAX_TIME.as_millis()
            ),
            Self::Led => format!(
                "the number or name of a lamp, up to {} letters, digits and `_`",
                LedName::MAX
            ),
            Self::Number => format!(
                "a number to dial, up to {} characters; blanks, `-`, `.`, `/` and parentheses \
                 between digits are dropped",
                Number::MAX
            ),
            Self::Phones => format!(
                "up to {} names, separated by `&`: names of phones or groups, endpoints, MAC or IP \
                 addresses; `all` is every desk phone, and `*` stands for any characters in up to {} \
                 names",
                PhoneNames::MAX,
                PhoneNames::MAX_PATTERNS
            ),
            Self::Setting => format!(
                "a name and a value of one line, up to {} bytes",
                setting::MAX_VALUE
            ),
            Self::SettingName => format!("a name, up to {} characters", SettingName::MAX),
            Self::String => format!("text of up to {MAX_VALUE} bytes, taken unchanged"),
            Self::Template => "the name of a file of `media.folders`, looked for in the \
                               subdirectory of the vendor first"
                .to_owned(),
            Self::Text => {
                format!("text of up to {MAX_VALUE} bytes; `\\n` is a line break")
            }
            Self::Tone => "the name or number of a tone of the phone, a file of `media.folders` \
                           (`.wav`, `.gsm`, `.ulaw`, `.alaw` or `.sln`; with its path also `.raw` or \
                           `.rwb`), or a URL"
                .to_owned(),
            Self::Url => "an http or https URL".to_owned(),
            Self::User => format!("an id of one line, up to {} bytes", UserId::MAX),
            Self::VendorUri => format!(
                "a URI of up to {} characters; `@0`, `@1` or `@2` at its end runs it at once, once \
                 the phone is idle, or only if it is idle",
                VendorUri::MAX
            ),
            Self::Whole(from, to) => format!("a whole number from {from} to {to}"),
            Self::Word(words) => choice(words.iter().copied()),
        }
    }
}

/// Joins the words of a choice: `a`, `b` or `c`.
fn choice<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<_> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        Some((last, _)) => last.clone(),
        None => String::new(),
    }
}
