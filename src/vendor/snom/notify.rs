//! NOTIFYs to a Snom phone: documents for its minibrowser, and `check-sync`.
//!
//! The phone wants `xml_notify` on. It takes them from its registrar, so through Asterisk nothing
//! else is to be set up, NAT or not.

use super::document;
use crate::phone::Phone;
use crate::shelf::{Content, Stand};
use crate::vendor::plan::fits_notify;
use crate::vendor::xml::Node;
use crate::vendor::{Means, Plan, Refused, Shown, Task};
use crate::verb::{Control, Priority};

/// Returns whether the phone has no other remote control.
pub(super) fn is_best(phone: &Phone) -> bool {
    phone.model.to_ascii_uppercase().starts_with("D8")
}

/// Says how `phone` is told to do `task`.
pub(super) fn plan(phone: &Phone, task: &Task, means: &Means<'_>) -> Result<Plan, Refused> {
    let is_dect = phone.model.to_ascii_uppercase().starts_with('M');
    match task {
        Task::Control(Control::Reboot) => Ok(Plan::notify("check-sync;reboot=true", None)),
        Task::Control(Control::Resync) => Ok(Plan::notify("check-sync;reboot=false", None)),
        _ if is_dect => Err(Refused::unsupported(
            "Snom's DECT phones have no remote control",
        )),
        Task::Control(Control::Clear) => Ok(pushed(&silent(EXIT))),
        Task::Push(shown, priority) => push(shown, *priority, means.stand),
        Task::Background(_) | Task::Control(_) | Task::Ring(_) | Task::Ringtone(..) => {
            Err(Refused::unsupported(
                "by NOTIFY a Snom phone takes screens only, and this phone is reached by NOTIFY",
            ))
        }
    }
}

fn push(shown: &Shown, priority: Priority, stand: &Stand) -> Result<Plan, Refused> {
    let carried = |document: String| {
        if fits_notify(&document) {
            return pushed(&document);
        }
        let url = stand.screen(Content::new(document::CONTENT_TYPE, document));
        pushed(&fetching(url.as_str()))
    };
    let mut plan = match shown {
        Shown::Document(document) => carried(document.clone()),
        Shown::Screen(screen, image) => carried(document::write(screen, image.as_ref(), stand)?),
        Shown::Url(url) => pushed(&fetching(url.as_str())),
    };
    if matches!(shown, Shown::Screen(screen, _) if screen.beep == Some(true)) {
        plan = plan.with_note("Snom screens do not beep");
    }
    if priority != Priority::Now {
        plan = plan.with_note("a Snom phone shows a screen at once, whatever the priority");
    }
    Ok(plan)
}

fn pushed(document: &str) -> Plan {
    Plan::notify("xml", Some(("application/snomxml", document)))
}

/// Writes a document that only leads on to another one.
fn fetching(url: &str) -> String {
    Node::new("SnomIPPhoneText")
        .child(Node::text("Text", "…"))
        .child(Node::text("fetch", url).with("mil", "10"))
        .document()
}

/// Writes a document that shows nothing and does something. A phone is known to want both
/// attributes.
fn silent(url: &str) -> String {
    Node::new("SnomIPPhoneSilent")
        .with("state", "relevant")
        .with("document_id", "handsetd")
        .child(Node::text("fetch", url).with("mil", "10"))
        .document()
}

const EXIT: &str = "snom://mb_exit";
