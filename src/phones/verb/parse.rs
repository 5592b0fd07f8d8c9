//! Parsing of values according to their kind.

use std::time::Duration;

use super::call::{CallId, Digits};
use super::kind::Kind;
use super::led::LedName;
use super::mobility::{DeviceName, UserId};
use super::setting::{Setting, SettingName};
use super::text::unescape;
use super::value::Value;
use super::vendor_uri::VendorUri;
use super::{key, stream};
use crate::given::Given;
use crate::invalid_value::InvalidValue;
use crate::phone::PhoneNames;
use crate::screen::{Entry, Input, InputKind, Item, Target, http_url};

impl Kind {
    /// Returns the minimum and the maximum length of a value in characters, without blanks around it.
    pub const fn length(self) -> (usize, usize) {
        match self {
            Self::Call => (1, CallId::MAX),
            Self::Device => (1, DeviceName::MAX),
            Self::Digits => (1, Digits::MAX),
            Self::Led => (1, LedName::MAX),
            Self::SettingName => (1, SettingName::MAX),
            Self::Phones | Self::String | Self::Text => (0, MAX_VALUE),
            Self::User => (1, UserId::MAX),
            _ => (1, MAX_VALUE),
        }
    }
}

/// Parses a value. The error does not name the key.
pub(super) fn value(kind: Kind, given: Given<'_>) -> Result<Value, InvalidValue> {
    let text = given.as_str();
    if text.len() > MAX_VALUE {
        return Err(InvalidValue::TooMany {
            unit: "bytes",
            count: text.len(),
            max: MAX_VALUE,
        });
    }
    let trimmed = text.trim();
    match kind {
        Kind::Address => stream::address(trimmed).map(Value::Address),
        Kind::Call => trimmed.parse().map(Value::Call),
        Kind::Device => trimmed.parse().map(Value::Device),
        Kind::Digits => trimmed.parse().map(Value::Digits),
        Kind::Duration => duration(trimmed).map(Value::Duration),
        Kind::Entry => entry(given).map(Value::Entry),
        Kind::Image => trimmed.parse().map(Value::Image),
        Kind::Input => input(given).map(Value::Input),
        Kind::Item => item(given).map(Value::Item),
        Kind::Keys => key::parse(given.trim()).map(Value::Keys),
        Kind::Led => trimmed.parse().map(Value::Led),
        Kind::Number => trimmed.parse().map(Value::Number),
        Kind::Phones => PhoneNames::parse(given).map(Value::Phones),
        Kind::Setting => Setting::parse(given).map(Value::Setting),
        Kind::SettingName => trimmed.parse().map(Value::SettingName),
        Kind::String => Ok(Value::Text(text.to_owned())),
        Kind::Template => template(trimmed).map(Value::Text),
        Kind::Text => Ok(Value::Text(unescape(text))),
        Kind::Tone => trimmed.parse().map(Value::Tone),
        Kind::Url => http_url(trimmed)
            .map(Value::Url)
            .ok_or_else(|| InvalidValue::malformed("URL", trimmed, "use an http or https URL")),
        Kind::User => trimmed.parse().map(Value::User),
        Kind::VendorUri => VendorUri::parse(given.trim()).map(Value::VendorUri),
        Kind::Whole(from, to) => whole(trimmed, from, to).map(Value::Whole),
        Kind::Word(words) => word(trimmed, words).map(Value::Word),
    }
}

fn duration(text: &str) -> Result<Duration, InvalidValue> {
    let seconds = || text.parse().map(Duration::from_secs).ok();
    let duration = seconds().or_else(|| humantime::parse_duration(text).ok());
    let duration = duration.ok_or_else(|| {
        InvalidValue::malformed("duration", text, "use 30s, 5m or a number of seconds")
    })?;
    if duration > MAX_DURATION {
        let hint = format!("the limit is {MAX_DAYS} days");
        return Err(InvalidValue::malformed("duration", text, hint));
    }
    Ok(duration)
}

fn entry(given: Given<'_>) -> Result<Entry, InvalidValue> {
    let (name, number) = labelled("entry", given, "use Name|Number")?;
    match number.as_str().parse() {
        Ok(number) => Ok(Entry { name, number }),
        Err(error) => Err(InvalidValue::labelled(error, &name)),
    }
}

fn item(given: Given<'_>) -> Result<Item, InvalidValue> {
    let (label, target) = labelled("item", given, "use Label|TARGET")?;
    match Target::parse(target) {
        Ok(target) => Ok(Item { label, target }),
        Err(error) => Err(InvalidValue::labelled(error, &label)),
    }
}

