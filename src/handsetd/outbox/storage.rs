//! What deliveries need of a store.

use std::collections::HashSet;
use std::fmt;
use std::time::SystemTime;

use futures_util::future::BoxFuture;
use tokio::sync::oneshot;

use super::entry::{EntryState, OutboxEntry, StoredEntry};
use crate::outcome::Outcome;
use crate::sqlite;

/// A store of deliveries. Its numbers denote entries within this process.
pub(crate) trait Storage: fmt::Debug + Send + Sync {
    /// Inserts an entry for the phone with this key; returns once it is durable.
    fn insert<'a>(
        &'a self,
        entry: OutboxEntry,
        phone_key: &'a str,
    ) -> BoxFuture<'a, Result<Inserted, Error>>;

    /// Changes the state of an entry; returns once that is durable.
    fn set_state(&self, number: u64, state: EntryState) -> BoxFuture<'_, Result<(), Error>>;

    /// Deletes an entry whose delivery has ended.
    fn delete(&self, number: u64) -> BoxFuture<'_, Result<(), Error>>;

    /// Deletes the pending entries of the request `id` for these phones. Each must still be
    /// [deleted](Self::delete) one by one, which is cheap then.
    fn delete_pending<'a>(
        &'a self,
        id: &'a str,
        phones: &'a [String],
    ) -> BoxFuture<'a, Result<(), Error>>;

    /// Returns the number of entries.
    fn len(&self) -> usize;

    /// Returns whether there are no entries.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns whether this daemon delivers an entry, or has delivered it. Of one that another daemon has
    /// taken over, nothing is to be reported.
    fn holds(&self, _number: u64) -> bool {
        true
    }

    /// Returns the place of an entry: entries for one phone are delivered in this order.
    fn order(&self, number: u64) -> u64 {
        number
    }

    /// Returns why an entry must not be attempted at present.
    fn admit(&self, _number: u64) -> Result<(), String> {
        Ok(())
    }

    /// Notes that the phone was unreachable when an entry was attempted.
    fn record_unreachable(&self, _number: u64) {}

    /// Returns the time by the clock that entries of the store go by.
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}

/// Where an entry was inserted.
#[derive(Debug)]
pub(crate) enum Inserted {
    /// This daemon delivers it; its number.
    Local(u64),
    /// Another daemon delivers it.
    Remote {
        /// The name of that daemon.
        daemon: String,
        /// Receives the outcome, or that the phone is unreachable; closed if that will not be known.
        result: oneshot::Receiver<Outcome>,
    },
}

/// A change that did not come from the deliveries of this process.
#[derive(Debug)]
pub(crate) enum Change {
    /// An entry is delivered by this daemon from now on. The result is sent to its requester.
    Adopted(StoredEntry, Option<oneshot::Sender<Outcome>>),
    /// The entries for this phone, or for any: some are not this daemon's any more, have another place,
    /// or may be attempted now.
    Entries(Option<String>),
    /// The store was read for the first time: these are the deliveries that it has, by the id of the request and
    /// the phone.
    Read(HashSet<(String, String)>),
}

/// Why a store cannot be used.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Error {
    /// The store cannot be reached at present; the operation may have been executed.
    #[error("{0}")]
    Away(String),
    /// The file cannot be used.
    #[error(transparent)]
    File(#[from] sqlite::Error),
    /// The outbox is full.
    #[error("the outbox is full: {count} deliveries are stored")]
    Full {
        /// Number of entries.
        count: usize,
    },
    /// The entry is another daemon's.
    #[error("another daemon has taken over the delivery")]
    Lost,
    /// It is not known whether the entry was inserted.
    #[error("the outbox of the cluster may have the delivery, or not: {0}")]
    Uncertain(String),
    /// The backlog of the phone is full.
    #[error("too many deliveries are stored for this phone")]
    PhoneFull,
    /// The writer has stopped.
    #[error("handsetd is stopping")]
    Stopped,
    /// There is no store, or it cannot store the entry.
    #[error("{0}")]
    Unusable(String),
}
