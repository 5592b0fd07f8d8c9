//! Claims: mutual exclusion for what must be done once in the cluster.

use std::sync::Arc;

use async_nats::header::HeaderMap;
use bytes::Bytes;
use handset_net::random;

use crate::attempts::Attempts;
use crate::error::Unavailable;
use crate::headers;
use crate::revisions::{self, WRONG_LAST_SEQUENCE};
use crate::session::Failure;
use crate::shared::Shared;
use crate::streams::CLAIMS;

/// Claims a key; returns whether this daemon has won it.
pub(crate) async fn claim(shared: &Arc<Shared>, key: &str) -> Result<bool, Unavailable> {
    let bucket = shared.subjects.bucket(CLAIMS);
    let (stream, subject) = (bucket.stream(), bucket.key(&[key]));
    let change_id = random::hex_token::<8>();
    let mut map = HeaderMap::new();
    map.insert(headers::FROM, shared.config.name.as_str());
    map.insert(headers::CHANGE, change_id.as_str());
    let mut attempts = Attempts::new(shared);
    loop {
        let session = attempts.session(shared).await?;
        let put = revisions::put(&session, &subject, 0, map.clone(), Bytes::new());
        let failure = match put.await {
            Ok(_) => return Ok(true),
            Err(Failure::Refused {
                code: WRONG_LAST_SEQUENCE,
                ..
            }) if !attempts.may_be_applied() => return Ok(false),
            // An earlier attempt may have been stored although its acknowledgement was lost.
            Err(Failure::Refused {
                code: WRONG_LAST_SEQUENCE,
                ..
            }) => match revisions::last(&session, &stream, &subject).await {
                Ok(last) => return Ok(last.is_some_and(|last| last.is_of_change(&change_id))),
                Err(failure) => failure,
            },
            Err(failure) => {
                attempts.record(&failure);
                failure
            }
        };
        attempts.pause(failure).await?;
    }
}
