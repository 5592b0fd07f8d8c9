//! `command.htm`, `line_login.htm` and `minibrowser.htm`: keys, numbers, ringers and pages.

use bytes::Bytes;
use url::Url;

use super::Snom;
use crate::calls::CallState;
use crate::state::Tone;

/// The decoded fields of a query.
pub(super) type Fields = [(String, String)];

impl Snom {
    /// Opens a page. Its URL must be absolute and fully percent-encoded; before firmware 8.4.32 it has
    /// no scheme and no encoding.
    pub(super) fn browse(&self, query: &str, fields: &Fields) -> Result<(), String> {
        if self.is_older_than(&[8, 2, 7]) {
            return Err("this firmware cannot open pages".to_owned());
        }
        let [(name, value)] = fields else {
            return Err("expected one parameter".to_owned());
        };
        if name != "url" {
            return Err(format!("unknown parameter {name}; expected url"));
        }
        let raw = query
            .split_once('=')
            .map(|(_, raw)| raw)
            .unwrap_or_default();
        let url = if self.is_older_than(&[8, 4, 32]) {
            if raw.contains("://") || raw.contains('%') {
                return Err("URL with a scheme or encoding".to_owned());
            }
            format!("http://{raw}")
        } else {
            if raw.contains([':', '/', '?', '=']) {
                return Err("URL is not percent-encoded".to_owned());
            }
            value.clone()
        };
        let url = Url::parse(&url).map_err(|error| format!("invalid URL `{url}`: {error}"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!("URL `{url}` is not http or https"));
        }
        let load = self.load(url);
        self.device.spawn(load);
        Ok(())
    }

    /// Presses keys, dials, or hangs up.
    pub(super) fn command(&self, query: &str, fields: &Fields) -> Result<(), String> {
        let (name, value) = fields.first().ok_or("no command")?;
        match name.as_str() {
            "key" => {
                let raw = query.split('&').next().unwrap_or_default();
                let raw = raw.strip_prefix("key=").unwrap_or_default();
                let keys = keys(raw)?;
                for key in &keys {
                    self.check_key(key)?;
                }
                for key in &keys {
                    self.press_key(key);
                }
                Ok(())
            }
            "number" if is_number(value) => {
                match fields.get(1) {
                    None => {}
                    Some((name, from)) if name == "outgoing_uri" && self.is_own(from) => {}
                    Some((name, from)) if name == "outgoing_uri" && is_address(from) => {
                        let remark = format!("No identity is {from}; the first one dials.");
                        self.device.change(|state| state.remark(remark));
                    }
                    Some((name, value)) => return Err(format!("invalid parameter {name}={value}")),
                }
                self.dial(value);
                Ok(())
            }
            "key_dtmf" if is_number(value) => {
                let mut sent = false;
                self.device.change(|state| {
                    let id = state.calls.oldest(CallState::Connected).unwrap_or_default();
                    sent = state.calls.send_digits(id, value);
                });
                if sent {
                    Ok(())
                } else {
                    Err(format!("no connected call to send {value} in"))
                }
            }
            "RELEASE_ALL_CALLS" | "LOGOFFALL" if value.is_empty() => {
                self.device.change(|state| {
                    state.press(name);
                    if name == "RELEASE_ALL_CALLS" {
                        state.calls.end_all();
                    }
                });
                Ok(())
            }
            "LOGOFFLINE" | "REREGISTER" if is_identity(value) => {
                self.device
                    .change(|state| state.press(format!("{name}={value}")));
                Ok(())
            }
            "FIX_LIL" if value == "true" => {
                self.device.change(|state| state.set(name, value));
                Ok(())
            }
            "touch" if self.model.has_touch() => {
                check_touch(value)?;
                self.device
                    .change(|state| state.press(format!("touch {value}")));
                Ok(())
            }
            _ => Err(format!("unknown command {name}={value}")),
        }
    }

    /// Plays one of the ringers 1 to 9.
    pub(super) fn play_ringer(&self, fields: &Fields) -> Result<(), String> {
        let [(name, value)] = fields else {
            return Err("expected one parameter".to_owned());
        };
        let ringer = name.strip_prefix("PLAY_RINGER:").unwrap_or_default();
        let known = ringer.len() == 1 && ringer.parse::<u8>().is_ok_and(|ringer| ringer > 0);
        if !known || value.trim_start_matches("Play").trim() != "Ringer" {
            return Err(format!("invalid parameter {name}={value}"));
        }
        self.device.change(|state| {
            state.play(Tone {
                name: format!("Ringer{ringer}"),
                sound: Bytes::new(),
            });
            state.ringing = true;
        });
        Ok(())
    }
}

/// Parses `KEY[,HOLD_MS[,PAUSE_MS]];…`, in which keys may be percent-encoded.
fn keys(text: &str) -> Result<Vec<String>, String> {
    text.split(';')
        .map(|event| {
            let mut parts = event.split(',');
            let key = super::form::decoded(parts.next().unwrap_or_default())?;
            let times: Vec<&str> = parts.collect();
            if times.len() > 2 || times.iter().any(|time| time.parse::<u32>().is_err()) {
                return Err(format!("invalid times in the key event `{event}`"));
            }
            if !is_key(&key) {
                return Err(format!("unknown key `{key}`"));
            }
            Ok(key)
        })
        .collect()
}

/// Validates a touch: `X Y`, optionally followed by `press`, `release` or `pr`.
fn check_touch(text: &str) -> Result<(), String> {
    let mut parts = text.split(' ');
    let mut within = |most: u16| {
        let at = parts.next().and_then(|at| at.parse::<u16>().ok());
        at.is_some_and(|at| at <= most)
    };
    let is_on_screen = within(479) && within(271);
    let verb = parts.next().unwrap_or("pr");
    let known = matches!(verb, "press" | "p" | "release" | "r" | "pr");
    if is_on_screen && known && parts.next().is_none() {
        return Ok(());
    }
    Err(format!("invalid touch `{text}`"))
}

fn is_key(key: &str) -> bool {
    let numbered = ["P", "EK"]
        .iter()
        .find_map(|prefix| key.strip_prefix(prefix));
    KEYS.contains(&key)
        || numbered.is_some_and(|number| number.parse::<u8>().is_ok())
        || key.len() == 1 && key.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_number(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| {
            byte.is_ascii_alphanumeric()
                || matches!(byte, b'*' | b'#' | b'+' | b'@' | b'.' | b'-' | b':' | b'_')
        })
}

/// Validates `user@host`.
fn is_address(text: &str) -> bool {
    let is_plain = |part: &str| {
        let mut bytes = part.bytes();
        !part.is_empty()
            && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"+.*_-:[]".contains(&byte))
    };
    text.split_once('@')
        .is_some_and(|(user, host)| is_plain(user) && is_plain(host))
}

fn is_identity(text: &str) -> bool {
    text.parse::<u8>()
        .is_ok_and(|identity| (1..=12).contains(&identity))
}

const KEYS: [&str; 27] = [
    "F_R",
    "F_ADR_BOOK",
    "DISCONNECT",
    "CANCEL",
    "ENTER",
    "OFFHOOK",
    "ONHOOK",
    "RIGHT",
    "LEFT",
    "UP",
    "DOWN",
    "VOLUME_UP",
    "VOLUME_DOWN",
    "MUTE",
    "REDIAL",
    "DND",
    "REC",
    "F1",
    "F2",
    "F3",
    "F4",
    "SPEAKER",
    "HEADSET",
    "TRANSFER",
    "F_HOLD",
    "*",
    "#",
];
