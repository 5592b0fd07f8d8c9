//! The history outlasts restarts and crashes, and costs no delivery.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::support::admin_client::AdminClient;
use super::support::caller::Caller;
use super::support::daemon::Daemon;
use super::support::soon;
use super::support::stub_phone::{Behavior, StubPhone};

/// Returns what the API finds.
async fn deliveries(daemon: &Daemon, query: &str) -> Vec<Value> {
    let path = format!("/api/v1/deliveries?{query}");
    let reply = AdminClient::new(daemon.admin()).get(&path).await;
    assert_eq!(reply.code, 200, "{}", String::from_utf8_lossy(&reply.body));
    let reply: Value = serde_json::from_slice(&reply.body).unwrap();
    reply["result"].as_array().unwrap().clone()
}

async fn metric(daemon: &Daemon, name: &str) -> u64 {
    let body = AdminClient::new(daemon.admin()).get("/metrics").await.body;
    let text = String::from_utf8(body).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.unwrap().trim().parse().unwrap()
}

/// Waits until everything is on the disk.
async fn stored(daemon: &Daemon) {
    soon("the disk", async {
        while metric(daemon, "handsetd_history_unwritten ").await > 0 {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    })
    .await;
}

/// Whether a file of the state folder has a text.
fn has(daemon: &Daemon, text: &str) -> bool {
    let folder = daemon.state("history.sqlite");
    let files = fs::read_dir(folder.parent().unwrap()).unwrap();
    files
        .map(|file| file.unwrap().path())
        .filter(|path| path.is_file())
        .any(|path: std::path::PathBuf| {
            let bytes = fs::read::<&Path>(&path).unwrap();
            bytes
                .windows(text.len())
                .any(|part| part == text.as_bytes())
        })
}

#[tokio::test]
async fn audit_trail_outlasts_a_crash() {
    let mut phone = StubPhone::new();
    phone.go_online(Behavior::Answers).await;
    let daemon = Daemon::start(&phone.entry("desk")).await;
    let caller = Caller::new(daemon.agi());
    let over = caller.run("dial", &["number=1", "phone=desk"]).await;
    caller.run("push", &["Nobody", "phone=absent"]).await;
    stored(&daemon).await;
    let before = deliveries(&daemon, "").await;
    assert_eq!(before.len(), 2);
    let daemon = daemon.crash_and_start().await;
    assert_eq!(deliveries(&daemon, "").await.len(), 2);
    let found = deliveries(&daemon, "phone=desk").await;
    let [found] = &*found else {
        panic!("{found:?}")
    };
    assert_eq!(found["status"], over.status);
    assert_eq!(found["asker"]["kind"], "call");
    assert_eq!(found["keys"]["number"], "1");
    assert_eq!(found["steps"], before[1]["steps"]);
    assert!(!before[1]["steps"].as_array().unwrap().is_empty());
    assert_eq!(found["number"], before[1]["number"]);
}

#[tokio::test]
async fn delivery_in_progress_at_a_crash_is_unknown() {
    let mut phone = StubPhone::new();
    phone.go_online(Behavior::Silent).await;
    let daemon = Daemon::start(&phone.entry("desk")).await;
    let caller = Caller::new(daemon.agi());
    let dial = ["number=1", "phone=desk", "wait=no", "deadline=1m"];
    let outcome = caller.run("dial", &dial).await;
    assert_eq!(outcome.status, "QUEUED", "{}", outcome.reason);
    stored(&daemon).await;
    let daemon = daemon.crash_and_start().await;
    let found = deliveries(&daemon, "").await;
    let [found] = &*found else {
        panic!("{found:?}")
    };
    assert_eq!(found["status"], "UNKNOWN");
    assert_eq!(
        found["reason"],
        "handsetd ended before the result was recorded; it may have happened"
    );
}

#[tokio::test]
async fn stored_delivery_is_one_in_the_history_after_a_crash() {
    let mut phone = StubPhone::new();
    let daemon = Daemon::start(&phone.entry("desk")).await;
    let caller = Caller::new(daemon.agi());
    let outcome = caller
        .run("dial", &["number=1", "phone=desk", "keep=1h"])
        .await;
    assert_eq!(outcome.status, "QUEUED", "{}", outcome.reason);
    stored(&daemon).await;
    let daemon = daemon.crash_and_start().await;
    let found = deliveries(&daemon, "").await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        (&found[0]["status"], &found[0]["took"]),
        (&"QUEUED".into(), &Value::Null)
    );
    phone.go_online(Behavior::Answers).await;
    soon("the delivery", async {
        while deliveries(&daemon, "status=OK").await.is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    })
    .await;
    assert_eq!(deliveries(&daemon, "").await.len(), 1);
}

