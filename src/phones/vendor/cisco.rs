//! Cisco: nearly everything is a `POST /CGI/Execute`.
//!
//! Sources: Cisco's "Unified IP Phone Services Application Development Notes" and usecallmanager.nz.
//! Phones differ by [`family`], and each URI is checked against the family before anything is sent.

mod answer;
mod call;
mod execute;
mod family;
mod info;
mod key_names;
mod keys;
mod object;
mod redirect;
mod restart;
mod screenshot;
mod stream;
mod timing;
mod uri;

use std::time::Duration;

use super::{
    Backend, BackgroundImage, Plan, PlanContext, PlanError, PreparedContent, PreparedTone, Task,
};
use crate::documents::{Documents, StoredContent};
use crate::phone::{Phone, Vendor};
use crate::verb::{Backlight, Control, Priority, Via};
use execute::Item;
use family::Family;
use uri::Uri;

/// Cisco phones with enterprise firmware. Multiplatform and SPA phones share most of it.
#[derive(Debug)]
pub(super) struct Cisco;

impl Backend for Cisco {
    fn plan(
        &self,
        phone: &Phone,
        task: &Task,
        context: &PlanContext<'_>,
    ) -> Result<Plan, PlanError> {
        match task {
            Task::Control(Control::Reboot) => {
                context.require_notify()?;
                restart::reboot(phone)
            }
            Task::Control(Control::Resync) => {
                context.require_notify()?;
                Ok(restart::resync(phone))
            }
            _ if context.via == Some(Via::Notify) => Err(PlanError::unsupported(match task {
                Task::Control(_) => {
                    "Cisco phones accept only resync and reboot by NOTIFY; omit via"
                }
                _ => "Cisco phones accept no screens or tones by NOTIFY; omit via",
            })),
            Task::Background(picture) => background(phone, picture),
            Task::Control(control) => self::control(phone, control),
            Task::Push(content, priority) => push(phone, content, *priority, context.documents),
            Task::Ring(PreparedTone::BuiltIn(name)) => {
                let plan = execute::plan(phone, &[Item::uri(Uri::play(&tone_file(name)?))])?;
                Ok(plan.with_timeout(timing::PLAY_TIMEOUT))
            }
            Task::Ring(PreparedTone::AudioFile(file)) => {
                execute::plan(phone, &[Item::url(file.url.as_str(), Priority::Now)?])
            }
            Task::Ringtone(PreparedTone::AudioFile(file), None) => {
                execute::set_ring_tone(phone, file.url.as_str())
            }
            Task::Ringtone(_, Some(_)) => Err(PlanError::unsupported(
                "Cisco phones have one ring tone for all lines",
            )),
            Task::Ringtone(PreparedTone::BuiltIn(name), _) => Err(PlanError::unsupported(format!(
                "Cisco phones load their ring tone from a file or URL; {name:?} is neither"
            ))),
        }
    }

    fn document(
        &self,
        phone: &Phone,
        content: &PreparedContent,
        documents: &Documents,
    ) -> Result<StoredContent, PlanError> {
        match content {
            PreparedContent::Document(document) => {
                Ok(StoredContent::new(object::CONTENT_TYPE, document.clone()))
            }
            PreparedContent::Screen(screen, image) => {
                object::write(phone, screen, image.as_ref(), documents)
            }
            PreparedContent::Url(_) => Err(PlanError::unsupported(super::NO_URL)),
        }
    }

    fn closing_document(&self, phone: &Phone) -> StoredContent {
        match Family::of(phone).close_uri() {
            Some(close) => object::closing(close),
            None => object::confirmation(),
        }
    }

    fn test_document(&self, phone: &Phone) -> (StoredContent, &'static str) {
        match Family::of(phone).close_uri() {
            Some(close) => (object::closing(close), "it closes a service that is open"),
            None => (object::confirmation(), "it shows OK"),
        }
    }
}

