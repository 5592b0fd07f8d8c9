//! Files that go along with requests, by their content.

mod id;
mod store;

use std::sync::Arc;

use bytes::Bytes;

use crate::error::FileError;
use crate::shared::Shared;

pub use id::{FileId, InvalidFileId};
pub use store::MAX_FILE;

/// The files of the cluster. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Files {
    pub(crate) shared: Arc<Shared>,
}

impl Files {
    /// Stores a file, unless it is there already. When this returns `Ok`, it is stored.
    ///
    /// # Errors
    ///
    /// Returns an error if it is too long or the cluster is away.
    pub async fn put(&self, content: Bytes) -> Result<FileId, FileError> {
        store::put(&self.shared, content).await
    }

    /// Reads a file, and checks that it is what was stored.
    ///
    /// # Errors
    ///
    /// Returns an error if there is none, or if the cluster is away.
    pub async fn get(&self, id: &FileId) -> Result<Bytes, FileError> {
        store::get(&self.shared, id).await
    }
}
