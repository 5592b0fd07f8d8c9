//! The state of a session as people see it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The session of one phone.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub(crate) struct SessionStatus {
    /// When it registered with handsetd last; `None` if it is not registered.
    pub(crate) registered: Option<Timestamp>,
    /// Whether the session is up.
    pub(crate) session: bool,
    /// Since when the session is up, or down.
    pub(crate) since: Option<Timestamp>,
    /// Why the last attempt to set it up failed, and which setting of the phone helps.
    #[serde(rename = "reason", skip_serializing_if = "Option::is_none")]
    pub(crate) last_refusal: Option<String>,
}
