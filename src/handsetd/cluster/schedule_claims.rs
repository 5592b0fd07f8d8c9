//! Claims scheduled runs, so that exactly one daemon fires each.

use std::time::Duration;

use futures_util::future::BoxFuture;
use handset_cluster::{Cluster, State};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use tokio::time::Instant;
use tracing::debug;

use crate::fleet::ScheduleClaims;

impl ScheduleClaims for Cluster {
    fn claim<'a>(&'a self, rule: &'a str, due: Timestamp) -> BoxFuture<'a, bool> {
        Box::pin(async move {
            let is_joining = matches!(*self.state().borrow(), State::Joining { .. });
            if is_joining {
                // A run that is caught up after a restart may have been fired by another daemon in the
                // meantime.
                self.wait_until_joined(Instant::now() + JOINING_TIMEOUT)
                    .await;
            }
            match Self::claim(self, &key(rule, due)).await {
                Ok(is_won) => is_won,
                Err(reason) => {
                    debug!(rule, %due, %reason, "Cannot ask the other daemons, so the schedule fires here.");
                    true
                }
            }
        })
    }
}

/// Returns the key of a claim; the name of a rule may be longer than a key.
fn key(rule: &str, due: Timestamp) -> String {
    let name = hex::encode(Sha256::digest(rule));
    format!("schedule {due} {name}")
}

/// How long to wait for the cluster after the start.
const JOINING_TIMEOUT: Duration = Duration::from_secs(10);
