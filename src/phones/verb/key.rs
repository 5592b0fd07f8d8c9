//! Keys to press: `OFFHOOK,1,0,0,OK`, each with hold and pause times if wanted, `1:800:200`.

use std::time::Duration;

use crate::screen::KeyName;

/// One key, pressed and released.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KeyPress {
    /// Which key.
    pub key: KeyName,
    /// How long it is held down; `None` is a short press.
    pub hold: Option<Duration>,
    /// How long nothing is pressed afterwards; `None` leaves it to the way that is used.
    pub pause: Option<Duration>,
}

/// Reads a list of keys.
pub(super) fn parse(text: &str) -> Result<Vec<KeyPress>, String> {
    let presses = text.split(',').map(press).collect::<Result<Vec<_>, _>>()?;
    if presses.len() > MAX_KEYS {
        let many = presses.len();
        return Err(format!(
            "{many} keys are too many; {MAX_KEYS} are the limit"
        ));
    }
    Ok(presses)
}

fn press(text: &str) -> Result<KeyPress, String> {
    let mut parts = text.split(':');
    let key = parts.next().unwrap_or_default().parse()?;
    let (hold, pause) = (parts.next(), parts.next());
    if parts.next().is_some() {
        return Err(format!("{text:?} is not of the form KEY:HOLD:PAUSE"));
    }
    let time = |part: Option<&str>| part.filter(|part| !part.is_empty()).map(milliseconds);
    Ok(KeyPress {
        key,
        hold: time(hold).transpose()?,
        pause: time(pause).transpose()?,
    })
}

fn milliseconds(text: &str) -> Result<Duration, String> {
    let number = text.trim().parse().ok().map(Duration::from_millis);
    number.filter(|time| *time <= MAX_TIME).ok_or_else(|| {
        let most = MAX_TIME.as_millis();
        format!("{text:?} is no time; hold and pause are milliseconds, {most} at the most")
    })
}

const MAX_KEYS: usize = 64;
const MAX_TIME: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_in_order_with_their_times() {
        let keys = parse("OFFHOOK, 1:800:200 ,#::50,*:20").unwrap();
        let told: Vec<_> = keys
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
        assert_eq!(told, expected);
    }

    #[test]
    fn what_is_no_list_of_keys_is_refused() {
        for text in [
            "", "1,,2", "1:a", "1:1:1:1", "1;2", "A B", "1:10001", "1:-5",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse(&["1"; 64].join(",")).is_ok());
        assert!(
            parse(&["1"; 65].join(","))
                .unwrap_err()
                .contains("64 are the limit")
        );
    }
}
