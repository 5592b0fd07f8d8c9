//! Calls that Asterisk places to a phone: one that it answers by itself and that then goes on to a
//! number, and one that only rings.
//!
//! Phones tell both by headers of the INVITE. A ring tone is told by `Alert-Info`, in words that
//! each vendor has for itself; answering by `Alert-Info` and `Call-Info` in words that all of them
//! know.

use std::time::Duration;

use super::{Call, Plan, PlanError, PreparedTone, Purpose, Step, Task};
use crate::phone::{Phone, Vendor};
use crate::verb::Control;

/// Says how `phone` is told to do `task` by a call.
pub(super) fn plan(phone: &Phone, task: &Task) -> Result<Plan, PlanError> {
    match task {
        Task::Control(Control::Dial { line: Some(_), .. }) => Err(PlanError::unsupported(
            "a call by Asterisk goes to the line that is registered; leave line or via out",
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
                Vendor::Cisco => plan.with_note("that the phone answers by itself is unproven"),
                Vendor::Snom => plan.with_note("the phone's setting answer_after_policy decides"),
                Vendor::Yealink => plan,
            })
        }
        Task::Ring(sound) => {
            let alert = alert(phone.vendor, sound)?;
            let headers = vec![("Alert-Info", alert)];
            let purpose = Purpose::Ring(RING);
            Ok(Plan::new([Step::Call(Call { headers, purpose })]))
        }
        Task::Control(Control::RingStop) => Ok(Plan::new([Step::HangUp])),
        _ => Err(PlanError::unsupported(
            "only dial and ring go by a call of Asterisk's; leave via out",
        )),
    }
}

/// Returns the `Alert-Info` that makes a phone ring with a tone.
fn alert(vendor: Vendor, sound: &PreparedTone) -> Result<String, PlanError> {
    let name = match sound {
        PreparedTone::BuiltIn(name) => name,
        PreparedTone::AudioFile(_) if vendor == Vendor::Cisco => {
            return Err(PlanError::unsupported(
                "a Cisco phone rings by a call with its own tones only; leave via out",
            ));
        }
        PreparedTone::AudioFile(recording) => return Ok(format!("<{}>", recording.url)),
    };
    let lower = name.to_ascii_lowercase();
    let prefixes: &[&str] = match vendor {
        Vendor::Cisco => &["bellcore-dr"],
        Vendor::Snom => &["ringer"],
        Vendor::Yealink => &["ringtone-", "ring"],
    };
    let bare = prefixes
        .iter()
        .find_map(|prefix| lower.strip_prefix(prefix));
    let number: Option<u8> = bare.unwrap_or(&lower).parse().ok();
    let (most, form): (u8, fn(u8) -> String) = match vendor {
        Vendor::Cisco => (5, |number| format!("Bellcore-dr{number}")),
        Vendor::Snom => (10, |number| format!("<http://127.0.0.1/Ringer{number}>")),
        Vendor::Yealink => (8, |number| format!("ringtone-{number}")),
    };
    let number = number.filter(|number| (1..=most).contains(number));
    number.map(form).ok_or_else(|| {
        let title = vendor.title();
        PlanError::Invalid(format!(
            "tone: {name:?} is no tone of a {title} phone for a call; write 1 to {most}"
        ))
    })
}

/// How long a phone rings.
const RING: Duration = Duration::from_secs(5);
