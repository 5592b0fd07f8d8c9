//! Yealink: XML browser documents, pushed to the phone's own web server.
//!
//! Facts: Yealink's "XML Browser Developer's Guide" and administrator guides.

mod document;
mod push;

use url::Url;

use super::{Backend, Picture, Plan, Refused, Shown, Sound, Task, Way};
use crate::phone::Phone;
use crate::screen::Body;
use crate::shelf::Stand;
use crate::verb::Priority;
use document::Execute;
use push::Pusher;

/// Yealink's desk phones.
#[derive(Debug)]
pub(super) struct Yealink;

impl Backend for Yealink {
    fn plan(
        &self,
        phone: &Phone,
        task: &Task,
        way: Option<Way>,
        stand: &Stand,
    ) -> Result<Plan, Refused> {
        if !matches!(task, Task::Notify(_) | Task::Reboot | Task::Resync) {
            push::reachable(phone)?;
        }
        let usual = match phone.behind_nat {
            Some(_) => Way::Notify,
            None => Way::Http,
        };
        let push = Pusher {
            phone,
            way: way.unwrap_or(usual),
            stand,
        };
        match task {
            Task::Background(picture) => background(push, picture),
            Task::Clear => push.document(&document::blank()),
            Task::Notify(notify) => Ok(Plan::notify(notify.event(), notify.body())),
            Task::Reboot => Ok(Plan::notify("check-sync;reboot=true", None)),
            Task::Resync => {
                let plan = Plan::notify("check-sync;reboot=false", None);
                Ok(plan.with_note("sip.notify_reboot_enable = 1 makes the phone restart as well"))
            }
            Task::Other(verb) => Err(Refused::unsupported(format!(
                "{verb} is not done on Yealink phones yet"
            ))),
            Task::Push(shown, priority) => show(push, shown, *priority),
            Task::Ring(Sound::Recording(recording)) => {
                let play = format!("Wav.Play:{}", recording.url);
                let plan = push.document(&Execute::new().uri(&play).document())?;
                Ok(plan.with_note("some Yealink firmware plays it twice"))
            }
            Task::Ring(Sound::BuiltIn(name)) => Err(Refused::unsupported(format!(
                "a Yealink phone plays WAV files only; {name:?} is the name of a built-in tone"
            ))),
            Task::RingStop => push.document(&Execute::new().uri("Wav.Stop").document()),
            Task::Ringtone(sound, line) => ringtone(push, sound, *line),
        }
    }
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
