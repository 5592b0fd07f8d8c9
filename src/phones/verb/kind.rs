//! What the value of a key may be, and how it is read.

use std::time::Duration;

use super::action::Tone;
use super::value::Value;
use super::{key, stream};
use crate::screen::{Entry, Input, InputKind, Item, Source, http_url};

/// The kinds of values.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Kind {
    /// `IP:PORT`.
    Address,
    /// What tells a call from others.
    Call,
    /// What a call manager calls a phone.
    Device,
    /// DTMF digits.
    Digits,
    /// `30s`, `5m`, `1h 30m`, or a number of seconds.
    Duration,
    /// `Name|Number`.
    Entry,
    /// A picture: a file or a URL.
    Image,
    /// `Label|param|kind`.
    Input,
    /// `Label|TARGET`.
    Item,
    /// Keys to press, `OFFHOOK,1:800:200`.
    Keys,
    /// A lamp, by number or name.
    Led,
    /// Something to dial.
    Number,
    /// `NAME=VALUE`.
    Setting,
    /// The name of a setting.
    SettingName,
    /// The name of a template.
    Template,
    /// Any text.
    Text,
    /// A tone: a built-in name or number, a file or a URL.
    Tone,
    /// An http or https URL.
    Url,
    /// The id of a user.
    User,
    /// A URI in the vendor's own words, `Key:Soft1@0`.
    VendorUri,
    /// A whole number in a range, the ends included.
    Whole(u32, u32),
    /// One of a few words.
    Word(&'static [&'static str]),
}

impl Kind {
    /// `yes` or `no`.
    pub const YES_NO: Self = Self::Word(&["yes", "no"]);

    /// Reads a value; the error says what is wrong with it, without naming the key.
    pub(super) fn read(self, text: &str) -> Result<Value, String> {
        let trimmed = text.trim();
        match self {
            Self::Address => stream::address(trimmed).map(Value::Address),
            Self::Call => trimmed.parse().map(Value::Call),
            Self::Device => trimmed.parse().map(Value::Device),
            Self::Digits => trimmed.parse().map(Value::Digits),
            Self::Duration => duration(trimmed).map(Value::Duration),
            Self::Entry => entry(text).map(Value::Entry),
            Self::Image => source(trimmed).map(Value::Image),
            Self::Input => input(text).map(Value::Input),
            Self::Item => item(text).map(Value::Item),
            Self::Keys => key::parse(trimmed).map(Value::Keys),
            Self::Led => trimmed.parse().map(Value::Led),
            Self::Number => trimmed.parse().map(Value::Number),
            Self::Setting => text.parse().map(Value::Setting),
            Self::SettingName => trimmed.parse().map(Value::SettingName),
            Self::Template => template(trimmed).map(Value::Text),
            Self::Text => any_text(text).map(Value::Text),
            Self::Tone => Tone::parse(trimmed).map(Value::Tone),
            Self::Url => http_url(trimmed)
                .map(Value::Url)
                .ok_or_else(|| format!("{trimmed:?} is no http or https URL")),
            Self::User => trimmed.parse().map(Value::User),
            Self::VendorUri => trimmed.parse().map(Value::VendorUri),
            Self::Whole(from, to) => whole(trimmed, from, to).map(Value::Whole),
            Self::Word(words) => word(trimmed, words).map(Value::Word),
        }
    }
}

fn any_text(text: &str) -> Result<String, String> {
    if text.len() > MAX_TEXT {
        return Err(format!(
            "{} bytes are too many; {MAX_TEXT} are the limit",
            text.len()
        ));
    }
    Ok(text.to_owned())
}

fn duration(text: &str) -> Result<Duration, String> {
    let seconds = || text.parse().map(Duration::from_secs).ok();
    let duration = seconds().or_else(|| humantime::parse_duration(text).ok());
    let duration = duration
        .ok_or_else(|| format!("{text:?} is no duration; write 30s, 5m or a number of seconds"))?;
    if duration > MAX_DURATION {
        return Err(format!("{text:?} is too long; 30 days are the limit"));
    }
    Ok(duration)
}

fn entry(text: &str) -> Result<Entry, String> {
    let (name, number) = labelled(text, "Name|Number")?;
    Ok(Entry {
        name,
        number: number.trim().parse()?,
    })
}

fn item(text: &str) -> Result<Item, String> {
    let (label, target) = labelled(text, "Label|TARGET")?;
    Ok(Item {
        label,
        target: target.parse()?,
    })
}

fn input(text: &str) -> Result<Input, String> {
    let (label, rest) = labelled(text, "Label|param|kind")?;
    let (parameter, kind) = rest.split_once('|').unwrap_or((rest, "text"));
    let parameter = parameter.trim();
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if parameter.is_empty() || parameter.len() > MAX_PARAMETER || !parameter.chars().all(fits) {
        return Err(format!(
            "{parameter:?} is no parameter; a parameter has up to {MAX_PARAMETER} letters, digits and _ - ."
        ));
    }
    let found = InputKind::ALL
        .into_iter()
        .find(|(word, _)| *word == kind.trim());
    let (_, kind) = found.ok_or_else(|| {
        let words = InputKind::ALL.map(|(word, _)| word).join(", ");
        format!("{:?} is no kind of input; kinds are {words}", kind.trim())
    })?;
    Ok(Input {
        label,
        parameter: parameter.to_owned(),
        kind,
    })
}

