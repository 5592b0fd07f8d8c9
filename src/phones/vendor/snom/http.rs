//! By HTTP: the pages of the phone's own web server.
//!
//! Keys are pressed as if by hand, so what they do depends on what the phone is just doing. Settings
//! say for certain how it shall be, so they are preferred where there is one.

pub(super) mod calls;
mod info;
mod screenshot;
mod settings;

use super::{document, execute, keys, led, model, settings_page, web};
use crate::documents::{Documents, StoredContent};
use crate::phone::Phone;
use crate::vendor::{
    BackgroundImage, Plan, PlanContext, PlanError, PreparedContent, PreparedTone, Task,
};
use crate::verb::{Control, Priority};
use web::get;

pub(super) use calls::SETTLING;

/// Says how `phone` is told to do `task`.
pub(super) fn plan(
    phone: &Phone,
    task: &Task,
    context: &PlanContext<'_>,
) -> Result<Plan, PlanError> {
    web::reachable(phone)?;
    match task {
        Task::Background(picture) => Ok(background(picture)),
        Task::Control(control) => control_plan(phone, control, context),
        Task::Push(content, priority) => push(phone, content, *priority, context.documents),
        Task::Ring(PreparedTone::BuiltIn(name)) => ring(name),
        Task::Ring(PreparedTone::AudioFile(_)) => Err(PlanError::unsupported(
            "over HTTP a Snom phone plays its own ringers only; write tone=1 to tone=9",
        )),
        Task::Ringtone(sound, line) => {
            let settings = ringtone(sound, line.unwrap_or(1))?;
            Ok(save(&settings))
        }
    }
}

fn control_plan(
    phone: &Phone,
    control: &Control,
    context: &PlanContext<'_>,
) -> Result<Plan, PlanError> {
    match control {
        Control::Call(what, call) => calls::control(phone, *what, call.as_ref()),
        // The same key ends either.
        Control::Clear | Control::RingStop => Ok(get("/command.htm?key=CANCEL")),
        Control::Csta(_) => Err(PlanError::unsupported("a CSTA request goes by via=csta")),
        Control::Dial { number, line } => calls::dial(number, *line),
        Control::Display(..) => Err(PlanError::unsupported(NO_BACKLIGHT)),
        Control::Dnd(on) => Ok(web::save(&[("dnd_mode", switch(*on))])),
        Control::Dtmf(digits) => calls::dtmf(digits),
        Control::Execute(uris) => execute::by_http(phone, uris, context.documents),
        Control::Firmware(url) => Ok(get(&format!(
            "/dummy.htm?swload=load&firmware={}",
            web::encoded(url.as_str())
        ))
        .with_note("the phone loads it and restarts; it does not say how that went")),
        Control::Forward(forward) => Ok(settings::forward(forward)),
        Control::Info => Ok(info::plan(phone)),
        Control::Keys(presses) => Ok(get(&keys::page(phone, presses)?)),
        Control::Led(led) => show(phone, led::document(phone, led)?, context.documents),
        Control::Notify(_) => Err(PlanError::unsupported("a NOTIFY goes through Asterisk")),
        Control::Reboot => Ok(get(reboot_page(phone))),
        Control::Resync => Err(PlanError::unsupported(
            "no page of a Snom phone makes it read its configuration again; leave via out",
        )),
        Control::Screenshot => Ok(screenshot::plan(phone)),
        Control::Settings(settings) => Ok(settings::plan(settings)),
        Control::Stream(stream) => settings::stream(stream),
        Control::StreamStop => Ok(settings::stream_stop()),
        Control::Transfer { number, kind, call } => {
            calls::transfer(phone, number, *kind, call.as_ref())
        }
    }
}

fn push(
    phone: &Phone,
    content: &PreparedContent,
    priority: Priority,
    documents: &Documents,
) -> Result<Plan, PlanError> {
    let url = match content {
        PreparedContent::Document(document) => lay(document.clone(), documents),
        PreparedContent::Screen(screen, image) => {
            document::publish(screen, image.as_ref(), documents)?
        }
        PreparedContent::Url(url) => url.clone(),
    };
    let plan = get(&web::minibrowser(phone, &url)?);
    Ok(document::with_notes(plan, content, priority))
}

/// Lets the minibrowser fetch a document.
pub(super) fn show(
    phone: &Phone,
    document: String,
    documents: &Documents,
) -> Result<Plan, PlanError> {
    let url = lay(document, documents);
    Ok(get(&web::minibrowser(phone, &url)?))
}

fn lay(document: String, documents: &Documents) -> url::Url {
    documents.publish_screen(StoredContent::new(document::CONTENT_TYPE, document))
}

fn ring(name: &str) -> Result<Plan, PlanError> {
    let number = ringer(name)
        .filter(|number| (1..=9).contains(number))
        .ok_or_else(|| {
            PlanError::Invalid(format!(
                "tone: {name:?} is no ringer of a Snom phone; write 1 to 9"
            ))
        })?;
    let plan = get(&format!("/line_login.htm?PLAY_RINGER:{number}=Play+Ringer"));
    Ok(plan.with_note("which ringer a number means is unproven on real phones"))
}

/// Returns the settings that make a ring tone of an identity.
pub(super) fn ringtone(sound: &PreparedTone, line: u8) -> Result<Vec<(String, String)>, PlanError> {
    let line = identity(line)?;
    let ringer = format!("user_ringer{line}");
    match sound {
        PreparedTone::BuiltIn(name) if name.eq_ignore_ascii_case("silent") => {
            Ok(vec![(ringer, "Silent".to_owned())])
        }
        PreparedTone::BuiltIn(name) => {
            let number = self::ringer(name).filter(|number| (1..=10).contains(number));
            let number = number.ok_or_else(|| {
                let what = "is no ringer of a Snom phone; write 1 to 10, or Silent";
                PlanError::Invalid(format!("tone: {name:?} {what}"))
            })?;
            Ok(vec![(ringer, format!("Ringer{number}"))])
        }
        PreparedTone::AudioFile(recording) => Ok(vec![
            (format!("user_custom{line}"), recording.url.to_string()),
            (ringer, "custom".to_owned()),
        ]),
    }
}

/// Returns the number of an identity, if a phone can have it.
pub(super) fn identity(line: u8) -> Result<u8, PlanError> {
    if (1..=12).contains(&line) {
        return Ok(line);
    }
    Err(PlanError::Invalid(format!(
        "line: a Snom phone has lines 1 to 12, not {line}"
    )))
}

fn background(picture: &BackgroundImage) -> Plan {
    web::save(&[("custom_bg_image_url", picture.image.as_str())])
}

fn save(settings: &[(String, String)]) -> Plan {
    let settings: Vec<_> = settings
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    web::save(&settings)
}

fn reboot_page(phone: &Phone) -> &'static str {
    if phone.firmware.is_older_than(&[8]) {
        "/advanced.htm?reboot=Reboot"
    } else {
        "/advanced_update.htm?reboot=Reboot"
    }
}

/// Reads `3` and `Ringer3`.
fn ringer(name: &str) -> Option<u32> {
    let digits = match name.get(..6) {
        Some(prefix) if prefix.eq_ignore_ascii_case("ringer") => name.get(6..)?,
        _ => name,
    };
    digits.trim().parse().ok()
}

/// Returns the word of a setting that is on or off.
fn switch(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

/// Why a phone is not told to light its display.
pub(super) const NO_BACKLIGHT: &str = "a Snom phone has no command for its backlight; what its \
                                       settings say of it is written by the verb settings";

#[cfg(test)]
mod tests;
