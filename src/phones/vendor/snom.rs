//! Snom: pages of the phone's own web server, CSTA, and the XML minibrowser.
//!
//! | Transport | Use | Module |
//! | --- | --- | --- |
//! | HTTP | pages that press keys, dial, write settings, show a document | [`http`] |
//! | CSTA | calls by id | [`csta`] |
//! | NOTIFY | documents, `check-sync`, `talk` and `hold`; the only transport to the D8 series | [`notify`] |
//! | call | ringing with an audio file; any ringing on the D8 series | [`pbx`] |
//!
//! The default is HTTP, which works without setup. CSTA is used for calls given by id, which keys
//! cannot address, and NOTIFY for phones without HTTP.
//!
//! Sources: Snom's service hub ("Remote phone control", "XML Minibrowser") and docs.snom.io.

mod command_document;
mod csta;
mod document;
mod execute;
mod http;
mod keys;
mod led;
mod minibrowser;
mod model;
mod notes;
mod notify;
mod notify_document;
mod settings_page;
mod timing;
mod web;

use super::{Backend, Plan, PlanContext, PlanError, PreparedContent, PreparedTone, Task, pbx};
use crate::documents::{Documents, StoredContent};
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
        match context
            .via
            .unwrap_or_else(|| default_transport(phone, task, context))
        {
            Via::Csta => csta::plan(phone, task, context),
            Via::Http => http::plan(phone, task, context),
            Via::Notify => notify::plan(phone, task, context),
            Via::Pbx => pbx::plan(phone, task),
        }
    }

    fn document(
        &self,
        _: &Phone,
        content: &PreparedContent,
        documents: &Documents,
    ) -> Result<StoredContent, PlanError> {
        let document = match content {
            PreparedContent::Document(document) => document.clone(),
            PreparedContent::Screen(screen, image) => {
                document::write(screen, image.as_ref(), documents)?
            }
            PreparedContent::Url(_) => return Err(PlanError::unsupported(super::NO_URL)),
        };
        Ok(StoredContent::new(document::CONTENT_TYPE, document))
    }

    fn closing_document(&self, phone: &Phone) -> StoredContent {
        StoredContent::new(document::CONTENT_TYPE, document::closing(phone))
    }

    fn test_document(&self, phone: &Phone) -> (StoredContent, &'static str) {
        let shows = if document::knows_silent(phone) {
            "it shows nothing, and closes a page that is open"
        } else {
            "its screen may flicker"
        };
        (self.closing_document(phone), shows)
    }
}

/// Returns the transport that is most likely to work.
fn default_transport(phone: &Phone, task: &Task, context: &PlanContext<'_>) -> Via {
    let needs_notify = model::is_d8(phone) || phone.behind_nat.is_some();
    match task {
        Task::Control(Control::Resync) => Via::Notify,
        // Without Asterisk, the phone is restarted by its own page.
        Task::Control(Control::Reboot) if context.asterisk => Via::Notify,
        Task::Control(Control::Call(action, Some(call))) => transport_of_call(*action, call),
        Task::Control(Control::Transfer { call: Some(_), .. } | Control::Csta(_)) => Via::Csta,
        Task::Ring(_) | Task::Control(Control::RingStop) if needs_notify => Via::Pbx,
        Task::Ring(PreparedTone::AudioFile(_)) if context.asterisk => Via::Pbx,
        _ if needs_notify || model::is_desk_phone(phone).is_err() => Via::Notify,
        _ => Via::Http,
    }
}

/// Returns the transport for a call given by id. Asterisk knows its own channels; all other ids are
/// the phone's.
fn transport_of_call(action: CallControl, call: &CallId) -> Via {
    if call.as_str().contains('/') && action != CallControl::Hangup {
        Via::Notify
    } else {
        Via::Csta
    }
}

#[cfg(test)]
mod tests;
