//! Rules that get more events than they can handle, and what the log says of rules that go wrong.

use serde_json::Value;
use tokio::sync::mpsc;

use super::support::admin_client::AdminClient;
use super::support::daemon::Daemon;
use super::support::proc::memory;
use super::support::soon;
use super::support::stub_manager::stub_manager;
use super::support::stub_web_server::StubWebServer;

/// Starts a daemon that gets the events that are sent.
async fn daemon(rules: &str) -> (Daemon, mpsc::Sender<Vec<u8>>) {
    let (manager, events) = stub_manager().await;
    let daemon = Daemon::start(&format!(
        "[[asterisk]]\nname = 'pbx'\naddress = '{manager}'\nusername = 'handsetd'\nsecret = 'hush'\n{rules}"
    ))
    .await;
    daemon.line("Connected to Asterisk.").await;
    (daemon, events)
}

fn user_event(name: &str, headers: &str) -> Vec<u8> {
    format!("Event: UserEvent\r\nUserEvent: {name}\r\n{headers}\r\n").into_bytes()
}

async fn rule(daemon: &Daemon, name: &str) -> Value {
    let client = AdminClient::new(daemon.admin());
    let response = client.get(&format!("/api/v1/rules/{name}")).await;
    response.json()["result"].clone()
}

/// Waits until a rule has handled this many events, and returns it.
async fn handled(daemon: &Daemon, name: &str, count: u64) -> Value {
    let handled = async {
        loop {
            let rule = rule(daemon, name).await;
            let counters = ["fired", "skipped", "failed"].map(|key| rule[key].as_u64().unwrap());
            if counters.iter().sum::<u64>() == count {
                return rule;
            }
            tokio::task::yield_now().await;
        }
    };
    soon("all events", handled).await
}

#[tokio::test]
async fn parallel_rule_under_a_flood_of_events_is_bounded_and_says_so() {
    let web = StubWebServer::serving("text/plain", "thanks").await;
    let (daemon, events) = daemon(&format!(
        r#"
[[rule]]
name = "flood"
on = "UserEvent.Flood"
mode = "parallel"
do = [ {{ wait = "1h" }}, {{ verb = "push", phone = "1001", text = "{{{{ event.Text }}}} at {{{{ now.time }}}}" }} ]

[[rule]]
name = "restarted"
on = "UserEvent.Flood"
mode = "restart"
do = [ {{ wait = "1h" }} ]

[[rule]]
name = "other"
on = "UserEvent.Other"
do = [ {{ webhook = "{}" }} ]
"#,
        web.url("/other")
    ))
    .await;
    let text = format!("Text: {}\r\n", "x".repeat(1000));
    let mut early = 0;
    // In portions, so that none is lost before it gets to the rules.
    for sent in 1..=FLOOD {
        events.send(user_event("Flood", &text)).await.unwrap();
        if sent % PORTION == 0 {
            handled(&daemon, "flood", sent).await;
        }
        if sent == PORTION * 3 {
            early = memory(daemon.pid());
        }
    }
    let flood = rule(&daemon, "flood").await;
    assert_eq!(
        (&flood["fired"], &flood["skipped"]),
        (&Value::from(RUNS), &Value::from(FLOOD - RUNS))
    );
    let last = flood["traces"].as_array().unwrap().last().unwrap();
    assert_eq!(last["verdict"], "busy");
    assert_eq!(
        last["why"],
        "does not fire: 1000 runs of this rule are still active"
    );
    let metrics = AdminClient::new(daemon.admin()).get("/metrics").await;
    let metrics = String::from_utf8(metrics.body).unwrap();
    let skipped = format!(
        "handsetd_rules_skipped_total{{rule=\"flood\"}} {}",
        FLOOD - RUNS
    );
    assert!(metrics.contains(&skipped), "{metrics}");

    // Another rule is not affected.
    events.send(user_event("Other", "")).await.unwrap();
    assert_eq!(web.requested().await, "/other");

    let line = daemon.line("A rule skips events").await;
    assert!(
        line.contains("rule=flood event=\"UserEvent.Flood\""),
        "{line}"
    );
    assert!(
        line.contains("1000 runs of this rule are still active"),
        "{line}"
    );
    // Once a minute, however long the test takes on a busy machine.
    let log = daemon.settled_log().await;
    assert!(log.matches("A rule skips events").count() < 10, "{log}");
    assert!(!log.contains("Run cancelled"), "{log}");
    let late = memory(daemon.pid());
    assert!(late < early + GROWTH, "from {early} to {late} kB");
    daemon.terminate();
    assert!(daemon.end().await.success());
}

#[tokio::test]
async fn log_tells_of_a_rule_that_fails_once_and_of_each_delivery_once() {
    let (daemon, events) = daemon(
        r#"
[[rule]]
name = "broken"
on = "UserEvent.Broken"
when = "event.Missing == '1'"
do = [ { verb = "ping" } ]

[[rule]]
name = "undelivered"
on = "UserEvent.Undelivered"
do = [ { verb = "push", phone = "nobody", text = "a" } ]
"#,
    )
    .await;
    for _ in 0..3 {
        events.send(user_event("Broken", "")).await.unwrap();
    }
    handled(&daemon, "broken", 3).await;
    let line = daemon.line("A rule failed.").await;
    assert!(line.contains("WARN"), "{line}");
    assert!(
        line.contains("rule=broken event=\"UserEvent.Broken\" reason=\"the event has no Missing\""),
        "{line}"
    );
    let log = daemon.settled_log().await;
    assert_eq!(log.matches("A rule failed").count(), 1, "{log}");

    events.send(user_event("Undelivered", "")).await.unwrap();
    let headers = "Verb: push\r\nText: a\r\nPhone: nobody2\r\n";
    events.send(user_event("Handset", headers)).await.unwrap();
    let ended = async {
        while rule(&daemon, "undelivered").await["runs_failed"] != 1 {
            tokio::task::yield_now().await;
        }
    };
    soon("a failed run", ended).await;
    // Neither waits for the other.
    for phone in ["phone=\"nobody\"", "phone=\"nobody2\""] {
        daemon.line(phone).await;
    }
    daemon.terminate();
    daemon.line("Stopped.").await;
    let log = daemon.log();
    let lines = |phone: &str| {
        let lines = log.lines().filter(|line| line.contains(phone));
        lines.filter(|line| line.contains("Not delivered.")).count()
    };
    assert_eq!(lines("phone=\"nobody\""), 1, "{log}");
    assert_eq!(lines("phone=\"nobody2\""), 1, "{log}");
    let line = log.lines().find(|line| line.contains("phone=\"nobody\""));
    assert!(line.unwrap().contains("rule{name=undelivered}"), "{line:?}");
    assert!(daemon.end().await.success());
}

/// How many events come.
const FLOOD: u64 = 5000;

/// How many of them are sent at once.
const PORTION: u64 = 500;

/// How many runs of a rule are active at most.
const RUNS: u64 = 1000;

/// How much more memory the daemon may take after the first runs have started, in kB: far less than the
/// other events would need.
const GROWTH: u64 = 16_000;
