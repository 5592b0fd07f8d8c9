//! The services of ECMA-269 that verbs use: the names of their requests and elements, in the order of the
//! schema.

use super::request::{Part, Request};
use crate::verb::{CallControl, Forward, ForwardKind};

/// The request that controls one call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CallRequest {
    pub(crate) name: &'static str,
    /// The element that names the call.
    pub(crate) call: &'static str,
    /// The states in which a call can be meant that no id names, in order of preference.
    pub(crate) states: &'static [&'static str],
}

impl CallRequest {
    /// Returns the request that answers, ends, holds or resumes a call.
    pub(crate) fn of(action: CallControl) -> Self {
        let (name, call, states): (_, _, &[&str]) = match action {
            CallControl::Answer => ("AnswerCall", "callToBeAnswered", &["alerting"]),
            CallControl::Hangup => (
                "ClearConnection",
                "connectionToBeCleared",
                &["connected", "alerting", "initiated", "hold", "fail"],
            ),
            CallControl::Hold => ("HoldCall", "callToBeHeld", &["connected"]),
            CallControl::Resume => ("RetrieveCall", "callToBeRetrieved", &["hold"]),
        };
        Self { name, call, states }
    }
}

/// The states of a call that can be transferred.
pub(crate) const TRANSFERABLE: &[&str] = &["connected", "hold"];

/// The states of a call that digits can be sent in.
pub(crate) const ANSWERED: &[&str] = &["connected"];

/// Returns the request to call `number` from `device`, without lifting the handset first.
pub(crate) fn make_call(device: &str, number: &str) -> Request {
    let parts = vec![
        Part::text("callingDevice", device),
        Part::text("calledDirectoryNumber", number),
        Part::text("autoOriginate", "doNotPrompt"),
    ];
    Request::new("MakeCall", parts)
}

/// Returns the request to transfer `active`, an element `activeCall`, to `target` at once.
pub(crate) fn single_step_transfer(active: Part, target: &str) -> Request {
    let parts = vec![active, Part::text("transferredTo", target)];
    Request::new("SingleStepTransferCall", parts)
}

/// Returns the request to call `target` while `existing`, an element `existingCall`, is on hold.
pub(crate) fn consultation(existing: Part, target: &str) -> Request {
    let parts = vec![existing, Part::text("consultedDevice", target)];
    Request::new("ConsultationCall", parts)
}

/// Returns the request to join two calls, `heldCall` and `activeCall`.
pub(crate) fn transfer(held: Part, active: Part) -> Request {
    Request::new("TransferCall", vec![held, active])
}

/// Returns the request to send digits in `call`, an element `connectionToSendDigits`.
pub(crate) fn generate_digits(call: Part, digits: &str) -> Request {
    let parts = vec![call, Part::text("charactersToSend", digits)];
    Request::new("GenerateDigits", parts)
}

/// Returns the request for all calls of `device`.
pub(crate) fn snapshot(device: &str) -> Request {
    Request::new("SnapshotDevice", vec![Part::text("snapshotObject", device)])
}

/// Returns the request to switch do not disturb.
pub(crate) fn set_do_not_disturb(device: &str, on: bool) -> Request {
    let parts = vec![
        Part::text("device", device),
        Part::text("doNotDisturbOn", &on.to_string()),
    ];
    Request::new("SetDoNotDisturb", parts)
}

/// Returns the request to switch forwarding. It has no time for unanswered calls.
pub(crate) fn set_forwarding(device: &str, forward: &Forward) -> Request {
    let kind = match forward.kind {
        ForwardKind::All => "forwardImmediate",
        ForwardKind::Busy => "forwardBusy",
        ForwardKind::NoAnswer => "forwardNoAns",
    };
    let to = forward.to.as_ref();
    let mut parts = vec![
        Part::text("device", device),
        Part::text("forwardingType", kind),
        Part::text("activateForward", &to.is_some().to_string()),
    ];
    parts.extend(to.map(|to| Part::text("forwardDN", to.as_str())));
    Request::new("SetForwarding", parts)
}
