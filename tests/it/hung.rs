//! Phones that hang in various ways: each costs its deadline and bounded memory until its circuit
//! breaker opens, and never delays another.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use handset_simulator::Vendor;
use tokio::time::Instant;

use super::support::admin_client::AdminClient;
use super::support::daemon::Daemon;
use super::support::faulty_phone::{Fault, FaultyPhone};
use super::support::proc;
use super::support::sim_phone::{self, SimPhone};
use super::support::soon;

#[tokio::test]
async fn hung_phones_cost_their_deadline_and_delay_no_other() {
    let mut cases = Vec::new();
    for (fault, status, words) in FAULTS {
        cases.push((FaultyPhone::new(*fault).await, *fault, *status, *words));
    }
    let sim_phone = SimPhone::new(sim_phone::options(Vendor::Snom)).await;
    let entries = cases
        .iter()
        .map(|(phone, fault, ..)| phone.entry(&format!("{fault:?}")));
    let daemon = Daemon::start(&(sim_phone.entry("desk") + &entries.collect::<String>())).await;
    let admin = AdminClient::new(daemon.admin());
    let before = proc::memory(daemon.pid());
    let over = AtomicBool::new(false);
    let faulty = async {
        let each = cases.iter().map(async |(_, fault, status, words)| {
            let since = Instant::now();
            let path = format!("/api/v1/phones/{fault:?}/push");
            let keys = serde_json::json!({"text": "long ".repeat(2000), "deadline": "6s"});
            let answer = admin.post(&path, &keys.to_string()).await;
            let (_, outcome, reason) = answer.outcome();
            assert!(status.contains(&outcome), "{fault:?} {outcome}: {reason}");
            assert!(reason.contains(words), "{fault:?}: {reason}");
            let took = since.elapsed();
            assert!(took < Duration::from_secs(15), "{fault:?}: {took:?}");
        });
        join_all(each).await;
        over.store(true, Ordering::Relaxed);
    };
    let working = async {
        for number in 0..5 {
            let keys = serde_json::json!({"text": format!("number {number}")}).to_string();
            let answer = admin.post("/api/v1/phones/desk/push", &keys).await;
            let (_, outcome, reason) = answer.outcome();
            assert_eq!(outcome, "OK", "{reason}");
        }
        assert!(
            !over.load(Ordering::Relaxed),
            "the hung phones delayed the working one"
        );
    };
    tokio::join!(faulty, working);
    let after = proc::memory(daemon.pid());
    assert!(after < before + MAX_GROWTH, "{before} kB became {after} kB");
    for (phone, fault, ..) in &cases {
        assert!(
            phone.written() < MAX_WRITTEN,
            "{fault:?}: {}",
            phone.written()
        );
    }
    sim_phone.assert_accepted_all();
}

#[tokio::test]
async fn circuit_breaker_of_a_silent_phone_opens_and_closes_after_it_returns() {
    let faulty = FaultyPhone::new(Fault::NeverAnswers).await;
    let sim_phone = SimPhone::new(sim_phone::options(Vendor::Snom)).await;
    let daemon = Daemon::start(&(sim_phone.entry("desk") + &faulty.entry("faulty"))).await;
    let admin = AdminClient::new(daemon.admin());
    for _ in 0..3 {
        let outcome = push(&admin, "faulty", "Hello").await;
        assert_eq!(outcome.1, "UNKNOWN", "{}", outcome.2);
    }
    assert_eq!(open_circuit_breakers(&admin).await, 1);
    // Pushes now fail at once and send nothing; on a slow machine a probe may be due.
    let fails_at_once = async {
        loop {
            let before = faulty.connections();
            let (code, outcome, reason) = push(&admin, "faulty", "Hello").await;
            if outcome == "UNREACHABLE" {
                assert_eq!((code, faulty.connections()), (503, before));
                return reason;
            }
        }
    };
    let reason = soon("the open circuit breaker", fails_at_once).await;
    for words in ["has not responded for ", "next try in "] {
        assert!(reason.contains(words), "{reason}");
    }
    let before = faulty.connections();
    let (_, outcome, reason) = push(&admin, "desk", "Hello").await;
    assert_eq!(outcome, "OK", "{reason}");
    faulty.set_fault(Fault::None);
    let back = async {
        loop {
            match push(&admin, "faulty", "Hello").await {
                (_, outcome, _) if outcome == "OK" => return,
                (_, outcome, reason) => assert_eq!(outcome, "UNREACHABLE", "{reason}"),
            }
        }
    };
    soon("a reply", back).await;
    assert_eq!(
        faulty.connections(),
        before + 1,
        "a request was sent while the circuit breaker was open"
    );
    assert_eq!(open_circuit_breakers(&admin).await, 0);
}

