//! Snom: pages of the phone's own web server, and its XML minibrowser.
//!
//! Facts: Snom's service hub ("Remote phone control", "XML Minibrowser") and docs.snom.io.

mod document;
mod notify;
mod web;

use super::{Backend, Means, Picture, Plan, Refused, Shown, Sound, Task, by_notify_only};
use crate::phone::Phone;
use crate::shelf::{Content, Stand};
use crate::verb::{Control, Priority, Via};
use web::get;

/// Snom's desk phones with the 3xx to D7xx web interface.
#[derive(Debug)]
pub(super) struct Snom;

impl Backend for Snom {
    fn plan(&self, phone: &Phone, task: &Task, means: &Means<'_>) -> Result<Plan, Refused> {
        let by_notify = notify::is_best(phone) || phone.behind_nat.is_some();
        match means.via {
            Some(Via::Notify) => return notify::plan(phone, task, means),
            None if by_notify => return notify::plan(phone, task, means),
            _ => {}
        }
        if let Task::Control(Control::Reboot | Control::Resync) = task {
            by_notify_only(means)?;
            return notify::plan(phone, task, means);
        }
        web::reachable(phone)?;
        match task {
            Task::Background(picture) => Ok(background(picture)),
            // The same key ends either.
            Task::Control(Control::Clear | Control::RingStop) => Ok(get("/command.htm?key=CANCEL")),
            Task::Control(_) => Err(Refused::unsupported("this is not done on Snom phones yet")),
            Task::Push(shown, priority) => push(phone, shown, *priority, means.stand),
            Task::Ring(Sound::BuiltIn(name)) => ring(name),
            Task::Ring(Sound::Recording(_)) => Err(Refused::unsupported(
                "over HTTP a Snom phone plays its own ringers only; write tone=1 to tone=9",
            )),
            Task::Ringtone(sound, line) => ringtone(sound, line.unwrap_or(1)),
        }
    }
}

fn push(phone: &Phone, shown: &Shown, priority: Priority, stand: &Stand) -> Result<Plan, Refused> {
    let (url, beep) = match shown {
        Shown::Document(document) => (
            stand.screen(Content::new(document::CONTENT_TYPE, document.clone())),
            false,
        ),
        Shown::Screen(screen, image) => {
            let url = document::lay_out(screen, image.as_ref(), stand)?;
            (url, screen.beep == Some(true))
        }
        Shown::Url(url) => (url.clone(), false),
    };
    let mut plan = get(&web::minibrowser(phone, &url)?);
    if beep {
        plan = plan.with_note("Snom screens do not beep");
    }
    if priority != Priority::Now {
        plan = plan.with_note("a Snom phone shows a screen at once, whatever the priority");
    }
    Ok(plan)
}

fn ring(name: &str) -> Result<Plan, Refused> {
    let number = ringer(name)
        .filter(|number| (1..=9).contains(number))
        .ok_or_else(|| {
            Refused::Invalid(format!(
                "tone: {name:?} is no ringer of a Snom phone; write 1 to 9"
            ))
        })?;
    let plan = get(&format!("/line_login.htm?PLAY_RINGER:{number}=Play+Ringer"));
    Ok(plan.with_note("which ringer a number means is unproven on real phones"))
}

fn ringtone(sound: &Sound, line: u8) -> Result<Plan, Refused> {
    if !(1..=12).contains(&line) {
        return Err(Refused::Invalid(format!(
            "line: a Snom phone has lines 1 to 12, not {line}"
        )));
    }
    let ringer = format!("user_ringer{line}");
    match sound {
        Sound::BuiltIn(name) if name.eq_ignore_ascii_case("silent") => {
            Ok(web::save(&[(&ringer, "Silent")]))
        }
        Sound::BuiltIn(name) => {
            let number = self::ringer(name).filter(|number| (1..=10).contains(number));
            let number = number.ok_or_else(|| {
                let what = "is no ringer of a Snom phone; write 1 to 10, or Silent";
                Refused::Invalid(format!("tone: {name:?} {what}"))
            })?;
            Ok(web::save(&[(&ringer, &format!("Ringer{number}"))]))
        }
        Sound::Recording(recording) => Ok(web::save(&[
            (&format!("user_custom{line}"), recording.url.as_str()),
            (&ringer, "custom"),
        ])),
    }
}

fn background(picture: &Picture) -> Plan {
    web::save(&[("custom_bg_image_url", picture.image.as_str())])
}

/// Reads `3` and `Ringer3`.
fn ringer(name: &str) -> Option<u32> {
    let digits = match name.get(..6) {
        Some(prefix) if prefix.eq_ignore_ascii_case("ringer") => name.get(6..)?,
        _ => name,
    };
    digits.trim().parse().ok()
}

#[cfg(test)]
mod tests;
