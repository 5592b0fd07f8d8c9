//! What the user of a phone and the other parties do with calls, whatever the vendor.

use crate::calls::CallState;
use crate::phone::SimulatedPhone;
use crate::vendor::Vendor;

impl SimulatedPhone {
    /// Adds an incoming call from `number`, which rings until it is answered (Snom, Yealink).
    ///
    /// Returns the phone's identifier of the call. Snom phones report it with a minus sign.
    pub fn receive_call(&self, number: &str) -> u32 {
        let mut id = 0;
        self.device().change(|state| id = state.calls.ring(number));
        id
    }

    /// Dials, as the user does with the keys; returns the identifier of the call, whose other party has
    /// not answered yet.
    pub fn dial(&self, number: &str) -> u32 {
        let mut id = 0;
        self.device().change(|state| {
            state.dial(number);
            id = state.calls.dial(number, None);
        });
        id
    }

    /// Answers a call that rings here, as the user does, or one that was dialed, as the other party does.
    /// Returns whether there is such a call.
    pub fn answer_call(&self, id: u32) -> bool {
        self.move_call(
            id,
            &[CallState::Ringing, CallState::Dialing],
            CallState::Connected,
        )
    }

    /// Puts a call on hold; returns whether it was connected.
    pub fn hold_call(&self, id: u32) -> bool {
        self.move_call(id, &[CallState::Connected], CallState::Held)
    }

    /// Resumes a call; returns whether it was on hold.
    pub fn resume_call(&self, id: u32) -> bool {
        self.move_call(id, &[CallState::Held], CallState::Connected)
    }

    /// Ends a call, as either side does; returns whether there was one.
    pub fn end_call(&self, id: u32) -> bool {
        let mut ended = false;
        self.device().change(|state| ended = state.calls.end(id));
        ended
    }

    /// Ends a call that was dialed, because the other party is busy; returns whether there was one.
    pub fn fail_call(&self, id: u32) -> bool {
        let mut failed = false;
        self.device().change(|state| failed = state.calls.fail(id));
        failed
    }

    /// Switches do not disturb, as the user does.
    pub fn set_dnd(&self, on: bool) {
        let vendor = self.options().vendor;
        self.device().change(|state| match vendor {
            Vendor::Snom => state.set("dnd_mode", if on { "on" } else { "off" }),
            Vendor::Cisco | Vendor::Yealink => state.dnd = on,
        });
    }

    fn move_call(&self, id: u32, from: &[CallState], to: CallState) -> bool {
        let mut moved = false;
        self.device().change(|state| {
            let calls = &mut state.calls;
            moved = calls.get(id).is_some_and(|call| from.contains(&call.state));
            if moved {
                calls.set_state(id, to);
            }
        });
        moved
    }
}
