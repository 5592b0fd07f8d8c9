//! The context that a task is planned in.

use super::plan_error::PlanError;
use crate::csta::SessionDialect;
use crate::documents::Documents;
use crate::verb::Via;

/// The transports and the document collection available to a plan.
#[derive(Clone, Copy, Debug)]
pub struct PlanContext<'a> {
    /// The transport that must be used; `None` leaves the choice to the backend.
    pub via: Option<Via>,
    /// Whether an `[[asterisk]]` server knows the phone, so that NOTIFYs and calls reach it.
    pub asterisk: bool,
    /// The CSTA session over SIP; `None` if the phone is not configured for any.
    pub csta: Option<CstaSession<'a>>,
    /// Collects the documents that the phone will fetch.
    pub documents: &'a Documents,
}

/// The CSTA session of a phone.
#[derive(Clone, Copy, Debug)]
pub struct CstaSession<'a> {
    /// How to speak to the phone in it.
    pub dialect: &'a SessionDialect,
    /// Whether the session is up, or is expected to be soon: the phone is registered with handsetd, or is called
    /// directly.
    pub is_expected: bool,
}

impl PlanContext<'_> {
    /// Refuses other transports for tasks that only a NOTIFY performs.
    pub(super) fn require_notify(&self) -> Result<(), PlanError> {
        match self.via {
            None | Some(Via::Notify) => Ok(()),
            Some(via) => Err(PlanError::unsupported(format!(
                "only a NOTIFY through Asterisk does this, not via={}; omit via",
                via.name()
            ))),
        }
    }
}
