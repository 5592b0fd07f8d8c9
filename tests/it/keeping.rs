//! Deliveries with `keep` are stored while the phone is unreachable, and sent once.

use std::fs;
use std::process::Command;
use std::time::Duration;

use handset_simulator::Vendor;
use serde_json::Value;

use super::support::admin_client::AdminClient;
use super::support::asterisk::{Asterisk, Driver, Options, Version};
use super::support::caller::{CallResult, Caller};
use super::support::daemon::Daemon;
use super::support::sim_phone::{self, SimPhone};
use super::support::sip_client::SipPhone;
use super::support::stub_phone::{Behavior, StubPhone};
use super::support::{left_out, on_both_versions, soon};

/// Returns a delivery from the history.
async fn record(daemon: &Daemon, id: &str) -> Value {
    let admin = AdminClient::new(daemon.admin());
    let found = admin.get(&format!("/api/v1/deliveries?id={id}")).await;
    found.json()["result"][0].clone()
}

/// Waits until a delivery in the history has `status`, and returns it.
async fn until_status(daemon: &Daemon, id: &str, status: &str) -> Value {
    let waiting = async {
        loop {
            let record = record(daemon, id).await;
            if record["status"] == status {
                return record;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    soon(&format!("{status} of {id}"), waiting).await
}

/// Waits until the outbox has `count` deliveries.
async fn until_stored(daemon: &Daemon, count: usize) {
    let admin = AdminClient::new(daemon.admin());
    let line = format!("handsetd_deliveries_stored {count}\n");
    let waiting = async {
        loop {
            let metrics = admin.get("/metrics").await.body;
            if String::from_utf8(metrics).unwrap().contains(&line) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    soon(line.trim(), waiting).await;
}

async fn dial(daemon: &Daemon, number: &str, more: &[&str]) -> CallResult {
    let number = format!("number={number}");
    let arguments = [&[number.as_str(), "phone=desk"][..], more].concat();
    Caller::new(daemon.agi()).run("dial", &arguments).await
}

#[tokio::test]
async fn stored_deliveries_are_sent_in_order_when_the_phone_returns() {
    let mut phone = StubPhone::new();
    let daemon = Daemon::start(&phone.entry("desk")).await;
    let first = dial(&daemon, "1", &["keep=1h"]).await;
    assert_eq!(first.status, "QUEUED");
    let words = "stored for up to 1h until the phone is reachable: cannot connect to 127.0.";
    assert!(first.reason.starts_with(words), "{}", first.reason);
    let second = dial(&daemon, "2", &["keep=1h", "wait=no"]).await;
    assert_eq!(
        (second.status.as_str(), second.reason.as_str()),
        ("QUEUED", "")
    );
    let without = dial(&daemon, "3", &[]).await;
    assert_eq!(without.status, "UNREACHABLE");
    let waits = record(&daemon, &first.id).await;
    assert_eq!(
        (&waits["status"], &waits["took"]),
        (&"QUEUED".into(), &Value::Null)
    );
    phone.go_online(Behavior::Answers).await;
    until_status(&daemon, &second.id, "OK").await;
    assert_eq!(record(&daemon, &first.id).await["status"], "OK");
    let dialed = phone.dialed();
    assert_eq!((dialed.len(), dialed["1"], dialed["2"]), (2, 1, 1));
    assert_eq!(phone.order(), ["1", "2"]);
    let unsupported = Caller::new(daemon.agi())
        .run("who", &["device=SEP00005E005301", "keep=1h"])
        .await;
    assert_eq!(unsupported.status, "UNSUPPORTED", "{}", unsupported.reason);
    // A reachable phone gets it at once, and nothing is stored any more.
    let third = dial(&daemon, "4", &["keep=1h"]).await;
    assert_eq!((third.status.as_str(), third.reason.as_str()), ("OK", ""));
    until_stored(&daemon, 0).await;
}

#[tokio::test]
async fn stored_deliveries_survive_a_crash_and_cancelled_ones_do_not() {
    let mut phone = StubPhone::new();
    let daemon = Daemon::start(&phone.entry("desk")).await;
    let stored = dial(&daemon, "1", &["keep=1h"]).await;
    let cancelled = dial(&daemon, "2", &["keep=1h"]).await;
    let admin = AdminClient::new(daemon.admin());
    let path = format!("/api/v1/deliveries/{}", cancelled.id);
    let answer = admin.request("DELETE", &path, &[], "").await;
    assert_eq!(answer.outcome().0, 200);
    let daemon = daemon.crash_and_start().await;
    let resumed = record(&daemon, &stored.id).await;
    assert_eq!(resumed["asker"]["kind"], "call", "{resumed}");
    assert_eq!(resumed["keys"]["number"], "1");
    phone.go_online(Behavior::Answers).await;
    until_status(&daemon, &stored.id, "OK").await;
    assert_eq!(phone.dialed().len(), 1);
    // After a second crash, nothing is sent again.
    let daemon = daemon.crash_and_start().await;
    let known = record(&daemon, &stored.id).await;
    // The crash may have come before the result was written to the history.
    assert!(
        ["OK", "UNKNOWN"].contains(&known["status"].as_str().unwrap()),
        "{known}"
    );
    assert!(!known["took"].is_null(), "{known}");
    let last = dial(&daemon, "9", &["keep=1h"]).await;
    assert_eq!(last.status, "OK");
    assert_eq!(phone.dialed(), [("1".into(), 1), ("9".into(), 1)].into());
}

#[tokio::test]
async fn delivery_sent_at_a_start_is_in_the_history_after_the_next_crash() {
    let mut phone = StubPhone::new();
    let daemon = Daemon::start(&phone.entry("desk")).await;
    let stored = dial(&daemon, "1", &["keep=1h"]).await;
    assert_eq!(stored.status, "QUEUED");
    phone.go_online(Behavior::Answers).await;
    let daemon = daemon.crash_and_start().await;
    until_status(&daemon, &stored.id, "OK").await;
    let daemon = daemon.crash_and_start().await;
    let known = record(&daemon, &stored.id).await;
    let status = known["status"].as_str().unwrap_or_default();
    assert!(["OK", "UNKNOWN"].contains(&status), "{known}");
    assert_eq!(phone.dialed(), [("1".into(), 1)].into());
}

#[tokio::test]
async fn unanswered_deliveries_are_not_repeated_after_a_crash() {
    let mut phone = StubPhone::new();
    phone.go_online(Behavior::Silent).await;
    let daemon = Daemon::start(&phone.entry("desk")).await;
    let sent = dial(&daemon, "1", &["keep=1h", "deadline=3"]).await;
    assert_eq!(sent.status, "UNKNOWN", "{}", sent.reason);
    // The daemon is killed before the phone has responded.
    let caller = Caller::new(daemon.agi());
    let request = caller
        .open("dial", &["number=2", "phone=desk", "keep=1h"])
        .await;
    phone.until_dialed(2).await;
    let daemon = daemon.crash_and_start().await;
    drop(request);
    let line = daemon.line("handsetd ended while sending this").await;
    assert!(line.contains("status=UNKNOWN"), "{line}");
    phone.go_online(Behavior::Answers).await;
    let last = dial(&daemon, "3", &["keep=1h"]).await;
    assert_eq!(last.status, "OK");
    assert_eq!(
        phone.dialed(),
        ["1", "2", "3"].map(|number| (number.into(), 1)).into()
    );
}

#[tokio::test]
async fn callers_waiting_at_shutdown_get_queued() {
    let mut phone = StubPhone::new();
    phone.go_online(Behavior::Silent).await;
    let daemon = Daemon::start(&phone.entry("desk")).await;
    // Longer than it takes to stop on a busy machine.
    let first = dial(&daemon, "1", &["keep=1h", "deadline=10"]);
    let second = async {
        phone.until_dialed(1).await;
        let outcome = dial(&daemon, "2", &["keep=1h"]);
        let stop = async {
            until_stored(&daemon, 2).await;
            daemon.terminate();
        };
        tokio::join!(outcome, stop).0
    };
    let (first, second) = tokio::join!(first, second);
    assert_eq!(first.status, "UNKNOWN", "{}", first.reason);
    assert_eq!(second.status, "QUEUED", "{}", second.reason);
    assert!(
        second.reason.ends_with("handsetd is stopping"),
        "{}",
        second.reason
    );
    // First, since the next daemon sends it at once.
    phone.go_online(Behavior::Answers).await;
    let daemon = daemon.crash_and_start().await;
    until_status(&daemon, &second.id, "OK").await;
}

#[tokio::test]
async fn a_failed_delivery_does_not_block_the_backlog() {
    let mut phone = StubPhone::new();
    let daemon = Daemon::start(&phone.entry("desk")).await;
    // The template engine panics on this.
    fs::write(daemon.media("broken.xml"), "<T>{{ text[::-1] }}</T>").unwrap();
    let keys = ["template=broken.xml", "text=", "phone=desk", "keep=1h"];
    let broken = Caller::new(daemon.agi()).run("push", &keys).await;
    assert_eq!(broken.status, "ERROR", "{}", broken.reason);
    assert_eq!(broken.reason, "internal error; see the log");
    phone.go_online(Behavior::Answers).await;
    let next = dial(&daemon, "1", &["keep=1h"]).await;
    assert_eq!(next.status, "OK", "{}", next.reason);
    until_stored(&daemon, 0).await;
}

#[tokio::test]
async fn expired_deliveries_raise_an_event_that_triggers_rules() {
    let sim_phone = SimPhone::new(sim_phone::options(Vendor::Yealink)).await;
    let phone = StubPhone::new();
    let rule = "[[rule]]\nname = 'lost'\non = 'handsetd.expired'\n\
                do = [ { verb = 'push', phone = 'boss', \
                text = 'lost: {{ event.Phone }} {{ event.Verb }} {{ event.Keep }}' } ]\n";
    let config = format!("{}{}{rule}", phone.entry("desk"), sim_phone.entry("boss"));
    let daemon = Daemon::start(&config).await;
    let outcome = dial(&daemon, "1", &["keep=1"]).await;
    assert_eq!(outcome.status, "QUEUED");
    sim_phone.shows_text("lost: desk dial 1s").await;
    let record = until_status(&daemon, &outcome.id, "UNREACHABLE").await;
    let reason = record["reason"].as_str().unwrap();
    let words = "expired after 1s; the phone was unreachable: cannot connect";
    assert!(reason.starts_with(words), "{reason}");
    // A restart does not resume it.
    let daemon = daemon.crash_and_start().await;
    let log = daemon.settled_log().await;
    assert!(!log.contains("Resumed stored deliveries"), "{log}");
}

#[tokio::test]
async fn delivery_that_expires_behind_others_says_so() {
    let mut phone = StubPhone::new();
    phone.go_online(Behavior::Silent).await;
    let daemon = Daemon::start(&phone.entry("desk")).await;
    let first = dial(&daemon, "1", &["keep=1h", "deadline=3"]);
    let second = async {
        phone.until_dialed(1).await;
        dial(&daemon, "2", &["keep=1"]).await
    };
    let (first, second) = tokio::join!(first, second);
    assert_eq!(first.status, "UNKNOWN", "{}", first.reason);
    assert_eq!(
        (second.status.as_str(), second.reason.as_str()),
        (
            "UNREACHABLE",
            "expired after 1s; earlier deliveries to the phone took longer"
        )
    );
}

#[tokio::test]
async fn a_damaged_outbox_is_quarantined_and_reported() {
    let phone = StubPhone::new();
    let daemon = Daemon::start(&phone.entry("desk")).await;
    assert_eq!(dial(&daemon, "1", &["keep=1h"]).await.status, "QUEUED");
    let file = daemon.state("outbox.sqlite");
    let daemon = daemon
        .crash_then_start(|| {
            fs::write(&file, "not a database".repeat(1000)).unwrap();
            // An intact log would repair the file.
            fs::remove_file(file.with_extension("sqlite-wal")).unwrap();
        })
        .await;
    let line = daemon.line("is damaged: the file was renamed").await;
    assert!(line.contains("ERROR"), "{line}");
    let aside = fs::read_dir(file.parent().unwrap()).unwrap();
    let aside = aside.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert!(
        aside
            .into_iter()
            .any(|name| name.starts_with("outbox.sqlite.damaged-"))
    );
    assert_eq!(dial(&daemon, "2", &["keep=1h"]).await.status, "QUEUED");
    let daemon = daemon.crash_and_start().await;
    daemon.line("Resumed stored deliveries. count=1").await;
}

#[tokio::test]
async fn a_full_disk_is_reported_and_disables_only_storing() {
    let mut phone = StubPhone::new();
    let daemon = Daemon::start(&phone.entry("desk")).await;
    let daemon = {
        let state = daemon.state("");
        let mounted = std::cell::Cell::new(false);
        let daemon = daemon
            .crash_then_start(|| {
                let mount = Command::new("mount")
                    .args(["-t", "tmpfs", "-o", "size=256k", "handsetd-test"])
                    .arg(&state)
                    .output();
                mounted.set(mount.is_ok_and(|mount| mount.status.success()));
            })
            .await;
        if !mounted.get() {
            left_out("a small disk can't be mounted here");
            return;
        }
        daemon
    };
    let disk = Mounted(daemon.state(""));
    let early = dial(&daemon, "1", &["keep=1h"]).await;
    assert_eq!(early.status, "QUEUED");
    let filler = disk.0.join("filler");
    let _ = fs::write(&filler, vec![0; 512 << 10]);
    let mut full = CallResult::default();
    for number in 0..200 {
        // The last block of the log still has room for some.
        full = dial(&daemon, &format!("2{number}"), &["keep=1h"]).await;
        if full.status != "QUEUED" {
            break;
        }
    }
    assert_eq!(full.status, "ERROR", "{}", full.reason);
    assert!(
        full.reason
            .contains("and it cannot be stored: cannot write"),
        "{}",
        full.reason
    );
    let at_once = dial(&daemon, "3", &["keep=1h", "wait=no"]).await;
    assert_eq!(at_once.status, "ERROR", "{}", at_once.reason);
    // Stored deliveries are not sent, as they cannot be marked as in flight; new ones are.
    phone.go_online(Behavior::Answers).await;
    assert_eq!(dial(&daemon, "4", &["keep=1h"]).await.status, "OK");
    fs::remove_file(&filler).unwrap();
    until_status(&daemon, &early.id, "OK").await;
    assert_eq!(phone.dialed()["1"], 1);
}

/// A disk that is unmounted at the end of the test.
struct Mounted(std::path::PathBuf);

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

on_both_versions! {
    stored_deliveries_are_sent_when_the_phone_registers
}

async fn stored_deliveries_are_sent_when_the_phone_registers(version: Version) {
    let options = Options {
        files: &[],
        agi: "127.0.0.1:9".parse().unwrap(),
        phones: &[(Driver::Pjsip, "1001")],
        dialplan: "",
        pjsip: "",
    };
    let Some(asterisk) = Asterisk::start(version, &options).await else {
        return;
    };
    let phone = sim_phone::options(Vendor::Snom);
    let sip = SipPhone::new("1001", &phone.user_agent(), asterisk.sip(Driver::Pjsip));
    let manager = asterisk.manager();
    let daemon = Daemon::start(&format!(
        "[[asterisk]]\nname = 'pbx'\naddress = '{manager}'\nusername = 'handsetd'\n\
         secret = 'hush'\n"
    ))
    .await;
    daemon.line("Loaded registrations.").await;
    let admin = AdminClient::new(daemon.admin());
    let body = r#"{"text": "While you were away", "keep": "1h"}"#;
    let answer = admin.post("/api/v1/phones/1001/push", body).await;
    let (code, status, reason) = answer.outcome();
    assert_eq!((code, status.as_str()), (202, "QUEUED"), "{reason}");
    assert!(
        reason.starts_with("stored for up to 1h until the phone is reachable: "),
        "{reason}"
    );
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    let daemon = daemon.crash_and_start().await;
    let sim_phone = SimPhone::at(phone, sip.address().port(80)).await;
    sip.register().await;
    sim_phone.shows_text("While you were away").await;
    until_status(&daemon, &id, "OK").await;
    let pushes = sim_phone.received().len();
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(sim_phone.received().len(), pushes, "it was sent again");
}
