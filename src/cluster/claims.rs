//! Claims: mutual exclusion for what must be done once in the cluster.

use std::sync::Arc;

use async_nats::header::HeaderMap;
use bytes::Bytes;
use handset_net::random;
use tokio::time::Instant;

use crate::error::{Away, Reason};
use crate::headers;
use crate::records::{self, WRONG_LAST};
use crate::session::Failure;
use crate::shared::{RETRY, Shared};
use crate::streams::CLAIMS;

/// Claims a key; returns whether this daemon has won it.
pub(crate) async fn claim(shared: &Arc<Shared>, key: &str) -> Result<bool, Away> {
    let bucket = shared.subjects.bucket(CLAIMS);
    let (stream, subject) = (bucket.stream(), bucket.key(&[key]));
    let mark = random::hex_token::<8>();
    let mut map = HeaderMap::new();
    map.insert(headers::FROM, shared.config.name.as_str());
    map.insert(headers::CHANGE, mark.as_str());
    let deadline = shared.patience();
    let mut is_open = false;
    let away = |is_open, reason| {
        Err(if is_open {
            Away::Unknown(reason)
        } else {
            Away::NotDone(reason)
        })
    };
    loop {
        let session = match shared.session_by(deadline).await {
            Ok(session) => session,
            Err(reason) => return away(is_open, reason),
        };
        let failure = match records::put(&session, &subject, 0, map.clone(), Bytes::new()).await {
            Ok(_) => return Ok(true),
            Err(Failure::Refused {
                code: WRONG_LAST, ..
            }) if !is_open => return Ok(false),
            Err(Failure::Refused {
                code: WRONG_LAST, ..
            }) => {
                // An earlier attempt may have been stored although its acknowledgement was lost.
                match records::last(&session, &stream, &subject).await {
                    Ok(last) => {
                        let last = last.as_ref().map(|last| &last.headers);
                        return Ok(headers::text(last, headers::CHANGE) == Some(mark.as_str()));
                    }
                    Err(failure) => failure,
                }
            }
            Err(failure) => {
                is_open |= matches!(failure, Failure::Unanswered(_));
                failure
            }
        };
        if Instant::now() + RETRY >= deadline {
            return away(is_open, Reason::new(failure.to_string()));
        }
        tokio::time::sleep(RETRY).await;
    }
}
