//! Phones that hang, each in its way: one costs its deadline and a bounded amount of memory, then
//! nothing for a while, and never delays another.

use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::join_all;
use handset_simulator::Vendor;
use tokio::time::Instant;

use super::support::administrator::Administrator;
use super::support::daemon::Daemon;
use super::support::faulty_phone::{Illness, SickPhone};
use super::support::proc;
use super::support::sim_phone::{self, Desk};
use super::support::{PATIENCE, soon};

#[tokio::test]
async fn each_hung_phone_costs_its_deadline_and_delays_no_other() {
    let mut cases = Vec::new();
    for (illness, status, words) in ILLNESSES {
        cases.push((SickPhone::new(*illness).await, *illness, *status, *words));
    }
    let desk = Desk::new(sim_phone::options(Vendor::Snom)).await;
    let entries = cases
        .iter()
        .map(|(phone, illness, ..)| phone.entry(&format!("{illness:?}")));
    let daemon = Daemon::start(&(desk.entry("desk") + &entries.collect::<String>())).await;
    let administrator = Administrator::new(daemon.admin());
    let before = proc::memory(daemon.pid());
    let over = AtomicBool::new(false);
    let sick = async {
        let each = cases.iter().map(async |(_, illness, status, words)| {
            let since = Instant::now();
            let path = format!("/api/v1/phones/{illness:?}/push");
            let keys = serde_json::json!({"text": "long ".repeat(2000), "deadline": "6s"});
            let answer = administrator.post(&path, &keys.to_string()).await;
            let (_, told, reason) = answer.told();
            assert!(status.contains(&told), "{illness:?} {told}: {reason}");
            assert!(reason.contains(words), "{illness:?}: {reason}");
            assert!(since.elapsed() < PATIENCE / 2, "{illness:?} took too long");
        });
        join_all(each).await;
        over.store(true, Ordering::Relaxed);
    };
    let well = async {
        for number in 0..5 {
            let keys = serde_json::json!({"text": format!("number {number}")}).to_string();
            let answer = administrator.post("/api/v1/phones/desk/push", &keys).await;
            let (_, told, reason) = answer.told();
            assert_eq!(told, "OK", "{reason}");
        }
        assert!(!over.load(Ordering::Relaxed), "the others were waited for");
    };
    tokio::join!(sick, well);
    let after = proc::memory(daemon.pid());
    assert!(after < before + ROOM, "{before} kB became {after} kB");
    for (phone, illness, ..) in &cases {
        assert!(phone.written() < MUCH, "{illness:?}: {}", phone.written());
    }
    desk.is_content();
}

#[tokio::test]
async fn a_phone_that_stays_silent_is_spared_and_of_use_again_soon_after_it_is_back() {
    let sick = SickPhone::new(Illness::NeverAnswers).await;
    let desk = Desk::new(sim_phone::options(Vendor::Snom)).await;
    let daemon = Daemon::start(&(desk.entry("desk") + &sick.entry("sick"))).await;
    let administrator = Administrator::new(daemon.admin());
    for _ in 0..3 {
        let told = push(&administrator, "sick", "Hello").await;
        assert_eq!(told.1, "UNKNOWN", "{}", told.2);
    }
    assert_eq!(spared(&administrator).await, 1);
    // From now on that is told at once, and nothing is sent; on a slow machine a trial may be due.
    let is_spared = async {
        loop {
            let before = sick.connections();
            let (code, told, reason) = push(&administrator, "sick", "Hello").await;
            if told == "UNREACHABLE" {
                assert_eq!((code, sick.connections()), (503, before));
                return reason;
            }
        }
    };
    let reason = soon("being spared", is_spared).await;
    for words in ["no sign of life for ", "it is tried again in "] {
        assert!(reason.contains(words), "{reason}");
    }
    let asked = sick.connections();
    let (_, told, reason) = push(&administrator, "desk", "Hello").await;
    assert_eq!(told, "OK", "{reason}");
    sick.becomes(Illness::None);
    let back = async {
        loop {
            match push(&administrator, "sick", "Hello").await {
                (_, told, _) if told == "OK" => return,
                (_, told, reason) => assert_eq!(told, "UNREACHABLE", "{reason}"),
            }
        }
    };
    soon("an answer", back).await;
    assert_eq!(
        sick.connections(),
        asked + 1,
        "it was asked while it was spared"
    );
    assert_eq!(spared(&administrator).await, 0);
}

