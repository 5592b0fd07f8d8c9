//! NOTIFYs to a Snom phone: documents for its minibrowser, `check-sync`, and `talk` and `hold` in
//! the dialog of a call.
//!
//! The phone wants `xml_notify` on. It takes them from its registrar, so through Asterisk nothing
//! else is to be set up, NAT or not. It is the only way to the D8 series: a document that shows
//! nothing presses a key or dials, one NOTIFY for each step. What which key does was tried on a D862.

mod silent;

use super::http::{self, SETTLING};
use super::keys::Key;
use super::{TOGGLES, UNHEARD, document, execute, led, model};
use crate::phone::Phone;
use crate::screen::Number;
use crate::shelf::{Content, Stand};
use crate::vendor::plan::fits_notify;
use crate::vendor::{InCall, Means, Plan, Refused, Shown, Task};
use crate::verb::{CallControl, CallId, Control, Priority, Settings, TransferKind};
pub(super) use silent::{dialing, presses};
use silent::{keys, set};

/// Says how `phone` is told to do `task`.
pub(super) fn plan(phone: &Phone, task: &Task, means: &Means<'_>) -> Result<Plan, Refused> {
    // Which DECT bases know too; it is all that they do.
    if !matches!(task, Task::Control(Control::Reboot | Control::Resync)) {
        model::is_desk_phone(phone)?;
    }
    let stand = means.stand;
    match task {
        Task::Background(picture) => {
            let image = picture.image.to_string();
            set(phone, &[("custom_bg_image_url".to_owned(), image)], stand)
        }
        Task::Control(control) => control_plan(phone, control, stand),
        Task::Push(shown, priority) => push(shown, *priority, stand),
        Task::Ring(_) => Err(Refused::unsupported(
            "no NOTIFY makes a Snom phone ring; a call does, by via=pbx",
        )),
        Task::Ringtone(sound, line) => {
            set(phone, &http::ringtone(sound, line.unwrap_or(1))?, stand)
        }
    }
}

fn control_plan(phone: &Phone, control: &Control, stand: &Stand) -> Result<Plan, Refused> {
    match control {
        Control::Call(what, call) => self::call(phone, *what, call.as_ref()),
        Control::Clear => Ok(pushed(&document::closing(phone))),
        Control::Dial { line: Some(_), .. } => Err(Refused::unsupported(
            "line: by NOTIFY a Snom phone dials from the identity that it has chosen",
        )),
        Control::Dial { number, line: None } => silent::of(phone, &dialing(number)),
        Control::Dnd(_) => Ok(keys(phone, &[Key::Named("DND")])?.with_note(DND_TOGGLES)),
        Control::Dtmf(digits) => {
            let digits = http::calls::plain(digits)?;
            silent::each(phone, digits.chars())
        }
        Control::Execute(uris) => {
            execute::by_documents(phone, uris, |document| carried(document.to_owned(), stand))
        }
        Control::Keys(list) => silent::pressed(phone, list),
        Control::Led(led) => Ok(pushed(&led::document(phone, led)?)),
        Control::RingStop => keys(phone, &[Key::Named("CANCEL")]),
        Control::Settings(settings) => self::settings(phone, settings, stand),
        Control::Transfer {
            call: Some(call), ..
        } => Err(another(call)),
        Control::Transfer {
            number,
            kind,
            call: None,
        } => transfer(phone, number, *kind),
        Control::Csta(_) => Err(Refused::unsupported(
            "no NOTIFY carries CSTA to a Snom phone",
        )),
        Control::Display(..) => Err(Refused::unsupported(http::NO_BACKLIGHT)),
        Control::Firmware(_) => Err(Refused::unsupported(
            "no NOTIFY loads a firmware; its provisioning and resync do",
        )),
        Control::Forward(_) => Err(Refused::unsupported(
            "which settings of the phone forward calls is told by HTTP only",
        )),
        Control::Info | Control::Screenshot => Err(Refused::unsupported(
            "a phone answers nothing to a NOTIFY, and so tells nothing",
        )),
        Control::Stream(_) | Control::StreamStop => Err(Refused::unsupported(
            "what a Snom phone plays is a setting that is written by HTTP only",
        )),
        Control::Notify(notify) => Ok(Plan::notify(notify.event(), notify.body())),
        Control::Reboot => Ok(Plan::notify("check-sync;reboot=true", None)),
        Control::Resync => Ok(Plan::notify("check-sync;reboot=false", None)),
    }
}

