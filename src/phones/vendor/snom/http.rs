//! HTTP: the pages of the phone's own web server.
//!
//! The effect of a key depends on the state of the phone. Settings do not, so they are preferred where
//! there is one.

pub(super) mod calls;
mod info;
mod screenshot;
mod settings;

use super::{document, execute, keys, led, minibrowser, web};
use crate::documents::Documents;
use crate::phone::Phone;
use crate::vendor::{
    BackgroundImage, Plan, PlanContext, PlanError, PreparedContent, PreparedTone, Task,
};
use crate::verb::{Control, Priority};
use web::get;

/// Plans `task` over HTTP.
pub(super) fn plan(
    phone: &Phone,
    task: &Task,
    context: &PlanContext<'_>,
) -> Result<Plan, PlanError> {
    web::reachable(phone)?;
    match task {
        Task::Background(background) => Ok(set_background(background)),
        Task::Control(control) => control_plan(phone, control, context),
        Task::Push(content, priority) => push(phone, content, *priority, context.documents),
        Task::Ring(PreparedTone::BuiltIn(name)) => ring(name),
        Task::Ring(PreparedTone::AudioFile(_)) => Err(PlanError::unsupported(
            "over HTTP Snom phones play built-in ringers only; use tone=1 to tone=9",
        )),
        Task::Ringtone(tone, line) => {
            let settings = ringtone(tone, line.unwrap_or(1))?;
            Ok(web::save_all(&settings))
        }
    }
}

fn control_plan(
    phone: &Phone,
    control: &Control,
    context: &PlanContext<'_>,
) -> Result<Plan, PlanError> {
    match control {
        Control::Call(action, call) => calls::control(phone, *action, call.as_ref()),
        // The same key ends both.
        Control::Clear | Control::RingStop => Ok(get("/command.htm?key=CANCEL")),
        Control::Csta(_) => Err(PlanError::unsupported("CSTA requests require via=csta")),
        Control::Dial { number, line } => calls::dial(number, *line),
        Control::Display(..) => Err(PlanError::unsupported(NO_BACKLIGHT)),
        Control::Dnd(on) => Ok(web::save(&[("dnd_mode", web::switch(*on))])),
        Control::Dtmf(digits) => calls::dtmf(digits),
        Control::Execute(uris) => execute::run_pages(phone, uris, context.documents),
        Control::Firmware(url) => Ok(get(&format!(
            "/dummy.htm?swload=load&firmware={}",
            web::encoded(url.as_str())
        ))
        .with_note("the phone loads the firmware and restarts without confirmation")),
        Control::Forward(forward) => Ok(settings::forward(forward)),
        Control::Info => Ok(info::plan(phone)),
        Control::Keys(presses) => Ok(get(&keys::page(phone, presses)?)),
        Control::Led(led) => {
            minibrowser::show(phone, led::document(phone, led)?, context.documents)
        }
        Control::Notify(_) => Err(PlanError::unsupported("a NOTIFY requires Asterisk")),
        Control::Reboot => Ok(get(reboot_page(phone))),
        Control::Resync => Err(PlanError::unsupported(
            "Snom phones have no page that reloads the configuration; omit via",
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
        PreparedContent::Document(document) => minibrowser::publish(document.clone(), documents),
        PreparedContent::Screen(screen, image) => {
            document::publish(screen, image.as_ref(), documents)?
        }
        PreparedContent::Url(url) => url.clone(),
    };
    let plan = get(&web::minibrowser(phone, &url)?);
    Ok(document::with_notes(plan, content, priority))
}

fn ring(name: &str) -> Result<Plan, PlanError> {
    let number = ringer(name)
        .filter(|number| (1..=9).contains(number))
        .ok_or_else(|| {
            PlanError::Invalid(format!(
                "tone: unknown ringer {name:?}; Snom phones have 1 to 9"
            ))
        })?;
    let plan = get(&format!("/line_login.htm?PLAY_RINGER:{number}=Play+Ringer"));
    Ok(plan.with_note("unverified on real phones: the numbering of ringers"))
}

/// Returns the settings that assign a ring tone to an identity.
pub(super) fn ringtone(tone: &PreparedTone, line: u8) -> Result<Vec<(String, String)>, PlanError> {
    let line = web::identity(line)?;
    let ringer = format!("user_ringer{line}");
    match tone {
        PreparedTone::BuiltIn(name) if name.eq_ignore_ascii_case("silent") => {
            Ok(vec![(ringer, "Silent".to_owned())])
        }
        PreparedTone::BuiltIn(name) => {
            let number = self::ringer(name).filter(|number| (1..=10).contains(number));
            let number = number.ok_or_else(|| {
                PlanError::Invalid(format!(
                    "tone: unknown ringer {name:?}; Snom phones have 1 to 10 and Silent"
                ))
            })?;
            Ok(vec![(ringer, format!("Ringer{number}"))])
        }
        PreparedTone::AudioFile(file) => Ok(vec![
            (format!("user_custom{line}"), file.url.to_string()),
            (ringer, "custom".to_owned()),
        ]),
    }
}

fn set_background(background: &BackgroundImage) -> Plan {
    web::save(&[("custom_bg_image_url", background.image.as_str())])
}

fn reboot_page(phone: &Phone) -> &'static str {
    if phone.firmware.is_older_than(&[8]) {
        "/advanced.htm?reboot=Reboot"
    } else {
        "/advanced_update.htm?reboot=Reboot"
    }
}

/// Parses `3` and `Ringer3`.
fn ringer(name: &str) -> Option<u32> {
    let digits = match name.get(..6) {
        Some(prefix) if prefix.eq_ignore_ascii_case("ringer") => name.get(6..)?,
        _ => name,
    };
    digits.trim().parse().ok()
}

/// Why the verb `display` is not supported.
pub(super) const NO_BACKLIGHT: &str = "Snom phones have no command for the backlight; change it \
                                       with the verb settings";

#[cfg(test)]
mod tests;