#[tokio::test]
async fn a_phone_that_answers_nonsense_is_not_spared() {
    let phone = SickPhone::new(Illness::Garbage).await;
    let daemon = Daemon::start(&phone.entry("sick")).await;
    let administrator = Administrator::new(daemon.admin());
    for illness in [Illness::Garbage, Illness::ResetsAfterTheRequest] {
        phone.becomes(illness);
        for _ in 0..5 {
            let (_, told, reason) = push(&administrator, "sick", "Hello").await;
            assert_eq!(told, "UNKNOWN", "{reason}");
        }
    }
    assert_eq!(phone.connections(), 10);
    assert_eq!(spared(&administrator).await, 0);
}

#[tokio::test]
async fn a_phone_that_we_restarted_may_be_silent() {
    let sick = SickPhone::new(Illness::NeverAnswers).await;
    let daemon = Daemon::start(&sick.entry("sick")).await;
    let administrator = Administrator::new(daemon.admin());
    let path = "/api/v1/phones/sick/reboot";
    let told = administrator.post(path, r#"{"deadline": "2s"}"#).await;
    assert_eq!(told.told().1, "UNKNOWN");
    for _ in 0..4 {
        let (_, told, reason) = push(&administrator, "sick", "Hello").await;
        assert_eq!(told, "UNKNOWN", "{reason}");
    }
    assert_eq!(spared(&administrator).await, 0);
}

/// Pushes a text, and returns what came of it.
async fn push(administrator: &Administrator, phone: &str, text: &str) -> (u16, String, String) {
    let path = format!("/api/v1/phones/{phone}/push");
    let keys = serde_json::json!({"text": text, "deadline": "2s"});
    administrator.post(&path, &keys.to_string()).await.told()
}

/// Returns how many phones the metrics say are spared.
async fn spared(administrator: &Administrator) -> u64 {
    let answer = administrator.get("/metrics").await;
    let text = String::from_utf8(answer.body).unwrap();
    let mut lines = text.lines();
    let count = lines.find_map(|line| line.strip_prefix("handsetd_breakers_open "));
    count.unwrap().parse().unwrap()
}

/// What is wrong with a phone, and what is said of it.
const ILLNESSES: &[(Illness, &str, &str)] = &[
    // Nothing was sent.
    (Illness::NeverAccepts, "UNREACHABLE", "cannot connect to"),
    // Sent, and nobody knows.
    (Illness::EndlessHeaders, "UNKNOWN", "broke off"),
    (Illness::Garbage, "UNKNOWN", "broke off"),
    (Illness::NeverAnswers, "UNKNOWN", "did not answer in time"),
    (Illness::NeverReads, "UNKNOWN", "did not answer in time"),
    (Illness::ResetsAtOnce, "UNKNOWN, UNREACHABLE", ""),
    (Illness::ResetsAfterTheRequest, "UNKNOWN", "broke off"),
    (
        Illness::TricklesHeaders,
        "UNKNOWN",
        "did not answer in time",
    ),
    // The status was there.
    (Illness::EndlessBody, "OK", ""),
    (Illness::ResetsInTheBody, "OK", ""),
    (Illness::TricklesBody, "OK", ""),
];

/// How much memory, in kB, may be taken for good: buffers, and what the allocator keeps.
const ROOM: u64 = 64 * 1024;

/// How many bytes an answer without end may bring to be written: what is read of it, and what the
/// system holds.
const MUCH: usize = 32 << 20;
