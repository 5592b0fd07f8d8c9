//! CSTA in a session over SIP (uaCSTA, ECMA TR/87), with the phones of any vendor.
//!
//! The courier sends each request as an INFO in the dialog with the phone, and has the answer back. A call is
//! given by its id, as the phone's events report it (`CallID`); otherwise it is the phone's only call in
//! the right state, which `SnapshotDevice` reports.
//!
//! Which phones take which request, by the vendors' documents:
//!
//! | Request | Phones |
//! | --- | --- |
//! | `MakeCall`, `AnswerCall`, `ClearConnection` | all |
//! | `HoldCall`, `RetrieveCall` | most |
//! | `SnapshotDevice` | Snom, Gigaset |
//! | `SingleStepTransferCall` | Snom, Poly |
//! | `ConsultationCall` | Snom, Unify |
//! | `TransferCall` | Snom |
//! | `SetDoNotDisturb` | Snom, Gigaset, Unify |
//! | `SetForwarding` | Snom, Unify |
//! | `GenerateDigits` | Unify |

mod calls;
mod features;
mod session;
mod transfer;

use crate::csta::{Part, Request, SessionDialect};
use crate::vendor::{Plan, PlanError, ReplyData, ReplyOutcome, Task};
use crate::verb::{Control, Csta};
use session::Session;

/// Plans `task` in the session that `dialect` is spoken in.
pub(super) fn plan(dialect: &SessionDialect, task: &Task) -> Result<Plan, PlanError> {
    let session = Session::new(dialect);
    let Task::Control(control) = task else {
        return Err(unsupported());
    };
    match control {
        Control::Call(action, call) => calls::control(&session, *action, call.as_ref()),
        Control::Csta(csta) => any(&session, csta),
        Control::Dial { number, line } => calls::dial(&session, number, *line),
        Control::Dnd(on) => features::dnd(&session, *on),
        Control::Dtmf(digits) => calls::dtmf(&session, digits),
        Control::Forward(forward) => features::forward(&session, forward),
        Control::Info => features::info(&session),
        Control::Transfer { number, kind, call } => {
            transfer::plan(&session, number, *kind, call.as_ref())
        }
        Control::Clear
        | Control::Display(..)
        | Control::Execute(_)
        | Control::Firmware(_)
        | Control::Keys(_)
        | Control::Led(_)
        | Control::Notify(_)
        | Control::Reboot
        | Control::Resync
        | Control::RingStop
        | Control::Screenshot
        | Control::Settings(_)
        | Control::Stream(_)
        | Control::StreamStop => Err(unsupported()),
    }
}

fn unsupported() -> PlanError {
    PlanError::unsupported("CSTA has no request for this; omit via")
}

/// Plans a request as given, and returns the response.
fn any(session: &Session, csta: &Csta) -> Result<Plan, PlanError> {
    let name = csta.request();
    if is_monitoring(name) {
        return Err(PlanError::Unsupported(format!(
            "request: handsetd monitors the phone by itself as long as the session is up; its events are \
             phone.incoming_call and so on, and {name} would disturb that"
        )));
    }
    let parts = csta.elements().iter().map(Part::of).collect();
    let request = Request::new(name.to_owned(), parts);
    let step = session.step(&request, |answer| match answer {
        Ok(answer) => ReplyOutcome::Data(ReplyData::Value(answer.value())),
        Err(refused) => refused,
    })?;
    Ok(Plan::new([step]))
}

/// Returns whether a session is the best way for a task: it is about a call given by an id of the phone, or a
/// request of CSTA.
pub(super) fn is_made_for(task: &Task) -> bool {
    match task {
        Task::Control(Control::Csta(_)) => true,
        Task::Control(
            Control::Call(_, Some(call))
            | Control::Transfer {
                call: Some(call), ..
            },
        ) => !call.as_str().contains('/'),
        _ => false,
    }
}

/// Returns whether a request starts or stops events.
pub(super) fn is_monitoring(request: &str) -> bool {
    ["Monitor", "SystemRegister"]
        .into_iter()
        .any(|start| request.starts_with(start))
}

#[cfg(test)]
mod tests;
