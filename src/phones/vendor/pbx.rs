//! What Asterisk does for a phone: it places a call that the phone answers automatically and that then
//! calls a number, or one that only rings; it ends a call of the phone, or transfers it blindly.
//!
//! Calls to the phone depend on headers of the INVITE. `Alert-Info` selects the ring tone, in a syntax of each
//! vendor. `Alert-Info` and `Call-Info` request auto-answer, in a syntax that all vendors understand.

use std::time::Duration;

use super::{Call, ChannelAction, Plan, PlanError, PreparedTone, Purpose, Step, Task};
use crate::phone::{Phone, Vendor};
use crate::screen::Number;
use crate::verb::{CallControl, CallId, Control, TransferKind};

/// Plans `task` as a call to `phone`.
pub(super) fn plan(phone: &Phone, task: &Task) -> Result<Plan, PlanError> {
    match task {
        Task::Control(Control::Dial { line: Some(_), .. }) => Err(PlanError::unsupported(
            "calls by Asterisk go to the registered line; omit line or via",
        )),
        Task::Control(Control::Dial { number, line: None }) => {
            let headers = vec![
                (
                    "Alert-Info",
                    "<http://127.0.0.1>;info=alert-autoanswer;delay=0".to_owned(),
                ),
                ("Call-Info", "<sip:127.0.0.1>;answer-after=0".to_owned()),
            ];
            let purpose = Purpose::Dial(number.clone());
            let plan = Plan::new([Step::Call(Call { headers, purpose })]);
            Ok(match phone.vendor {
                Vendor::Cisco | Vendor::Generic => {
                    plan.with_note("unverified on real phones: auto-answer")
                }
                Vendor::Snom => {
                    plan.with_note("auto-answer depends on the phone's setting answer_after_policy")
                }
                Vendor::Yealink => plan,
            })
        }
        Task::Ring(tone) => {
            let headers = vec![("Alert-Info", alert_info(phone.vendor, tone)?)];
            let purpose = Purpose::Ring(RING_DURATION);
            let plan = Plan::new([Step::Call(Call { headers, purpose })]);
            Ok(match phone.vendor {
                Vendor::Generic => plan.with_note("unverified on real phones: the ring tone"),
                Vendor::Cisco | Vendor::Snom | Vendor::Yealink => plan,
            })
        }
        Task::Control(Control::RingStop) => Ok(Plan::new([Step::HangUp])),
        Task::Control(Control::Call(CallControl::Hangup, call)) => {
            Ok(on_channel(call.as_ref(), None))
        }
        Task::Control(Control::Transfer {
            number,
            kind: TransferKind::Blind,
            call,
        }) => Ok(on_channel(call.as_ref(), Some(number))),
        Task::Control(Control::Transfer { .. }) => Err(PlanError::unsupported(
            "Asterisk transfers blindly only; omit via or kind",
        )),
        _ => Err(PlanError::unsupported(
            "only dial, ring, hangup and transfer support via=pbx; omit via",
        )),
    }
}

/// Returns whether Asterisk can stand in for a phone without a key for the task.
pub(super) fn can_replace_key(task: &Task) -> bool {
    matches!(
        task,
        Task::Control(
            Control::Call(CallControl::Hangup, None)
                | Control::Transfer {
                    kind: TransferKind::Blind,
                    call: None,
                    ..
                }
        )
    )
}

fn on_channel(call: Option<&CallId>, transfer_to: Option<&Number>) -> Plan {
    Plan::new([Step::Channel(ChannelAction {
        channel: call.cloned(),
        transfer_to: transfer_to.cloned(),
    })])
}

/// Returns the `Alert-Info` that selects a ring tone.
fn alert_info(vendor: Vendor, tone: &PreparedTone) -> Result<String, PlanError> {
    let name = match tone {
        PreparedTone::BuiltIn(name) => name,
        PreparedTone::AudioFile(_) if vendor == Vendor::Cisco => {
            return Err(PlanError::unsupported(
                "calls to Cisco phones support built-in tones only; omit via",
            ));
        }
        PreparedTone::AudioFile(file) => return Ok(format!("<{}>", file.url)),
    };
    let lower = name.to_ascii_lowercase();
    let prefixes: &[&str] = match vendor {
        // The only names that several vendors understand.
        Vendor::Cisco | Vendor::Generic => &["bellcore-dr"],
        Vendor::Snom => &["ringer"],
        Vendor::Yealink => &["ringtone-", "ring"],
    };
    let digits = prefixes
        .iter()
        .find_map(|prefix| lower.strip_prefix(prefix));
    let number: Option<u8> = digits.unwrap_or(&lower).parse().ok();
    let (max, format): (u8, fn(u8) -> String) = match vendor {
        Vendor::Cisco | Vendor::Generic => (5, |number| format!("Bellcore-dr{number}")),
        Vendor::Snom => (10, |number| format!("<http://127.0.0.1/Ringer{number}>")),
        Vendor::Yealink => (8, |number| format!("ringtone-{number}")),
    };
    let number = number.filter(|number| (1..=max).contains(number));
    number.map(format).ok_or_else(|| {
        let title = vendor.title();
        PlanError::Invalid(format!(
            "tone: unknown tone {name:?}; calls to {title} phones support 1 to {max}"
        ))
    })
}

/// How long a phone rings.
const RING_DURATION: Duration = Duration::from_secs(5);
