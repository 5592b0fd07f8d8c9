//! The fetch test, which only the running daemon can do: it serves what the phone fetches.

use serde::Deserialize;

use super::probe_result::ProbeResult;
use crate::cli::admin_client::AdminClient;
use crate::config::Config;
use crate::outcome::Status;

/// What the daemon says of one phone.
#[derive(Debug, Deserialize)]
pub(super) struct FetchReport {
    pub(super) phone: String,
    pub(super) address: String,
    url: Option<String>,
    shows: String,
    fetched: Part,
    own_request: Part,
    refused: Option<Refused>,
}

/// The result of one request.
#[derive(Debug, Deserialize)]
struct Part {
    status: String,
    reason: String,
}

/// Connections of a phone that the daemon refused.
#[derive(Debug, Deserialize)]
struct Refused {
    address: String,
    count: u64,
    last: String,
}

/// Has the running daemon test the phones that `names` means.
///
/// # Errors
///
/// Returns why the daemon did not.
pub(super) async fn test(config: &Config, names: &str) -> Result<Vec<FetchReport>, String> {
    let client = AdminClient::new(config).map_err(|error| format!("{error:#}"))?;
    let names = percent_encoding::utf8_percent_encode(names, percent_encoding::NON_ALPHANUMERIC);
    let path = format!("/api/v1/phones/{names}/fetch-test");
    let reply = client.post(&path, &serde_json::Value::Null).await;
    let mut reply = reply.map_err(|error| format!("{error:#}"))?;
    serde_json::from_value(reply["result"].take())
        .map_err(|_| reply["reason"].as_str().unwrap_or_default().to_owned())
}

impl FetchReport {
    /// Returns the results for the report.
    pub(super) fn probes(&self) -> [ProbeResult; 2] {
        let Self {
            fetched,
            own_request,
            url,
            shows,
            ..
        } = self;
        let url = url.as_deref().unwrap_or("handsetd");
        let result = |what: String, part: &Part| ProbeResult {
            transport: TRANSPORT,
            probe: what.into(),
            status: part.status.clone(),
            reason: part.reason.clone(),
        };
        [
            result(format!("the phone from {url} ({shows})"), fetched),
            result(format!("this machine from {url}"), own_request),
        ]
    }

    /// Says which connections of the phone were refused.
    pub(super) fn refused(&self) -> Option<String> {
        let Refused {
            address,
            count,
            last,
        } = self.refused.as_ref()?;
        let times = if *count == 1 {
            "once".to_owned()
        } else {
            format!("{count} times")
        };
        Some(format!(
            "{address} was refused {times} by http.allow, last at {last}; add its network there"
        ))
    }
}

/// The result where the daemon has tested nothing.
pub(super) fn not_tried(why: &str) -> ProbeResult {
    ProbeResult {
        transport: TRANSPORT,
        probe: "the phone from handsetd".into(),
        status: Status::Unsupported.word().to_owned(),
        reason: format!("not tried, since only the running daemon can: {why}"),
    }
}

/// What the report calls the test.
pub(super) const TRANSPORT: &str = "fetch";
