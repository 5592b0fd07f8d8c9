//! Action URIs: `/servlet?key=…`, the little of it that shows on the phone.

use super::super::form;
use super::super::request::Answer;
use super::Yealink;

impl Yealink {
    /// Does what an action URI says; `key` must come first, and no `&` last.
    pub(super) fn action(&self, query: &str) -> Answer {
        if query.ends_with('&') {
            return Answer::empty(400).refusing("a query that ends in &");
        }
        if query.starts_with("phonecfg=get") {
            let firmware = &self.device.options().firmware;
            let body = format!("[Status]\nFirmwareVersion={firmware}\n");
            return Answer::with_body(200, "text/plain", body);
        }
        let Some(keys) = query.strip_prefix("key=") else {
            return Answer::empty(404).refusing("a query that does not begin key=");
        };
        let (keys, more) = keys.split_once('&').unwrap_or((keys, ""));
        if !(more.is_empty() || more.starts_with("outgoing_uri=")) {
            return Answer::empty(400).refusing(format!("the parameter {more}"));
        }
        for key in keys.split(';') {
            match form::decoded(key) {
                Ok(key) if is_key(&key) => self.press_key(&key),
                Ok(key) => {
                    // A real phone says 200 to this as well.
                    let reason = format!("the key `{key}`");
                    return Answer::with_body(200, "text/html", "").refusing(reason);
                }
                Err(reason) => return Answer::empty(400).refusing(reason),
            }
        }
        Answer::with_body(200, "text/html", "")
    }

    fn press_key(&self, key: &str) {
        if let Some(number) = key.strip_prefix("number=") {
            self.device.change(|state| state.dial(number));
            return;
        }
        self.device.change(|state| state.press(key));
        if matches!(key, "X" | "CANCEL") {
            self.device.clear();
        }
    }
}

fn is_key(key: &str) -> bool {
    let (name, argument) = key.split_once(['=', ':']).unwrap_or((key, ""));
    if [
        "number",
        "ATrans",
        "BTrans",
        "AlwaysFwdOn",
        "BusyFwdOn",
        "NoAnswFwdOn",
    ]
    .contains(&name)
        || ["ASW", "CANCEL", "HOLD", "UNHOLD"].contains(&name) && key.contains(':')
    {
        return !argument.is_empty();
    }
    let numbered = ["L", "D", "F"]
        .iter()
        .find_map(|prefix| key.strip_prefix(prefix));
    KEYS.contains(&key)
        || numbered.is_some_and(|number| number.parse::<u8>().is_ok_and(|number| number > 0))
        || key.len() == 1 && key.bytes().all(|byte| byte.is_ascii_digit())
}

const KEYS: [&str; 35] = [
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
    "HOLD",
    "F_CONFERENCE",
    "X",
    "CANCEL",
    "*",
    "POUND",
    "UP",
    "DOWN",
    "LEFT",
    "RIGHT",
    "Reboot",
    "AutoP",
    "DNDOn",
    "DNDOff",
    "OFFHOOK",
    "ONHOOK",
    "ANSWER",
    "ASW",
    "CALLEND",
    "CallEnd",
    "SWAP",
    "SPLIT",
    "CallWaitingOn",
    "CallWaitingOff",
];
