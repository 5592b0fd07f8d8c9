//! Tones.

use std::str::FromStr;

use crate::invalid_value::InvalidValue;
use crate::screen::Source;

/// A tone to play or set.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Tone {
    /// A built-in tone of the phone, by name or number.
    BuiltIn(String),
    /// A WAV file.
    Source(Source),
}

impl FromStr for Tone {
    type Err = InvalidValue;

    /// Parses a URL, a file (with a `/`, or an extension that no built-in tone has), or the name or number
    /// of a built-in tone.
    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let lower = text.to_ascii_lowercase();
        let is_file = EXTENSIONS
            .iter()
            .any(|extension| lower.ends_with(extension));
        if text.contains("://") || text.contains('/') || is_file {
            return text.parse().map(Self::Source);
        }
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | ' ');
        if text.is_empty() || text.len() > MAX_LENGTH || !text.chars().all(is_allowed) {
            let hint = "use a built-in tone, an audio file or a URL";
            return Err(InvalidValue::malformed("tone", text, hint));
        }
        Ok(Self::BuiltIn(text.to_owned()))
    }
}

/// The extensions of audio files that are not those of built-in tones, which are `.raw` and `.rwb` on Cisco
/// phones.
const EXTENSIONS: [&str; 5] = [".wav", ".gsm", ".ulaw", ".alaw", ".sln"];

const MAX_LENGTH: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tone_is_a_url_a_file_or_a_name() {
        let file = |name: &str| Ok(Tone::Source(Source::File(name.to_owned())));
        assert_eq!("bell.WAV".parse(), file("bell.WAV"));
        assert_eq!("bell.gsm".parse(), file("bell.gsm"));
        assert_eq!("bell.ULAW".parse(), file("bell.ULAW"));
        assert_eq!("/srv/tones/bell.raw".parse(), file("/srv/tones/bell.raw"));
        assert_eq!("3".parse(), Ok(Tone::BuiltIn("3".into())));
        assert_eq!(
            "Analog1.raw".parse(),
            Ok(Tone::BuiltIn("Analog1.raw".into()))
        );
        assert!(matches!(
            "http://h/x.wav".parse(),
            Ok(Tone::Source(Source::Url(_)))
        ));
        for text in ["", "a;b", "ftp://h/x.wav", "a\nb"] {
            assert!(text.parse::<Tone>().is_err(), "{text}");
        }
    }
}
