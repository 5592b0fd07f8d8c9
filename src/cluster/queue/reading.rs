//! Reading the queue.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::entry::{Item, QueueEvent};
use crate::error::Away;
use crate::shared::Shared;

/// The entries of the queue and their changes.
#[derive(Debug)]
pub struct Follower {
    events: mpsc::Receiver<QueueEvent>,
    _end: DropGuard,
}

impl Follower {
    /// Waits for what happens next; `None` when the daemon stops.
    pub async fn next(&mut self) -> Option<QueueEvent> {
        self.events.recv().await
    }
}

pub(super) async fn read(shared: &Arc<Shared>, _key: Option<&str>) -> Result<Vec<Item>, Away> {
    std::future::ready(Err(Away::NotDone(shared.why_away()))).await
}

pub(super) fn follow(_shared: &Arc<Shared>) -> Follower {
    let (_, events) = mpsc::channel(1);
    Follower {
        events,
        _end: CancellationToken::new().drop_guard(),
    }
}
