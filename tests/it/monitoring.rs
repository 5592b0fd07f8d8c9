//! What monitoring relies on: metrics, alerts and dashboard as Prometheus' own `promtool` sees them, and
//! readiness.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use super::support::admin_client::AdminClient;
use super::support::caller::Caller;
use super::support::daemon::Daemon;
use super::support::left_out;

#[tokio::test]
async fn promtool_accepts_the_metrics() {
    let Some(promtool) = promtool() else { return };
    // A server and a rule, so that every family has a sample.
    let daemon = Daemon::start(
        "[[asterisk]]\nname = 'pbx'\naddress = '127.0.0.1:9'\nusername = 'a'\nsecret = 'b'\n\
         [[rule]]\nname = 'a \"quoted\\\\ name'\non = 'Hangup'\ndo = [ { verb = 'ping' } ]\n",
    )
    .await;
    Caller::new(daemon.agi())
        .run("push", &["Hello", "phone=192.0.2.7"])
        .await;
    let metrics = AdminClient::new(daemon.admin()).get("/metrics").await.body;
    let text = String::from_utf8(metrics).unwrap();
    assert!(text.contains("handsetd_ami_connected{server=\"pbx\"} 0\n"));
    let output = run(&promtool, &["check", "metrics"], &text);
    // It prints what it would name otherwise, and exits with 3 then.
    assert!(output.status.success(), "{output:?}\n{text}");
}

#[test]
fn alerts_are_valid_and_each_is_raised_by_a_test() {
    let alerts = packaged("prometheus/alerts.yml");
    let tests = fixture("prometheus/alerts.yml");
    let text = fs::read_to_string(&alerts).unwrap();
    let names = text.lines().filter_map(|line| line.split_once("- alert: "));
    let names: Vec<&str> = names.map(|(_, name)| name).collect();
    assert!(names.len() >= 10, "{names:?}");
    let written = fs::read_to_string(tests).unwrap();
    for name in names {
        let is_raised = written.contains(&format!("alertname=\"{name}\""))
            || written.contains(&format!("alertname: {name}"));
        assert!(is_raised, "no test raises {name}");
    }
    assert_eq!(
        text.matches("- alert: ").count(),
        text.matches("description: >-").count()
    );
    let Some(promtool) = promtool() else { return };
    let path = alerts.to_str().unwrap();
    let output = run(&promtool, &["check", "rules", path], "");
    assert!(output.status.success(), "{output:?}");
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("tests.yml");
    fs::write(&copy, written.replace("RULES", path)).unwrap();
    let output = run(&promtool, &["test", "rules", copy.to_str().unwrap()], "");
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn promtool_parses_the_queries_of_the_dashboard() {
    let Some(promtool) = promtool() else { return };
    let text = fs::read_to_string(packaged("grafana/handsetd.json")).unwrap();
    let dashboard: Value = serde_json::from_str(&text).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels
        .iter()
        .flat_map(|panel| panel["targets"].as_array().unwrap());
    let rules: Vec<Value> = targets
        .enumerate()
        .map(|(number, target)| {
            let query = target["expr"].as_str().unwrap();
            // Grafana sets these.
            let query = query
                .replace("$__rate_interval", "5m")
                .replace("$__range", "1h");
            json!({"record": format!("query:number_{number}"), "expr": query})
        })
        .collect();
    assert!(rules.len() > 20);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("queries.yml");
    // YAML is a superset of JSON.
    let groups = json!({"groups": [{"name": "dashboard", "rules": rules}]});
    fs::write(&file, groups.to_string()).unwrap();
    let output = run(&promtool, &["check", "rules", file.to_str().unwrap()], "");
    assert!(output.status.success(), "{output:?}");
}

#[tokio::test]
async fn strict_readiness_fails_while_an_asterisk_is_away() {
    let daemon = Daemon::start("").await;
    let admin = AdminClient::new(daemon.admin());
    // There is none that could be away.
    assert_eq!(admin.get("/health/ready?strict").await.outcome().0, 200);

    let daemon = Daemon::start(
        "[[asterisk]]\nname = 'pbx'\naddress = '127.0.0.1:9'\nusername = 'a'\nsecret = 'b'\n",
    )
    .await;
    let admin = AdminClient::new(daemon.admin());
    for path in ["/health/ready", "/health/ready?strict=no"] {
        assert_eq!(admin.get(path).await.outcome().0, 200, "{path}");
    }
    for path in ["/health/ready?strict", "/health/ready?strict=yes"] {
        let answer = admin.get(path).await;
        let (code, status, reason) = answer.outcome();
        assert_eq!((code, status.as_str()), (503, "UNREACHABLE"), "{reason}");
        assert!(reason.starts_with("Asterisk pbx: "), "{reason}");
        assert_eq!(answer.json()["result"]["asterisk"][0]["name"], "pbx");
    }
    for path in ["/health/ready?strict=perhaps", "/health/ready?strickt"] {
        assert_eq!(admin.get(path).await.outcome().0, 400, "{path}");
    }
}

fn packaged(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("packaging").join(name)
}

fn fixture(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("tests/fixtures").join(name)
}

/// Returns the path of `promtool`: that of the machine, or the one that `tests/run` has unpacked.
fn promtool() -> Option<PathBuf> {
    let home = || Some(Path::new(&std::env::var_os("HOME")?).join(".cache"));
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let unpacked = cache
        .or_else(home)
        .map(|cache| cache.join("handsetd/tools/bin/promtool"));
    let candidates = [Some(PathBuf::from("promtool")), unpacked];
    let starts = |path: &PathBuf| {
        let version = Command::new(path).arg("--version").output();
        version.is_ok_and(|output| output.status.success())
    };
    let found = candidates.into_iter().flatten().find(starts);
    if found.is_none() {
        left_out("promtool (the package prometheus) is not installed");
    }
    found
}

fn run(program: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    child.wait_with_output().unwrap()
}