fn input(given: Given<'_>) -> Result<Input, InvalidValue> {
    let (label, rest) = labelled("input", given, "use Label|param|kind")?;
    let default = Given::written("text");
    let (parameter, kind) = rest.split_once('|').unwrap_or((rest, default));
    let (parameter, kind) = (parameter.as_str().trim(), kind.as_str().trim());
    if parameter.is_empty() || parameter.len() > MAX_PARAMETER || !parameter.chars().all(is_plain) {
        let hint = format!("use up to {MAX_PARAMETER} letters, digits and _ - .");
        let error = InvalidValue::malformed("parameter", parameter, hint);
        return Err(error.labelled(&label));
    }
    let known = InputKind::ALL.into_iter().find(|(word, _)| *word == kind);
    let (_, kind) = known.ok_or_else(|| {
        let words = InputKind::ALL.map(|(word, _)| word);
        InvalidValue::word("kind of input", kind, &words).labelled(&label)
    })?;
    Ok(Input {
        label,
        parameter: parameter.to_owned(),
        kind,
    })
}

/// Splits at the first `|`. The text before it must not be empty.
fn labelled<'a>(
    what: &'static str,
    given: Given<'a>,
    hint: &str,
) -> Result<(String, Given<'a>), InvalidValue> {
    match given.split_once('|') {
        Some((label, rest)) if !label.as_str().trim().is_empty() => {
            Ok((label.as_str().trim().to_owned(), rest))
        }
        _ => Err(InvalidValue::malformed(what, given.as_str(), hint)),
    }
}

fn template(text: &str) -> Result<String, InvalidValue> {
    if text.is_empty() || text.starts_with('.') || !text.chars().all(is_plain) {
        let hint = "use the name of a file in the templates folder";
        return Err(InvalidValue::malformed("template", text, hint));
    }
    Ok(text.to_owned())
}

fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')
}

fn whole(text: &str, from: u32, to: u32) -> Result<u32, InvalidValue> {
    let number = text
        .parse()
        .ok()
        .filter(|number| (from..=to).contains(number));
    number.ok_or_else(|| {
        let hint = format!("use a whole number from {from} to {to}");
        InvalidValue::malformed("number", text, hint)
    })
}

fn word(text: &str, words: &'static [&'static str]) -> Result<&'static str, InvalidValue> {
    let known = words.iter().copied().find(|word| *word == text);
    known.ok_or_else(|| InvalidValue::word("value", text, words))
}

/// The longest duration, in days: what waits for a month is of no use any more.
pub(super) const MAX_DAYS: u64 = 30;

const MAX_DURATION: Duration = Duration::from_hours(MAX_DAYS * 24);

/// The longest parameter of a form, in characters.
pub(super) const MAX_PARAMETER: usize = 32;

/// The longest value, in bytes: a text or a document of a phone is shorter.
pub(super) const MAX_VALUE: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_outside_the_limits_are_invalid() {
        let rows = crate::verb::TABLE.iter();
        let keys = rows.flat_map(|row| row.keys).chain(crate::verb::COMMON);
        for key in keys {
            let (min, max) = key.kind.length();
            let parse = |length: usize| {
                let text = "1".repeat(length);
                value(key.kind, Given::written(&text))
            };
            assert!(parse(max + 1).is_err(), "{}", key.name);
            assert_eq!(parse(0).is_err(), min > 0, "{}", key.name);
        }
    }

    #[test]
    fn durations_are_parsed_with_and_without_a_unit() {
        assert_eq!(duration("30"), Ok(Duration::from_secs(30)));
        assert_eq!(duration("1m 30s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("1500ms"), Ok(Duration::from_millis(1500)));
        for text in ["", "-1", "soon", "9999999999999999999", "31d"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn input_defaults_to_text() {
        let kind = |text: &str| {
            input(Given::written(text))
                .map(|input| input.kind)
                .map_err(|error| error.to_string())
        };
        assert_eq!(kind("Name|n"), Ok(InputKind::Text));
        assert_eq!(kind("PIN|pin|password"), Ok(InputKind::Password));
        assert!(kind("PIN|p n").unwrap_err().contains("parameter"));
        assert!(
            kind("PIN|pin|secret")
                .unwrap_err()
                .contains("expected lower, number")
        );
        assert!(kind("|pin").is_err() && kind("PIN").is_err());
    }

    #[test]
    fn template_is_a_name_and_not_a_path() {
        assert!(template("queue-status.xml").is_ok());
        for text in ["", ".hidden", "../secret", "a/b", "a\\b"] {
            assert!(template(text).is_err(), "{text}");
        }
    }
}
