//! NOTIFYs to a Snom phone: documents for its minibrowser, `check-sync`, and `talk` and `hold` in
//! the dialog of a call.
//!
//! The phone wants `xml_notify` on. It takes them from its registrar, so through Asterisk nothing
//! else is to be set up, NAT or not. It is the only way to the D8 series: a document that shows
//! nothing presses a key or dials, one NOTIFY for each step. What which key does was tried on a D862.

mod command_document;

use super::http::{self, SETTLING};
use super::keys::Key;
use super::{TOGGLES, UNHEARD, document, execute, led, model};
use crate::documents::{Documents, StoredContent};
use crate::phone::Phone;
use crate::screen::Number;
use crate::vendor::plan::fits_notify;
use crate::vendor::{InCall, Plan, PlanContext, PlanError, PreparedContent, Task};
use crate::verb::{CallControl, CallId, Control, Priority, Settings, TransferKind};
pub(super) use command_document::{dialing, presses};
use command_document::{keys, set};

/// Says how `phone` is told to do `task`.
pub(super) fn plan(
    phone: &Phone,
    task: &Task,
    context: &PlanContext<'_>,
) -> Result<Plan, PlanError> {
    // Which DECT bases know too; it is all that they do.
    if !matches!(task, Task::Control(Control::Reboot | Control::Resync)) {
        model::is_desk_phone(phone)?;
    }
    let documents = context.documents;
    match task {
        Task::Background(picture) => {
            let image = picture.image.to_string();
            set(
                phone,
                &[("custom_bg_image_url".to_owned(), image)],
                documents,
            )
        }
        Task::Control(control) => control_plan(phone, control, documents),
        Task::Push(shown, priority) => push(shown, *priority, documents),
        Task::Ring(_) => Err(PlanError::unsupported(
            "no NOTIFY makes a Snom phone ring; a call does, by via=pbx",
        )),
        Task::Ringtone(sound, line) => {
            set(phone, &http::ringtone(sound, line.unwrap_or(1))?, documents)
        }
    }
}

fn control_plan(
    phone: &Phone,
    control: &Control,
    documents: &Documents,
) -> Result<Plan, PlanError> {
    match control {
        Control::Call(what, call) => self::call(phone, *what, call.as_ref()),
        Control::Clear => Ok(pushed(&document::closing(phone))),
        Control::Dial { line: Some(_), .. } => Err(PlanError::unsupported(
            "line: by NOTIFY a Snom phone dials from the identity that it has chosen",
        )),
        Control::Dial { number, line: None } => command_document::of(phone, &dialing(number)),
        Control::Dnd(_) => Ok(keys(phone, &[Key::Named("DND")])?.with_note(DND_TOGGLES)),
        Control::Dtmf(digits) => {
            let digits = http::calls::plain(digits)?;
            command_document::each(phone, digits.chars())
        }
        Control::Execute(uris) => execute::by_documents(phone, uris, |document| {
            carried(document.to_owned(), documents)
        }),
        Control::Keys(list) => command_document::pressed(phone, list),
        Control::Led(led) => Ok(pushed(&led::document(phone, led)?)),
        Control::RingStop => keys(phone, &[Key::Named("CANCEL")]),
        Control::Settings(settings) => self::settings(phone, settings, documents),
        Control::Transfer {
            call: Some(call), ..
        } => Err(another(call)),
        Control::Transfer {
            number,
            kind,
            call: None,
        } => transfer(phone, number, *kind),
        Control::Csta(_) => Err(PlanError::unsupported(
            "no NOTIFY carries CSTA to a Snom phone",
        )),
        Control::Display(..) => Err(PlanError::unsupported(http::NO_BACKLIGHT)),
        Control::Firmware(_) => Err(PlanError::unsupported(
            "no NOTIFY loads a firmware; its provisioning and resync do",
        )),
        Control::Forward(_) => Err(PlanError::unsupported(
            "which settings of the phone forward calls is told by HTTP only",
        )),
        Control::Info | Control::Screenshot => Err(PlanError::unsupported(
            "a phone answers nothing to a NOTIFY, and so tells nothing",
        )),
        Control::Stream(_) | Control::StreamStop => Err(PlanError::unsupported(
            "what a Snom phone plays is a setting that is written by HTTP only",
        )),
        Control::Notify(notify) => Ok(Plan::notify(notify.event(), notify.body())),
        Control::Reboot => Ok(Plan::notify("check-sync;reboot=true", None)),
        Control::Resync => Ok(Plan::notify("check-sync;reboot=false", None)),
    }
}

fn call(phone: &Phone, what: CallControl, call: Option<&CallId>) -> Result<Plan, PlanError> {
    let by_key = model::is_d8(phone) && call.is_none();
    let in_call = |event: &str, ringing: bool| {
        let channel = call.cloned();
        let plan = Plan::notify_in_call(event, InCall { ringing, channel });
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
fn another(call: &CallId) -> PlanError {
    PlanError::Unsupported(format!(
        "by NOTIFY keys go to the call on the screen, not to call={call}"
    ))
}

fn transfer(phone: &Phone, number: &Number, kind: TransferKind) -> Result<Plan, PlanError> {
    let dial = command_document::of(phone, &dialing(number))?;
    let first = match kind {
        TransferKind::Attended => Key::HOLD,
        TransferKind::Blind => Key::Named("TRANSFER"),
    };
    let plan = keys(phone, &[first])?.then_pause(SETTLING).then(dial);
    if kind == TransferKind::Blind {
        return Ok(plan);
    }
    let transfer = keys(phone, &[Key::Named("TRANSFER")])?;
    let end = command_document::of(phone, &command_document::pressing("F_OK"))?;
    let end = transfer.then_pause(SETTLING).then(end);
    Ok(plan.then_pause(SETTLING).then(end).with_note(UNHEARD))
}

fn settings(phone: &Phone, settings: &Settings, documents: &Documents) -> Result<Plan, PlanError> {
    if !settings.get.is_empty() {
        return Err(PlanError::unsupported(
            "get: a phone answers nothing to a NOTIFY, and so tells no settings",
        ));
    }
    let pairs = settings.set.iter().map(|setting| {
        let name = setting.name.as_str().to_owned();
        (name, setting.value.clone())
    });
    set(phone, &pairs.collect::<Vec<_>>(), documents)
}

fn push(
    content: &PreparedContent,
    priority: Priority,
    documents: &Documents,
) -> Result<Plan, PlanError> {
    let plan = match content {
        PreparedContent::Document(document) => carried(document.clone(), documents),
        PreparedContent::Screen(screen, image) => carried(
            document::write(screen, image.as_ref(), documents)?,
            documents,
        ),
        PreparedContent::Url(url) => pushed(&document::fetching(url.as_str())),
    };
    Ok(document::with_notes(plan, content, priority))
}

/// Pushes a document: whole if it is small enough, else the phone fetches it.
fn carried(document: String, documents: &Documents) -> Plan {
    if fits_notify(&document) {
        return pushed(&document);
    }
    let url = documents.publish_screen(StoredContent::new(document::CONTENT_TYPE, document));
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
