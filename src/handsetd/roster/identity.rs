//! What is known of a server itself, so that it is not asked for each call.

use std::net::IpAddr;
use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};
use tokio::time::Instant;

/// What distinguishes a server from others. Cheap to clone; clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Identity(Arc<Mutex<Known>>);

/// What is known.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Its addresses, and when they were looked up.
    pub(super) addresses: Option<(Instant, Vec<IpAddr>)>,
    /// Its system name, empty if it has none, and the login of the connection that reported it.
    pub(super) system_name: Option<(Instant, String)>,
}

impl Identity {
    /// Returns what is known, to read and to change.
    pub(super) fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock()
    }
}
