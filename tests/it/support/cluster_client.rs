//! Requests of the API for phones that other daemons may have.

use std::time::Duration;

use serde_json::Value;
use tokio::time::sleep;

use super::admin_client::AdminClient;
use super::daemon::Daemon;
use super::soon;

/// Makes a request at a daemon until its phone is known there, and returns the reply.
pub(crate) async fn request(daemon: &Daemon, verb: &str, body: Value) -> Value {
    let admin = AdminClient::new(daemon.admin());
    let known = async {
        loop {
            let path = format!("/api/v1/do/{verb}");
            let reply = admin.post(&path, &body.to_string()).await.json();
            let reason = reply["reason"].as_str().unwrap();
            if !reason.contains("is not known") && !reason.contains("no [[phone]] has") {
                return reply;
            }
            sleep(POLL).await;
        }
    };
    soon("a phone of another daemon", known).await
}

/// Asserts that a reply has that status, and returns its reason.
pub(crate) fn expect(reply: &Value, status: &str) -> String {
    assert_eq!(reply["status"], status, "{reply}");
    reply["reason"].as_str().unwrap().to_owned()
}

const POLL: Duration = Duration::from_millis(100);
