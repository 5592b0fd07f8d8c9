//! The calls of a simulated phone, as its keys see them: no SIP, no sound, and whoever is dialled
//! answers at once.

use std::collections::BTreeMap;

/// The calls, and what becomes of those to come.
#[derive(Clone, Debug, Default)]
pub struct Calling {
    /// The calls, oldest first; the last one is on the screen.
    pub calls: Vec<PhoneCall>,
    /// Whether the phone does not want to be disturbed.
    pub dnd: bool,
    /// Where calls are forwarded, by the vendor's word for which (`Always`, `Busy`, `NoAnsw`); after a
    /// `=` the seconds.
    pub forwards: BTreeMap<String, String>,
    /// Whether the microphone is off.
    pub muted: bool,
    /// The digits sent in calls.
    pub dtmf: String,
    /// The calls that were given away: to whom, and whether without asking.
    pub transfers: Vec<(String, bool)>,
    last: u32,
}

/// A call.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PhoneCall {
    /// The phone's own id of it.
    pub id: u32,
    /// The other side.
    pub number: String,
    /// The account that it is of; none is the usual one.
    pub account: Option<String>,
    /// How it is.
    pub state: PhoneCallState,
}

/// How a call is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PhoneCallState {
    /// It waits for the user.
    Held,
    /// It waits for an answer here.
    Ringing,
    /// The user talks.
    Talking,
}

impl Calling {
    /// Begins a call from outside, and returns its id.
    pub(crate) fn ring(&mut self, number: &str) -> u32 {
        self.begin(number, None, PhoneCallState::Ringing)
    }

    /// Begins a call of the phone; the one before it waits.
    pub(crate) fn dial(&mut self, number: &str, account: Option<&str>) -> u32 {
        for call in &mut self.calls {
            if call.state == PhoneCallState::Talking {
                call.state = PhoneCallState::Held;
            }
        }
        self.begin(number, account, PhoneCallState::Talking)
    }

    fn begin(&mut self, number: &str, account: Option<&str>, state: PhoneCallState) -> u32 {
        if self.calls.len() >= MAX_CALLS {
            self.calls.remove(0);
        }
        self.last = self.last.max(FIRST) + 1;
        self.calls.push(PhoneCall {
            id: self.last,
            number: number.to_owned(),
            account: account.map(ToOwned::to_owned),
            state,
        });
        self.last
    }

    /// Returns the call with that id; without one, that on the screen.
    pub(crate) fn call(&mut self, id: Option<u32>) -> Option<&mut PhoneCall> {
        match id {
            Some(id) => self.calls.iter_mut().find(|call| call.id == id),
            None => self.calls.last_mut(),
        }
    }

    /// Returns the call that is so and came last.
    pub(crate) fn last_that_is(&mut self, state: PhoneCallState) -> Option<&mut PhoneCall> {
        self.calls.iter_mut().rfind(|call| call.state == state)
    }

    /// Ends the call with that id; returns whether there was one.
    pub(crate) fn end(&mut self, id: u32) -> bool {
        let before = self.calls.len();
        self.calls.retain(|call| call.id != id);
        self.calls.len() < before
    }

    /// Sends a digit, as far as anybody reads them.
    pub(crate) fn send(&mut self, digit: char) {
        if self.dtmf.len() < MAX_DIGITS {
            self.dtmf.push(digit);
        }
    }
}

/// Ids are greater than this, as those that phones tell.
const FIRST: u32 = 33_092;

/// The most calls at a time.
const MAX_CALLS: usize = 8;

/// The most digits that are kept.
const MAX_DIGITS: usize = 1024;
