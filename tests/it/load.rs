//! A short load test; `cargo bench --bench soak` runs a long one.

use std::time::Duration;

use super::support::load::{self, Load};
use super::support::process::print_log;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_stays_flat_and_no_event_or_descriptor_is_lost_under_load() {
    let load = Load {
        phones: 2000,
        listed: 200,
        sessions: 100,
        events: 1000,
        answer: Duration::from_secs(1),
        time: Duration::from_secs(24),
        beat: Duration::from_secs(1),
    };
    let lines = parking_lot::Mutex::new(String::new());
    let violations = load::run(load, |line| *lines.lock() += &(line + "\n")).await;
    if !violations.is_empty() {
        print_log("load", &lines.lock());
    }
    assert_eq!(violations, [""; 0]);
}
