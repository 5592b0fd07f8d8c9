//! Sends requests to the daemons that reach their phones.

use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all};
use handset_cluster::{Cluster, DaemonName, RequestError, State};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::Instant;
use tracing::warn;

use super::election::Election;
use super::files::ClusterFiles;
use super::outcome_wire::ReplyWire;
use super::peer_requests::{CANCEL, DELIVER};
use crate::fleet::{
    FileStore, Fleet, NotSent, PeerCancellation, PeerReply, PeerRequest, Reply, Routes, Unanswered,
};

/// The other daemons, over NATS.
#[derive(Clone, Debug)]
pub(crate) struct ClusterRoutes {
    cluster: Cluster,
    election: Election,
    fleet: Fleet,
    files: ClusterFiles,
}

/// A message body: JSON, or the id of a file that contains it if it is too long for a message.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum Body {
    Here(Value),
    InFile(String),
}

impl ClusterRoutes {
    pub(crate) fn new(cluster: Cluster, election: Election, fleet: Fleet) -> Self {
        Self {
            files: ClusterFiles(cluster.files()),
            cluster,
            election,
            fleet,
        }
    }
}

impl Routes for ClusterRoutes {
    fn own_name(&self) -> &str {
        self.cluster.name().as_str()
    }

    fn fleet(&self) -> &Fleet {
        &self.fleet
    }

    fn leads(&self, server: &str) -> bool {
        self.election.leads(server)
    }

    fn unavailable_reason(&self) -> Option<String> {
        match &*self.cluster.state().borrow() {
            State::Joined { .. } => None,
            State::Joining { .. } => Some("the cluster is still being joined".to_owned()),
            State::Alone { reason, .. } | State::Refused { reason, .. } => {
                Some(format!("the cluster is away: {reason}"))
            }
        }
    }

    fn settle(&self, timeout: Duration) -> BoxFuture<'_, ()> {
        let mut state = self.cluster.state();
        async move {
            let settled = state.wait_for(|state| !matches!(state, State::Joining { .. }));
            // In either case, the known state then decides.
            let _ = tokio::time::timeout(timeout, settled).await;
        }
        .boxed()
    }

    fn files(&self) -> &dyn FileStore {
        &self.files
    }

    fn send<'a>(
        &'a self,
        daemon: &'a str,
        request: PeerRequest,
    ) -> BoxFuture<'a, Result<Reply, NotSent>> {
        async move {
            let not_sent = |why: &dyn std::fmt::Display| NotSent(why.to_string());
            let name: DaemonName = daemon.parse().map_err(|error| not_sent(&error))?;
            let deadline = Instant::now() + request.within + TRANSFER_TIMEOUT;
            let body = to_body(&request, &self.files).await.map_err(NotSent)?;
            let sent = self.cluster.send(&name, DELIVER, body, deadline).await;
            let pending = sent.map_err(|error| not_sent(&error))?;
            let files = self.files.clone();
            let reply: Reply = async move {
                match pending.reply().await {
                    Ok(body) => read_reply(&body, &files).await,
                    // It was sent, and refused without being acted on.
                    Err(RequestError::NotSent(why)) => Ok(PeerReply::refused(&why)),
                    Err(RequestError::Unanswered(why)) => Err(Unanswered(why.to_string())),
                }
            }
            .boxed();
            Ok(reply)
        }
        .boxed()
    }

    fn cancel(&self, cancellation: PeerCancellation) -> BoxFuture<'_, Vec<String>> {
        async move {
            let Ok(body) = serde_json::to_vec(&Body::Here(json_of(&cancellation))) else {
                return Vec::new();
            };
            let body = Bytes::from(body);
            let members = self.cluster.members().borrow().clone();
            let others = members.iter().map(|member| &member.name);
            let others = others.filter(|name| *name != self.cluster.name());
            let deadline = Instant::now() + CANCEL_TIMEOUT;
            let ask = async |name: &DaemonName| {
                let reply = self
                    .cluster
                    .request(name, CANCEL, body.clone(), deadline)
                    .await;
                match reply {
                    Ok(reply) => serde_json::from_slice::<Vec<String>>(&reply).unwrap_or_default(),
                    Err(error) => {
                        warn!(daemon = %name, %error, "Could not ask another daemon to cancel.");
                        Vec::new()
                    }
                }
            };
            let phones = join_all(others.map(ask)).await;
            phones.into_iter().flatten().collect()
        }
        .boxed()
    }
}

/// Serializes a value that always has a JSON form.
fn json_of(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

/// Encodes the body of a message; one that is too long goes into a file.
pub(super) async fn to_body(
    value: &impl Serialize,
    files: &dyn FileStore,
) -> Result<Bytes, String> {
    let bytes = serde_json::to_vec(&Body::Here(json_of(value)));
    let bytes = bytes.map_err(|error| error.to_string())?;
    if bytes.len() <= MAX_MESSAGE {
        return Ok(bytes.into());
    }
    let id = files.put(bytes.into()).await?;
    let bytes = serde_json::to_vec(&Body::InFile(id)).map_err(|error| error.to_string())?;
    Ok(bytes.into())
}

/// Decodes the body of a message, which is untrusted.
pub(super) async fn from_body<T: DeserializeOwned>(
    body: &[u8],
    files: &dyn FileStore,
) -> Result<T, String> {
    let malformed = |error: serde_json::Error| format!("malformed message: {error}");
    let content = match serde_json::from_slice(body).map_err(malformed)? {
        Body::Here(content) => content,
        Body::InFile(id) => {
            let body = files.get(&id).await?;
            match serde_json::from_slice(&body).map_err(malformed)? {
                Body::Here(content) => content,
                Body::InFile(_) => return Err("malformed message: a file names a file".to_owned()),
            }
        }
    };
    serde_json::from_value(content).map_err(malformed)
}

async fn read_reply(body: &[u8], files: &dyn FileStore) -> Result<PeerReply, Unanswered> {
    let reply: ReplyWire = from_body(body, files).await.map_err(Unanswered)?;
    let unknown = || Unanswered("the reply has an unknown status".to_owned());
    reply.into_reply().ok_or_else(unknown)
}

/// Maximum body within a message, in bytes: half of the limit of NATS, which closes the connection of a
/// client that exceeds it.
const MAX_MESSAGE: usize = 512 * 1024;

/// Transfer time allowed for request and reply, in addition to the time limit of the request.
const TRANSFER_TIMEOUT: Duration = Duration::from_millis(500);

/// Time limit for cancellation by the other daemons.
const CANCEL_TIMEOUT: Duration = Duration::from_secs(2);
