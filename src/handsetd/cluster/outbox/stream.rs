//! What the outbox needs of the stream of the cluster, and of the other daemons.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use handset_cluster::Position;

use super::message::{Holder, Key};
use crate::outcome::Outcome;

/// The stream: at most one message for each key, at positions that only grow.
pub(super) trait Stream: fmt::Debug + Send + Sync {
    /// Appends the first message of a key. Within a day, a key can be appended once.
    fn append<'a>(
        &'a self,
        key: &'a Key,
        value: Vec<u8>,
    ) -> BoxFuture<'a, Result<Position, NotAppended>>;

    /// Replaces the message at `position`; returns the position of the new one.
    fn replace<'a>(
        &'a self,
        key: &'a Key,
        position: Position,
        value: Vec<u8>,
    ) -> BoxFuture<'a, Result<Position, NotReplaced>>;

    /// Removes the message at `position`.
    fn remove<'a>(
        &'a self,
        key: &'a Key,
        position: Position,
    ) -> BoxFuture<'a, Result<(), NotReplaced>>;

    /// Returns the message of a key, and its position.
    fn read<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Result<Option<(Position, Bytes)>, Away>>;
}

/// What is told of the stream, in its order.
#[derive(Clone, Debug)]
pub(super) enum StreamEvent {
    /// All messages that there were have been told.
    Current,
    /// The stream cannot be followed at present. All messages will be told anew.
    Interrupted,
    /// There is a message, in place of the earlier one of its key.
    Put {
        key: Key,
        position: Position,
        value: Bytes,
    },
    /// The message of this key was removed. None will follow for it.
    Removed(Key),
}

/// The stream cannot be reached; what was asked may have been done.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the outbox of the cluster cannot be reached: {0}")]
pub(super) struct Away(pub(super) String);

/// Why nothing was appended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum NotAppended {
    /// That is not known: it may have been appended.
    Unknown(Away),
    /// The stream cannot be reached, and nothing was done.
    Away(Away),
    /// The key was appended before.
    Exists,
    /// The stream is full.
    Full,
    /// The message cannot be stored.
    Invalid(String),
}

/// Why nothing was replaced.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum NotReplaced {
    /// It was not, or that is not known.
    Away(Away),
    /// There is another message by now, or none.
    Conflict,
}

/// The other daemons.
pub(super) trait Daemons: fmt::Debug + Send + Sync {
    /// Returns this daemon.
    fn own(&self) -> &Holder;

    /// Returns why the cluster cannot be reached; `None` if it can.
    fn away(&self) -> Option<String>;

    /// Waits until the cluster is joined, or is known to be away, at most for `patience`.
    fn settle(&self, patience: Duration) -> BoxFuture<'_, ()>;

    /// Returns the daemons that live, this one included, with their incarnations.
    fn live(&self) -> BTreeMap<String, String>;

    /// Returns the daemons that reach a phone, given as a reference of the resolver: the one first that shall
    /// have its deliveries.
    fn reaching(&self, phone_ref: &str) -> Vec<String>;

    /// Returns whether this daemon may know a phone: one of a server that it is not configured for is another
    /// phone, even if it has the same name.
    fn may_know(&self, phone_ref: &str) -> bool;

    /// Returns the time by the clock of NATS.
    fn now(&self) -> SystemTime;

    /// Tells the daemon where a delivery was requested what has become of it.
    fn tell<'a>(
        &'a self,
        asker: &'a Holder,
        delivery: &'a str,
        outcome: Outcome,
    ) -> BoxFuture<'a, ()>;
}
