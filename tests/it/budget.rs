//! How long a call is held: its budget, whatever Asterisk, phones and other calls do.

use std::time::Duration;

use handset_simulator::{Faults, Options as Phone, Vendor};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep};

use super::support::caller::Caller;
use super::support::daemon::Daemon;
use super::support::faulty_phone::{Fault, FaultyPhone};
use super::support::sim_phone::{self, SimPhone};
use super::support::soon;

#[tokio::test]
async fn answers_that_are_slow_or_missing_hold_no_call_beyond_its_budget() {
    let phone = Phone {
        faults: Faults {
            delay: Duration::from_secs(3),
            ..Faults::default()
        },
        ..sim_phone::options(Vendor::Snom)
    };
    let sim_phone = SimPhone::new(phone).await;
    let config = "[agi]\nbudget = '1s'\n[log]\nlevel = 'debug'\n".to_owned();
    let daemon = Daemon::start(&(config + &sim_phone.entry("desk"))).await;
    // The first asks nothing, the others ask for the caller's phone or that of an endpoint.
    let calls = [
        ("ping", &[][..], "Local/600@phones-00000001;2"),
        (
            "push",
            &["Hello", "phone=desk"],
            "Local/600@phones-00000001;2",
        ),
        ("push", &["Hello"], "PJSIP/1001-00000001"),
        (
            "push",
            &["Hello", "phone=PJSIP/1001&PJSIP/1002"],
            "Local/600@phones-00000001;2",
        ),
    ];
    let started = Instant::now();
    for (script, arguments, channel) in calls {
        // An answer after 1 s is too late for a query, and in time for the outcome, which may take 0.2 s longer.
        for delay in [Duration::from_secs(1), Duration::from_hours(1)] {
            let since = Instant::now();
            let caller = Caller::new(daemon.agi()).on(channel);
            let mut stream = caller.open(script, arguments).await;
            let mut line = String::new();
            let held = async {
                while stream.read_line(&mut line).await.unwrap() > 0 {
                    let mut rest = String::new();
                    tokio::select! {
                        () = sleep(delay) => {}
                        // The end, since no command precedes the reply.
                        _ = stream.read_line(&mut rest) => return,
                    }
                    let _ = stream.get_mut().write_all(b"200 result=0\n").await;
                }
            };
            soon("the end of the call", held).await;
            // Answers of 1 s each would take 5 s and more, missing ones 5 s or 7 s.
            let took = since.elapsed();
            assert!(
                took < Duration::from_secs(3),
                "{script} {arguments:?}: {took:?}"
            );
            assert!(
                line.contains("HANDSET_STATUS") || delay > Duration::from_secs(1),
                "{line}"
            );
        }
    }
    // The delivery continues, and the log has once what the calls did not receive.
    sim_phone.shows_text("Hello").await;
    daemon.line(RELEASED).await;
    let most = started.elapsed().as_secs() / 10 + 1;
    let log = daemon.settled_log().await;
    let lines = log.matches(RELEASED).count() as u64;
    assert!(lines <= most, "one line in 10 s, not {lines}");
    assert!(!log.contains("Session timed out."), "{log}");
}

#[tokio::test]
async fn time_that_a_call_waits_for_others_counts() {
    let faulty = FaultyPhone::new(Fault::NeverAnswers).await;
    let config = "[agi]\nmax_sessions = 1\nbudget = '4s'\n".to_owned();
    let daemon = Daemon::start(&(config + &faulty.entry("faulty"))).await;
    let caller = Caller::new(daemon.agi());
    let arguments = ["Hello", "phone=faulty", "deadline=30s"];
    let since = Instant::now();
    let (first, second) = tokio::join!(
        caller.run("push", &arguments),
        caller.run("push", &arguments)
    );
    for outcome in [first, second] {
        assert_eq!(outcome.status, "QUEUED", "{}", outcome.reason);
        assert!(
            outcome.reason.contains("delivery continues"),
            "{}",
            outcome.reason
        );
    }
    // One after the other, they would take 8 s.
    let took = since.elapsed();
    assert!(took < Duration::from_millis(6500), "{took:?}");
}

#[tokio::test]
async fn call_that_finds_no_room_within_its_budget_is_released() {
    let daemon = Daemon::start("[agi]\nmax_sessions = 1\nbudget = '1s'\n").await;
    let caller = Caller::new(daemon.agi());
    let first = Instant::now();
    // Each of them keeps its session for as long as it may.
    let mut others = Vec::new();
    for _ in 0..3 {
        others.push(caller.open("ping", &[]).await);
    }
    let since = Instant::now();
    let mut last = caller.open("ping", &[]).await;
    let later = first.elapsed();
    let mut received = String::new();
    let read = soon("the end", last.read_to_string(&mut received)).await;
    // Without a session there is no answer; the dialplan continues. There may be one for as long as the last call
    // came later than the others.
    assert!(
        read.is_err() || !received.contains("HANDSET_ID") || later > AT_ONCE,
        "{later:?}: {received}"
    );
    // One after the other, they would take 4.8 s.
    let took = since.elapsed();
    assert!(took < Duration::from_millis(3500), "{took:?}");
}

const RELEASED: &str = "Asterisk did not accept the result of a call within agi.budget";

/// How long four connections take on a machine that is not busy.
const AT_ONCE: Duration = Duration::from_millis(20);