#[tokio::test]
async fn malformed_replies_do_not_open_the_circuit_breaker() {
    let phone = FaultyPhone::new(Fault::Garbage).await;
    let daemon = Daemon::start(&phone.entry("faulty")).await;
    let admin = AdminClient::new(daemon.admin());
    for fault in [Fault::Garbage, Fault::ResetsAfterTheRequest] {
        phone.set_fault(fault);
        for _ in 0..5 {
            let (_, outcome, reason) = push(&admin, "faulty", "Hello").await;
            assert_eq!(outcome, "UNKNOWN", "{reason}");
        }
    }
    assert_eq!(phone.connections(), 10);
    assert_eq!(open_circuit_breakers(&admin).await, 0);
}

#[tokio::test]
async fn restarted_phones_have_a_grace_period() {
    let faulty = FaultyPhone::new(Fault::NeverAnswers).await;
    let daemon = Daemon::start(&faulty.entry("faulty")).await;
    let admin = AdminClient::new(daemon.admin());
    let path = "/api/v1/phones/faulty/reboot";
    let outcome = admin.post(path, r#"{"deadline": "2s"}"#).await;
    assert_eq!(outcome.outcome().1, "UNKNOWN");
    for _ in 0..4 {
        let (_, outcome, reason) = push(&admin, "faulty", "Hello").await;
        assert_eq!(outcome, "UNKNOWN", "{reason}");
    }
    assert_eq!(open_circuit_breakers(&admin).await, 0);
}

/// Pushes a text; returns HTTP status, status and reason.
async fn push(admin: &AdminClient, phone: &str, text: &str) -> (u16, String, String) {
    let path = format!("/api/v1/phones/{phone}/push");
    let keys = serde_json::json!({"text": text, "deadline": "2s"});
    admin.post(&path, &keys.to_string()).await.outcome()
}

/// Returns the number of open circuit breakers, from the metrics.
async fn open_circuit_breakers(admin: &AdminClient) -> u64 {
    let answer = admin.get("/metrics").await;
    let text = String::from_utf8(answer.body).unwrap();
    let mut lines = text.lines();
    let count = lines.find_map(|line| line.strip_prefix("handsetd_circuit_breakers_open "));
    count.unwrap().parse().unwrap()
}

/// Each fault, the expected statuses, and a part of the reason.
const FAULTS: &[(Fault, &str, &str)] = &[
    // Nothing was sent.
    (Fault::NeverAccepts, "UNREACHABLE", "cannot connect to"),
    // Sent, with unknown result.
    (Fault::EndlessHeaders, "UNKNOWN", "broke off"),
    (Fault::Garbage, "UNKNOWN", "broke off"),
    (Fault::NeverAnswers, "UNKNOWN", "did not answer in time"),
    (Fault::NeverReads, "UNKNOWN", "did not answer in time"),
    (Fault::ResetsAtOnce, "UNKNOWN, UNREACHABLE", ""),
    (Fault::ResetsAfterTheRequest, "UNKNOWN", "broke off"),
    (Fault::TricklesHeaders, "UNKNOWN", "did not answer in time"),
    // The status had arrived.
    (Fault::EndlessBody, "OK", ""),
    (Fault::ResetsInTheBody, "OK", ""),
    (Fault::TricklesBody, "OK", ""),
];

/// Allowed growth of memory in kB: buffers, and what the allocator retains.
const MAX_GROWTH: u64 = 64 * 1024;

/// Maximum bytes written of an endless response: those read, and those in system buffers.
const MAX_WRITTEN: usize = 32 << 20;
