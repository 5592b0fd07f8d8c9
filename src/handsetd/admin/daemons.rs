//! Sends a query to the daemons of the cluster and gathers their answers. Daemons that do not answer are
//! named, never silently left out.

mod exchange;

pub(super) use exchange::{Asked, MAX_ANSWER, Question, read, refusal, write};

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{join, join_all};
use serde::Serialize;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

use crate::fleet::{Peers, QueryError};
use exchange::parse;

/// The daemons of the cluster: this one alone without `[cluster]`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Daemons(Option<Cluster>);

#[derive(Clone, Debug)]
struct Cluster {
    peers: Arc<dyn Peers>,
    own: Arc<str>,
    gatherings: Arc<Semaphore>,
}

/// The daemons to query.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) enum Wanted {
    #[default]
    All,
    One(String),
}

/// The answers of the daemons.
#[derive(Debug)]
pub(super) struct Gathered<T> {
    /// That of this daemon comes first, if it was queried.
    pub(super) parts: Vec<Part<T>>,
    pub(super) missing: Vec<Missing>,
}

/// The answer of a daemon.
#[derive(Debug)]
pub(super) struct Part<T> {
    /// `None` without `[cluster]`.
    pub(super) daemon: Option<Arc<str>>,
    pub(super) answer: T,
}

/// A daemon whose answer is missing or incomplete.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub(super) struct Missing {
    pub(super) daemon: String,
    pub(super) reason: String,
}

impl Daemons {
    /// Creates the handle to the daemons of a cluster, or to this one alone.
    pub(crate) fn new(peers: Option<Arc<dyn Peers>>) -> Self {
        Self(peers.map(|peers| Cluster {
            own: peers.own_name().into(),
            peers,
            gatherings: Arc::new(Semaphore::new(MAX_GATHERINGS)),
        }))
    }

    /// Returns the name of this daemon; `None` without `[cluster]`.
    pub(super) fn own(&self) -> Option<&Arc<str>> {
        self.0.as_ref().map(|cluster| &cluster.own)
    }

    /// Returns the names of all daemons, in order; none without `[cluster]`.
    pub(super) fn names(&self) -> Vec<String> {
        let Some(cluster) = &self.0 else {
            return Vec::new();
        };
        let others = cluster.peers.others().into_iter().map(|peer| peer.name);
        let mut names: Vec<String> = others.chain([cluster.own.to_string()]).collect();
        names.sort();
        names.dedup();
        names
    }

    /// Returns the other daemons that can be queried.
    pub(super) fn live_others(&self) -> Vec<String> {
        let peers = self.0.as_ref().map(|cluster| cluster.peers.others());
        let live = peers.into_iter().flatten();
        live.filter(|peer| peer.absence.is_none())
            .map(|peer| peer.name)
            .collect()
    }

    /// Returns whether this daemon is the one that answers for the phones of an Asterisk server.
    pub(super) fn answers_for(&self, server: &str) -> bool {
        let cluster = self.0.as_ref();
        cluster.is_none_or(|cluster| server.is_empty() || cluster.peers.answers_for(server))
    }

    /// Returns the daemons that `name` selects: all if it is empty; or why there are none.
    pub(super) fn wanted(&self, name: &str) -> Result<Wanted, String> {
        if name.is_empty() {
            return Ok(Wanted::All);
        }
        let names = self.names();
        if names.iter().any(|known| known == name) {
            return Ok(Wanted::One(name.to_owned()));
        }
        Err(if names.is_empty() {
            "daemon: there is one daemon only; the configuration has no [cluster]".to_owned()
        } else {
            let names = names.join(", ");
            format!("daemon: unknown daemon {name:?}; use one of {names}")
        })
    }

    /// Returns whether `name` is another daemon than this one.
    pub(super) fn is_other(&self, name: &str) -> bool {
        !name.is_empty() && self.own().is_some_and(|own| **own != *name)
    }

    /// Queries the selected daemons; `here` is the answer of this one.
    pub(super) async fn gather<Q: Question>(
        &self,
        wanted: &Wanted,
        question: &Q,
        here: impl Future<Output = Q::Answer> + Send,
    ) -> Gathered<Q::Answer> {
        let Some(cluster) = &self.0 else {
            let part = Part {
                daemon: None,
                answer: here.await,
            };
            return Gathered {
                parts: vec![part],
                missing: Vec::new(),
            };
        };
        let is_wanted = |name: &str| match wanted {
            Wanted::All => true,
            Wanted::One(wanted) => wanted == name,
        };
        let here = async {
            if is_wanted(&cluster.own) {
                Some(here.await)
            } else {
                None
            }
        };
        let (here, (others, missing)) = join(here, cluster.ask_others(question, &is_wanted)).await;
        let own = here.map(|answer| Part {
            daemon: Some(Arc::clone(&cluster.own)),
            answer,
        });
        Gathered {
            parts: own.into_iter().chain(others).collect(),
            missing,
        }
    }

