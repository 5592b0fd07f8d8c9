//! Claims what a schedule fires, so that one daemon does.

use futures_util::future::BoxFuture;
use handset_cluster::Cluster;
use jiff::Timestamp;
use tracing::debug;

use crate::fleet::ScheduleClaims;

impl ScheduleClaims for Cluster {
    fn claim<'a>(&'a self, rule: &'a str, due: Timestamp) -> BoxFuture<'a, bool> {
        Box::pin(async move {
            let claim = format!("{due} {rule}");
            match Self::claim(self, &claim).await {
                Ok(is_won) => is_won,
                Err(reason) => {
                    debug!(rule, %due, %reason, "Cannot ask the other daemons, so the schedule fires here.");
                    true
                }
            }
        })
    }
}
