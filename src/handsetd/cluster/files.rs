//! Files that accompany requests, in the store of the cluster.

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use handset_cluster::{FileId, Files};

use crate::fleet::FileStore;

/// The files of the cluster.
#[derive(Clone, Debug)]
pub(crate) struct ClusterFiles(pub(crate) Files);

impl FileStore for ClusterFiles {
    fn put(&self, content: Bytes) -> BoxFuture<'_, Result<String, String>> {
        async move {
            let stored = self.0.put(content).await;
            stored
                .map(|id| id.to_string())
                .map_err(|error| format!("a file of the request cannot be passed on: {error}"))
        }
        .boxed()
    }

    fn get<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Bytes, String>> {
        async move {
            let id: FileId = id
                .parse()
                .map_err(|_| format!("a file of the request has the malformed id {id:?}"))?;
            let content = self.0.get(&id).await;
            content.map_err(|error| format!("a file of the request cannot be read: {error}"))
        }
        .boxed()
    }
}
