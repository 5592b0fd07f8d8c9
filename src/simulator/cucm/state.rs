//! The state of a simulated call manager: logins and requests.

use std::collections::BTreeMap;

/// A snapshot of a simulated call manager.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// Logins by device name.
    pub logged_in: BTreeMap<String, Login>,
    /// The user who logged in last, by device name.
    pub last_users: BTreeMap<String, String>,
    /// Requests, oldest first: encoding (`form`, `multipart` or `query`) and document, with the
    /// password replaced by `…`.
    pub requests: Vec<(&'static str, String)>,
    /// Reasons for refusing requests, oldest first.
    pub refusals: Vec<String>,
    /// Number of further requests to answer with error 26 (busy).
    pub(super) busy: usize,
}

/// A user who is logged in at a device.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Login {
    /// The user id.
    pub user: String,
    /// The device profile.
    pub profile: String,
    /// Maximum duration in minutes; `None` is unlimited.
    pub minutes: Option<u32>,
}

impl State {
    pub(super) fn record_request(&mut self, encoding: &'static str, xml: String) {
        push_bounded(&mut self.requests, (encoding, xml));
    }

    pub(super) fn record_refusal(&mut self, reason: String) {
        push_bounded(&mut self.refusals, reason);
    }
}

/// Appends to a log that drops its oldest entries.
fn push_bounded<T>(log: &mut Vec<T>, entry: T) {
    if log.len() >= MAX_LOG {
        log.remove(0);
    }
    log.push(entry);
}

/// Maximum number of entries of each log.
const MAX_LOG: usize = 512;
