//! Stores files in an object store.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_nats::jetstream::object_store::{InfoErrorKind, ObjectStore};
use bytes::Bytes;
use tokio::io::AsyncReadExt as _;
use tokio::time::Instant;

use super::id::FileId;
use crate::attempts::Attempts;
use crate::error::{FileError, Reason, Unavailable};
use crate::session::Session;
use crate::shared::Shared;

pub(super) async fn put(shared: &Arc<Shared>, content: Bytes) -> Result<FileId, FileError> {
    let length = u64::try_from(content.len()).unwrap_or(u64::MAX);
    if length > MAX_FILE {
        return Err(FileError::TooLong {
            length,
            max: MAX_FILE,
        });
    }
    let id = FileId::of(&content);
    let attempts = Attempts::until(deadline(shared, length));
    loop {
        let session = attempts.session(shared).await?;
        let storing = store(shared, &session, id, &content);
        let failure = match tokio::time::timeout_at(attempts.deadline, storing).await {
            Ok(Ok(())) => return Ok(id),
            Ok(Err(reason)) if reason.as_str().contains("maximum") => return Err(FileError::Full),
            Ok(Err(reason)) => reason,
            Err(_) => Reason::new("the file was not stored in time"),
        };
        // Storing it twice has no effect: the name is the hash of the content.
        attempts.pause(failure).await?;
    }
}

pub(super) async fn get(shared: &Arc<Shared>, id: &FileId) -> Result<Bytes, FileError> {
    let mut attempts = Attempts::until(deadline(shared, 0));
    let timeout = shared.config.timing.unavailable_timeout * 4;
    let mut damaged = 0;
    loop {
        let session = attempts.session(shared).await?;
        let reading = read(shared, &session, id, &mut attempts.deadline);
        let failure = match tokio::time::timeout(timeout, reading).await {
            Ok(Ok(content)) => return Ok(content),
            // Another daemon may be replacing it.
            Ok(Err(FileError::Damaged)) if damaged < MAX_DAMAGED => {
                damaged += 1;
                Reason::new("the file is damaged")
            }
            Ok(Err(FileError::Unavailable(Unavailable::NotApplied(reason)))) => reason,
            Ok(Err(error)) => return Err(error),
            Err(_) => Reason::new("the file was not read in time"),
        };
        attempts.pause(failure).await?;
    }
}

/// Returns the deadline, which is later for long files.
fn deadline(shared: &Shared, length: u64) -> Instant {
    shared.unavailable_deadline() + Duration::from_secs(length / MIN_RATE)
}

async fn store(
    shared: &Shared,
    session: &Session,
    id: FileId,
    content: &Bytes,
) -> Result<(), Reason> {
    let store = open(shared, session).await?;
    let name = id.to_string();
    if let Ok(info) = store.info(&name).await {
        let age = info.modified.map(SystemTime::from).and_then(|time| {
            let age = shared.clock.now().duration_since(time);
            age.ok()
        });
        let is_fresh = age.is_some_and(|age| age < shared.config.timing.file_ttl / REFRESH_DIVISOR);
        if is_fresh && !info.deleted && info.size == content.len() {
            return Ok(());
        }
    }
    let stored = store.put(name.as_str(), &mut content.as_ref()).await;
    stored.map(|_| ()).map_err(Reason::new)
}

async fn read(
    shared: &Shared,
    session: &Session,
    id: &FileId,
    deadline: &mut Instant,
) -> Result<Bytes, FileError> {
    let unavailable = |error: &dyn std::fmt::Display| {
        FileError::Unavailable(Unavailable::NotApplied(Reason::new(error)))
    };
    let store = open(shared, session).await;
    let store = store.map_err(|reason| unavailable(&reason))?;
    let name = id.to_string();
    let info = match store.info(&name).await {
        Ok(info) if info.deleted => return Err(FileError::Missing),
        Ok(info) => info,
        Err(error) if error.kind() == InfoErrorKind::NotFound => return Err(FileError::Missing),
        Err(error) => return Err(unavailable(&error)),
    };
    let length = u64::try_from(info.size).unwrap_or(u64::MAX);
    if length > MAX_FILE {
        return Err(FileError::Damaged);
    }
    *deadline = (*deadline).max(self::deadline(shared, length));
    let object = store
        .get(&name)
        .await
        .map_err(|error| unavailable(&error))?;
    let mut content = Vec::new();
    let reading = object.take(MAX_FILE + 1).read_to_end(&mut content).await;
    if reading.is_err() || FileId::of(&content) != *id {
        return Err(FileError::Damaged);
    }
    Ok(content.into())
}

async fn open(shared: &Shared, session: &Session) -> Result<ObjectStore, Reason> {
    let opened = session
        .jetstream
        .get_object_store(shared.subjects.files())
        .await;
    opened.map_err(Reason::new)
}

/// Maximum size of a file, in bytes: more than any picture or tone for a phone has.
pub const MAX_FILE: u64 = 32 * 1024 * 1024;

/// Minimum transfer rate, in bytes per second.
const MIN_RATE: u64 = 512 * 1024;

/// A file is stored again once it is older than its maximum age divided by this.
const REFRESH_DIVISOR: u32 = 8;

/// Number of retries after a file was read with a wrong hash.
const MAX_DAMAGED: u32 = 3;
