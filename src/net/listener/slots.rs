//! The slots of a listener, shared by its connections.

use std::future::{Future, poll_fn};
use std::net::IpAddr;
use std::sync::Arc;
use std::task::Poll;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::task::yield_now;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::table::{Admission, Capacity, Id, Table};

/// The slots of a listener. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct ConnectionSlots(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    table: Mutex<Table>,
    /// Notified when there may be room for a client that waits.
    changed: Notify,
}

/// The slot of one connection, which is idle at first; dropping it frees the slot.
#[derive(Debug)]
pub struct Slot {
    slots: ConnectionSlots,
    id: Id,
    evicted: CancellationToken,
}

/// Why a client has no slot.
#[derive(Clone, Debug)]
pub(crate) enum NoSlot {
    /// Its address has had its share.
    Rejected,
    /// There may be one after a change, or at this moment.
    Wait(Option<Instant>),
    /// No client gets one before a connection has ended.
    Full,
}

impl ConnectionSlots {
    pub(crate) fn new(capacity: Capacity) -> Self {
        Self(Arc::new(Shared {
            table: Mutex::new(Table::new(capacity)),
            changed: Notify::new(),
        }))
    }

    /// Assigns a slot to a connection from `peer`, perhaps by evicting another one.
    pub(crate) fn admit(&self, peer: IpAddr) -> Result<Slot, NoSlot> {
        match self.0.table.lock().admit(peer, Instant::now()) {
            Admission::Admitted(id, evicted) => Ok(Slot {
                slots: self.clone(),
                id,
                evicted,
            }),
            Admission::Rejected => Err(NoSlot::Rejected),
            Admission::Wait(until) => Err(NoSlot::Wait(until)),
            Admission::Full => Err(NoSlot::Full),
        }
    }

    /// Evicts an idle connection, to free its descriptor.
    pub(crate) fn evict_idle(&self) {
        self.0.table.lock().evict_idle();
    }

    /// Waits until there may be room. Remembers one change that nothing waited for. Cancel safe.
    pub(crate) async fn changed(&self) {
        self.0.changed.notified().await;
    }
}

impl Slot {
    /// Runs the conversation with a client; returns `None` if the connection is evicted before its end.
    ///
    /// It is not evicted before what the client had sent at first was read. So a client that sends its
    /// request at once is heard even if many others connect at the same time.
    pub async fn run<F: Future>(&self, conversation: F) -> Option<F::Output> {
        tokio::pin!(conversation);
        for is_first in [true, false] {
            let polled = poll_fn(|cx| Poll::Ready(conversation.as_mut().poll(cx)));
            if let Poll::Ready(output) = polled.await {
                return Some(output);
            }
            if is_first {
                // Lets the runtime find out whether there is something to read.
                yield_now().await;
            }
        }
        self.change(|table| table.start(self.id));
        tokio::select! {
            biased;
            output = conversation => Some(output),
            () = self.evicted.cancelled() => None,
        }
    }

    /// Records that a complete request was received.
    pub fn mark_active(&self) {
        self.change(|table| table.set_active(self.id, true, Instant::now()));
    }

    /// Records that the response to the last request was sent.
    pub fn mark_idle(&self) {
        self.change(|table| table.set_active(self.id, false, Instant::now()));
    }

    /// Records whether the client has shown credentials with its last request.
    pub fn set_trusted(&self, is_trusted: bool) {
        self.change(|table| table.set_trusted(self.id, is_trusted));
    }

    fn change(&self, change: impl FnOnce(&mut Table)) {
        change(&mut self.slots.0.table.lock());
        self.slots.0.changed.notify_one();
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.change(|table| table.end(self.id));
    }
}