fn call(phone: &Phone, what: CallControl, call: Option<&CallId>) -> Result<Plan, Refused> {
    let by_key = model::is_d8(phone) && call.is_none();
    let in_call = |event: &str, rings: bool| {
        let channel = call.cloned();
        let plan = Plan::notify_in_call(event, InCall { rings, channel });
        Ok(plan.with_note("talk and hold through Asterisk are unproven on real phones"))
    };
    match (what, call) {
        (CallControl::Hangup, Some(call)) => Err(another(call)),
        (CallControl::Hangup, None) => keys(phone, &[Key::Named("CANCEL")]),
        (CallControl::Answer, _) if by_key => keys(phone, &[Key::Named("ENTER")]),
        (CallControl::Hold | CallControl::Resume, _) if by_key => {
            Ok(keys(phone, &[Key::HOLD])?.with_note(TOGGLES))
        }
        (CallControl::Answer, _) => in_call("talk", true),
        (CallControl::Hold, _) => in_call("hold", false),
        (CallControl::Resume, _) => in_call("talk", false),
    }
}

/// Says that a key goes to the call on the screen.
fn another(call: &CallId) -> Refused {
    Refused::Unsupported(format!(
        "by NOTIFY keys go to the call on the screen, not to call={call}"
    ))
}

fn transfer(phone: &Phone, number: &Number, kind: TransferKind) -> Result<Plan, Refused> {
    let dial = silent::of(phone, &dialing(number))?;
    let first = match kind {
        TransferKind::Attended => Key::HOLD,
        TransferKind::Blind => Key::Named("TRANSFER"),
    };
    let plan = keys(phone, &[first])?.then_pause(SETTLING).then(dial);
    if kind == TransferKind::Blind {
        return Ok(plan);
    }
    let transfer = keys(phone, &[Key::Named("TRANSFER")])?;
    let end = silent::of(phone, &silent::pressing("F_OK"))?;
    let end = transfer.then_pause(SETTLING).then(end);
    Ok(plan.then_pause(SETTLING).then(end).with_note(UNHEARD))
}

fn settings(phone: &Phone, settings: &Settings, stand: &Stand) -> Result<Plan, Refused> {
    if !settings.get.is_empty() {
        return Err(Refused::unsupported(
            "get: a phone answers nothing to a NOTIFY, and so tells no settings",
        ));
    }
    let pairs = settings.set.iter().map(|setting| {
        let name = setting.name.as_str().to_owned();
        (name, setting.value.clone())
    });
    set(phone, &pairs.collect::<Vec<_>>(), stand)
}

fn push(shown: &Shown, priority: Priority, stand: &Stand) -> Result<Plan, Refused> {
    let plan = match shown {
        Shown::Document(document) => carried(document.clone(), stand),
        Shown::Screen(screen, image) => {
            carried(document::write(screen, image.as_ref(), stand)?, stand)
        }
        Shown::Url(url) => pushed(&document::fetching(url.as_str())),
    };
    Ok(document::with_notes(plan, shown, priority))
}

/// Pushes a document: whole if it is small enough, else the phone fetches it.
fn carried(document: String, stand: &Stand) -> Plan {
    if fits_notify(&document) {
        return pushed(&document);
    }
    let url = stand.screen(Content::new(document::CONTENT_TYPE, document));
    pushed(&document::fetching(url.as_str()))
}

fn pushed(document: &str) -> Plan {
    Plan::notify("xml", Some(("application/snomxml", document)))
}

/// What is said of the key that switches do not disturb.
const DND_TOGGLES: &str = "by NOTIFY the key DND is pressed, which switches do not disturb over, \
                           whatever it was";

#[cfg(test)]
mod tests;
