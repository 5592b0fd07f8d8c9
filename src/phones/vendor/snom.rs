//! Snom: pages of the phone's own web server, CSTA, and the XML minibrowser.
//!
//! | Way | What | Where |
//! | --- | --- | --- |
//! | HTTP | pages that press keys, dial, write settings, show a document | [`http`] |
//! | CSTA | calls by their ids | [`csta`] |
//! | NOTIFY | documents, `check-sync`, `talk` and `hold`; the only way to the D8 series | [`notify`] |
//! | a call | ringing with a recording, and at all on the D8 series | [`pbx`] |
//!
//! Without a way asked for, HTTP is taken, which nothing needs to be switched on for; CSTA where a
//! call is named by its id, since keys know of none; and NOTIFY where there is no HTTP.
//!
//! Sources: Snom's service hub ("Remote phone control", "XML Minibrowser") and docs.snom.io.

mod csta;
mod document;
mod execute;
mod http;
mod keys;
mod led;
mod model;
mod notify;
mod settings_page;
mod web;

use super::{Backend, Plan, PlanContext, PlanError, PreparedTone, Task, pbx};
use crate::phone::Phone;
use crate::verb::{CallControl, CallId, Control, Via};

/// Snom's desk phones.
#[derive(Debug)]
pub(super) struct Snom;

impl Backend for Snom {
    fn plan(
        &self,
        phone: &Phone,
        task: &Task,
        context: &PlanContext<'_>,
    ) -> Result<Plan, PlanError> {
        match context.via.unwrap_or_else(|| best(phone, task, context)) {
            Via::Csta => csta::plan(phone, task, context),
            Via::Http => http::plan(phone, task, context),
            Via::Notify => notify::plan(phone, task, context),
            Via::Pbx => pbx::plan(phone, task),
        }
    }
}

/// Returns the way that is most likely to work.
fn best(phone: &Phone, task: &Task, context: &PlanContext<'_>) -> Via {
    let by_notify = model::is_d8(phone) || phone.behind_nat.is_some();
    match task {
        Task::Control(Control::Resync) => Via::Notify,
        // A phone that Asterisk does not know is restarted by its own page.
        Task::Control(Control::Reboot) if context.asterisk => Via::Notify,
        Task::Control(Control::Call(what, Some(call))) => named(*what, call),
        Task::Control(Control::Transfer { call: Some(_), .. } | Control::Csta(_)) => Via::Csta,
        Task::Ring(_) | Task::Control(Control::RingStop) if by_notify => Via::Pbx,
        Task::Ring(PreparedTone::AudioFile(_)) if context.asterisk => Via::Pbx,
        _ if by_notify || model::is_desk_phone(phone).is_err() => Via::Notify,
        _ => Via::Http,
    }
}

/// Returns the way to a call with a name: a channel of Asterisk's is found by Asterisk, all other
/// ids are the phone's own.
fn named(what: CallControl, call: &CallId) -> Via {
    if call.as_str().contains('/') && what != CallControl::Hangup {
        Via::Notify
    } else {
        Via::Csta
    }
}

/// What is said of the key that holds a call.
const TOGGLES: &str =
    "the hold key is pressed, which holds a call or takes it back, whatever it was";

/// What is said of a transfer whose end nobody waited for.
const UNHEARD: &str = "the call was handed over after a moment, whether or not the other had \
                       answered; via=csta waits for that";

/// What is said of documents that set something.
const TRUSTED: &str = "a phone lets a document set something only where its setting \
                       mb_trusted_hosts names the sender, and says nothing if it does not";

#[cfg(test)]
mod tests;
