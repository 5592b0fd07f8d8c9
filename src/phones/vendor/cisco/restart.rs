//! Resync and reboot, by a NOTIFY that depends on the firmware.
//!
//! Enterprise firmware obeys `service-control` only with the `Call-ID` of its own registration. The
//! body has four version stamps; some phones refuse five. Asterisk writes a user into `From`, which
//! some phones refuse as well (seen on a 7975 with 9.4.2), and their responses do not reach handsetd.

use super::family::Family;
use crate::phone::Phone;
use crate::vendor::{Plan, PlanError};

/// Plans to make the phone reload its configuration.
pub(super) fn resync(phone: &Phone) -> Plan {
    let family = Family::of(phone);
    if family.is_multiplatform() {
        return Plan::notify("resync", None).with_note(CHALLENGED);
    }
    // Newer phones may ignore check-sync.
    let accepts_restart = ["78", "88", "98"].iter().any(|start| {
        phone
            .model
            .trim_start_matches(|c: char| !c.is_ascii_digit())
            .starts_with(start)
    });
    match service_control(phone, "restart") {
        Some(plan) if accepts_restart => plan,
        _ => Plan::notify("check-sync", None)
            .with_note("some Cisco phones reload their configuration only on a restart"),
    }
}

/// Plans a restart. Fails if it needs the `Call-ID` of the registration and that is unknown.
pub(super) fn reboot(phone: &Phone) -> Result<Plan, PlanError> {
    if Family::of(phone).is_multiplatform() {
        return Ok(Plan::notify("reboot_now", None).with_note(CHALLENGED));
    }
    service_control(phone, "reset").ok_or_else(|| {
        PlanError::unsupported(
            "Cisco phones with enterprise firmware restart only on a NOTIFY with the Call-ID of \
             their registration, which no [[asterisk]] manager reports for this phone",
        )
    })
}

fn service_control(phone: &Phone, action: &str) -> Option<Plan> {
    // The body puts it between braces.
    let is_valid = |id: &&str| !id.contains(['{', '}']) && id.chars().all(|c| c.is_ascii_graphic());
    let id = phone.call_id.as_deref().filter(is_valid)?;
    let zero = "{00000000-0000-0000-0000-000000000000}";
    let body = format!(
        "action={action}\r\nRegisterCallId={{{id}}}\r\nConfigVersionStamp={zero}\r\n\
         DialplanVersionStamp={zero}\r\nSoftkeyVersionStamp={zero}\r\n"
    );
    Some(Plan::notify("service-control", Some(("text/plain", &body))).with_note(FROM))
}

/// The caveat for multiplatform phones.
const CHALLENGED: &str = "the phone may challenge Asterisk for a password (Auth Resync-Reboot)";

/// The caveat for enterprise firmware.
const FROM: &str = "some phones refuse this NOTIFY because Asterisk writes a user into From";
