//! The values of `key=`, by model and firmware.

use super::Yealink;
use super::model::release;

impl Yealink {
    /// Checks a key or command; the error says why it has no effect.
    pub(super) fn check_key(&self, key: &str) -> Result<(), String> {
        let release = release(&self.device.options().firmware);
        let since = |first: u32| {
            if release >= first {
                return Ok(());
            }
            Err(format!("key `{key}` is not supported by V{release}"))
        };
        let unknown = || Err(format!("unknown key `{key}`"));
        if let Some((command, argument)) = key.split_once('=') {
            return match command {
                "ATrans" | "BTrans" | "number" if is_number(argument) => Ok(()),
                "AlwaysFwdOn" | "BusyFwdOn" if is_number(argument) => since(80),
                "NoAnswFwdOn" => match argument.split_once('=') {
                    Some((number, seconds)) if is_number(number) && is_ring_time(seconds) => {
                        since(80)
                    }
                    _ => Err(format!("invalid number or seconds in `{key}`")),
                },
                _ => unknown(),
            };
        }
        if let Some((command, id)) = key.split_once(':') {
            let is_id = id.parse::<u32>().is_ok();
            return match command {
                "ASW" | "CANCEL" | "HOLD" | "UNHOLD" if is_id => since(80),
                _ => unknown(),
            };
        }
        if self.model.lacks(key) {
            return Err(format!("a {} has no key `{key}`", self.model.name));
        }
        if let Some((kind, number)) = key.split_at_checked(1)
            && let Ok(number) = number.parse::<u8>()
        {
            let max = match kind {
                "L" => self.model.line_keys,
                "F" => 4,
                "D" if release < 80 => 10,
                _ => 0,
            };
            return if (1..=max).contains(&number) {
                Ok(())
            } else {
                unknown()
            };
        }
        match key {
            "HOLD" => since(84),
            "CANCEL" | "ASW" | "AlwaysFwdOff" | "BusyFwdOff" | "NoAnswFwdOff" => since(80),
            "OFFHOOK" | "ONHOOK" | "ANSWER" => since(73),
            _ if KEYS.contains(&key) => Ok(()),
            _ if key.len() == 1 && key.bytes().all(|byte| byte.is_ascii_digit()) => Ok(()),
            _ => unknown(),
        }
    }
}

fn is_number(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "*#+.@:_-".contains(c);
    !text.is_empty() && text.chars().all(fits)
}

/// Returns whether the phone can ring that long: a multiple of six seconds.
fn is_ring_time(text: &str) -> bool {
    text.parse::<u32>()
        .is_ok_and(|seconds| seconds > 0 && seconds % 6 == 0)
}

const KEYS: [&str; 29] = [
    "OK",
    "ENTER",
    "SPEAKER",
    "HEADSET",
    "MUTE",
    "MSG",
    "RD",
    "VOLUME_UP",
    "VOLUME_DOWN",
    "F_TRANSFER",
    "F_HOLD",
    "F_CONFERENCE",
    "X",
    "*",
    "POUND",
    "UP",
    "DOWN",
    "LEFT",
    "RIGHT",
    "Reboot",
    "AutoP",
    "Reset",
    "DNDOn",
    "DNDOff",
    "CALLEND",
    "CallEnd",
    "SWAP",
    "CallWaitingOn",
    "CallWaitingOff",
];
