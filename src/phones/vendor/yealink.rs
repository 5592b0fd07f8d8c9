//! Yealink: action URIs by NOTIFY or HTTP, and XML browser documents, pushed either way.
//!
//! Sources: Yealink's administrator guides (action URIs, notifications, ring tones) and "XML Browser
//! Developer's Guide", and public code that was tried on phones. Of two ways to log in the older one
//! is not spoken: before V81 the guides put user name and password into the query, where every log
//! shows them, and phones of that age take them in a header as well.

mod action_uri;
mod answer;
mod call;
mod document;
mod execute;
mod handset;
mod info;
mod keys;
mod model;
mod phonecfg;
mod push;
mod screen;
mod screenshot;
mod settings;
mod tone;

use super::{Backend, Plan, PlanContext, PlanError, Task};
use crate::phone::Phone;
use crate::verb::{Control, Via};
use action_uri::ActionUri;
use handset::Handset;
use model::Kind;

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
            Task::Background(picture) => handset.background(picture),
            Task::Control(control) => handset.control(control),
            Task::Push(shown, priority) => handset.show(shown, *priority),
            Task::Ring(sound) => handset.ring(sound),
            Task::Ringtone(sound, line) => handset.ringtone(sound, *line),
        }
    }
}

impl Handset<'_> {
    fn control(&self, control: &Control) -> Result<Plan, PlanError> {
        match control {
            Control::Call(control, call) => self.call(*control, call.as_ref()),
            Control::Clear => self.push(&document::blank()),
            Control::Csta(_) => Err(PlanError::unsupported("only Snom phones speak CSTA")),
            Control::Dial { number, line } => self.dial(number, *line),
            Control::Display(..) => Err(PlanError::unsupported(
                "nothing that a Yealink phone is told from outside switches its backlight",
            )),
            Control::Dnd(on) => self.dnd(*on),
            Control::Dtmf(digits) => self.dtmf(digits),
            Control::Execute(uris) => self.execute(uris),
            Control::Firmware(_) => Err(PlanError::unsupported(
                "a Yealink phone takes firmware by provisioning only; name it there, then resync",
            )),
            Control::Forward(forward) => self.forward(forward),
            Control::Info => self.info(),
            Control::Keys(presses) => self.press(presses),
            Control::Led(led) => self.led(led),
            // The same for all vendors, and done before this is asked.
            Control::Notify(notify) => Ok(Plan::notify(notify.event(), notify.body())),
            Control::Reboot => self.restart(),
            Control::Resync => self.resync(),
            Control::RingStop => self.ring_stop(),
            Control::Screenshot => self.screenshot(),
            Control::Settings(settings) => self.settings(settings),
            Control::Stream(_) | Control::StreamStop => Err(PlanError::unsupported(
                "a Yealink phone takes no RTP streams on command; ring plays a WAV file",
            )),
            Control::Transfer { number, kind, call } => self.transfer(number, *kind, call.as_ref()),
        }
    }

    fn restart(&self) -> Result<Plan, PlanError> {
        if self.by_check_sync() {
            return Ok(Plan::notify("check-sync;reboot=true", None));
        }
        Ok(self.remote()?.plan(&ActionUri::command("Reboot")))
    }

    fn resync(&self) -> Result<Plan, PlanError> {
        if self.by_check_sync() {
            let plan = Plan::notify("check-sync;reboot=false", None);
            return Ok(
                plan.with_note("sip.notify_reboot_enable = 1 makes the phone restart as well")
            );
        }
        Ok(self.remote()?.plan(&ActionUri::command("AutoP")))
    }

    /// Whether it goes by a NOTIFY that all phones know; a DECT base knows nothing else.
    fn by_check_sync(&self) -> bool {
        match self.context.via {
            Some(via) => via == Via::Notify,
            None => self.through_asterisk() || self.model.kind() == Kind::Dect,
        }
    }
}

#[cfg(test)]
mod tests;
