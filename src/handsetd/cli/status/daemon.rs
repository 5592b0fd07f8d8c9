//! What the running daemon says of itself.

use serde_json::Value;

use super::finding::Finding;
use crate::cli::admin_client::{AdminClient, Refused};

/// The daemon's answer, or why there is none.
#[derive(Debug)]
pub(super) struct Answer {
    base: String,
    status: Result<Value, String>,
}

/// Asks the daemon.
pub(super) async fn ask(client: &AdminClient) -> Answer {
    let status = client.get("/api/v1/status").await.and_then(|status| {
        if status["version"].is_string() {
            Ok(status)
        } else {
            Err(Refused::unexpected(&status).into())
        }
    });
    Answer {
        base: client.base().to_owned(),
        status: status.map_err(|error| format!("{error:#}")),
    }
}

impl Answer {
    /// No daemon could be asked.
    pub(super) fn unavailable(reason: String) -> Self {
        Self {
            base: String::new(),
            status: Err(reason),
        }
    }

    /// Returns whether the daemon has answered.
    pub(super) fn is_running(&self) -> bool {
        self.status.is_ok()
    }

    /// Returns the address of a listener of the daemon.
    pub(super) fn listener(&self, name: &str) -> Option<&str> {
        self.status.as_ref().ok()?["listeners"][name].as_str()
    }

    /// Returns whether the daemon is connected to this Asterisk.
    pub(super) fn is_connected(&self, server: &str) -> bool {
        self.servers()
            .iter()
            .any(|of| of["name"] == server && of["state"] == "connected")
    }

    fn servers(&self) -> &[Value] {
        let servers = self.status.as_ref().map(|status| &status["asterisk"]);
        let servers = servers.ok().and_then(Value::as_array);
        servers.map(Vec::as_slice).unwrap_or_default()
    }

    /// Returns what the daemon says of itself, of Asterisk, of `http.url` and of its rules.
    pub(super) fn findings(&self) -> Vec<Finding> {
        let status = match &self.status {
            Ok(status) => status,
            Err(reason) => {
                let cure = "start it (systemctl start handsetd), or correct what is said here; the rest is \
                            examined without it";
                return vec![Finding::fault("daemon", reason.clone()).cure(cure)];
            }
        };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let running = format!(
            "version {} answers at {}; {} deliveries in progress, {} of them stored",
            text(&status["version"]),
            self.base,
            status["in_flight"],
            status["stored"]
        );
        let mut findings = vec![Finding::good("daemon", running)];
        findings.extend(version(&text(&status["version"])));
        findings.extend(self.servers().iter().map(server));
        findings.extend(cluster(&status["cluster"]));
        let others = status["daemons"].as_array().into_iter().flatten();
        findings.extend(others.flat_map(other));
        findings.push(own_url(&status["http_url"]));
        for rule in status["failing_rules"].as_array().into_iter().flatten() {
            let name = text(&rule["name"]);
            let count = &rule["failed"];
            let failed = format!("rule {name:?} has failed {count} times since the start");
            let cure = format!("handsetd rules trace {name:?} shows why");
            findings.push(Finding::note("rules", failed).cure(cure));
        }
        findings
    }
}

/// Notes that the daemon is another version than this command.
fn version(running: &str) -> Option<Finding> {
    let own = env!("CARGO_PKG_VERSION");
    (running != own).then(|| {
        let text = format!("the daemon is version {running}, and this command is {own}");
        Finding::note("daemon", text).cure("systemctl restart handsetd, if it was upgraded")
    })
}

fn server(server: &Value) -> Finding {
    let text = |key: &str| server[key].as_str().unwrap_or_default();
    let (name, state, reason) = (text("name"), text("state"), text("reason"));
    match (state, reason) {
        ("connected", "") => Finding::good("asterisk", format!("{name}: the daemon is connected")),
        ("connected", reason) => Finding::fault("asterisk", format!("{name}: {reason}"))
            .cure("correct manager.conf, then: asterisk -rx 'manager reload' and handsetd reload"),
        ("connecting", _) => {
            Finding::note("asterisk", format!("{name}: the daemon is connecting"))
                .cure("ask again in some seconds")
        }
        ("refused", reason) => Finding::fault("asterisk", format!("{name}: refused: {reason}")).cure(
            "compare username and secret of its [[asterisk]] with manager.conf, and deny and permit there with \
             the address of this machine; then: asterisk -rx 'manager reload' and handsetd reload",
        ),
        (_, reason) => Finding::fault("asterisk", format!("{name}: not connected: {reason}")).cure(
            "does Asterisk run, with enabled = yes, bindaddr and port in [general] of manager.conf as its [[asterisk]] \
             says?",
        ),
    }
}

