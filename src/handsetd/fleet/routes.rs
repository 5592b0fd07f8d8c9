//! Sends requests to phones that other daemons reach.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::carried_files::{CarriedFile, FileStore};
use super::index::Fleet;
use crate::outcome::{Outcome, Status};

/// The other daemons, as requests to their phones see them.
pub(crate) trait Routes: fmt::Debug + Send + Sync {
    /// Returns the name of this daemon.
    fn own_name(&self) -> &str;

    /// Returns the announcements of the other daemons.
    fn fleet(&self) -> &Fleet;

    /// Returns whether this daemon leads the Asterisk server of that name.
    fn leads(&self, server: &str) -> bool;

    /// Returns why the other daemons cannot be reached now; `None` if they can.
    fn unavailable_reason(&self) -> Option<String>;

    /// Waits until the cluster is joined or known to be away, for at most `timeout`.
    fn settle(&self, timeout: Duration) -> BoxFuture<'_, ()>;

    /// Returns the store for the contents of long files.
    fn files(&self) -> &dyn FileStore;

    /// Sends a request to a daemon; completes once it is sent. Requests sent to a daemon one after the other
    /// arrive in this order.
    fn send<'a>(
        &'a self,
        daemon: &'a str,
        request: PeerRequest,
    ) -> BoxFuture<'a, Result<Reply, NotSent>>;

    /// Makes the other daemons cancel the unsent deliveries of the request `id`; returns the phones.
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
    /// Time limit for the reply, measured from when the request is sent.
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
    /// The requester of the cancellation.
    pub(crate) requester: Value,
}

/// The reply of a daemon to a request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum PeerReply {
    /// The outcome of the delivery to the phone.
    Outcome(Box<Outcome>),
    /// It does not have the phone, so nothing was sent; the outcome gives the reason.
    NoSuchPhone(Box<Outcome>),
}

impl PeerReply {
    /// The reply of a daemon that refused the request without acting on it.
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
