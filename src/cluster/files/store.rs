//! Storing files.

use std::sync::Arc;

use bytes::Bytes;

use super::id::FileId;
use crate::error::{Away, FileError};
use crate::shared::Shared;

pub(super) async fn put(shared: &Arc<Shared>, _content: Bytes) -> Result<FileId, FileError> {
    std::future::ready(Err(Away::NotDone(shared.why_away()).into())).await
}

pub(super) async fn get(shared: &Arc<Shared>, _id: &FileId) -> Result<Bytes, FileError> {
    std::future::ready(Err(Away::NotDone(shared.why_away()).into())).await
}

/// The longest file, in bytes: longer than what the daemon reads of any picture or tone.
pub const MAX_FILE: u64 = 32 * 1024 * 1024;