/// Returns what the daemon says of the cluster; nothing without `[cluster]`.
fn cluster(cluster: &Value) -> Option<Finding> {
    let text = |key: &str| cluster[key].as_str().unwrap_or_default();
    let (name, state, reason) = (text("name"), text("state"), text("reason"));
    let found = match state {
        "" => return None,
        "joined" => {
            let daemons = cluster["daemons"].as_array().into_iter().flatten();
            let names: Vec<&str> = daemons
                .filter_map(|daemon| daemon["name"].as_str())
                .collect();
            let joined = format!("joined as {name}; daemons: {}", names.join(", "));
            Finding::good("cluster", joined)
        }
        "joining" => Finding::note("cluster", format!("being joined as {name}")),
        state => Finding::fault("cluster", format!("{name} is {state}: {reason}")),
    };
    Some(match text("cure") {
        "" => found,
        cure => found.cure(cure.to_owned()),
    })
}

/// Returns what another daemon of the cluster says of itself.
fn other(status: &Value) -> Vec<Finding> {
    let text = |key: &str| status[key].as_str().unwrap_or_default();
    let name = text("daemon");
    let running = format!("{name} runs, version {}", text("version"));
    let mut findings = vec![Finding::good("cluster", running)];
    for server in status["asterisk"].as_array().into_iter().flatten() {
        let text = |key: &str| server[key].as_str().unwrap_or_default();
        let (state, reason) = (text("state"), text("reason"));
        if state != "connected" || !reason.is_empty() {
            let found = format!("{name}: Asterisk {}: {state} {reason}", text("name"));
            let finding = Finding::note("cluster", found.trim_end().to_owned());
            findings.push(finding.cure(format!("on the machine of {name}: handsetd status")));
        }
    }
    findings
}

fn own_url(own: &Value) -> Finding {
    let text = |key: &str| own[key].as_str().unwrap_or_default();
    if own.is_null() {
        let text = "unset; each phone receives the address of this machine that is nearest to it";
        return Finding::good("http.url", text);
    }
    let (url, reason) = (text("url"), text("reason"));
    if text("status") == "OK" {
        Finding::good("http.url", format!("{url}: {reason}"))
    } else {
        Finding::fault("http.url", format!("{url}: {reason}"))
            .cure("write the URL at which phones reach this machine, or remove http.url")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::finding::Level;
    use super::*;

    fn levels(status: Value) -> Vec<(&'static str, Level)> {
        let answer = Answer {
            base: "http://127.0.0.1:8091".to_owned(),
            status: Ok(status),
        };
        let findings = answer.findings();
        findings
            .iter()
            .map(|finding| (finding.area(), finding.level()))
            .collect()
    }

    #[test]
    fn faults_of_the_daemon_are_reported_with_remedies() {
        let version = env!("CARGO_PKG_VERSION");
        let good = json!({
            "version": version, "in_flight": 0, "stored": 0, "listeners": {}, "failing_rules": [],
            "asterisk": [{"name": "pbx", "state": "connected", "reason": ""}], "http_url": null,
        });
        let expected = [
            ("daemon", Level::Ok),
            ("asterisk", Level::Ok),
            ("http.url", Level::Ok),
        ];
        assert_eq!(levels(good.clone()), expected);
        for (state, reason, level) in [
            ("connected", "lacks write = system", Level::Fault),
            ("refused", "the server refuses user or secret", Level::Fault),
            ("lost", "Connection refused", Level::Fault),
            ("connecting", "", Level::Note),
        ] {
            let mut status = good.clone();
            status["asterisk"][0] = json!({"name": "pbx", "state": state, "reason": reason});
            assert_eq!(levels(status)[1], ("asterisk", level), "{state}");
        }
        let mut status = good;
        status["http_url"] =
            json!({"url": "http://192.0.2.1/", "status": "UNREACHABLE", "reason": "a"});
        status["failing_rules"] = json!([{"name": "door", "failed": 2}]);
        let found = levels(status);
        assert_eq!(found[2], ("http.url", Level::Fault));
        assert_eq!(found[3], ("rules", Level::Note));
    }

    #[test]
    fn cluster_faults_are_reported_with_remedies() {
        let found = |state: &str, reason: &str, cure: Option<&str>| {
            cluster(&json!({
                "name": "site-a", "state": state, "reason": reason, "cure": cure,
                "daemons": [{"name": "site-a"}, {"name": "site-b"}],
            }))
        };
        assert!(cluster(&Value::Null).is_none());
        let expected = Finding::good("cluster", "joined as site-a; daemons: site-a, site-b");
        assert_eq!(found("joined", "", None), Some(expected));
        let expected = Finding::fault("cluster", "site-a is alone: no quorum").cure("start it");
        assert_eq!(
            found("alone", "no quorum", Some("start it")),
            Some(expected)
        );
        let joining = found("joining", "", Some("Wait.")).unwrap();
        assert_eq!(joining.level(), Level::Note);
    }
}
