//! The calls of a simulated phone, as its keys and its remote control see them.
//!
//! There is no SIP and no sound behind them; the dialed party always answers. Which keys lead to
//! which change is the vendor's affair.

/// The calls of a phone, and what its user has typed for the next one.
#[derive(Clone, Debug, Default)]
pub struct Calls {
    list: Vec<Call>,
    last_id: u32,
    digits: String,
    transfers: Vec<Transfer>,
    /// Digits typed on the keypad and not dialed yet.
    typed: String,
    pending_transfer: Option<PendingTransfer>,
    /// Identifiers of calls that the other party rejected, oldest first.
    failures: Vec<u32>,
}

/// A call.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Call {
    /// The phone's own identifier.
    pub id: u32,
    /// Whether the other party called.
    pub is_incoming: bool,
    /// The number of the other party.
    pub number: String,
    /// The account that dialed; `None` is the default account.
    pub account: Option<String>,
    /// The state of the call.
    pub state: CallState,
}

/// The state of a call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CallState {
    /// Both parties talk.
    Connected,
    /// The phone has dialed, and the other party has not answered.
    Dialing,
    /// On hold.
    Held,
    /// The phone rings.
    Ringing,
}

/// A transferred call.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Transfer {
    /// The number of the party that was transferred.
    pub from: String,
    /// The number that it was transferred to.
    pub to: String,
    /// Whether the target was not consulted first.
    pub is_blind: bool,
}

/// A transfer that the user has started and not completed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum PendingTransfer {
    /// The phone asks which of two calls to join.
    AwaitsConfirmation,
    /// The next number dialed is the target.
    AwaitsTarget,
}

impl Calls {
    /// Creates an empty list whose first call gets the identifier after `last_id`.
    pub(crate) fn numbered_after(last_id: u32) -> Self {
        Self {
            last_id,
            ..Self::default()
        }
    }

    /// Returns all calls, oldest first.
    pub fn all(&self) -> &[Call] {
        &self.list
    }

    /// Returns the digits sent in calls, in order, including those of calls that have ended.
    pub fn digits(&self) -> &str {
        &self.digits
    }

    /// Returns the transfers, oldest first.
    pub fn transfers(&self) -> &[Transfer] {
        &self.transfers
    }

    pub(crate) fn get(&self, id: u32) -> Option<&Call> {
        self.list.iter().find(|call| call.id == id)
    }

    /// Returns the call on the screen, which is the newest.
    pub(crate) fn current(&self) -> Option<&Call> {
        self.list.last()
    }

    /// Returns the identifier of the oldest call in that state.
    pub(crate) fn oldest(&self, state: CallState) -> Option<u32> {
        let call = self.list.iter().find(|call| call.state == state);
        call.map(|call| call.id)
    }

    /// Returns the identifier of the newest call in that state.
    pub(crate) fn newest(&self, state: CallState) -> Option<u32> {
        let call = self.list.iter().rfind(|call| call.state == state);
        call.map(|call| call.id)
    }

    /// Adds an incoming call, which rings; returns its identifier.
    pub(crate) fn ring(&mut self, number: &str) -> u32 {
        self.add(number, None, CallState::Ringing)
    }

    /// Adds an outgoing call, and holds the connected one; returns its identifier.
    pub(crate) fn dial(&mut self, number: &str, account: Option<&str>) -> u32 {
        self.hold_others(None);
        self.typed.clear();
        self.add(number, account, CallState::Dialing)
    }

    /// Connects a call that was dialed, as the other party answers.
    pub(crate) fn connect(&mut self, id: u32) {
        if self
            .get(id)
            .is_some_and(|call| call.state == CallState::Dialing)
        {
            self.set_state(id, CallState::Connected);
        }
    }

    /// Changes the state of a call. At most one call is connected: the others are held.
    pub(crate) fn set_state(&mut self, id: u32, state: CallState) {
        if state == CallState::Connected {
            self.hold_others(Some(id));
        }
        if let Some(call) = self.list.iter_mut().find(|call| call.id == id) {
            call.state = state;
        }
    }

    /// Ends a call; returns whether it existed.
    pub(crate) fn end(&mut self, id: u32) -> bool {
        let count = self.list.len();
        self.list.retain(|call| call.id != id);
        self.pending_transfer = None;
        self.list.len() < count
    }

    /// Ends a call that was dialed, because the other party is busy; returns whether it existed.
    pub(crate) fn fail(&mut self, id: u32) -> bool {
        let is_dialing = |call: &Call| call.state == CallState::Dialing;
        if !self.get(id).is_some_and(is_dialing) {
            return false;
        }
        if self.failures.len() < MAX_CALLS {
            self.failures.push(id);
        }
        self.end(id)
    }

    /// Returns the identifiers of calls that the other party rejected, oldest first.
    pub(crate) fn failures(&self) -> &[u32] {
        &self.failures
    }

    pub(crate) fn end_all(&mut self) {
        self.list.clear();
        self.pending_transfer = None;
    }

    /// Transfers a call to a number, and ends it here.
    pub(crate) fn transfer(&mut self, id: u32, number: &str) {
        self.record_transfer(id, number, true);
        self.end(id);
        self.typed.clear();
    }

