//! Keys to press: `OFFHOOK,1,0,0,OK`, each with optional hold and pause times, `1:800:200`.

use std::time::Duration;

use crate::given::Given;
use crate::invalid_value::InvalidValue;
use crate::screen::KeyName;

/// The press and release of a key.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KeyPress {
    /// The key.
    pub key: KeyName,
    /// How long the key is held; `None` is a short press.
    pub hold: Option<Duration>,
    /// The pause afterwards; `None` is the default of the transport.
    pub pause: Option<Duration>,
}

/// Parses a list of key presses.
pub(super) fn parse(given: Given<'_>) -> Result<Vec<KeyPress>, InvalidValue> {
    let presses = given.split(',').map(press).collect::<Result<Vec<_>, _>>()?;
    if presses.len() > MAX_KEYS {
        return Err(InvalidValue::TooMany {
            unit: "keys",
            count: presses.len(),
            max: MAX_KEYS,
        });
    }
    Ok(presses)
}

fn press(given: Given<'_>) -> Result<KeyPress, InvalidValue> {
    let mut parts = given.split(':').map(Given::as_str);
    let key = parts.next().unwrap_or_default().parse()?;
    let (hold, pause) = (parts.next(), parts.next());
    if parts.next().is_some() {
        return Err(InvalidValue::malformed(
            "key press",
            given.as_str(),
            "use KEY:HOLD:PAUSE",
        ));
    }
    let time = |part: Option<&str>| part.filter(|part| !part.is_empty()).map(milliseconds);
    Ok(KeyPress {
        key,
        hold: time(hold).transpose()?,
        pause: time(pause).transpose()?,
    })
}

fn milliseconds(text: &str) -> Result<Duration, InvalidValue> {
    let number = text.trim().parse().ok().map(Duration::from_millis);
    number.filter(|time| *time <= MAX_TIME).ok_or_else(|| {
        let max = MAX_TIME.as_millis();
        let hint = format!("hold and pause are up to {max} milliseconds");
        InvalidValue::malformed("time", text, hint)
    })
}

/// The most keys in one request.
pub(super) const MAX_KEYS: usize = 64;

/// The longest hold and the longest pause.
pub(super) const MAX_TIME: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Vec<KeyPress>, InvalidValue> {
        super::parse(Given::written(text))
    }

    #[test]
    fn keys_are_parsed_in_order_with_their_times() {
        let keys = parse("OFFHOOK, 1:800:200 ,#::50,*:20").unwrap();
        let parsed: Vec<_> = keys
            .iter()
            .map(|press| {
                let ms = |time: Option<Duration>| time.map(|time| time.as_millis());
                (press.key.as_str(), ms(press.hold), ms(press.pause))
            })
            .collect();
        let expected = [
            ("OFFHOOK", None, None),
            ("1", Some(800), Some(200)),
            ("#", None, Some(50)),
            ("*", Some(20), None),
        ];
        assert_eq!(parsed, expected);
    }

    #[test]
    fn malformed_lists_of_keys_are_refused() {
        for text in [
            "", "1,,2", "1:a", "1:1:1:1", "1;2", "A B", "1:10001", "1:-5",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse(&["1"; 64].join(",")).is_ok());
        assert!(
            parse(&["1"; 65].join(","))
                .unwrap_err()
                .to_string()
                .contains("the limit is 64")
        );
    }
}
