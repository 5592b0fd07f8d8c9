//! Queries to other daemons, for the page and the API, which show the data of all daemons.
//!
//! Only `admin` knows the content of queries and answers. Here they are bytes: JSON, which the receiver
//! parses like any input.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use tokio::time::Instant;

/// The other daemons, as recipients of queries.
pub(crate) trait Peers: fmt::Debug + Send + Sync {
    /// Returns the name of this daemon.
    fn own_name(&self) -> &str;

    /// Returns the other daemons, ordered by name: the live ones and those lost recently, so that missing
    /// ones can be named.
    fn others(&self) -> Vec<Peer>;

    /// Returns whether this daemon answers for the phones of an Asterisk server. Of several daemons connected
    /// to the same server, one does.
    fn answers_for(&self, server: &str) -> bool;

    /// Queries a daemon, and waits for its answer until `until`.
    fn query<'a>(
        &'a self,
        daemon: &'a str,
        query: Bytes,
        until: Instant,
    ) -> BoxFuture<'a, Result<Bytes, QueryError>>;
}

/// Another daemon.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Peer {
    pub(crate) name: String,
    /// Why it cannot be queried; `None` if it is live.
    pub(crate) absence: Option<String>,
}

/// Answers the queries of other daemons.
pub(crate) trait AnswerQueries: fmt::Debug + Send + Sync {
    /// Returns the answer to a query of the daemon `from`.
    fn answer(self: Arc<Self>, from: String, query: Bytes) -> BoxFuture<'static, Bytes>;
}

/// Why there is no answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum QueryError {
    /// The daemon has not received the query.
    NotSent(String),
    /// It may have received it, and acted on it.
    Unanswered(String),
}

impl QueryError {
    pub(crate) fn reason(&self) -> &str {
        match self {
            Self::NotSent(reason) | Self::Unanswered(reason) => reason,
        }
    }
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason())
    }
}