/// Returns whether a phone has multiplatform or SPA firmware, which asks for Digest.
pub fn is_multiplatform(phone: &Phone) -> bool {
    phone.vendor == Vendor::Cisco && Family::of(phone).is_multiplatform()
}

fn control(phone: &Phone, control: &Control) -> Result<Plan, PlanError> {
    match control {
        Control::Call(action, id) => call::control(phone, *action, id.as_ref()),
        Control::Clear => clear(phone),
        Control::Csta(_) => Err(PlanError::unsupported(super::NO_CSTA)),
        Control::Dial { number, line } => call::dial(phone, number, *line),
        Control::Display(state, time) => display(phone, *state, *time),
        Control::Dnd(_) => Err(PlanError::unsupported(
            "Cisco phones accept do-not-disturb only as a REFER from the call manager, which \
             Asterisk does not send; press the soft key instead",
        )),
        Control::Dtmf(digits) => call::dtmf(phone, digits),
        Control::Execute(uris) => execute::run(phone, uris),
        Control::Firmware(_) => Err(PlanError::unsupported(
            "Cisco phones load the firmware named in their configuration file (loadInformation); \
             change it there, then resync or reboot",
        )),
        Control::Forward(_) => Err(PlanError::unsupported(
            "Cisco phones accept forwarding only as a REFER from the call manager, which Asterisk \
             does not send; forward in Asterisk instead",
        )),
        Control::Info => Ok(info::plan(phone)),
        Control::Keys(presses) => keys::press(phone, presses),
        Control::Led(_) => Err(PlanError::unsupported(
            "Cisco phones have no command for lamps; they follow calls and messages",
        )),
        Control::Notify(notify) => Ok(Plan::notify(notify.event(), notify.body())),
        Control::Reboot => restart::reboot(phone),
        Control::Resync => Ok(restart::resync(phone)),
        Control::RingStop => execute::plan(phone, &[Item::uri(Uri::play("Stop"))]),
        Control::Screenshot => Ok(screenshot::plan(phone)),
        Control::Settings(_) => Err(PlanError::unsupported(
            "Cisco phones read their settings only from the configuration file; change it there, \
             then resync",
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
            "{title} has no command to close a screen; press its key instead"
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
    content: &PreparedContent,
    priority: Priority,
    documents: &Documents,
) -> Result<Plan, PlanError> {
    let mut timeout_note = None;
    let (url, note) = match content {
        PreparedContent::Document(document) => {
            let content = StoredContent::new(object::CONTENT_TYPE, document.clone());
            (documents.publish_screen(content), None)
        }
        PreparedContent::Screen(screen, image) => {
            let url = object::publish(phone, screen, image.as_ref(), documents)?;
            let family = Family::of(phone);
            timeout_note = screen
                .timeout
                .filter(|timeout| !timeout.is_zero() && family.close_uri().is_none())
                .map(|_| "the screen stays: this phone has no command to close it");
            let note = screen
                .beep
                .filter(|beep| *beep)
                .map(|_| "Cisco screens do not beep");
            (url, note)
        }
        PreparedContent::Url(url) => (url.clone(), None),
    };
    documents.mark_first(&url);
    let plan = execute::plan(phone, &[Item::url(url.as_str(), priority)?])?;
    Ok(note
        .into_iter()
        .chain(timeout_note)
        .fold(plan, Plan::with_note))
}

/// Returns the name of a tone's file on the TFTP server.
fn tone_file(name: &str) -> Result<String, PlanError> {
    if !uri::is_file(name) {
        return Err(PlanError::Invalid(format!(
            "tone: {name:?} is not a file name on the phone's TFTP server"
        )));
    }
    Ok(if name.contains('.') {
        name.to_owned()
    } else {
        format!("{name}.raw")
    })
}

fn background(phone: &Phone, picture: &BackgroundImage) -> Result<Plan, PlanError> {
    let icon = picture.thumbnail.as_ref().unwrap_or(&picture.image);
    execute::set_background(phone, picture.image.as_str(), icon.as_str())
}

#[cfg(test)]
mod tests;
