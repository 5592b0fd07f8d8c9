//! What daemons say of their cluster at `/health/ready`.

use std::time::Duration;

use serde_json::Value;
use tokio::time::sleep;

use super::admin_client::AdminClient;
use super::daemon::Daemon;
use super::soon;

/// Returns the member `cluster`.
pub(crate) async fn cluster(daemon: &Daemon) -> Value {
    let ready = AdminClient::new(daemon.admin()).get("/health/ready").await;
    ready.json()["result"]["cluster"].clone()
}

/// Waits until a daemon says that it is in that state.
pub(crate) async fn until_state(daemon: &Daemon, state: &str) -> Value {
    let waiting = async {
        loop {
            let cluster = cluster(daemon).await;
            if cluster["state"] == state {
                return cluster;
            }
            sleep(POLL).await;
        }
    };
    soon(&format!("the state {state}"), waiting).await
}

/// Waits until exactly one of the daemons acts on the events of a server, and returns its index.
pub(crate) async fn leader(daemons: &[&Daemon], server: &str) -> usize {
    let waiting = async {
        loop {
            let mut leaders = Vec::new();
            for (index, daemon) in daemons.iter().enumerate() {
                let cluster = cluster(daemon).await;
                let leads = cluster["leads"].as_array().unwrap();
                if leads.iter().any(|led| led == server) {
                    leaders.push(index);
                }
            }
            if let [leader] = leaders[..] {
                return leader;
            }
            sleep(POLL).await;
        }
    };
    soon(&format!("one leader of {server}"), waiting).await
}

const POLL: Duration = Duration::from_millis(100);
