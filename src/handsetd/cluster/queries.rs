//! Queries between daemons about what each of them has.
//!
//! An answer may be longer than a message. It is sent in parts: the first at once, the others on request,
//! from the memory of the answering daemon. It is kept for a few seconds only and never stored in NATS, since
//! a page repeats its queries every few seconds.

mod known_daemons;
mod parts;
mod server;

pub(crate) use server::answer;

use bytes::{BufMut, Bytes, BytesMut};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use handset_cluster::{Cluster, DaemonName, RequestError};
use handset_net::tasks::Tasks;
use tokio::time::Instant;

use self::known_daemons::KnownDaemons;
use self::parts::{Part, QueryMessage};
use super::peer_requests::QUERY;
use crate::fleet::{Fleet, Peer, Peers, QueryError};

/// The other daemons, as recipients of queries.
#[derive(Clone, Debug)]
pub(crate) struct ClusterPeers {
    cluster: Cluster,
    fleet: Fleet,
    own_name: String,
    known: KnownDaemons,
}

impl ClusterPeers {
    /// Tracks the other daemons until `tasks` stop.
    pub(crate) fn new(cluster: Cluster, fleet: Fleet, tasks: &Tasks) -> Self {
        let known = KnownDaemons::default();
        let follow = known.clone().follow(cluster.members());
        let stop = tasks.stop();
        tasks.spawn("known peers", async move {
            tokio::select! {
                () = follow => {}
                () = stop.cancelled() => {}
            }
        });
        Self {
            own_name: cluster.name().to_string(),
            cluster,
            fleet,
            known,
        }
    }

    async fn fetch(&self, daemon: &str, query: Bytes, until: Instant) -> Result<Bytes, QueryError> {
        let Ok(name) = daemon.parse::<DaemonName>() else {
            return Err(QueryError::NotSent("invalid name of a daemon".to_owned()));
        };
        let first = self
            .request(&name, &QueryMessage::Query(query), until)
            .await?;
        let mut answer = BytesMut::from(&*first.bytes);
        for number in 1..first.count {
            let message = QueryMessage::Part {
                id: first.id.clone(),
                number,
            };
            let part = self.request(&name, &message, until).await?;
            answer.put(part.bytes);
        }
        Ok(answer.freeze())
    }

    async fn request(
        &self,
        daemon: &DaemonName,
        message: &QueryMessage,
        until: Instant,
    ) -> Result<Part, QueryError> {
        let body = message.to_bytes();
        let reply = self.cluster.request(daemon, QUERY, body, until).await;
        let reply = reply.map_err(|error| match error {
            RequestError::NotSent(reason) => QueryError::NotSent(reason.to_string()),
            RequestError::Unanswered(reason) => QueryError::Unanswered(reason.to_string()),
        })?;
        Part::parse(&reply)
            .ok_or_else(|| QueryError::Unanswered("its answer is malformed".to_owned()))
    }
}

impl Peers for ClusterPeers {
    fn own_name(&self) -> &str {
        &self.own_name
    }

    fn others(&self) -> Vec<Peer> {
        let state = self.cluster.state().borrow().clone();
        let alone = (!state.is_joined()).then(|| match state.reason() {
            Some(reason) => format!("NATS is away ({reason})"),
            None => "the cluster is being joined".to_owned(),
        });
        let members = self.cluster.members();
        let mut live: Vec<String> = members
            .borrow()
            .iter()
            .map(|member| member.name.to_string())
            .collect();
        live.retain(|name| *name != self.own_name);
        self.known.others(&live, alone.as_deref(), &self.own_name)
    }

    fn answers_for(&self, server: &str) -> bool {
        let others = self.fleet.daemons_of(server).into_iter();
        let mut others = others.filter(|daemon| **daemon != *self.own_name);
        !others.any(|daemon| self.fleet.is_live(&daemon) && self.fleet.leads(&daemon, server))
    }

    fn query<'a>(
        &'a self,
        daemon: &'a str,
        query: Bytes,
        until: Instant,
    ) -> BoxFuture<'a, Result<Bytes, QueryError>> {
        self.fetch(daemon, query, until).boxed()
    }
}
