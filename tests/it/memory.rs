//! What is kept and queued is bounded in bytes, whatever peers send.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::timeout;

use super::support::admin_client::AdminClient;
use super::support::agi_call::agi_call;
use super::support::daemon::Daemon;
use super::support::proc::cpu;
use super::support::stub_manager::stub_manager;

#[tokio::test]
async fn long_events_take_bounded_memory() {
    let (manager, events) = stub_manager().await;
    let daemon = Daemon::start(&format!(
        "[[asterisk]]\nname = 'pbx'\naddress = '{manager}'\nusername = 'handsetd'\nsecret = 'hush'\n"
    ))
    .await;
    daemon.line("Connected to Asterisk.").await;
    let value = "x".repeat(1_000_000);
    for at in 0..400 {
        let event = format!("Event: Long\r\nNumber: {at}\r\nValue: {value}\r\n\r\n");
        events.send(event.into_bytes()).await.unwrap();
    }
    for headers in [1_000_000, 99_000] {
        let event = format!("Event: Many\r\n{}\r\n", "a:\r\n".repeat(headers));
        for _ in 0..30 {
            events.send(event.clone().into_bytes()).await.unwrap();
        }
    }
    // Events that come while the queues are full are lost, so the last one is repeated.
    let last =
        "Event: UserEvent\r\nUserEvent: Handset\r\nVerb: push\r\nText: a\r\nPhone: last\r\n\r\n";
    let seen = daemon.line("phone=\"last\"");
    tokio::pin!(seen);
    while timeout(Duration::from_millis(200), &mut seen)
        .await
        .is_err()
    {
        events.send(last.as_bytes().to_vec()).await.unwrap();
    }
    daemon.line("too many lines").await;
    let peak = daemon.peak();
    assert!(peak < MOST, "{peak} kB");
    let page = AdminClient::new(daemon.admin()).get("/health/ready").await;
    assert_eq!(page.code, 200);
}

#[tokio::test]
async fn refused_requests_take_bounded_memory_and_time() {
    let daemon = Daemon::start("").await;
    let admin = AdminClient::new(daemon.admin());
    let members: Vec<_> = (0..70_000).map(|at| format!("\"key{at:05}\":1")).collect();
    let bodies = [
        format!("{{{}}}", members.join(",")),
        format!("{{\"{}\":1}}", "k".repeat(1_000_000)),
        format!("{{\"text\":\"{}\"}}", "\\u0001".repeat(170_000)),
        format!("{{\"text\":\"a\",\"phone\":\"{}\"}}", "a&".repeat(500_000)),
        format!("{{\"item\":[{}1]}}", "\"a\",".repeat(200_000)),
        format!(
            "{{\"text\":\"a\",\"timeout\":\"{}\"}}",
            "\\u0001".repeat(10_000)
        ),
        format!(
            "{{\"text\":{}1{}}}",
            "[".repeat(400_000),
            "]".repeat(400_000)
        ),
    ];
    let before = cpu(daemon.pid());
    for round in 0..20 {
        let requests = bodies.iter().enumerate().map(|(at, body)| async move {
            let key = format!("{round}-{at}");
            let headers = [("Idempotency-Key", key.as_str())];
            let answer = admin
                .request("POST", "/api/v1/do/push", &headers, body)
                .await;
            assert_eq!(answer.code, 400, "body {at}");
            assert!(
                answer.body.len() < 10_000,
                "the answer to body {at} is long"
            );
        });
        let ping = agi_call(daemon.agi(), "ping", &[]);
        let (_, variables) = tokio::join!(join_all(requests), ping);
        assert_eq!(variables["HANDSET_STATUS"], "OK");
    }
    // Each of the first kind took more than ten seconds.
    let spent = cpu(daemon.pid()) - before;
    assert!(spent < 60 * 100, "{spent} hundredths of a second");
    let peak = daemon.peak();
    assert!(peak < MOST, "{peak} kB");
}

#[tokio::test]
async fn calls_with_long_values_take_bounded_memory_and_log() {
    let daemon = Daemon::start("").await;
    let name = "x".repeat(31_000);
    let arguments = ["phone", "text", "title"].map(|key| format!("{key}={name}"));
    let arguments = arguments.each_ref().map(String::as_str);
    for _ in 0..20 {
        let calls = (0..40).map(|_| agi_call(daemon.agi(), "push", &arguments));
        for variables in join_all(calls).await {
            assert_eq!(variables["HANDSET_STATUS"], "NOTFOUND");
        }
    }
    let peak = daemon.peak();
    assert!(peak < MOST, "{peak} kB");
    let longest = daemon.log().lines().map(str::len).max();
    assert!(longest < Some(10_000), "{longest:?}");
}

/// The most memory that the daemon may take at any time, in kB: what its queues and stores may hold
/// (64 MiB of events, 60 of the history, 16 of the feed, 16 of replies), bodies being read, and itself.
const MOST: u64 = 250_000;
