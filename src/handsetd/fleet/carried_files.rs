//! Files that a request names, read where the request was made and carried to the daemon that delivers it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};

/// Storage for file contents that are too long for a message; all daemons reach it.
pub(crate) trait FileStore: fmt::Debug + Send + Sync {
    /// Stores a content and returns its id. The error is human-readable, as below.
    fn put(&self, content: Bytes) -> BoxFuture<'_, Result<String, String>>;

    /// Returns the content of an id.
    fn get<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Bytes, String>>;
}

/// The files of a request from another daemon, by the names under which the request refers to them. For a
/// request that was made here, files are read when they are needed.
#[derive(Clone, Debug, Default)]
pub(crate) struct CarriedFiles(Option<Arc<Carried>>);

#[derive(Debug)]
struct Carried {
    files: BTreeMap<String, CarriedFile>,
    store: Arc<dyn FileStore>,
}

/// The content of a file in a message.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CarriedFile {
    /// The content in base64.
    Inline(String),
    /// The id of the content in the [`FileStore`].
    Stored(String),
}

/// Why a file that belongs to a request cannot be read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum ReadError {
    /// It is missing or damaged.
    Invalid(String),
    /// The store cannot be read at present.
    Away(String),
}

impl CarriedFiles {
    /// Returns the files that came with a request.
    pub(crate) fn received(
        files: BTreeMap<String, CarriedFile>,
        store: Arc<dyn FileStore>,
    ) -> Self {
        Self(Some(Arc::new(Carried { files, store })))
    }

    /// Returns the content of a file that came with the request, or an error if it did not; `None` if the
    /// request was made here.
    pub(crate) async fn read(&self, name: &str) -> Option<Result<Bytes, ReadError>> {
        let carried = self.0.as_ref()?;
        Some(match carried.files.get(name) {
            None => Err(ReadError::Invalid(format!(
                "the file {name} did not come with the request"
            ))),
            Some(CarriedFile::Inline(content)) => match STANDARD.decode(content) {
                Ok(content) => Ok(content.into()),
                Err(_) => Err(ReadError::Invalid(format!(
                    "the file {name} arrived corrupted"
                ))),
            },
            Some(CarriedFile::Stored(id)) => carried.store.get(id).await.map_err(ReadError::Away),
        })
    }
}

/// Converts file contents for transfer: short ones are included, others are stored and included by id.
pub(crate) async fn carry(
    files: Vec<(String, Bytes)>,
    store: &dyn FileStore,
) -> Result<BTreeMap<String, CarriedFile>, String> {
    let mut carried = BTreeMap::new();
    for (name, content) in files {
        let file = if content.len() <= MAX_INLINE {
            CarriedFile::Inline(STANDARD.encode(content))
        } else {
            CarriedFile::Stored(store.put(content).await?)
        };
        carried.insert(name, file);
    }
    Ok(carried)
}

/// Maximum size of a content within a message, in bytes: a request to a group sends it once per phone, and
/// NATS limits messages to 1 MiB.
const MAX_INLINE: usize = 32 * 1024;