    /// Queries one other daemon until `until`. The second value is whether its answer is truncated.
    pub(super) async fn ask<Q: Question>(
        &self,
        daemon: &str,
        question: &Q,
        until: Instant,
    ) -> Result<(Q::Answer, bool), QueryError> {
        match &self.0 {
            Some(cluster) => cluster.ask(daemon, question, MAX_ANSWER, until).await,
            None => Err(QueryError::NotSent(
                "the configuration has no [cluster]".to_owned(),
            )),
        }
    }
}

impl Cluster {
    async fn ask_others<Q: Question>(
        &self,
        question: &Q,
        is_wanted: &(impl Fn(&str) -> bool + Sync),
    ) -> (Vec<Part<Q::Answer>>, Vec<Missing>) {
        let until = Instant::now() + TIMEOUT;
        let mut missing = Vec::new();
        let mut live = Vec::new();
        for peer in self.peers.others() {
            match peer.absence {
                _ if !is_wanted(&peer.name) => {}
                Some(reason) => missing.push(Missing {
                    daemon: peer.name,
                    reason,
                }),
                None => live.push(peer.name),
            }
        }
        let mut parts = Vec::new();
        if live.is_empty() {
            return (parts, missing);
        }
        // Acquiring fails only if the semaphore is closed, which it never is.
        let permit = timeout_at(until, self.gatherings.acquire()).await;
        if permit.is_err() {
            missing.extend(live.into_iter().map(|daemon| Missing {
                daemon,
                reason: "it was not asked: too many views are open; try again".to_owned(),
            }));
            return (parts, missing);
        }
        let max_bytes = (MAX_ANSWERS / live.len().max(1)).clamp(MIN_ANSWER, MAX_ANSWER);
        let asked = live
            .iter()
            .map(|daemon| self.ask(daemon, question, max_bytes, until));
        let answers = join_all(asked).await;
        for (daemon, answer) in live.into_iter().zip(answers) {
            match answer {
                Ok((answer, is_cut)) => {
                    if is_cut {
                        missing.push(Missing {
                            daemon: daemon.clone(),
                            reason: "it has more than is shown; narrow the search".to_owned(),
                        });
                    }
                    parts.push(Part {
                        daemon: Some(daemon.into()),
                        answer,
                    });
                }
                Err(error) => missing.push(Missing {
                    daemon,
                    reason: error.to_string(),
                }),
            }
        }
        missing.sort_by(|a, b| a.daemon.cmp(&b.daemon));
        (parts, missing)
    }

    async fn ask<Q: Question>(
        &self,
        daemon: &str,
        question: &Q,
        max_bytes: usize,
        until: Instant,
    ) -> Result<(Q::Answer, bool), QueryError> {
        let asked = Asked {
            ask: Q::NAME.to_owned(),
            max_bytes,
            question,
        };
        let asked = serde_json::to_vec(&asked);
        let asked = asked.map_err(|error| QueryError::NotSent(error.to_string()))?;
        let answer = self.peers.query(daemon, asked.into(), until);
        let answer = match timeout_at(until, answer).await {
            Ok(answer) => answer?,
            Err(_) => {
                return Err(QueryError::Unanswered(
                    "it did not answer in time".to_owned(),
                ));
            }
        };
        parse(&answer).map_err(QueryError::Unanswered)
    }
}

impl<T> Gathered<T> {
    /// Applies `convert` to each answer.
    pub(super) fn map<U>(self, mut convert: impl FnMut(T) -> U) -> Gathered<U> {
        let parts = self.parts.into_iter().map(|part| Part {
            daemon: part.daemon,
            answer: convert(part.answer),
        });
        Gathered {
            parts: parts.collect(),
            missing: self.missing,
        }
    }
}

/// A value from a daemon; `None` without other daemons.
pub(super) type OfDaemon<T> = (Option<Arc<str>>, T);

impl<T> Gathered<Vec<T>> {
    /// Returns all elements, each with the name of its daemon.
    pub(super) fn into_rows(self) -> (Vec<OfDaemon<T>>, Vec<Missing>) {
        let rows = self.parts.into_iter().flat_map(|part| {
            let daemon = part.daemon;
            let rows = part.answer.into_iter();
            rows.map(move |row| (daemon.clone(), row))
        });
        (rows.collect(), self.missing)
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.daemon, self.reason)
    }
}

/// How long the other daemons may take to answer the query of a view.
pub(super) const TIMEOUT: Duration = Duration::from_secs(2);

/// Maximum size of all answers to a query together, in bytes.
const MAX_ANSWERS: usize = 32 * 1024 * 1024;

/// The minimum answer size granted to each daemon however many there are, in bytes.
const MIN_ANSWER: usize = 256 * 1024;

/// Maximum number of concurrent queries to all daemons: each needs memory for its answers.
const MAX_GATHERINGS: usize = 4;

#[cfg(test)]
pub(super) mod tests;
