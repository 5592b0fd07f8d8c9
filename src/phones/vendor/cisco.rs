//! Cisco: nearly everything goes through `POST /CGI/Execute`.
//!
//! Sources: Cisco's "Unified IP Phone Services Application Development Notes" and usecallmanager.nz.
//! What a phone can be told depends on its [`family`]; each URI is held against that before
//! anything is sent.

mod answer;
mod call;
mod execute;
mod family;
mod info;
mod keys;
mod object;
mod redirect;
mod restart;
mod screenshot;
mod stream;
mod uri;

use std::time::Duration;

use super::{
    AudioFile, Backend, Picture, Plan, PlanContext, PlanError, PreparedContent, PreparedTone, Task,
    by_notify_only,
};
use crate::documents::{Documents, StoredContent};
use crate::phone::Phone;
use crate::verb::{Backlight, Control, Priority, Via};
use execute::Item;
use family::Family;
use uri::Uri;

/// Cisco's phones with enterprise firmware, and those of the 3PCC and SPA families as far as they
/// do the same.
#[derive(Debug)]
pub(super) struct Cisco;

impl Backend for Cisco {
    fn plan(&self, phone: &Phone, task: &Task, means: &PlanContext<'_>) -> Result<Plan, PlanError> {
        match task {
            Task::Control(Control::Reboot) => {
                by_notify_only(means)?;
                restart::reboot(phone)
            }
            Task::Control(Control::Resync) => {
                by_notify_only(means)?;
                Ok(restart::resync(phone))
            }
            _ if means.via == Some(Via::Notify) => Err(PlanError::unsupported(match task {
                Task::Control(_) => {
                    "a Cisco phone is told to resync and reboot by NOTIFY and nothing else; leave \
                     via out"
                }
                _ => "a Cisco phone takes no screens and no tones by NOTIFY; leave via out",
            })),
            Task::Background(picture) => background(phone, picture),
            Task::Control(control) => self::control(phone, control),
            Task::Push(shown, priority) => push(phone, shown, *priority, means.documents),
            Task::Ring(PreparedTone::BuiltIn(name)) => {
                let plan = execute::plan(phone, &[Item::uri(Uri::play(&file(name)?))])?;
                Ok(plan.with_patience(execute::PLAY))
            }
            Task::Ring(PreparedTone::AudioFile(recording)) => {
                execute::plan(phone, &[Item::url(recording.url.as_str(), Priority::Now)?])
            }
            Task::Ringtone(PreparedTone::AudioFile(recording), None) => ringtone(phone, recording),
            Task::Ringtone(_, Some(_)) => Err(PlanError::unsupported(
                "a Cisco phone has one ring tone for all of its lines",
            )),
            Task::Ringtone(PreparedTone::BuiltIn(name), _) => Err(PlanError::unsupported(format!(
                "a Cisco phone takes its ring tone from a file or URL, and {name:?} is neither"
            ))),
        }
    }
}

