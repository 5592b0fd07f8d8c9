//! By what means a phone can be told something just now.

use crate::documents::Documents;
use crate::verb::Via;

/// What a backend may use.
#[derive(Clone, Copy, Debug)]
pub struct PlanContext<'a> {
    /// The way that it must go; `None` leaves the choice to the backend.
    pub via: Option<Via>,
    /// Whether an Asterisk server that we manage knows the phone, so that a NOTIFY or a call reaches
    /// it.
    pub asterisk: bool,
    /// Where documents are laid out that the phone fetches meanwhile.
    pub documents: &'a Documents,
}
