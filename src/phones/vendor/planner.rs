//! Dispatch of tasks to the backends.

use super::backend::Backend;
use super::plan::Plan;
use super::plan_context::{CstaSession, PlanContext};
use super::plan_error::PlanError;
use super::task::Task;
use super::{NO_CSTA, cisco, generic, pbx, snom, uacsta, yealink};
use crate::phone::{Phone, Vendor};
use crate::verb::{Control, Via};

/// Plans `task` on `phone`, by the backend of its vendor.
///
/// # Errors
///
/// Returns why the phone cannot do it, or not over the requested transport.
pub fn plan(phone: &Phone, task: &Task, context: &PlanContext<'_>) -> Result<Plan, PlanError> {
    if context.via == Some(Via::Pbx) {
        return pbx::plan(phone, task);
    }
    if let Task::Control(Control::Notify(notify)) = task {
        context.require_notify()?;
        return Ok(Plan::notify(notify.event(), notify.body()));
    }
    let in_session = preferred_session(phone, task, context);
    if let Some(session) = in_session {
        let planned = uacsta::plan(session.dialect, task);
        return match (planned, phone.vendor) {
            // Over HTTP, the same phone does more by CSTA.
            (Err(PlanError::Unsupported(reason)), Vendor::Snom) => {
                let planned = backend(phone.vendor).plan(phone, task, context);
                planned.map_err(|_| PlanError::Unsupported(reason))
            }
            (planned, _) => planned,
        };
    }
    if context.via == Some(Via::Csta) && phone.vendor != Vendor::Snom {
        return Err(PlanError::unsupported(NO_CSTA));
    }
    let plan = match backend(phone.vendor).plan(phone, task, context) {
        Err(PlanError::Unsupported(reason)) if matches!(context.via, None | Some(Via::Csta)) => {
            instead(phone, task, context, reason)
        }
        planned => planned,
    }?;
    let cuts = context.documents.cuts().notes();
    Ok(cuts.into_iter().fold(plan, Plan::with_note))
}

/// Returns whether a push that is planned for `phone` is planned alike for `other`, in the same context and
/// without a CSTA session.
pub fn pushes_alike(phone: &Phone, other: &Phone) -> bool {
    let traits = |phone: &Phone| (phone.vendor, phone.via, phone.behind_nat.is_some());
    backend(phone.vendor).pushes_alike()
        && traits(phone) == traits(other)
        && phone.model == other.model
        && phone.firmware == other.firmware
        && phone.csta.is_none()
        && other.csta.is_none()
}

/// Returns the session, where it is the best way for the task. A call given by its id, and a request of CSTA,
/// are what it is for; keys act on the call that the phone has selected.
fn preferred_session<'a>(
    phone: &Phone,
    task: &Task,
    context: &PlanContext<'a>,
) -> Option<CstaSession<'a>> {
    let session = context.csta?;
    let has_http = phone.vendor == Vendor::Snom;
    let is_preferred = match context.via {
        Some(Via::Csta) => session.is_expected || !has_http,
        Some(_) => false,
        None => session.is_expected && uacsta::is_made_for(task),
    };
    is_preferred.then_some(session)
}

/// Plans a task that the vendor's backend does not support: in the session, or by Asterisk, which can do the
/// work of some keys.
fn instead(
    phone: &Phone,
    task: &Task,
    context: &PlanContext<'_>,
    reason: String,
) -> Result<Plan, PlanError> {
    let in_session = |session: CstaSession<'_>| uacsta::plan(session.dialect, task).ok();
    let expected = context.csta.filter(|session| session.is_expected);
    if let Some(plan) = expected.and_then(in_session) {
        return Ok(plan);
    }
    if context.via.is_none() && context.asterisk && pbx::can_replace_key(task) {
        return pbx::plan(phone, task);
    }
    // UNREACHABLE until the session is back, and then possible.
    let plan = context.csta.and_then(in_session);
    plan.ok_or(PlanError::Unsupported(reason))
}

