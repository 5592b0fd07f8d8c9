//! The vendors' ways: a [`Task`] in, a [`Plan`] of HTTP requests and NOTIFYs out. No I/O.
//!
//! A vendor is one folder that implements [`Backend`], and one line in [`plan()`].

mod cisco;
mod page;
mod plan;
mod snom;
mod task;
mod xml;
mod yealink;

#[cfg(test)]
mod testing;

pub use plan::{Auth, Exchange, Method, Notify, Plan, Reply, Request, Step, Verdict, Way};
pub use task::{Image, Picture, Recording, Shown, Sound, Task};

use crate::phone::{Phone, Vendor};
use crate::shelf::Stand;

/// What handsetd knows of a vendor's phones.
pub trait Backend: Send + Sync {
    /// Says how `phone` is told to do `task`, by `way` or else by the best that there is.
    ///
    /// Documents that the phone fetches meanwhile are laid out on `stand`.
    fn plan(
        &self,
        phone: &Phone,
        task: &Task,
        way: Option<Way>,
        stand: &Stand,
    ) -> Result<Plan, Refused>;
}

/// Says how `phone` is told to do `task`, as [`Backend::plan`] of its vendor does.
pub fn plan(phone: &Phone, task: &Task, way: Option<Way>, stand: &Stand) -> Result<Plan, Refused> {
    let by_notify_only = matches!(task, Task::Notify(_) | Task::Reboot | Task::Resync);
    if by_notify_only && way == Some(Way::Http) {
        return Err(Refused::unsupported(
            "this goes by NOTIFY through Asterisk, not by http",
        ));
    }
    if let Task::Notify(notify) = task {
        return Ok(Plan::notify(notify.event(), notify.body()));
    }
    let backend: &dyn Backend = match phone.vendor {
        Vendor::Cisco => &cisco::Cisco,
        Vendor::Snom => &snom::Snom,
        Vendor::Yealink => &yealink::Yealink,
    };
    backend.plan(phone, task, way, stand)
}

/// Returns why `document` is no XML document that a phone could read: not well-formed, or with a
/// DTD, which could make it read files or grow without end.
pub fn document_fault(document: &str) -> Option<String> {
    xml::fault(document)
}

/// Why a task is refused before anything is sent.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// The request is wrong, whatever the phone.
    #[error("{0}")]
    Invalid(String),
    /// This phone can't do it; says why.
    #[error("{0}")]
    Unsupported(String),
}

impl Refused {
    fn unsupported(why: impl Into<String>) -> Self {
        Self::Unsupported(why.into())
    }
}
