//! Vendor backends: they turn a [`Task`] into a [`Plan`] of HTTP requests, NOTIFYs and calls. No I/O.
//!
//! A vendor is one directory that implements [`Backend`], and one line in [`plan()`].

mod cisco;
mod http;
mod lenient_xml;
pub mod mobility;
mod pagination;
mod pbx;
mod plan;
mod plan_context;
mod snom;
mod task;
mod xml;
mod yealink;

#[cfg(test)]
mod testing;

pub use http::{Auth, Method, Reply, Request};
pub use plan::{
    Call, Exchange, InCall, Notify, Plan, Purpose, ReplyData, ReplyOutcome, ReplyParser, Step,
};
pub use plan_context::PlanContext;
pub use task::{AudioFile, BackgroundImage, Image, PreparedContent, PreparedTone, Task};

use crate::phone::{Phone, Vendor};
use crate::verb::{Control, Via};

/// The planner for one vendor's phones.
trait Backend {
    /// Plans `task` on `phone`.
    fn plan(
        &self,
        phone: &Phone,
        task: &Task,
        context: &PlanContext<'_>,
    ) -> Result<Plan, PlanError>;
}

/// Plans `task` on `phone`, by the backend of its vendor.
///
/// # Errors
///
/// Returns why the phone cannot do it, or not over the requested transport.
pub fn plan(phone: &Phone, task: &Task, context: &PlanContext<'_>) -> Result<Plan, PlanError> {
    if context.via == Some(Via::Pbx) {
        return pbx::plan(phone, task);
    }
    if context.via == Some(Via::Csta) && phone.vendor != Vendor::Snom {
        return Err(PlanError::unsupported("only Snom phones speak CSTA"));
    }
    if let Task::Control(Control::Notify(notify)) = task {
        require_notify(context)?;
        return Ok(Plan::notify(notify.event(), notify.body()));
    }
    let backend: &dyn Backend = match phone.vendor {
        Vendor::Cisco => &cisco::Cisco,
        Vendor::Snom => &snom::Snom,
        Vendor::Yealink => &yealink::Yealink,
    };
    backend.plan(phone, task, context)
}

/// Refuses other transports for tasks that only a NOTIFY performs.
fn require_notify(context: &PlanContext<'_>) -> Result<(), PlanError> {
    match context.via {
        None | Some(Via::Notify) => Ok(()),
        Some(via) => Err(PlanError::unsupported(format!(
            "only a NOTIFY through Asterisk does this, not via={}; omit via",
            via.name()
        ))),
    }
}

/// Returns why `document` cannot be sent to a phone: it is not well-formed XML, or has a DTD, which
/// could make a phone read files or expand entities without end.
pub fn document_fault(document: &str) -> Option<String> {
    xml::fault(document)
}

/// Why a task cannot be planned. Nothing has been sent.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// The request is invalid for any phone of the vendor.
    #[error("{0}")]
    Invalid(String),
    /// The phone does not support the task.
    #[error("{0}")]
    Unsupported(String),
}

impl PlanError {
    fn unsupported(reason: impl Into<String>) -> Self {
        Self::Unsupported(reason.into())
    }
}
