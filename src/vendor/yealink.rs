//! Yealink: XML browser documents, pushed to the phone's own web server.
//!
//! Facts: Yealink's "XML Browser Developer's Guide" and administrator guides.

mod document;
mod push;

use url::Url;

use super::{Backend, Means, Picture, Plan, Refused, Shown, Sound, Task, by_notify_only};
use crate::phone::Phone;
use crate::screen::Body;
use crate::verb::{Control, Priority, Via};
use document::Execute;
use push::Pusher;

/// Yealink's desk phones.
#[derive(Debug)]
pub(super) struct Yealink;

impl Backend for Yealink {
    fn plan(&self, phone: &Phone, task: &Task, means: &Means<'_>) -> Result<Plan, Refused> {
        if let Task::Control(control @ (Control::Reboot | Control::Resync)) = task {
            by_notify_only(means)?;
            return Ok(check_sync(*control == Control::Reboot));
        }
        push::reachable(phone)?;
        let by_notify = match means.via {
            None => phone.behind_nat.is_some(),
            Some(via) => via == Via::Notify,
        };
        let push = Pusher {
            phone,
            by_notify,
            stand: means.stand,
        };
        match task {
            Task::Background(picture) => background(push, picture),
            Task::Control(Control::Clear) => push.document(&document::blank()),
            Task::Control(Control::RingStop) => {
                push.document(&Execute::new().uri("Wav.Stop").document())
            }
            Task::Control(_) => Err(Refused::unsupported(
                "this is not done on Yealink phones yet",
            )),
            Task::Push(shown, priority) => show(push, shown, *priority),
            Task::Ring(Sound::Recording(recording)) => {
                let play = format!("Wav.Play:{}", recording.url);
                let plan = push.document(&Execute::new().uri(&play).document())?;
                Ok(plan.with_note("some Yealink firmware plays it twice"))
            }
            Task::Ring(Sound::BuiltIn(name)) => Err(Refused::unsupported(format!(
                "a Yealink phone plays WAV files only; {name:?} is the name of a built-in tone"
            ))),
            Task::Ringtone(sound, line) => ringtone(push, sound, *line),
        }
    }
}

fn check_sync(reboot: bool) -> Plan {
    if reboot {
        return Plan::notify("check-sync;reboot=true", None);
    }
    Plan::notify("check-sync;reboot=false", None)
        .with_note("sip.notify_reboot_enable = 1 makes the phone restart as well")
}

fn show(push: Pusher<'_>, shown: &Shown, priority: Priority) -> Result<Plan, Refused> {
    let document = match shown {
        Shown::Document(document) => document.clone(),
        Shown::Screen(screen, image) => document::write(screen, image.as_ref(), push.stand)?,
        Shown::Url(url) => Execute::new().uri(Url::as_str(url)).document(),
    };
    let mut plan = push.document(&document)?;
    if let Shown::Screen(screen, _) = shown
        && matches!(screen.body, Body::Image(_))
        && (screen.title.is_some() || screen.prompt.is_some())
    {
        plan = plan.with_note("a picture on a Yealink phone has no title");
    }
    Ok(if priority == Priority::Now {
        plan
    } else {
        plan.with_note("a Yealink phone shows a screen at once, whatever the priority")
    })
}

fn ringtone(push: Pusher<'_>, sound: &Sound, line: Option<u8>) -> Result<Plan, Refused> {
    let parameter = match line {
        Some(line) => format!("account.{line}.ringtone.ring_type"),
        None => "phone_setting.ring_type".to_owned(),
    };
    match sound {
        Sound::BuiltIn(name) => {
            let value = format!("Resource:{}", built_in(name)?);
            push.document(&document::configuration(&[(&parameter, &value)]))
        }
        Sound::Recording(recording) => {
            let value = format!("Config:{}", recording.name);
            let items = [
                ("ringtone.url", recording.url.as_str()),
                (&parameter, &value),
            ];
            Ok(push
                .document(&document::configuration(&items))?
                .with_note(UNPROVEN))
        }
    }
}

fn background(push: Pusher<'_>, picture: &Picture) -> Result<Plan, Refused> {
    let value = format!("Config:{}", picture.name);
    let items = [
        ("wallpaper_upload.url", picture.image.as_str()),
        ("phone_setting.backgrounds", &value),
    ];
    Ok(push
        .document(&document::configuration(&items))?
        .with_note(UNPROVEN))
}

/// Returns the file of a built-in tone: `3`, `Ring3`, `Silent` and `Splash` are such.
fn built_in(name: &str) -> Result<String, Refused> {
    let number = name.strip_prefix("Ring").unwrap_or(name).parse::<u8>();
    match (number, name) {
        (Ok(number @ 1..=8), _) => Ok(format!("Ring{number}.wav")),
        (_, "Silent" | "Splash") => Ok(format!("{name}.wav")),
        _ => Err(Refused::Invalid(format!(
            "tone: {name:?} is no tone of a Yealink phone; write 1 to 8, Silent or Splash"
        ))),
    }
}

/// The reference has no proof that a pushed configuration loads files.
const UNPROVEN: &str = "that a pushed configuration loads the file is unproven on real phones";

#[cfg(test)]
mod tests;
