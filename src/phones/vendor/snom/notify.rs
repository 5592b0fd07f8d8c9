//! NOTIFYs to a Snom phone: documents for its minibrowser, `check-sync`, and `talk` and `hold` in
//! the dialog of a call.
//!
//! Phones need the setting `xml_notify`. They accept NOTIFYs from their registrar, so with Asterisk no
//! other setup is needed, even behind NAT. It is the only transport to the D8 series: command documents
//! press a key or dial, one NOTIFY per step. The effect of the keys was tested on a D862.

use super::command_document::{self, dialing, keys, set};
use super::http;
use super::keys::Key;
use super::notes::{NO_WAIT, TOGGLES};
use super::notify_document::{push_or_fetch, pushed};
use super::timing::SETTLE_DELAY;
use super::{document, execute, led, model};
use crate::documents::Documents;
use crate::phone::Phone;
use crate::screen::Number;
use crate::vendor::{InCall, Plan, PlanContext, PlanError, PreparedContent, Task};
use crate::verb::{CallControl, CallId, Control, Priority, Settings, TransferKind};

/// Plans `task` by NOTIFY.
pub(super) fn plan(
    phone: &Phone,
    task: &Task,
    context: &PlanContext<'_>,
) -> Result<Plan, PlanError> {
    // These two work on DECT bases as well.
    if !matches!(task, Task::Control(Control::Reboot | Control::Resync)) {
        model::is_desk_phone(phone)?;
    }
    let documents = context.documents;
    match task {
        Task::Background(background) => {
            let image = background.image.to_string();
            set(
                phone,
                &[("custom_bg_image_url".to_owned(), image)],
                documents,
            )
        }
        Task::Control(control) => control_plan(phone, control, documents),
        Task::Push(content, priority) => push(content, *priority, documents),
        Task::Ring(_) => Err(PlanError::unsupported(
            "Snom phones do not ring on a NOTIFY; use via=pbx",
        )),
        Task::Ringtone(tone, line) => {
            set(phone, &http::ringtone(tone, line.unwrap_or(1))?, documents)
        }
    }
}

fn control_plan(
    phone: &Phone,
    control: &Control,
    documents: &Documents,
) -> Result<Plan, PlanError> {
    match control {
        Control::Call(action, call) => self::call(phone, *action, call.as_ref()),
        Control::Clear => Ok(pushed(&document::closing(phone))),
        Control::Dial { line: Some(_), .. } => Err(PlanError::unsupported(
            "line: by NOTIFY Snom phones dial from their selected identity; omit line or via",
        )),
        Control::Dial { number, line: None } => command_document::of(phone, &dialing(number)),
        Control::Dnd(_) => Ok(keys(phone, &[Key::Named("DND")])?.with_note(DND_TOGGLES)),
        Control::Dtmf(digits) => {
            let digits = http::calls::plain(digits)?;
            command_document::digits(phone, digits.chars())
        }
        Control::Execute(uris) => execute::run_documents(phone, uris, |document| {
            push_or_fetch(document.to_owned(), documents)
        }),
        Control::Keys(list) => command_document::pressed(phone, list),
        Control::Led(led) => Ok(pushed(&led::document(phone, led)?)),
        Control::RingStop => keys(phone, &[Key::Named("CANCEL")]),
        Control::Settings(settings) => self::settings(phone, settings, documents),
        Control::Transfer {
            call: Some(call), ..
        } => Err(cannot_select(call)),
        Control::Transfer {
            number,
            kind,
            call: None,
        } => transfer(phone, number, *kind),
        Control::Csta(_) => Err(PlanError::unsupported("CSTA requests require via=csta")),
        Control::Display(..) => Err(PlanError::unsupported(http::NO_BACKLIGHT)),
        Control::Firmware(_) => Err(PlanError::unsupported(
            "a NOTIFY cannot load firmware; use provisioning and resync",
        )),
        Control::Forward(_) => Err(PlanError::unsupported(
            "forwarding depends on settings that can be read over HTTP only",
        )),
        Control::Info | Control::Screenshot => {
            Err(PlanError::unsupported("a NOTIFY returns no data"))
        }
        Control::Stream(_) | Control::StreamStop => Err(PlanError::unsupported(
            "streams depend on a setting that can be written over HTTP only",
        )),
        Control::Notify(notify) => Ok(Plan::notify(notify.event(), notify.body())),
        Control::Reboot => Ok(Plan::notify("check-sync;reboot=true", None)),
        Control::Resync => Ok(Plan::notify("check-sync;reboot=false", None)),
    }
}

fn call(phone: &Phone, action: CallControl, call: Option<&CallId>) -> Result<Plan, PlanError> {
    let by_key = model::is_d8(phone) && call.is_none();
    let in_call = |event: &str, ringing: bool| {
        let channel = call.cloned();
        let plan = Plan::notify_in_call(event, InCall { ringing, channel });
        Ok(plan.with_note("unverified on real phones: talk and hold through Asterisk"))
    };
    match (action, call) {
        (CallControl::Hangup, Some(call)) => Err(cannot_select(call)),
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

fn cannot_select(call: &CallId) -> PlanError {
    PlanError::Unsupported(format!(
        "by NOTIFY keys act on the call on the screen, not on call={call}"
    ))
}

fn transfer(phone: &Phone, number: &Number, kind: TransferKind) -> Result<Plan, PlanError> {
    let dial = command_document::of(phone, &dialing(number))?;
    let first = match kind {
        TransferKind::Attended => Key::HOLD,
        TransferKind::Blind => Key::Named("TRANSFER"),
    };
    let plan = keys(phone, &[first])?.then_pause(SETTLE_DELAY).then(dial);
    if kind == TransferKind::Blind {
        return Ok(plan);
    }
    let transfer = keys(phone, &[Key::Named("TRANSFER")])?;
    let end = command_document::of(phone, &command_document::pressing("F_OK"))?;
    let end = transfer.then_pause(SETTLE_DELAY).then(end);
    Ok(plan.then_pause(SETTLE_DELAY).then(end).with_note(NO_WAIT))
}

fn settings(phone: &Phone, settings: &Settings, documents: &Documents) -> Result<Plan, PlanError> {
    if !settings.get.is_empty() {
        return Err(PlanError::unsupported("get: a NOTIFY returns no data"));
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
        PreparedContent::Document(document) => push_or_fetch(document.clone(), documents),
        PreparedContent::Screen(screen, image) => push_or_fetch(
            document::write(screen, image.as_ref(), documents)?,
            documents,
        ),
        PreparedContent::Url(url) => pushed(&document::fetching(url.as_str())),
    };
    Ok(document::with_notes(plan, content, priority))
}

/// The caveat for the DND key.
const DND_TOGGLES: &str = "pressed the DND key, which toggles do-not-disturb";

#[cfg(test)]
mod tests;
