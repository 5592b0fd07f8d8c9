//! The reference of verbs and keys.

use std::fmt::Write;

use crate::verb::{COMMON, Key, Kind, TABLE};

/// Renders one section per verb, and one for the common keys, as Markdown.
pub(super) fn markdown() -> String {
    let mut text = String::new();
    for row in TABLE {
        let _ = writeln!(text, "### `{}`\n", row.name());
        let reads = if row.returns_result {
            ", and returns a result"
        } else {
            ""
        };
        let main = row.main_key.map_or_else(
            || "It has no main key".to_owned(),
            |main| format!("The main key is `{main}`"),
        );
        let _ = writeln!(text, "{}{reads}. {main}.\n", capitalized(row.summary));
        keys(&mut text, row.keys);
        if row.takes_elements {
            let _ = writeln!(
                text,
                "Every other key is a child element; dots nest (`callToBeAnswered.callID=-18`).\n"
            );
        }
    }
    let _ = writeln!(text, "### Keys of every verb\n");
    keys(&mut text, COMMON);
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

fn keys(text: &mut String, keys: &[Key]) {
    if keys.is_empty() {
        return;
    }
    let _ = writeln!(text, "| key | value |\n| --- | --- |");
    for key in keys {
        let required = if key.required { "; required" } else { "" };
        let repeat = if key.repeatable { "; repeatable" } else { "" };
        let value = value(key.kind);
        let _ = writeln!(text, "| `{}` | {value}{required}{repeat} |", key.name);
    }
    text.push('\n');
}

fn value(kind: Kind) -> String {
    let value = match kind {
        Kind::Address => "`IP:PORT`",
        Kind::Call => "a call id from the phone's action URLs, or the name of an Asterisk channel",
        Kind::Device => "the device name in the call manager, or a MAC address",
        Kind::Digits => "`0`-`9`, `*`, `#`, `A`-`D`",
        Kind::Duration => "`30s`, `5m`, `1h 30m` or a number of seconds",
        Kind::Entry => "`Name\\|Number`",
        Kind::Image => "a file or URL: PNG, JPEG, GIF or BMP of any size",
        Kind::Input => "`Label\\|parameter\\|kind`",
        Kind::Item => "`Label\\|TARGET`; a target is `dial:NUMBER`, `key:NAME`, `exit` or a URL",
        Kind::Keys => "keys, separated by commas; `KEY:HOLD:PAUSE` sets times in milliseconds",
        Kind::Led => "the number or name of a lamp",
        Kind::Number => "a number to dial",
        Kind::Phones => {
            "names of phones and groups, separated by `&`; `all` is every desk phone, and `*` in a name stands for any characters"
        }
        Kind::Setting => "`NAME=VALUE`",
        Kind::SettingName => "the name of a setting",
        Kind::Template => "the name of a file in the templates folder",
        Kind::String | Kind::Text => "text",
        Kind::Tone => {
            "the name or number of a built-in tone, a file (WAV, or by its extension .raw, .rwb, .gsm, .ulaw, .alaw, .sln), or a URL"
        }
        Kind::Url => "an http or https URL",
        Kind::User => "a user id",
        Kind::VendorUri => "a URI of the vendor; `@0`, `@1` or `@2` at its end sets the priority",
        Kind::Whole(from, to) => return format!("a whole number from {from} to {to}"),
        Kind::Word(words) => {
            let words = words.iter().map(|word| format!("`{word}`"));
            return words.collect::<Vec<_>>().join(", ");
        }
    };
    value.to_owned()
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}
