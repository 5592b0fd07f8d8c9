//! The way of a request to a phone that another daemon reaches.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::carried::{CarriedFile, FileStore};
use super::index::Fleet;
use crate::outcome::{Outcome, Status};

/// The other daemons, as requests to their phones see them.
pub(crate) trait Routes: fmt::Debug + Send + Sync {
    /// Returns the name of this daemon.
    fn own_name(&self) -> &str;

    /// Returns what the other daemons announce.
    fn fleet(&self) -> &Fleet;

    /// Returns whether this daemon leads one of its servers.
    fn leads(&self, server: &str) -> bool;

    /// Returns why the other daemons cannot be asked now; `None` if they can.
    fn away(&self) -> Option<String>;

    /// Waits until the cluster is joined, or is known to be away, at most for `patience`.
    fn settle(&self, patience: Duration) -> BoxFuture<'_, ()>;

    /// Returns where the contents of long files lie.
    fn files(&self) -> &dyn FileStore;

    /// Sends a request to a daemon. Done once it is sent: what is sent to a daemon one after the other
    /// arrives in this order.
    fn send<'a>(
        &'a self,
        daemon: &'a str,
        request: PeerRequest,
    ) -> BoxFuture<'a, Result<Reply, NotSent>>;

    /// Has the other daemons cancel what they have not sent of the request `id`; returns the phones.
    fn cancel(&self, cancellation: PeerCancellation) -> BoxFuture<'_, Vec<String>>;
}

/// The reply to a request that was sent to another daemon.
pub(crate) type Reply = BoxFuture<'static, Result<PeerReply, Unanswered>>;

/// A request for one phone of another daemon.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct PeerRequest {
    /// The id of the request.
    pub(crate) id: String,
    /// The requester.
    pub(crate) requester: Value,
    pub(crate) verb: String,
    /// Keys and values as requested, secrets included.
    pub(crate) keys: Vec<(String, String)>,
    /// The phone, as a `PhoneRef`.
    pub(crate) phone: Value,
    /// How long the reply may take from the time when the request is sent.
    #[serde(with = "humantime_serde")]
    pub(crate) within: Duration,
    /// The contents of the files that the request names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) files: BTreeMap<String, CarriedFile>,
}

/// A cancellation for the other daemons.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct PeerCancellation {
    /// The id of the request.
    pub(crate) id: String,
    /// Who cancels it.
    pub(crate) requester: Value,
}

/// What a daemon replies to a request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum PeerReply {
    /// The outcome at the phone.
    Outcome(Box<Outcome>),
    /// It does not have the phone, so nothing was sent; the outcome says why.
    NoSuchPhone(Box<Outcome>),
}

impl PeerReply {
    /// The reply of a daemon that refused the request, which it has not acted on.
    pub(crate) fn refused(why: &impl fmt::Display) -> Self {
        Self::NoSuchPhone(Box::new(Outcome::new(Status::Unreachable, why.to_string())))
    }
}

/// A request was not sent to another daemon.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct NotSent(pub(crate) String);

/// A request was sent to another daemon, and no reply came.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unanswered(pub(crate) String);
