//! Changing the queue.

use std::sync::Arc;

use bytes::Bytes;

use super::entry::Position;
use crate::error::{AppendError, Away, ChangeError};
use crate::shared::Shared;

pub(super) async fn append(
    shared: &Arc<Shared>,
    _key: &str,
    _id: &str,
    _value: Bytes,
) -> Result<Position, AppendError> {
    std::future::ready(Err(Away::NotDone(shared.why_away()).into())).await
}

pub(super) async fn replace(
    shared: &Arc<Shared>,
    _key: &str,
    _id: &str,
    _position: Position,
    _value: Bytes,
) -> Result<Position, ChangeError> {
    std::future::ready(Err(Away::NotDone(shared.why_away()).into())).await
}

pub(super) async fn remove(
    shared: &Arc<Shared>,
    _key: &str,
    _id: &str,
    _position: Position,
) -> Result<(), ChangeError> {
    std::future::ready(Err(Away::NotDone(shared.why_away()).into())).await
}
