//! The keys, by their names in `command.htm` and the minibrowser, and dialing. A key that does not
//! apply to the state of the phone has no effect, as on a real one.

use std::time::Duration;

use tokio::time::sleep;

use super::Snom;
use crate::calls::{CallState, Calls};

impl Snom {
    /// Fails unless the model and its firmware have a key.
    pub(super) fn check_key(&self, key: &str) -> Result<(), String> {
        let is_new = !self.is_older_than(&[8, 7, 3, 7]);
        let number = |prefix: &str| {
            key.strip_prefix(prefix)
                .and_then(|number| number.parse().ok())
        };
        let has = match key {
            "F_HOLD" => is_new,
            "F_R" => !is_new,
            "F1" | "F2" | "F3" | "F4" => !self.model.has_touch(),
            _ => number("P")
                .is_none_or(|number: u16| (1..=self.model.function_keys()).contains(&number)),
        };
        if has {
            return Ok(());
        }
        Err(format!("this phone has no key `{key}`"))
    }

    /// Performs the function of a key.
    pub(super) fn press_key(&self, key: &str) {
        self.device.change(|state| state.press(key));
        match key {
            "CANCEL" | "DISCONNECT" | "F_CANCEL" | "ONHOOK" => self.cancel(),
            "DND" | "F_DND" => self.switch_dnd(),
            "ENTER" => self.enter(true),
            // Confirms, but does not answer.
            "F_OK" => self.enter(false),
            "F_HOLD" | "F_R" => self.hold_or_resume(),
            // It is known to have no effect on the D8 series.
            "OFFHOOK" if !self.model.has_no_control => {
                self.answer_call();
            }
            "TRANSFER" | "F_TRANSFER" => self.transfer(),
            digit if digit.len() == 1 => self.device.change(|state| {
                state.calls.type_digit(digit);
                if let Some(id) = state.calls.oldest(CallState::Connected) {
                    state.calls.send_digits(id, digit);
                }
            }),
            _ => (),
        }
    }

    /// Dials a number, or transfers the call to it if a transfer awaits its target.
    pub(super) fn dial(&self, number: &str) {
        let mut dialed = None;
        self.device.change(|state| {
            state.dial(number);
            let calls = &mut state.calls;
            let active = calls.oldest(CallState::Connected);
            let active = active.or_else(|| calls.oldest(CallState::Held));
            match active.filter(|_| calls.awaits_transfer_target()) {
                Some(id) => calls.transfer(id, number),
                None => dialed = Some(calls.dial(number, None)),
            }
        });
        if let Some(id) = dialed {
            self.connect_soon(id);
        }
    }

    /// Lets the other party answer after a moment.
    pub(super) fn connect_soon(&self, id: u32) {
        let device = self.device.clone();
        self.device.spawn(async move {
            sleep(ANSWER_DELAY).await;
            device.change(|state| state.calls.connect(id));
        });
    }

    /// Returns whether an address belongs to the phone's identity.
    pub(super) fn is_own(&self, address: &str) -> bool {
        (1..=IDENTITIES).any(|number| self.identity(number).as_deref() == Some(address))
    }

    /// Returns the address of an identity, `user@host`; `None` if there is none of that number.
    pub(super) fn identity(&self, number: u8) -> Option<String> {
        let user = self.setting(&format!("user_name{number}"))?;
        let host = self.setting(&format!("user_host{number}"))?;
        Some(format!("{user}@{host}"))
    }

    fn answer_call(&self) -> bool {
        let mut answered = false;
        self.device.change(|state| {
            if let Some(id) = state.calls.oldest(CallState::Ringing) {
                state.calls.set_state(id, CallState::Connected);
                answered = true;
            }
        });
        answered
    }

    fn enter(&self, may_answer: bool) {
        if may_answer && self.answer_call() {
            return;
        }
        let mut typed = None;
        self.device.change(|state| {
            if state.calls.take_confirmation() {
                join(&mut state.calls);
            } else {
                typed = state.calls.take_typed();
            }
        });
        if let Some(number) = typed {
            self.dial(&number);
        }
    }

    fn hold_or_resume(&self) {
        self.device.change(|state| {
            let calls = &mut state.calls;
            if let Some(id) = calls.oldest(CallState::Connected) {
                calls.set_state(id, CallState::Held);
            } else if let Some(id) = calls.oldest(CallState::Held) {
                calls.set_state(id, CallState::Connected);
            }
            calls.take_typed();
        });
    }

    fn transfer(&self) {
        let asks = self
            .setting("call_join_xfer")
            .is_some_and(|value| value != "off");
        self.device.change(|state| {
            let calls = &mut state.calls;
            let held = calls.oldest(CallState::Held);
            let active = calls.oldest(CallState::Connected);
            match (held, active) {
                // On the D8 series the key only asks.
                (Some(_), Some(_)) if asks || self.model.has_no_control => {
                    calls.await_confirmation();
                }
                (Some(_), Some(_)) => join(calls),
                (None, Some(_)) => {
                    calls.take_typed();
                    calls.await_transfer_target();
                }
                _ => (),
            }
        });
    }

    fn cancel(&self) {
        let mut has_ended = false;
        self.device.change(|state| {
            has_ended = std::mem::take(&mut state.ringing);
            let order = [CallState::Ringing, CallState::Dialing, CallState::Connected];
            let call = order
                .into_iter()
                .find_map(|call_state| state.calls.oldest(call_state));
            if let Some(id) = call.filter(|_| !has_ended) {
                state.calls.end(id);
                has_ended = true;
            }
        });
        if !has_ended {
            self.device.clear();
        }
    }

    fn switch_dnd(&self) {
        let was_on = self.setting("dnd_mode").as_deref() == Some("on");
        let value = if was_on { "off" } else { "on" };
        self.device.change(|state| state.set("dnd_mode", value));
    }
}

fn join(calls: &mut Calls) {
    let held = calls.oldest(CallState::Held);
    let active = calls.oldest(CallState::Connected);
    if let (Some(held), Some(active)) = (held, active) {
        calls.join(held, active);
    }
}

/// How long the other party lets a call ring.
const ANSWER_DELAY: Duration = Duration::from_millis(100);

/// The number of identities of a phone.
const IDENTITIES: u8 = 12;
