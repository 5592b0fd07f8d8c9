//! The context that a task is planned in.

use crate::documents::Documents;
use crate::verb::Via;

/// The transports and the document collection available to a plan.
#[derive(Clone, Copy, Debug)]
pub struct PlanContext<'a> {
    /// The transport that must be used; `None` leaves the choice to the backend.
    pub via: Option<Via>,
    /// Whether an `[[asterisk]]` server knows the phone, so that NOTIFYs and calls reach it.
    pub asterisk: bool,
    /// Collects the documents that the phone will fetch.
    pub documents: &'a Documents,
}
