//! Queries between daemons about what each of them has.
//!
//! An answer may be longer than a message. It is sent in parts: the first at once, the others on request,
//! from the memory of the answering daemon. It is kept for a few seconds only and never stored in NATS, since
//! a page repeats its queries every few seconds.

mod answering;
mod parts;
mod seen;

pub(crate) use answering::answer;

use bytes::{BufMut, Bytes, BytesMut};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use handset_cluster::{Cluster, DaemonName, RequestError};
use handset_net::tasks::Tasks;
use tokio::time::Instant;

use self::parts::{Asked, Part};
use self::seen::SeenDaemons;
use super::incoming::QUERY;
use crate::fleet::{AskError, Fleet, Peer, Peers};

/// The other daemons, as recipients of queries.
#[derive(Clone, Debug)]
pub(crate) struct ClusterPeers {
    cluster: Cluster,
    fleet: Fleet,
    own_name: String,
    seen: SeenDaemons,
}

impl ClusterPeers {
    /// Tracks the other daemons until `tasks` stop.
    pub(crate) fn new(cluster: Cluster, fleet: Fleet, tasks: &Tasks) -> Self {
        let seen = SeenDaemons::default();
        let follow = seen.clone().follow(cluster.members());
        let stop = tasks.stop();
        tasks.spawn("peers seen", async move {
            tokio::select! {
                () = follow => {}
                () = stop.cancelled() => {}
            }
        });
        Self {
            own_name: cluster.name().to_string(),
            cluster,
            fleet,
            seen,
        }
    }

    async fn fetch(
        &self,
        daemon: &str,
        question: Bytes,
        until: Instant,
    ) -> Result<Bytes, AskError> {
        let Ok(name) = daemon.parse::<DaemonName>() else {
            return Err(AskError::NotSent("no daemon can have this name".to_owned()));
        };
        let first = self
            .request(&name, &Asked::Question(question), until)
            .await?;
        let mut answer = BytesMut::from(&*first.bytes);
        for number in 1..first.count {
            let asked = Asked::Part {
                id: first.id.clone(),
                number,
            };
            let part = self.request(&name, &asked, until).await?;
            answer.put(part.bytes);
        }
        Ok(answer.freeze())
    }

    async fn request(
        &self,
        daemon: &DaemonName,
        asked: &Asked,
        until: Instant,
    ) -> Result<Part, AskError> {
        let body = asked.to_bytes();
        let reply = self.cluster.request(daemon, QUERY, body, until).await;
        let reply = reply.map_err(|error| match error {
            RequestError::NotSent(reason) => AskError::NotSent(reason.to_string()),
            RequestError::Unanswered(reason) => AskError::Unanswered(reason.to_string()),
        })?;
        Part::parse(&reply).ok_or_else(|| {
            AskError::Unanswered("its answer is in no form that is understood".to_owned())
        })
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
        self.seen.others(&live, alone.as_deref(), &self.own_name)
    }

    fn answers_for(&self, server: &str) -> bool {
        let others = self.fleet.daemons_of(server).into_iter();
        let mut others = others.filter(|daemon| **daemon != *self.own_name);
        !others.any(|daemon| self.fleet.is_live(&daemon) && self.fleet.leads(&daemon, server))
    }

    fn ask<'a>(
        &'a self,
        daemon: &'a str,
        question: Bytes,
        until: Instant,
    ) -> BoxFuture<'a, Result<Bytes, AskError>> {
        self.fetch(daemon, question, until).boxed()
    }
}
