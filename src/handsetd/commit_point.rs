//! Commit point of a delivery: exactly one of sending and cancelling wins.
//!
//! The sender calls [`commit`](CommitPoint::commit) before the first byte; a canceller calls
//! [`cancel`](CommitPoint::cancel). Only the first of the two succeeds, so nothing is reported as
//! cancelled that a phone has received. A delivery that must not be sent twice after a crash has a
//! [`Journal`], which is written before anything is sent.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use futures_util::future::BoxFuture;
use tokio::sync::Notify;

/// Whether a delivery is open, committed or cancelled. Clones share the state.
#[derive(Clone, Debug, Default)]
pub(crate) struct CommitPoint(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    state: AtomicU8,
    /// Notified when it is cancelled.
    cancelled: Notify,
    /// Notified when it may be sent.
    committed: Notify,
    journal: Option<Box<dyn Journal>>,
}

/// Write-ahead journal of a delivery. A trait because the outbox, which implements it, lies above.
pub(crate) trait Journal: fmt::Debug + Send + Sync {
    /// Persists that the delivery is about to be sent; returns once the record is durable. The error
    /// is human-readable.
    fn persist(&self) -> BoxFuture<'_, Result<(), String>>;
}

/// Why a delivery must not be sent.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum NotCommitted {
    /// It was cancelled first.
    #[error("cancelled before it was sent")]
    Cancelled,
    /// The journal failed; without its record the delivery might be sent twice.
    #[error("not sent because the outbox cannot be written: {0}")]
    NotPersisted(String),
}

impl CommitPoint {
    /// Creates a commit point with a journal.
    pub(crate) fn with_journal(journal: impl Journal + 'static) -> Self {
        Self(Arc::new(Inner {
            journal: Some(Box::new(journal)),
            ..Inner::default()
        }))
    }

    /// Commits to sending. Committing again succeeds without writing the journal again.
    pub(crate) async fn commit(&self) -> Result<(), NotCommitted> {
        match self.exchange(OPEN, COMMITTED) {
            Ok(_) => {}
            Err(COMMITTED) => return Ok(()),
            Err(_) => return Err(NotCommitted::Cancelled),
        }
        if let Some(journal) = &self.0.journal {
            journal.persist().await.map_err(|why| {
                self.reset();
                NotCommitted::NotPersisted(why)
            })?;
        }
        self.0.committed.notify_waiters();
        Ok(())
    }

    /// Waits until the delivery commits, after this was called. Cancel safe.
    pub(crate) fn committed(&self) -> impl Future<Output = ()> {
        self.0.committed.notified()
    }

    /// Returns whether the delivery was sent, or is about to be.
    pub(crate) fn is_committed(&self) -> bool {
        self.0.state.load(Ordering::Acquire) == COMMITTED
    }

    /// Undoes a commit after which nothing was sent; the delivery may be cancelled again.
    pub(crate) fn reset(&self) {
        // A cancelled delivery stays cancelled.
        let _ = self.exchange(COMMITTED, OPEN);
    }

    /// Cancels the delivery; returns whether that came before the commit.
    pub(crate) fn cancel(&self) -> bool {
        let exchanged = self.exchange(OPEN, CANCELLED);
        let in_time = exchanged.is_ok() || exchanged == Err(CANCELLED);
        if in_time {
            self.0.cancelled.notify_waiters();
        }
        in_time
    }

    /// Returns whether the delivery was cancelled.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.0.state.load(Ordering::Acquire) == CANCELLED
    }

    /// Waits until the delivery is cancelled. Cancel safe.
    pub(crate) async fn cancelled(&self) {
        // Before the state is read: it is notified of what changes after that.
        let cancelled = self.0.cancelled.notified();
        if !self.is_cancelled() {
            cancelled.await;
        }
    }

    fn exchange(&self, from: u8, to: u8) -> Result<u8, u8> {
        let (success, failure) = (Ordering::AcqRel, Ordering::Acquire);
        self.0.state.compare_exchange(from, to, success, failure)
    }
}

const OPEN: u8 = 0;
const COMMITTED: u8 = 1;
const CANCELLED: u8 = 2;

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use parking_lot::Mutex;

    use super::*;

    #[tokio::test]
    async fn committed_delivery_is_not_cancelled() {
        let commit_point = CommitPoint::default();
        assert!(!commit_point.is_committed());
        assert_eq!(commit_point.commit().await, Ok(()));
        assert_eq!(commit_point.commit().await, Ok(()));
        assert!(commit_point.is_committed() && !commit_point.cancel());
        assert!(commit_point.cancelled().now_or_never().is_none());
    }

    #[tokio::test]
    async fn cancelled_delivery_is_not_sent() {
        let commit_point = CommitPoint::default();
        assert!(commit_point.clone().cancel());
        assert_eq!(commit_point.commit().await, Err(NotCommitted::Cancelled));
        assert!(commit_point.cancelled().now_or_never().is_some());
        assert!(commit_point.cancel() && commit_point.is_cancelled());
    }

    #[tokio::test]
    async fn delivery_reset_after_its_commit_can_be_cancelled() {
        let commit_point = CommitPoint::default();
        assert_eq!(commit_point.commit().await, Ok(()));
        commit_point.reset();
        assert!(commit_point.cancel());
        commit_point.reset();
        assert_eq!(commit_point.commit().await, Err(NotCommitted::Cancelled));
    }

    /// A journal that is full after one record.
    #[derive(Clone, Debug, Default)]
    struct SmallJournal(Arc<Mutex<u32>>);

    impl Journal for SmallJournal {
        fn persist(&self) -> BoxFuture<'_, Result<(), String>> {
            let mut records = self.0.lock();
            *records += 1;
            let is_full = *records > 1;
            async move { if is_full { Err("full".into()) } else { Ok(()) } }.boxed()
        }
    }

    #[tokio::test]
    async fn delivery_is_persisted_once_before_it_is_sent() {
        let journal = SmallJournal::default();
        let commit_point = CommitPoint::with_journal(journal.clone());
        assert_eq!(commit_point.commit().await, Ok(()));
        assert_eq!(commit_point.commit().await, Ok(()));
        assert_eq!(*journal.0.lock(), 1);
        let second = CommitPoint::with_journal(journal);
        assert_eq!(
            second.commit().await,
            Err(NotCommitted::NotPersisted("full".into()))
        );
        assert!(!second.is_committed() && second.cancel());
    }
}