/// Splits at the first `|`; what stands before it must not be empty.
fn labelled<'a>(text: &'a str, form: &str) -> Result<(String, &'a str), String> {
    let wrong = || format!("{text:?} is not of the form {form}");
    let (label, rest) = text.split_once('|').ok_or_else(wrong)?;
    let label = label.trim();
    if label.is_empty() {
        return Err(wrong());
    }
    Ok((label.to_owned(), rest))
}

fn source(text: &str) -> Result<Source, String> {
    if text.is_empty() {
        return Err("it is empty; name a file or a URL".to_owned());
    }
    if text.contains("://") {
        let url = http_url(text).ok_or_else(|| format!("{text:?} is no http or https URL"))?;
        return Ok(Source::Url(url));
    }
    if text.chars().any(char::is_control) {
        return Err(format!("{text:?} is no name of a file"));
    }
    Ok(Source::File(text.to_owned()))
}

fn template(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if text.is_empty() || text.starts_with('.') || !text.chars().all(fits) {
        return Err(format!("{text:?} is no name of a template"));
    }
    Ok(text.to_owned())
}

fn whole(text: &str, from: u32, to: u32) -> Result<u32, String> {
    let number = text
        .parse()
        .ok()
        .filter(|number| (from..=to).contains(number));
    number.ok_or_else(|| format!("{text:?} is no whole number from {from} to {to}"))
}

fn word(text: &str, words: &'static [&'static str]) -> Result<&'static str, String> {
    let found = words.iter().find(|word| **word == text);
    found
        .copied()
        .ok_or_else(|| format!("{text:?} is not {}", words.join(" or ")))
}

impl Tone {
    /// Reads a tone: a URL, a file (it has a `/` or ends with `.wav`), or the phone's own name or
    /// number for one of its tones.
    fn parse(text: &str) -> Result<Self, String> {
        let is_wav = text.len() >= 4 && text.to_ascii_lowercase().ends_with(".wav");
        if text.contains("://") || text.contains('/') || is_wav {
            return source(text).map(Self::Source);
        }
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | ' ');
        if text.is_empty() || text.len() > MAX_TONE || !text.chars().all(fits) {
            return Err(format!(
                "{text:?} is no tone; name a built-in tone, a WAV file or a URL"
            ));
        }
        Ok(Self::BuiltIn(text.to_owned()))
    }
}

const MAX_DURATION: Duration = Duration::from_hours(30 * 24);
const MAX_PARAMETER: usize = 32;
const MAX_TEXT: usize = 64 * 1024;
const MAX_TONE: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_with_and_without_a_unit() {
        assert_eq!(duration("30"), Ok(Duration::from_secs(30)));
        assert_eq!(duration("1m 30s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("1500ms"), Ok(Duration::from_millis(1500)));
        for text in ["", "-1", "soon", "9999999999999999999", "31d"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_tone_is_a_url_a_file_or_a_name() {
        let file = |name: &str| Ok(Tone::Source(Source::File(name.to_owned())));
        assert_eq!(Tone::parse("bell.WAV"), file("bell.WAV"));
        assert_eq!(
            Tone::parse("/srv/tones/bell.raw"),
            file("/srv/tones/bell.raw")
        );
        assert_eq!(Tone::parse("3"), Ok(Tone::BuiltIn("3".into())));
        assert_eq!(
            Tone::parse("Analog1.raw"),
            Ok(Tone::BuiltIn("Analog1.raw".into()))
        );
        assert!(matches!(
            Tone::parse("http://h/x.wav"),
            Ok(Tone::Source(Source::Url(_)))
        ));
        for text in ["", "a;b", "ftp://h/x.wav", "a\nb"] {
            assert!(Tone::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_input_is_text_unless_it_says_otherwise() {
        let kind = |text: &str| input(text).map(|input| input.kind);
        assert_eq!(kind("Name|n"), Ok(InputKind::Text));
        assert_eq!(kind("PIN|pin|password"), Ok(InputKind::Password));
        assert!(kind("PIN|p n").unwrap_err().contains("parameter"));
        assert!(
            kind("PIN|pin|secret")
                .unwrap_err()
                .contains("kinds are lower, number")
        );
        assert!(kind("|pin").is_err() && kind("PIN").is_err());
    }

    #[test]
    fn a_template_is_a_name_and_no_path() {
        assert!(template("queue-status.xml").is_ok());
        for text in ["", ".hidden", "../secret", "a/b", "a\\b"] {
            assert!(template(text).is_err(), "{text}");
        }
    }
}