/// Says how `phone` is told something that needs nothing made to measure.
fn control(phone: &Phone, control: &Control) -> Result<Plan, PlanError> {
    match control {
        Control::Call(what, id) => call::control(phone, *what, id.as_ref()),
        Control::Clear => clear(phone),
        Control::Csta(_) => Err(PlanError::unsupported("only Snom phones speak CSTA")),
        Control::Dial { number, line } => call::dial(phone, number, *line),
        Control::Display(state, time) => display(phone, *state, *time),
        Control::Dnd(_) => Err(PlanError::unsupported(
            "a Cisco phone is told of do not disturb by its call manager (REFER), which Asterisk \
             does not send; its soft key can be pressed",
        )),
        Control::Dtmf(digits) => call::dtmf(phone, digits),
        Control::Execute(uris) => execute::run(phone, uris),
        Control::Firmware(_) => Err(PlanError::unsupported(
            "a Cisco phone loads the firmware that its configuration file names (loadInformation); \
             change that, then resync or reboot",
        )),
        Control::Forward(_) => Err(PlanError::unsupported(
            "a Cisco phone is told of forwarding by its call manager (REFER), which Asterisk does \
             not send; forward in Asterisk",
        )),
        Control::Info => Ok(info::plan(phone)),
        Control::Keys(presses) => keys::press(phone, presses),
        Control::Led(_) => Err(PlanError::unsupported(
            "no command switches the lamps of a Cisco phone; they follow its calls and messages",
        )),
        Control::Notify(notify) => Ok(Plan::notify(notify.event(), notify.body())),
        Control::Reboot => restart::reboot(phone),
        Control::Resync => Ok(restart::resync(phone)),
        Control::RingStop => execute::plan(phone, &[Item::uri(Uri::play("Stop"))]),
        Control::Screenshot => Ok(screenshot::plan(phone)),
        Control::Settings(_) => Err(PlanError::unsupported(
            "a Cisco phone takes its settings from its configuration file alone; change that, then \
             resync",
        )),
        Control::Stream(stream) => stream::start(phone, stream),
        Control::StreamStop => stream::stop(phone),
        Control::Transfer { number, kind, call } => {
            call::transfer(phone, number, *kind, call.as_ref())
        }
    }
}

fn clear(phone: &Phone) -> Result<Plan, PlanError> {
    let family = Family::of(phone);
    let close = Uri::close(family).ok_or_else(|| {
        let title = family.title;
        PlanError::Unsupported(format!(
            "no command takes a screen away from {title}; it has a key for that"
        ))
    })?;
    execute::plan(phone, &[Item::uri(close)])
}

fn display(phone: &Phone, state: Backlight, time: Option<Duration>) -> Result<Plan, PlanError> {
    let state = match state {
        Backlight::Default => "Default",
        Backlight::Off => "Off",
        Backlight::On => "On",
    };
    let minutes = time.map(|time| time.as_secs() / 60);
    execute::plan(phone, &[Item::uri(Uri::display(state, minutes))])
}

fn push(
    phone: &Phone,
    shown: &PreparedContent,
    priority: Priority,
    documents: &Documents,
) -> Result<Plan, PlanError> {
    let mut forever = None;
    let (url, note) = match shown {
        PreparedContent::Document(document) => {
            let content = StoredContent::new(object::CONTENT_TYPE, document.clone());
            (documents.publish_screen(content), None)
        }
        PreparedContent::Screen(screen, image) => {
            let url = object::lay_out(phone, screen, image.as_ref(), documents)?;
            let family = Family::of(phone);
            forever = screen
                .timeout
                .filter(|timeout| !timeout.is_zero() && family.close().is_none())
                .map(|_| "the screen stays: nothing takes one away from this phone");
            let note = screen
                .beep
                .filter(|beep| *beep)
                .map(|_| "Cisco screens do not beep");
            (url, note)
        }
        PreparedContent::Url(url) => (url.clone(), None),
    };
    let plan = execute::plan(phone, &[Item::url(url.as_str(), priority)?])?;
    Ok(note.into_iter().chain(forever).fold(plan, Plan::with_note))
}

/// Returns the file in the TFTP folder that a name means.
fn file(name: &str) -> Result<String, PlanError> {
    if !uri::is_file(name) {
        let why = format!("tone: {name:?} is no name of a file on the phone's TFTP server");
        return Err(PlanError::Invalid(why));
    }
    Ok(if name.contains('.') {
        name.to_owned()
    } else {
        format!("{name}.raw")
    })
}

fn background(phone: &Phone, picture: &Picture) -> Result<Plan, PlanError> {
    let icon = picture.thumbnail.as_ref().unwrap_or(&picture.image);
    execute::set_background(phone, picture.image.as_str(), icon.as_str())
}

fn ringtone(phone: &Phone, recording: &AudioFile) -> Result<Plan, PlanError> {
    execute::set_ring_tone(phone, recording.url.as_str())
}

#[cfg(test)]
mod tests;
