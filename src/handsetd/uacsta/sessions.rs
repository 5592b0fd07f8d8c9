//! The handle for those that send requests over sessions.

use handset_phones::csta::{Message, Reply};
use handset_phones::phone::Phone;
use tokio::time::Instant;

use super::request_error::RequestError;
use super::status::SessionStatus;
use crate::commit_point::CommitPoint;

/// The sessions of all phones. Cheap to clone; clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sessions {}

impl Sessions {
    /// Returns whether the phone has a session, or is expected to have one soon: it is registered here,
    /// or is called directly.
    pub(crate) fn is_expected(&self, _phone: &Phone) -> bool {
        false
    }

    /// Sends a request over the session of the phone, and waits for the answer until `until`. Where
    /// the session is being set up, it waits for that first, for at most half of the time.
    pub(crate) async fn request(
        &self,
        _phone: &Phone,
        _message: Message,
        _until: Instant,
        _commit_point: &CommitPoint,
    ) -> Result<Reply, RequestError> {
        let reason = "no CSTA session over SIP: [uacsta] is not configured";
        Err(RequestError::NotSent(reason.to_owned()))
    }

    /// Returns the session of the phone with this `csta` user; `None` if there is no such phone.
    pub(crate) fn status(&self, _user: &str) -> Option<SessionStatus> {
        None
    }
}
