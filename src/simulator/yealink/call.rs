//! What keys and commands do with calls. A phone says 200 to all of them, also where there is no
//! call to do it with; that is remarked.

use super::Yealink;
use super::model::release;
use super::phonecfg::ACCOUNTS;
use crate::calling::{Calling, PhoneCallState};

impl Yealink {
    /// Calls a number from an account of the phone; one that it does not know is not heeded.
    pub(super) fn dial(&self, number: &str, from: Option<&str>) {
        let from = from.map(|from| from.strip_prefix("sip:").unwrap_or(from));
        let account = from.filter(|from| ACCOUNTS.iter().any(|(_, _, known)| known == from));
        self.device.change(|state| {
            if let (Some(from), None) = (from, account) {
                state.remark(format!("No account is {from}; the usual one calls."));
            }
            state.dial(number);
            state.calling.dial(number, account);
        });
    }

    /// Does what a key or a command does.
    pub(super) fn press_key(&self, key: &str, by_notify: bool) {
        self.device.change(|state| state.press(key));
        if matches!(key, "X" | "CANCEL") {
            self.device.clear();
        }
        let options = self.device.options();
        // Seen on a T53W.
        let is_t53 = self.model.name == "T53" && release(&options.firmware) >= 86;
        if is_t53 && (key == "ANSWER" || by_notify && key.contains("HOLD:")) {
            return self
                .device
                .change(|state| state.remark(format!("{key} does nothing here.")));
        }
        self.device.change(|state| {
            let done = match key.split_once(['=', ':']) {
                Some((command, argument)) => with_argument(&mut state.calling, command, argument),
                None => alone(&mut state.calling, key),
            };
            if !done {
                state.remark(format!("{key}: there is no call for it."));
            }
        });
    }
}

/// Does what a key does; returns whether there was a call for it, if it needs one.
fn alone(calling: &mut Calling, key: &str) -> bool {
    let id = |calling: &mut Calling, state| calling.last_that_is(state).map(|call| call.id);
    match key {
        "ANSWER" | "ASW" | "OK" => match calling.last_that_is(PhoneCallState::Ringing) {
            Some(call) => call.state = PhoneCallState::Talking,
            None => return key == "OK",
        },
        "CALLEND" | "CallEnd" => match calling.call(None).map(|call| call.id) {
            Some(id) => return calling.end(id),
            None => return false,
        },
        "X" | "CANCEL" => {
            if let Some(id) = id(calling, PhoneCallState::Ringing) {
                calling.end(id);
            }
        }
        "F_HOLD" | "HOLD" => match calling.call(None) {
            Some(call) if call.state == PhoneCallState::Talking => {
                call.state = PhoneCallState::Held;
            }
            Some(call) if call.state == PhoneCallState::Held => {
                call.state = PhoneCallState::Talking;
            }
            _ => return false,
        },
        "MUTE" => {
            if id(calling, PhoneCallState::Talking).is_none() {
                return false;
            }
            calling.muted = !calling.muted;
        }
        "DNDOn" | "DNDOff" => calling.dnd = key == "DNDOn",
        "AlwaysFwdOff" | "BusyFwdOff" | "NoAnswFwdOff" => {
            calling.forwards.remove(key.trim_end_matches("FwdOff"));
        }
        _ => {
            let digit = match key {
                "POUND" => Some('#'),
                key if key.len() == 1 => key.chars().next(),
                _ => None,
            };
            let talks = id(calling, PhoneCallState::Talking).is_some();
            if let Some(digit) = digit.filter(|_| talks) {
                calling.send(digit);
            }
        }
    }
    true
}

/// Does what a command does with a number or a call; returns whether there was a call for it.
fn with_argument(calling: &mut Calling, command: &str, argument: &str) -> bool {
    let talking = calling
        .last_that_is(PhoneCallState::Talking)
        .map(|call| call.id);
    if let Some(kind) = command.strip_suffix("FwdOn") {
        calling
            .forwards
            .insert(kind.to_owned(), argument.to_owned());
        return true;
    }
    match (command, talking) {
        ("BTrans" | "ATrans", None) => return false,
        ("BTrans", Some(id)) => {
            calling.end(id);
            calling.transfers.push((argument.to_owned(), true));
            return true;
        }
        ("ATrans", Some(_)) => {
            calling.dial(argument, None);
            calling.transfers.push((argument.to_owned(), false));
            return true;
        }
        _ => {}
    }
    let Ok(id) = argument.parse() else {
        return false;
    };
    if command == "CANCEL" {
        return calling.end(id);
    }
    let (from, to) = match command {
        "ASW" => (PhoneCallState::Ringing, PhoneCallState::Talking),
        "HOLD" => (PhoneCallState::Talking, PhoneCallState::Held),
        _ => (PhoneCallState::Held, PhoneCallState::Talking),
    };
    match calling.call(Some(id)) {
        Some(call) if call.state == from => call.state = to,
        _ => return false,
    }
    true
}
