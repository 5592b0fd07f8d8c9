//! The interface of the outbox to the stream of the cluster, and to the other daemons.

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
    ) -> BoxFuture<'a, Result<Position, AppendError>>;

    /// Replaces the message at `position`; returns the position of the new one.
    fn replace<'a>(
        &'a self,
        key: &'a Key,
        position: Position,
        value: Vec<u8>,
    ) -> BoxFuture<'a, Result<Position, ReplaceError>>;

    /// Removes the message at `position`.
    fn remove<'a>(
        &'a self,
        key: &'a Key,
        position: Position,
    ) -> BoxFuture<'a, Result<(), ReplaceError>>;

    /// Returns the message of a key, and its position.
    fn read<'a>(
        &'a self,
        key: &'a Key,
    ) -> BoxFuture<'a, Result<Option<(Position, Bytes)>, Unavailable>>;
}

/// An event of the stream; events are delivered in its order.
#[derive(Clone, Debug)]
pub(super) enum StreamEvent {
    /// All existing messages have been delivered.
    Current,
    /// The stream cannot be followed at present. All messages will be delivered again.
    Interrupted,
    /// A message, which replaces the earlier one of its key.
    Put {
        key: Key,
        position: Position,
        value: Bytes,
    },
    /// The message of this key was removed. No other will follow for it.
    Removed(Key),
}

/// The stream is unreachable; the operation may have been executed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the outbox of the cluster cannot be reached: {0}")]
pub(super) struct Unavailable(pub(super) String);

/// Why an append failed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum AppendError {
    /// Unknown: it may have been appended.
    Unknown(Unavailable),
    /// The stream is unreachable, and nothing was done.
    Unavailable(Unavailable),
    /// The key was appended before.
    Exists,
    /// The stream is full.
    Full,
    /// The message cannot be stored.
    Invalid(String),
}

/// Why a replacement failed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum ReplaceError {
    /// It was not replaced, or that is unknown.
    Unavailable(Unavailable),
    /// There is a later message, or none.
    Conflict,
}

/// The other daemons.
pub(super) trait Daemons: fmt::Debug + Send + Sync {
    /// Returns the name and incarnation of this daemon.
    fn own(&self) -> &Holder;

    /// Returns why the cluster is unreachable; `None` if it is reachable.
    fn unavailable_reason(&self) -> Option<String>;

    /// Waits until the cluster is joined or known to be unavailable, for at most `timeout`.
    fn settle(&self, timeout: Duration) -> BoxFuture<'_, ()>;

    /// Returns the live daemons, including this one, with their incarnations.
    fn live(&self) -> BTreeMap<String, String>;

    /// Returns the daemons that reach a phone, given as a reference of the resolver; the preferred holder
    /// comes first.
    fn reaching(&self, phone_ref: &str) -> Vec<String>;

    /// Returns whether this daemon may know a phone: a phone of a server that it is not configured for is
    /// another phone, even with the same name.
    fn may_know(&self, phone_ref: &str) -> bool;

    /// Returns the time by the clock of NATS.
    fn now(&self) -> SystemTime;

    /// Reports the result of a delivery to the daemon that received the request.
    fn report_outcome<'a>(
        &'a self,
        origin: &'a Holder,
        delivery: &'a str,
        outcome: Outcome,
    ) -> BoxFuture<'a, ()>;
}