#[tokio::test]
async fn full_disk_costs_no_delivery_and_loses_nothing() {
    let mut phone = StubPhone::new();
    phone.go_online(Behavior::Answers).await;
    // The write beyond the limit fails, instead of ending the process.
    let daemon = Daemon::start_in_shell(&phone.entry("desk"), "trap '' XFSZ").await;
    let caller = Caller::new(daemon.agi());
    let dial = async |number: &str| {
        let outcome = caller
            .run("dial", &[&format!("number={number}"), "phone=desk"])
            .await;
        assert_eq!(outcome.status, "OK", "{}", outcome.reason);
    };
    dial("1").await;
    stored(&daemon).await;
    let limit = |bytes: &str| {
        let pid = daemon.pid().to_string();
        let mut command = Command::new("prlimit");
        let status = command
            .args(["--pid", &pid, &format!("--fsize={bytes}:unlimited")])
            .status();
        assert!(status.unwrap().success());
    };
    limit("1024");
    dial("2").await;
    daemon.line("Cannot store the history; trying again.").await;
    dial("3").await;
    assert!(metric(&daemon, "handsetd_history_write_errors_total ").await > 0);
    assert!(metric(&daemon, "handsetd_history_unwritten ").await > 0);
    limit("unlimited");
    daemon
        .line("The history is stored again; nothing is missing.")
        .await;
    stored(&daemon).await;
    assert_eq!(daemon.count("Cannot store the history"), 1);
    let daemon = daemon.crash_and_start().await;
    let numbers: Vec<_> = deliveries(&daemon, "").await;
    let numbers: Vec<_> = numbers
        .iter()
        .map(|found| &found["keys"]["number"])
        .collect();
    assert_eq!(numbers, ["3", "2", "1"]);
}

#[tokio::test]
async fn reload_removes_texts_and_then_the_file() {
    let phone = StubPhone::new();
    let daemon = Daemon::start(&phone.entry("desk")).await;
    let caller = Caller::new(daemon.agi());
    caller.run("push", &["Confidential", "phone=desk"]).await;
    stored(&daemon).await;
    assert!(has(&daemon, "Confidential"));
    let reload = async |settings: &str| {
        let count = daemon.count("Configuration reloaded.");
        daemon.reconfigure(&format!("{}[history]\n{settings}\n", phone.entry("desk")));
        daemon.line_after(count, "Configuration reloaded.").await;
    };
    reload("texts = false").await;
    stored(&daemon).await;
    soon("the removal", async {
        while has(&daemon, "Confidential") {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    })
    .await;
    assert_eq!(
        deliveries(&daemon, "").await[0]["keys"]["text"],
        "[left out]"
    );
    reload("keep_on_disk = false").await;
    daemon.line("Deleted the stored history").await;
    assert!(!daemon.state("history.sqlite").exists());
    assert_eq!(deliveries(&daemon, "").await.len(), 1);
    // And back.
    reload("").await;
    stored(&daemon).await;
    let daemon = daemon.crash_and_start().await;
    assert_eq!(deliveries(&daemon, "").await.len(), 1);
}

#[tokio::test]
async fn pages_of_the_history_meet_without_a_gap() {
    let daemon = Daemon::start("").await;
    let caller = Caller::new(daemon.agi());
    for number in 0..7 {
        caller
            .run("push", &[&format!("text {number}"), "phone=absent"])
            .await;
    }
    let mut texts = Vec::new();
    let mut before = String::new();
    loop {
        let page = deliveries(&daemon, &format!("limit=3{before}")).await;
        let Some(last) = page.last() else { break };
        before = format!("&before={}", last["number"]);
        texts.extend(page.iter().map(|found| found["keys"]["text"].clone()));
        // What arrives meanwhile moves nothing.
        caller.run("push", &["new", "phone=absent"]).await;
    }
    let expected: Vec<_> = (0..7)
        .rev()
        .map(|number| format!("text {number}"))
        .collect();
    assert_eq!(texts, expected);
    assert!(deliveries(&daemon, "until=1h").await.is_empty());
    assert_eq!(deliveries(&daemon, "since=1h&text=new").await.len(), 3);
}
