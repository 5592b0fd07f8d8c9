//! Files that accompany requests, addressed by content.

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
    /// Stores a file unless it exists already. `Ok` means that it is stored.
    ///
    /// # Errors
    ///
    /// Returns an error if the file is too long or the cluster is away.
    pub async fn put(&self, content: Bytes) -> Result<FileId, FileError> {
        store::put(&self.shared, content).await
    }

    /// Reads a file and verifies its hash.
    ///
    /// # Errors
    ///
    /// Returns an error if the file does not exist or the cluster is away.
    pub async fn get(&self, id: &FileId) -> Result<Bytes, FileError> {
        store::get(&self.shared, id).await
    }
}
