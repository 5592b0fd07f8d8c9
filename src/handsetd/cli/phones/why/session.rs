//! The CSTA sessions over SIP, of which only the running daemon knows.

use serde_json::Value;

use super::PhoneReport;
use super::probe_result::ProbeResult;
use crate::cli::admin_client::AdminClient;
use crate::config::Config;
use crate::outcome::Status;

/// Asks the running daemon for the sessions of the phones, and adds them: whether a session is up; if not, what
/// the phone answered, and which of its settings helps. Without a daemon, nothing is added.
pub(super) async fn add(config: &Config, reports: &mut [PhoneReport]) {
    let Ok(client) = AdminClient::new(config) else {
        return;
    };
    let Ok(phones) = client.get("/api/v1/phones").await else {
        return;
    };
    for report in reports {
        let mut phones = phones.as_array().into_iter().flatten();
        let phone = phones.find(|phone| phone["name"].as_str() == Some(&report.name));
        if let Some(csta) = phone
            .map(|phone| &phone["csta"])
            .filter(|csta| csta.is_object())
        {
            report.probes.push(result(csta));
        }
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