/// Returns the backend of a vendor.
pub(super) fn backend(vendor: Vendor) -> &'static dyn Backend {
    match vendor {
        Vendor::Cisco => &cisco::Cisco,
        Vendor::Generic => &generic::Generic,
        Vendor::Snom => &snom::Snom,
        Vendor::Yealink => &yealink::Yealink,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Fixture;
    use super::*;

    /// Returns the note of a push of `key=value` pairs on a phone of each vendor.
    fn notes(pairs: &str) -> [String; 3] {
        let phones = [
            (Vendor::Cisco, "8841", "12.8.1"),
            (Vendor::Snom, "D785", "10.1.184.16"),
            (Vendor::Yealink, "T46S", "66.86.0.15"),
        ];
        phones.map(|(vendor, model, firmware)| {
            let fixture = Fixture::new(vendor, model, firmware);
            fixture.push(pairs).unwrap().note.unwrap_or_default()
        })
    }

    #[test]
    fn pushes_alike_have_the_same_plan() {
        let pushes = [
            "text=a",
            "text=a;title=b;timeout=5;beep=yes",
            "item=a|exit;item=b|dial:1",
            "entry=a|1",
            "input=a|b;submit=http://192.0.2.1/",
            "text=a;softkey=b|key:OK",
            "url=http://192.0.2.1/a.xml",
            "text=a;priority=idle",
        ];
        let models = [
            (Vendor::Cisco, "8841", "12.8.1"),
            (Vendor::Snom, "D785", "10.1.184.16"),
            (Vendor::Yealink, "T46S", "66.86.0.15"),
            (Vendor::Yealink, "T58", ""),
            (Vendor::Yealink, "W60B", ""),
            (Vendor::Yealink, "", "7.70.0.1"),
        ];
        let mut alike = 0;
        for (vendor, model, firmware) in models {
            for push in pushes {
                let one = Fixture::new(vendor, model, firmware);
                let mut other = Fixture::new(vendor, model, firmware);
                other.phone = Phone {
                    name: "other".to_owned(),
                    address: "192.0.2.99:8080".parse().unwrap(),
                    mac: "00005E005301".parse().ok(),
                    endpoint: "PJSIP/other".parse().ok(),
                    contact: Some("sip:other@192.0.2.99".to_owned()),
                    call_id: Some("1".to_owned()),
                    ..other.phone
                };
                if pushes_alike(&one.phone, &other.phone) {
                    alike += 1;
                    assert_eq!(one.push(push), other.push(push), "{vendor} {model} {push}");
                }
            }
        }
        assert_eq!(alike, 4 * pushes.len(), "the pushes to Yealink phones");
    }

    #[test]
    fn pushes_to_other_models_and_by_other_ways_differ() {
        let one = Fixture::new(Vendor::Yealink, "T46S", "66.86.0.15").phone;
        assert!(pushes_alike(&one, &one));
        let firmware = Fixture::new(Vendor::Yealink, "T46S", "66.70.0.15").phone;
        for other in [
            Phone::example(Vendor::Snom, "T46S"),
            Phone::example(Vendor::Yealink, "T48S"),
            firmware,
            Phone {
                via: Some(Via::Notify),
                ..one.clone()
            },
            Phone {
                behind_nat: Some([10, 0, 0, 1].into()),
                ..one.clone()
            },
        ] {
            assert!(!pushes_alike(&one, &other), "{other:?}");
        }
    }

    #[test]
    fn whatever_is_cut_is_noted() {
        let long = "word ".repeat(40);
        for (pairs, cisco, others) in [
            (
                format!("text=a;title={long}"),
                "title cut to 32 characters",
                "title cut to 64 characters",
            ),
            (
                format!("item={long}|exit"),
                "item cut to 64 characters",
                "item cut to 64 characters",
            ),
            (
                format!("entry={long}|1"),
                "entry cut to 32 characters",
                "entry cut to 64 characters",
            ),
            (
                format!("text=a;softkey={long}|exit"),
                "softkey cut to 32 characters",
                "softkey cut to 64 characters",
            ),
            (
                format!("input={long}|a;submit=http://192.0.2.1/"),
                "input cut to 32 characters",
                "input cut to 64 characters",
            ),
            (
                format!("item=a|exit;prompt={long}"),
                "prompt cut to 32 characters",
                // These have no place for a prompt: it joins the title.
                "title cut to 64 characters",
            ),
        ] {
            let [of_cisco, of_snom, of_yealink] = notes(&pairs);
            assert!(of_cisco.contains(cisco), "{pairs}: {of_cisco}");
            assert!(of_snom.contains(others), "{pairs}: {of_snom}");
            assert!(of_yealink.contains(others), "{pairs}: {of_yealink}");
        }
        for note in notes(&format!("text={}", "word ".repeat(4000))) {
            assert!(note.contains("text cut to "), "{note}");
        }
    }

    #[test]
    fn what_fits_has_no_note() {
        for note in notes("text=a\\nb;title=T;prompt=P;softkey=Close|exit") {
            assert!(!note.contains("cut to"), "{note}");
        }
    }
}
