//! Making a phone read its configuration, or start again: by NOTIFY, in the words of its firmware.
//!
//! Enterprise firmware obeys `service-control` only to who knows the `Call-ID` of its own
//! registration; the roster does. Such a NOTIFY of Cisco's has four stamps, and some phones refuse
//! one with five. Asterisk writes a user into `From`, which some phones refuse as well (a 7975 with
//! 9.4.2 does), and no phone's answer comes back to us.

use super::family::Family;
use crate::phone::Phone;
use crate::vendor::{Plan, PlanError};

/// Makes the phone read its configuration again.
pub(super) fn resync(phone: &Phone) -> Plan {
    let family = Family::of(phone);
    if family.is_multiplatform() {
        return Plan::notify("resync", None).with_note(CHALLENGED);
    }
    // Newer phones may take no notice of check-sync.
    let takes_restart = ["78", "88", "98"].iter().any(|start| {
        phone
            .model
            .trim_start_matches(|c: char| !c.is_ascii_digit())
            .starts_with(start)
    });
    match service_control(phone, "restart") {
        Some(plan) if takes_restart => plan,
        _ => Plan::notify("check-sync", None)
            .with_note("some Cisco phones read their configuration only when they restart"),
    }
}

/// Restarts the phone.
pub(super) fn reboot(phone: &Phone) -> Result<Plan, PlanError> {
    if Family::of(phone).is_multiplatform() {
        return Ok(Plan::notify("reboot_now", None).with_note(CHALLENGED));
    }
    service_control(phone, "reset").ok_or_else(|| {
        PlanError::unsupported(
            "a Cisco phone with enterprise firmware restarts only for who names the Call-ID of its \
             registration, which Asterisk's manager does not tell here ([[asterisk]])",
        )
    })
}

fn service_control(phone: &Phone, action: &str) -> Option<Plan> {
    // It stands between brackets.
    let fits = |id: &&str| !id.contains(['{', '}']) && id.chars().all(|c| c.is_ascii_graphic());
    let id = phone.call_id.as_deref().filter(fits)?;
    let zero = "{00000000-0000-0000-0000-000000000000}";
    let body = format!(
        "action={action}\r\nRegisterCallId={{{id}}}\r\nConfigVersionStamp={zero}\r\n\
         DialplanVersionStamp={zero}\r\nSoftkeyVersionStamp={zero}\r\n"
    );
    Some(Plan::notify("service-control", Some(("text/plain", &body))).with_note(FROM))
}

/// What may keep a phone with multi-platform firmware from obeying.
const CHALLENGED: &str = "the phone may ask Asterisk for a password (Auth Resync-Reboot)";

/// What may keep one with enterprise firmware from obeying.
const FROM: &str = "some phones refuse this from Asterisk, which writes a user into From";
