//! What the sessions of all phones share.

use std::sync::Arc;

use handset_net::tasks::Tasks;
use handset_sip::UserAgent;
use tokio::sync::mpsc;

use super::counters::Counters;
use super::lookup::PhoneLookup;
use super::pace::Pace;
use super::report::Report;

/// What the sessions of all phones share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) agent: UserAgent,
    pub(super) phones: Arc<dyn PhoneLookup>,
    pub(super) reports: mpsc::Sender<Report>,
    pub(super) counters: Arc<Counters>,
    /// Whether phones that are not registered here are called at the contact that Asterisk knows.
    pub(super) direct: bool,
    /// Spreads the attempts of all phones.
    pub(super) pace: Pace,
    /// Of the sessions.
    pub(super) tasks: Tasks,
}
