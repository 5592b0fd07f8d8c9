//! Cisco: everything goes through `POST /CGI/Execute`.
//!
//! Facts: Cisco's "Unified IP Phone Services Application Development Notes" and usecallmanager.nz.

mod answer;
mod execute;
mod object;

use super::{
    Backend, Means, Picture, Plan, Recording, Refused, Shown, Sound, Task, by_notify_only,
};
use crate::phone::Phone;
use crate::shelf::{Content, Stand};
use crate::verb::{Control, Priority, Via};
use execute::Item;

/// Cisco's phones with enterprise firmware, and those of the 3PCC and SPA families as far as they
/// do the same.
#[derive(Debug)]
pub(super) struct Cisco;

impl Backend for Cisco {
    fn plan(&self, phone: &Phone, task: &Task, means: &Means<'_>) -> Result<Plan, Refused> {
        match task {
            Task::Control(control @ (Control::Reboot | Control::Resync)) => {
                by_notify_only(means)?;
                match control {
                    Control::Reboot => reboot(phone),
                    _ => Ok(resync(phone)),
                }
            }
            _ if means.via == Some(Via::Notify) => Err(Refused::unsupported(
                "a Cisco phone takes no screens and no tones by NOTIFY; leave via out",
            )),
            Task::Background(picture) => background(phone, picture),
            Task::Control(Control::Clear) => execute::plan(phone, &[Item::uri(CLOSE)]),
            Task::Control(Control::RingStop) => execute::plan(phone, &[Item::uri("Play:Stop")]),
            Task::Control(_) => Err(Refused::unsupported("this is not done on Cisco phones yet")),
            Task::Push(shown, priority) => push(phone, shown, *priority, means.stand),
            Task::Ring(Sound::BuiltIn(name)) => {
                let plan = execute::plan(phone, &[Item::uri(&format!("Play:{}", file(name)?))])?;
                Ok(plan.with_patience(execute::PLAY))
            }
            Task::Ring(Sound::Recording(recording)) => {
                execute::plan(phone, &[Item::url(recording.url.as_str(), Priority::Now)?])
            }
            Task::Ringtone(Sound::Recording(recording), None) => ringtone(phone, recording),
            Task::Ringtone(_, Some(_)) => Err(Refused::unsupported(
                "a Cisco phone has one ring tone for all of its lines",
            )),
            Task::Ringtone(Sound::BuiltIn(name), _) => Err(Refused::unsupported(format!(
                "a Cisco phone takes its ring tone from a file or URL, and {name:?} is neither"
            ))),
        }
    }
}

fn push(phone: &Phone, shown: &Shown, priority: Priority, stand: &Stand) -> Result<Plan, Refused> {
    let (url, note) = match shown {
        Shown::Document(document) => {
            let content = Content::new(object::CONTENT_TYPE, document.clone());
            (stand.screen(content), None)
        }
        Shown::Screen(screen, image) => {
            let url = object::lay_out(phone, screen, image.as_ref(), stand)?;
            let note = screen
                .beep
                .filter(|beep| *beep)
                .map(|_| "Cisco screens do not beep");
            (url, note)
        }
        Shown::Url(url) => (url.clone(), None),
    };
    let plan = execute::plan(phone, &[Item::url(url.as_str(), priority)?])?;
    Ok(match note {
        Some(note) => plan.with_note(note),
        None => plan,
    })
}

/// Returns the file in the TFTP folder that a name means.
fn file(name: &str) -> Result<String, Refused> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if !name.chars().all(fits) {
        let why = format!("tone: {name:?} is no name of a file on the phone's TFTP server");
        return Err(Refused::Invalid(why));
    }
    Ok(if name.contains('.') {
        name.to_owned()
    } else {
        format!("{name}.raw")
    })
}

fn background(phone: &Phone, picture: &Picture) -> Result<Plan, Refused> {
    let icon = picture.thumbnail.as_ref().unwrap_or(&picture.image);
    execute::set_background(phone, picture.image.as_str(), icon.as_str())
}

fn ringtone(phone: &Phone, recording: &Recording) -> Result<Plan, Refused> {
    execute::set_ring_tone(phone, recording.url.as_str())
}

/// Enterprise firmware and that of the 3PCC and SPA families have other words for it.
fn resync(phone: &Phone) -> Plan {
    if execute::is_multiplatform(phone) {
        return Plan::notify("resync", None).with_note(CHALLENGED);
    }
    let note = "some Cisco phones read their configuration only when they restart";
    Plan::notify("check-sync", None).with_note(note)
}

fn reboot(phone: &Phone) -> Result<Plan, Refused> {
    if execute::is_multiplatform(phone) {
        return Ok(Plan::notify("reboot_now", None).with_note(CHALLENGED));
    }
    Err(Refused::unsupported(
        "a Cisco phone with enterprise firmware restarts only by a NOTIFY from its call manager's \
         own address, which Asterisk does not write; resync makes it read its configuration",
    ))
}

/// What may keep such a phone from obeying.
const CHALLENGED: &str = "the phone may ask Asterisk for a password (Auth Resync-Reboot)";

/// Closes the application that shows pushed screens.
const CLOSE: &str = "Init:Services";

#[cfg(test)]
mod tests;
