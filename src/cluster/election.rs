//! Getting and keeping leases.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::leases::{Candidacy, Leadership};
use crate::shared::Shared;

pub(crate) fn contend(_shared: &Arc<Shared>, _key: &str, value: Bytes) -> Candidacy {
    let (_, leadership) = watch::channel(Leadership::Unknown);
    Candidacy {
        leadership,
        value: watch::Sender::new(value),
        _withdrawal: CancellationToken::new().drop_guard(),
    }
}
