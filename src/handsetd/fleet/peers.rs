//! Questions to other daemons, for the page and the API, which show what all of them have.
//!
//! What a question and its answer contain is known to `admin` alone. Here they are bytes: JSON, which the
//! receiver parses like any input.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use tokio::time::Instant;

/// The other daemons, as a daemon of the cluster asks them.
pub(crate) trait Peers: fmt::Debug + Send + Sync {
    /// Returns the name of this daemon.
    fn own_name(&self) -> &str;

    /// Returns the other daemons, ordered by name: those that live, and those that did a while ago, so that
    /// what is missing has a name.
    fn others(&self) -> Vec<Peer>;

    /// Returns whether this daemon is the one that answers for the phones of an Asterisk server. Of several
    /// daemons that are connected to the same server, one is.
    fn answers_for(&self, server: &str) -> bool;

    /// Asks a daemon, and waits for its answer until `until`.
    fn ask<'a>(
        &'a self,
        daemon: &'a str,
        question: Bytes,
        until: Instant,
    ) -> BoxFuture<'a, Result<Bytes, AskError>>;
}

/// Another daemon.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Peer {
    pub(crate) name: String,
    /// Why it cannot be asked; `None` if it lives.
    pub(crate) absence: Option<String>,
}

/// Answers the questions of other daemons.
pub(crate) trait AnswerQuestions: fmt::Debug + Send + Sync {
    /// Returns the answer to a question of the daemon `from`.
    fn answer(self: Arc<Self>, from: String, question: Bytes) -> BoxFuture<'static, Bytes>;
}

/// Why there is no answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum AskError {
    /// The daemon has not received the question.
    NotSent(String),
    /// It may have received it, and have done what it asks for.
    Unanswered(String),
}

impl AskError {
    pub(crate) fn reason(&self) -> &str {
        match self {
            Self::NotSent(reason) | Self::Unanswered(reason) => reason,
        }
    }
}

impl fmt::Display for AskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason())
    }
}
