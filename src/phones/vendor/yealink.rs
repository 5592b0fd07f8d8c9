//! Yealink: action URIs by NOTIFY or HTTP, and XML browser documents, pushed either way.
//!
//! Sources: Yealink's administrator guides V73 to V86 (action URIs, notifications, ring tones), the
//! "XML Browser Developer's Guide", and public code tested on phones. Before V81 the guides put user
//! name and password into the query, where every log shows them; handsetd sends them in a header, which
//! phones of that age accept as well.

mod action_uri;
mod answer;
mod call;
mod document;
mod execute;
mod handset;
mod info;
mod keys;
mod model;
mod pages;
mod phonecfg;
mod push;
mod screen;
mod screenshot;
mod settings;
mod tone;

use super::{Backend, Plan, PlanContext, PlanError, PreparedContent, Task};
use crate::documents::{Documents, StoredContent};
use crate::phone::Phone;
use crate::verb::{Control, Via};
use action_uri::ActionUri;
use handset::Handset;
use model::{Kind, Model};

/// Yealink's desk phones.
#[derive(Debug)]
pub(super) struct Yealink;

impl Backend for Yealink {
    fn plan(
        &self,
        phone: &Phone,
        task: &Task,
        context: &PlanContext<'_>,
    ) -> Result<Plan, PlanError> {
        let handset = Handset::new(phone, context);
        match task {
            Task::Background(image) => handset.background(image),
            Task::Control(control) => handset.control(control),
            Task::Push(content, priority) => handset.show(content, *priority),
            Task::Ring(tone) => handset.ring(tone),
            Task::Ringtone(tone, line) => handset.ringtone(tone, *line),
        }
    }

    fn pushes_alike(&self) -> bool {
        true
    }

    fn document(
        &self,
        phone: &Phone,
        content: &PreparedContent,
        documents: &Documents,
    ) -> Result<StoredContent, PlanError> {
        let document = match content {
            PreparedContent::Document(document) => document.clone(),
            PreparedContent::Screen(screen, image) => {
                let with_ok = Model::of(phone).has_ok_action();
                document::write(screen, image.as_ref(), documents, with_ok)?
            }
            PreparedContent::Url(_) => return Err(PlanError::unsupported(super::NO_URL)),
        };
        push::check_length(&document)?;
        Ok(StoredContent::new(document::CONTENT_TYPE, document))
    }

    fn closing_document(&self, _: &Phone) -> StoredContent {
        StoredContent::new(document::CONTENT_TYPE, document::blank())
    }

    fn test_document(&self, _: &Phone) -> (StoredContent, &'static str) {
        // An empty URI does nothing.
        let document = document::Execute::new().uri("").to_document();
        let content = StoredContent::new(document::CONTENT_TYPE, document);
        (content, "it shows nothing")
    }
}

impl Handset<'_> {
    fn control(&self, control: &Control) -> Result<Plan, PlanError> {
        match control {
            Control::Call(control, call) => self.call(*control, call.as_ref()),
            Control::Clear => self.push(&document::blank()),
            Control::Csta(_) => Err(PlanError::unsupported(super::NO_CSTA)),
            Control::Dial { number, line } => self.dial(number, *line),
            Control::Display(..) => Err(PlanError::unsupported(
                "Yealink phones have no remote command for the backlight",
            )),
            Control::Dnd(on) => self.dnd(*on),
            Control::Dtmf(digits) => self.dtmf(digits),
            Control::Execute(uris) => self.execute(uris),
            Control::Firmware(_) => Err(PlanError::unsupported(
                "Yealink phones load firmware by provisioning only; set it there, then resync",
            )),
            Control::Forward(forward) => self.forward(forward),
            Control::Info => self.info(),
            Control::Keys(presses) => self.press(presses),
            Control::Led(led) => self.led(led),
            // Planned for all vendors before the backend is called.
            Control::Notify(notify) => Ok(Plan::notify(notify.event(), notify.body())),
            Control::Reboot => self.restart(),
            Control::Resync => self.resync(),
            Control::RingStop => self.ring_stop(),
            Control::Screenshot => self.screenshot(),
            Control::Settings(settings) => self.settings(settings),
            Control::Stream(_) | Control::StreamStop => Err(PlanError::unsupported(
                "Yealink phones have no remote command for RTP streams; ring plays a WAV file",
            )),
            Control::Transfer { number, kind, call } => self.transfer(number, *kind, call.as_ref()),
        }
    }

    fn restart(&self) -> Result<Plan, PlanError> {
        if self.uses_check_sync() {
            return Ok(Plan::notify("check-sync;reboot=true", None));
        }
        Ok(self.remote()?.plan(&ActionUri::command("Reboot")))
    }

    fn resync(&self) -> Result<Plan, PlanError> {
        if self.uses_check_sync() {
            let plan = Plan::notify("check-sync;reboot=false", None);
            return Ok(
                plan.with_note("the phone restarts as well if sip.notify_reboot_enable is 1")
            );
        }
        Ok(self.remote()?.plan(&ActionUri::command("AutoP")))
    }

    /// Returns whether to use `check-sync`, the only command that DECT bases support.
    fn uses_check_sync(&self) -> bool {
        match self.context.via {
            Some(via) => via == Via::Notify,
            None => self.is_reached_through_asterisk() || self.model.kind() == Kind::Dect,
        }
    }
}

#[cfg(test)]
mod tests;
