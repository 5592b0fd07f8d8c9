//! What keys and commands do with calls. The phone answers 200 to all of them, even without a call
//! that they apply to; that is noted as a remark.

use super::Yealink;
use super::model::release;
use super::phonecfg::ACCOUNTS;
use crate::calls::{CallState, Calls};
use crate::state::State;

impl Yealink {
    /// Dials a number from an account of the phone; an unknown account is ignored.
    pub(super) fn dial(&self, number: &str, from: Option<&str>) {
        let from = from.map(|from| from.strip_prefix("sip:").unwrap_or(from));
        let account = from.filter(|from| ACCOUNTS.iter().any(|(_, _, known)| known == from));
        self.device.change(|state| {
            if let (Some(from), None) = (from, account) {
                state.remark(format!(
                    "There is no account {from}; the default account dials."
                ));
            }
            state.dial(number);
            dial(&mut state.calls, number, account);
        });
    }

    /// Performs the function of a key or a command.
    pub(super) fn press_key(&self, key: &str, by_notify: bool) {
        self.device.change(|state| state.press(key));
        if matches!(key, "X" | "CANCEL") {
            self.device.clear();
        }
        let options = self.device.options();
        // Observed on a T53W.
        let is_t53 = self.model.name == "T53" && release(&options.firmware) >= 86;
        if is_t53 && (key == "ANSWER" || by_notify && key.contains("HOLD:")) {
            return self
                .device
                .change(|state| state.remark(format!("{key} has no effect on this model.")));
        }
        self.device.change(|state| {
            let done = match key.split_once(['=', ':']) {
                Some((command, argument)) => run_command(state, command, argument),
                None => run_key(state, key),
            };
            if !done {
                state.remark(format!("{key}: there is no call that it applies to."));
            }
        });
    }
}

/// Dials; the other party answers at once.
fn dial(calls: &mut Calls, number: &str, account: Option<&str>) {
    let id = calls.dial(number, account);
    calls.connect(id);
}

/// Performs the function of a key; returns whether the call that it needs exists.
fn run_key(state: &mut State, key: &str) -> bool {
    let calls = &mut state.calls;
    match key {
        "ANSWER" | "ASW" | "OK" => match calls.newest(CallState::Ringing) {
            Some(id) => calls.set_state(id, CallState::Connected),
            None => return key == "OK",
        },
        "CALLEND" | "CallEnd" => match calls.current().map(|call| call.id) {
            Some(id) => return calls.end(id),
            None => return false,
        },
        "X" | "CANCEL" => {
            if let Some(id) = calls.newest(CallState::Ringing) {
                calls.end(id);
            }
        }
        "F_HOLD" | "HOLD" => match calls.current().map(|call| (call.id, call.state)) {
            Some((id, CallState::Connected)) => calls.set_state(id, CallState::Held),
            Some((id, CallState::Held)) => calls.set_state(id, CallState::Connected),
            _ => return false,
        },
        "MUTE" => {
            if calls.newest(CallState::Connected).is_none() {
                return false;
            }
            state.is_muted = !state.is_muted;
        }
        "DNDOn" | "DNDOff" => state.dnd = key == "DNDOn",
        "AlwaysFwdOff" | "BusyFwdOff" | "NoAnswFwdOff" => {
            state.forwards.remove(key.trim_end_matches("FwdOff"));
        }
        _ => {
            let digit = match key {
                "POUND" => Some("#"),
                key if key.len() == 1 => Some(key),
                _ => None,
            };
            if let (Some(digit), Some(id)) = (digit, calls.newest(CallState::Connected)) {
                calls.send_digits(id, digit);
            }
        }
    }
    true
}

/// Performs a command on a number or a call; returns whether the call that it needs exists.
fn run_command(state: &mut State, command: &str, argument: &str) -> bool {
    if let Some(kind) = command.strip_suffix("FwdOn") {
        state.forwards.insert(kind.to_owned(), argument.to_owned());
        return true;
    }
    let calls = &mut state.calls;
    match (command, calls.newest(CallState::Connected)) {
        ("BTrans" | "ATrans", None) => return false,
        ("BTrans", Some(id)) => {
            calls.transfer(id, argument);
            return true;
        }
        ("ATrans", Some(id)) => {
            calls.record_transfer(id, argument, false);
            dial(calls, argument, None);
            return true;
        }
        _ => {}
    }
    let Ok(id) = argument.parse() else {
        return false;
    };
    if command == "CANCEL" {
        return calls.end(id);
    }
    let (from, to) = match command {
        "ASW" => (CallState::Ringing, CallState::Connected),
        "HOLD" => (CallState::Connected, CallState::Held),
        _ => (CallState::Held, CallState::Connected),
    };
    if calls.get(id).is_none_or(|call| call.state != from) {
        return false;
    }
    calls.set_state(id, to);
    true
}