    /// Records a transfer without ending the call.
    pub(crate) fn record_transfer(&mut self, id: u32, number: &str, is_blind: bool) {
        if let Some(call) = self.get(id) {
            self.transfers.push(Transfer {
                from: call.number.clone(),
                to: number.to_owned(),
                is_blind,
            });
        }
    }

    /// Joins the parties of two calls, and ends both calls here.
    pub(crate) fn join(&mut self, held: u32, connected: u32) {
        if let Some(number) = self.get(connected).map(|call| call.number.clone()) {
            self.record_transfer(held, &number, false);
        }
        self.end(held);
        self.end(connected);
        self.typed.clear();
    }

    /// Sends digits in a call; returns whether it is connected.
    pub(crate) fn send_digits(&mut self, id: u32, digits: &str) -> bool {
        let is_connected = self
            .get(id)
            .is_some_and(|call| call.state == CallState::Connected);
        if is_connected && self.digits.len() + digits.len() <= MAX_DIGITS {
            self.digits.push_str(digits);
        }
        is_connected
    }

    pub(crate) fn type_digit(&mut self, digit: &str) {
        if self.typed.len() < MAX_TYPED {
            self.typed.push_str(digit);
        }
    }

    /// Removes and returns the typed digits, if there are any.
    pub(crate) fn take_typed(&mut self) -> Option<String> {
        let typed = std::mem::take(&mut self.typed);
        (!typed.is_empty()).then_some(typed)
    }

    /// Makes the next number dialed the target of a transfer.
    pub(crate) fn await_transfer_target(&mut self) {
        self.pending_transfer = Some(PendingTransfer::AwaitsTarget);
    }

    pub(crate) fn awaits_transfer_target(&self) -> bool {
        self.pending_transfer == Some(PendingTransfer::AwaitsTarget)
    }

    /// Asks the user which calls to join.
    pub(crate) fn await_confirmation(&mut self) {
        self.pending_transfer = Some(PendingTransfer::AwaitsConfirmation);
    }

    /// Returns whether the phone was asking which calls to join, and stops asking.
    pub(crate) fn take_confirmation(&mut self) -> bool {
        let asks = self.pending_transfer == Some(PendingTransfer::AwaitsConfirmation);
        if asks {
            self.pending_transfer = None;
        }
        asks
    }

    fn add(&mut self, number: &str, account: Option<&str>, state: CallState) -> u32 {
        if self.list.len() >= MAX_CALLS {
            self.list.remove(0);
        }
        self.last_id += 1;
        self.list.push(Call {
            id: self.last_id,
            is_incoming: state == CallState::Ringing,
            number: number.to_owned(),
            account: account.map(ToOwned::to_owned),
            state,
        });
        self.last_id
    }

    fn hold_others(&mut self, id: Option<u32>) {
        for call in &mut self.list {
            if Some(call.id) != id && call.state == CallState::Connected {
                call.state = CallState::Held;
            }
        }
    }
}

/// Maximum number of calls; the oldest makes room for the next.
const MAX_CALLS: usize = 12;

/// Maximum number of digits remembered.
const MAX_DIGITS: usize = 1024;

/// Maximum number of digits typed for one number.
const MAX_TYPED: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn states(calls: &Calls) -> Vec<CallState> {
        calls.all().iter().map(|call| call.state).collect()
    }

    #[test]
    fn at_most_one_call_is_connected() {
        let mut calls = Calls::default();
        let first = calls.dial("201", None);
        calls.connect(first);
        let second = calls.ring("202");
        calls.set_state(second, CallState::Connected);
        assert_eq!(states(&calls), [CallState::Held, CallState::Connected]);
        calls.dial("203", None);
        assert_eq!(calls.oldest(CallState::Connected), None);
        assert_eq!(calls.newest(CallState::Held), Some(second));
    }

    #[test]
    fn digits_are_sent_in_connected_calls_only() {
        let mut calls = Calls::numbered_after(100);
        let id = calls.dial("201", None);
        assert_eq!(id, 101);
        assert!(!calls.send_digits(id, "1"));
        calls.connect(id);
        assert!(calls.send_digits(id, "2#"));
        assert!(calls.end(id) && !calls.end(id));
        assert_eq!(calls.digits(), "2#");
    }

    #[test]
    fn transfers_remember_both_parties() {
        let mut calls = Calls::default();
        let held = calls.ring("201");
        calls.set_state(held, CallState::Held);
        let connected = calls.dial("202", None);
        calls.connect(connected);
        calls.join(held, connected);
        assert_eq!(calls.all(), []);
        let [transfer] = calls.transfers() else {
            panic!("{:?}", calls.transfers())
        };
        assert_eq!((&*transfer.from, &*transfer.to), ("201", "202"));
        assert!(!transfer.is_blind);
    }

    #[test]
    fn ending_a_call_abandons_its_pending_transfer() {
        let mut calls = Calls::default();
        let id = calls.ring("201");
        calls.await_transfer_target();
        assert!(calls.awaits_transfer_target());
        calls.end(id);
        assert!(!calls.awaits_transfer_target());
        calls.await_confirmation();
        assert!(calls.take_confirmation() && !calls.take_confirmation());
    }
}
