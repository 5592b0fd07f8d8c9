//! A system clock that is set back and forth while the daemon runs.

use std::ffi::OsStr;
use std::fs;

use handset_simulator::Vendor;

use super::support::admin_client::AdminClient;
use super::support::caller::Caller;
use super::support::daemon::Daemon;
use super::support::faketime::faketime;
use super::support::sim_phone::{self, SimPhone};

#[tokio::test]
async fn deliveries_and_their_history_survive_changes_of_the_clock() {
    let Some(library) = faketime() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let clock = folder.path().join("clock");
    let set = |time: &str| fs::write(&clock, format!("{time}\n")).unwrap();
    set("+0");
    let phone = SimPhone::new(sim_phone::options(Vendor::Snom)).await;
    // Only the wall clock, as the monotonic clock cannot be set.
    let environment = [
        ("LD_PRELOAD", OsStr::new(library)),
        ("FAKETIME_TIMESTAMP_FILE", clock.as_os_str()),
        ("FAKETIME_NO_CACHE", OsStr::new("1")),
        ("FAKETIME_DONT_FAKE_MONOTONIC", OsStr::new("1")),
    ];
    let daemon = Daemon::start_with_environment(&phone.entry("desk"), &environment).await;
    let caller = Caller::new(daemon.agi());
    let admin = AdminClient::new(daemon.admin());
    let mut delivered = Vec::new();
    for (number, time) in ["+0", "-400d", "+400d", "+0"].into_iter().enumerate() {
        set(time);
        let text = format!("number {number}");
        let outcome = caller.run("push", &[&text, "phone=desk"]).await;
        assert_eq!(outcome.status, "OK", "{time}: {}", outcome.reason);
        phone.shows_text(&text).await;
        let keys = r#"{"image": "background.png", "title": "A picture"}"#;
        let outcome = admin.post("/api/v1/phones/desk/push", keys).await;
        assert_eq!(outcome.code, 200, "{time}: {}", outcome.json());
        delivered.push(time);
        let records = admin.get("/api/v1/deliveries").await.json();
        let records = records["result"].as_array().unwrap().clone();
        assert_eq!(records.len(), 2 * delivered.len(), "{time}");
        let at = records[0]["at"].as_str().unwrap().to_owned();
        let times: Vec<_> = records
            .iter()
            .map(|record| record["at"].as_str().unwrap())
            .collect();
        assert_eq!(records[0]["verb"], "push", "{at}");
        if time == "-400d" {
            assert!(
                times[0] < times[times.len() - 1],
                "the clock was not set: {times:?}"
            );
        }
        assert_eq!(admin.get("/metrics").await.code, 200);
        assert_eq!(admin.get("/health/live").await.code, 200);
    }
    phone.assert_accepted_all();
    daemon.terminate();
    assert!(daemon.end().await.success());
}
