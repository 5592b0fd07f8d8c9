//! Claims: done once in the cluster.

use std::sync::Arc;

use crate::error::Away;
use crate::shared::Shared;

pub(crate) async fn claim(shared: &Arc<Shared>, _key: &str) -> Result<bool, Away> {
    std::future::ready(Err(Away::NotDone(shared.why_away()))).await
}
