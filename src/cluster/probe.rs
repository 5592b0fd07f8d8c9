//! Checks whether a daemon could join, without joining.

use handset_net::tasks::Tasks;

use crate::config::Config;
use crate::connector;
use crate::error::Reason;
use crate::identity::Identity;
use crate::shared::Shared;

/// Connects to each NATS server of a configuration and checks that this login has `JetStream`; returns one
/// reason for each server that is unusable.
pub async fn probe(config: &Config) -> Vec<Reason> {
    let tasks = Tasks::new();
    let (shared, _tombstones) = Shared::new(config.clone(), Identity::temporary(), &tasks);
    let mut reasons = Vec::new();
    for url in &config.nats {
        match connector::connect(&shared, url).await {
            Ok(session) => {
                if let Err(error) = session.jetstream.query_account().await {
                    let reason = format!("{url} offers this login no JetStream: {error}");
                    reasons.push(Reason::new(reason));
                }
                session.ended.cancel();
            }
            Err(reason) => reasons.push(reason),
        }
    }
    tasks.shut_down(config.timing.reply_timeout).await;
    reasons
}
