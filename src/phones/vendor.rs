//! The vendors' ways: a [`Task`] in, a [`Plan`] of HTTP requests, NOTIFYs and calls out. No I/O.
//!
//! A vendor is one folder that implements [`Backend`], and one line in [`plan()`].

mod cisco;
mod exchange;
mod lenient_xml;
pub mod mobility;
mod page;
mod pbx;
mod plan;
mod plan_context;
mod snom;
mod task;
mod xml;
mod yealink;

#[cfg(test)]
mod testing;

pub use exchange::{Auth, Exchange, Method, Reply, ReplyData, ReplyOutcome, ReplyParser, Request};
pub use plan::{Call, InCall, Notify, Plan, Purpose, Step};
pub use plan_context::PlanContext;
pub use task::{AudioFile, Image, Picture, PreparedContent, PreparedTone, Task};

use crate::phone::{Phone, Vendor};
use crate::verb::{Control, Via};

/// What handsetd knows of a vendor's phones.
pub trait Backend: Send + Sync {
    /// Says how `phone` is told to do `task` by `means`.
    fn plan(&self, phone: &Phone, task: &Task, means: &PlanContext<'_>) -> Result<Plan, PlanError>;
}

/// Says how `phone` is told to do `task`, as [`Backend::plan`] of its vendor does.
pub fn plan(phone: &Phone, task: &Task, means: &PlanContext<'_>) -> Result<Plan, PlanError> {
    if means.via == Some(Via::Pbx) {
        return pbx::plan(phone, task);
    }
    if means.via == Some(Via::Csta) && phone.vendor != Vendor::Snom {
        return Err(PlanError::unsupported("only Snom phones speak CSTA"));
    }
    if let Task::Control(Control::Notify(notify)) = task {
        by_notify_only(means)?;
        return Ok(Plan::notify(notify.event(), notify.body()));
    }
    let backend: &dyn Backend = match phone.vendor {
        Vendor::Cisco => &cisco::Cisco,
        Vendor::Snom => &snom::Snom,
        Vendor::Yealink => &yealink::Yealink,
    };
    backend.plan(phone, task, means)
}

/// Refuses other ways for what only a NOTIFY does.
fn by_notify_only(means: &PlanContext<'_>) -> Result<(), PlanError> {
    match means.via {
        None | Some(Via::Notify) => Ok(()),
        Some(via) => Err(PlanError::unsupported(format!(
            "this goes by NOTIFY through Asterisk, not by {}",
            via.name()
        ))),
    }
}

/// Returns why `document` is no XML document that a phone could read: not well-formed, or with a
/// DTD, which could make it read files or grow without end.
pub fn document_fault(document: &str) -> Option<String> {
    xml::fault(document)
}

/// Why a task is refused before anything is sent.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// The request is wrong, whatever the phone.
    #[error("{0}")]
    Invalid(String),
    /// This phone can't do it; says why.
    #[error("{0}")]
    Unsupported(String),
}

impl PlanError {
    fn unsupported(why: impl Into<String>) -> Self {
        Self::Unsupported(why.into())
    }
}
