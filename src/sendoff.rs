//! The moment from which a delivery can't be called back.
//!
//! Whoever sends asks [`begin`](Sendoff::begin) before the first byte; whoever wants to stop it asks
//! [`call_back`](Sendoff::call_back). One of the two comes first, and only that one is told yes, so
//! that nothing counts as stopped that a phone has heard of. What must not be sent a second time
//! after a crash has a [`Journal`], which is told before anything is sent.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;

/// Whether a delivery has been sent or called back. Cheap to clone; all clones are one.
#[derive(Clone, Debug, Default)]
pub struct Sendoff(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    stage: AtomicU8,
    stop: CancellationToken,
    journal: Option<Box<dyn Journal>>,
}

/// Remembers, beyond a crash, that something is about to be sent.
pub trait Journal: fmt::Debug + Send + Sync {
    /// Notes it; done once it is sure that the note stays. The error is in words for people.
    fn note(&self) -> BoxFuture<'_, Result<(), String>>;
}

/// Why nothing may be sent.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Halt {
    /// It was called back.
    #[error("called back before it was sent")]
    CalledBack,
    /// The journal could not note it, and without a note it might be sent twice.
    #[error("not sent, because that can't be noted: {0}")]
    NotNoted(String),
}

impl Sendoff {
    /// Creates one with a journal.
    pub fn with_journal(journal: impl Journal + 'static) -> Self {
        Self(Arc::new(Inner {
            journal: Some(Box::new(journal)),
            ..Inner::default()
        }))
    }

    /// Says that something is sent now; returns whether it may be. A second time is as the first.
    pub async fn begin(&self) -> Result<(), Halt> {
        let (done, failed) = (Ordering::AcqRel, Ordering::Acquire);
        let stage = &self.0.stage;
        match stage.compare_exchange(WAITING, SENT, done, failed) {
            Ok(_) => {}
            Err(SENT) => return Ok(()),
            Err(_) => return Err(Halt::CalledBack),
        }
        let Some(journal) = &self.0.journal else {
            return Ok(());
        };
        journal.note().await.map_err(|why| {
            self.rearm();
            Halt::NotNoted(why)
        })
    }

    /// Returns whether something was sent, or was about to be.
    pub fn has_begun(&self) -> bool {
        self.0.stage.load(Ordering::Acquire) == SENT
    }

    /// Says that nothing was sent after all, so that it may be called back again.
    pub fn rearm(&self) {
        let (done, failed) = (Ordering::AcqRel, Ordering::Acquire);
        // One that was called back stays so.
        let _ = self.0.stage.compare_exchange(SENT, WAITING, done, failed);
    }

    /// Calls the delivery back; returns whether that came in time.
    pub fn call_back(&self) -> bool {
        let (done, failed) = (Ordering::AcqRel, Ordering::Acquire);
        let stage = &self.0.stage;
        let settled = stage.compare_exchange(WAITING, CALLED_BACK, done, failed);
        let in_time = settled.is_ok() || settled == Err(CALLED_BACK);
        if in_time {
            self.0.stop.cancel();
        }
        in_time
    }

    /// Returns whether it is called back.
    pub fn is_called_back(&self) -> bool {
        self.0.stop.is_cancelled()
    }

    /// Waits until it is called back. Cancel safe.
    pub async fn called_back(&self) {
        self.0.stop.cancelled().await;
    }
}

const WAITING: u8 = 0;
const SENT: u8 = 1;
const CALLED_BACK: u8 = 2;

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn what_is_sent_is_not_called_back() {
        let sendoff = Sendoff::default();
        assert!(!sendoff.has_begun());
        assert_eq!(sendoff.begin().await, Ok(()));
        assert_eq!(sendoff.begin().await, Ok(()));
        assert!(sendoff.has_begun() && !sendoff.call_back());
        assert!(sendoff.called_back().now_or_never().is_none());
    }

    #[tokio::test]
    async fn what_is_called_back_is_not_sent() {
        let sendoff = Sendoff::default();
        assert!(sendoff.clone().call_back());
        assert_eq!(sendoff.begin().await, Err(Halt::CalledBack));
        assert!(sendoff.called_back().now_or_never().is_some());
        assert!(sendoff.call_back() && sendoff.is_called_back());
    }

    #[tokio::test]
    async fn what_was_not_sent_after_all_can_be_called_back() {
        let sendoff = Sendoff::default();
        assert_eq!(sendoff.begin().await, Ok(()));
        sendoff.rearm();
        assert!(sendoff.call_back());
        sendoff.rearm();
        assert_eq!(sendoff.begin().await, Err(Halt::CalledBack));
    }

    /// Notes once; then its disk is full.
    #[derive(Clone, Debug, Default)]
    struct Notes(Arc<Mutex<u32>>);

    impl Journal for Notes {
        fn note(&self) -> BoxFuture<'_, Result<(), String>> {
            let mut notes = self.0.lock().unwrap();
            *notes += 1;
            let full = *notes > 1;
            async move { if full { Err("full".into()) } else { Ok(()) } }.boxed()
        }
    }

    #[tokio::test]
    async fn nothing_is_sent_without_a_note_and_one_note_is_enough() {
        let notes = Notes::default();
        let sendoff = Sendoff::with_journal(notes.clone());
        assert_eq!(sendoff.begin().await, Ok(()));
        assert_eq!(sendoff.begin().await, Ok(()));
        assert_eq!(*notes.0.lock().unwrap(), 1);
        let second = Sendoff::with_journal(notes);
        assert_eq!(second.begin().await, Err(Halt::NotNoted("full".into())));
        assert!(!second.has_begun() && second.call_back());
    }
}
