//! Presence: keys and values that each daemon announces, held in memory.

mod handle;
mod publisher;
mod reader;
mod state;

use std::sync::Arc;

use tokio::sync::watch;

use crate::session::Session;
use crate::shared::Shared;

pub use handle::{EntryTooLong, Presence};
pub use state::PresenceChange;
pub(crate) use state::PresenceState;

/// Starts publishing and reading, for as long as the connection lasts.
pub(crate) fn start(shared: &Arc<Shared>, session: &Session) {
    let (shared, session) = (Arc::clone(shared), session.clone());
    let tasks = shared.tasks.clone();
    tasks.spawn("cluster_presence", async move {
        let current = watch::Sender::new(false);
        let is_current = current.subscribe();
        tokio::select! {
            () = reader::read(&shared, &session, &current) => {}
            () = publisher::publish(&shared, &session, is_current) => {}
            () = session.ended.cancelled() => {}
        }
    });
}
