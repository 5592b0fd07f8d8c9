//! CSTA over HTTP: calls by id, and responses that report the result of a request.
//!
//! Sources: "Remote phone control" (CSTA) and "CSTA over HTTP - Requests". There are two dialects, with
//! a gap in between:
//!
//! | Firmware | Dialect |
//! | --- | --- |
//! | to 7.3.3 | none |
//! | 7.3.4 to 8.6 | SOAP, edition 4, eight requests, call ids flat |
//! | 8.7.0 to 8.7.2 | none |
//! | since 8.7.3 | no SOAP, edition 5, call ids in elements of their own |
//!
//! Snom's own requests are written as in its samples for all firmware: SOAP, edition 4.

mod calls;
mod device;
mod reply;
mod request;
mod settings;
mod transfer;

use super::{document, execute, http, led};
use crate::csta::{Part, Request};
use crate::phone::Phone;
use crate::vendor::{
    Plan, PlanContext, PlanError, PreparedContent, ReplyData, ReplyOutcome, Task, uacsta,
};
use crate::verb::{Control, Csta, Priority};
use device::Line;
use request::{Dialect, step, step_of_own};

/// Plans `task` by CSTA.
pub(super) fn plan(
    phone: &Phone,
    task: &Task,
    context: &PlanContext<'_>,
) -> Result<Plan, PlanError> {
    super::web::reachable(phone)?;
    let dialect = Dialect::of(phone)?;
    let line = |line: Option<u8>| Line::new(phone, line.unwrap_or(1));
    match task {
        Task::Push(content, priority) => push(content, *priority, context),
        Task::Control(control) => match control {
            Control::Call(what, call) => calls::control(dialect, line(None)?, *what, call.as_ref()),
            Control::Clear => Ok(pushed(&document::closing(phone))),
            Control::Csta(csta) => any(dialect, csta),
            Control::Dial { number, line: from } => Ok(calls::dial(dialect, line(*from)?, number)),
            Control::Dnd(on) => settings::dnd(dialect, line(None)?, *on),
            Control::Dtmf(digits) => calls::dtmf(dialect, line(None)?, digits),
            Control::Execute(uris) => execute::run_documents(phone, uris, pushed),
            Control::Forward(forward) => settings::forward(dialect, line(None)?, forward),
            Control::Led(led) => Ok(pushed(&led::document(phone, led)?)),
            Control::Settings(settings) => Ok(settings::plan(settings)),
            Control::Transfer { number, kind, call } => {
                transfer::plan(dialect, line(None)?, number, *kind, call.as_ref())
            }
            Control::Display(..) => Err(PlanError::unsupported(http::NO_BACKLIGHT)),
            Control::Firmware(_)
            | Control::Info
            | Control::Keys(_)
            | Control::Notify(_)
            | Control::Reboot
            | Control::Resync
            | Control::RingStop
            | Control::Screenshot
            | Control::Stream(_)
            | Control::StreamStop => Err(unsupported()),
        },
        Task::Background(background) => {
            let image = background.image.to_string();
            Ok(settings::set(&[("custom_bg_image_url".to_owned(), image)]))
        }
        Task::Ringtone(tone, line) => {
            let settings = http::ringtone(tone, line.unwrap_or(1))?;
            Ok(settings::set(&settings))
        }
        Task::Ring(_) => Err(unsupported()),
    }
}

fn unsupported() -> PlanError {
    PlanError::unsupported("CSTA has no request for this; omit via")
}

/// Plans a CSTA request as given, and returns the response.
fn any(dialect: Dialect, csta: &Csta) -> Result<Plan, PlanError> {
    let name = csta.request();
    if uacsta::is_monitoring(name) {
        return Err(PlanError::Unsupported(format!(
            "request: {name} is about events, and none can come over HTTP; use action URLs, or a CSTA session \
             over SIP: [uacsta], and csta in the [[phone]]"
        )));
    }
    let parts = csta.elements().iter().map(Part::of).collect();
    let request = Request::new(name.to_owned(), parts);
    let step = step(&request, dialect, |answer| match answer {
        Ok(answer) => ReplyOutcome::Data(ReplyData::Value(answer.value())),
        Err(refused) => refused,
    })?;
    Ok(Plan::new([step]))
}

fn push(
    content: &PreparedContent,
    priority: Priority,
    context: &PlanContext<'_>,
) -> Result<Plan, PlanError> {
    let plan = match content {
        PreparedContent::Document(document) => pushed(document),
        PreparedContent::Screen(screen, image) => {
            pushed(&document::write(screen, image.as_ref(), context.documents)?)
        }
        PreparedContent::Url(url) => pushed(&document::fetching(url.as_str())),
    };
    Ok(document::with_notes(plan, content, priority))
}

/// Plans to push a document to the minibrowser.
fn pushed(document: &str) -> Plan {
    let parts = vec![Part::text("document", document)];
    let step = step_of_own(&Request::new("XmlPush", parts), request::done);
    Plan::new([step])
}

#[cfg(test)]
mod tests;
