//! Asking for a reload of the configuration, and what it did.

use std::time::SystemTime;

use tokio::sync::{mpsc, oneshot, watch};

/// Asks for a reload; gets what it did.
pub(crate) type ReloadRequest = oneshot::Sender<ReloadReport>;

/// Where reloads are asked for.
pub(crate) type ReloadRequests = mpsc::Sender<ReloadRequest>;

/// The last reload and when it was over; `None` if there was none since the start.
pub(crate) type LastReload = watch::Receiver<Option<(SystemTime, ReloadReport)>>;

/// What a reload did.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReloadReport {
    /// What is wrong with the configuration, each with file, line and key. If there is anything, the old
    /// configuration stays in effect.
    pub(crate) errors: Vec<String>,
    /// What the sources say differently than before, by section and key.
    pub(crate) changed: Vec<String>,
    /// The sections whose changes need a restart.
    pub(crate) needs_restart: Vec<&'static str>,
    pub(crate) warnings: Vec<String>,
}
