//! The CSTA sessions over SIP, of which only the running daemon knows.

use serde_json::Value;

use super::probe_result::ProbeResult;
use crate::cli::admin_client::AdminClient;
use crate::config::Config;
use crate::outcome::Status;

/// What the running daemon says of its phones.
pub(super) struct Sessions(Value);

/// Asks the running daemon for the sessions of its phones: whether one is up; if not, what the phone answered,
/// and which of its settings helps. Empty without a daemon.
pub(super) async fn all(config: &Config) -> Sessions {
    let Ok(client) = AdminClient::new(config) else {
        return Sessions(Value::Null);
    };
    Sessions(client.get("/api/v1/phones").await.unwrap_or_default())
}

impl Sessions {
    /// Returns the result for the phone with this name, if it can have a session.
    pub(super) fn of(&self, name: &str) -> Option<ProbeResult> {
        let mut phones = self.0.as_array().into_iter().flatten();
        let phone = phones.find(|phone| phone["name"].as_str() == Some(name))?;
        phone["csta"].is_object().then(|| result(&phone["csta"]))
    }
}

fn result(csta: &Value) -> ProbeResult {
    let text = |key: &str| csta[key].as_str().unwrap_or_default();
    let is_up = csta["session"] == true;
    let reason = match text("reason") {
        "" if is_up => format!("up since {}", text("since")),
        "" => "it is being set up".to_owned(),
        reason => reason.to_owned(),
    };
    let status = if is_up {
        Status::Ok
    } else {
        Status::Unreachable
    };
    ProbeResult {
        transport: "csta",
        probe: "its session with the daemon".into(),
        status: status.word().to_owned(),
        reason,
    }
}
