//! Load, in short: the long form is `cargo bench --bench soak`.

use std::time::Duration;

use super::support::load::{self, Load};
use super::support::process::print_log;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_load_memory_is_flat_and_neither_event_nor_descriptor_is_lost() {
    let load = Load {
        phones: 2000,
        listed: 200,
        sessions: 100,
        events: 1000,
        answer: Duration::from_secs(1),
        time: Duration::from_secs(24),
        beat: Duration::from_secs(1),
    };
    let outcome = std::sync::Mutex::new(String::new());
    let broken = load::run(load, |line| *outcome.lock().unwrap() += &(line + "\n")).await;
    if !broken.is_empty() {
        print_log("load", &outcome.lock().unwrap());
    }
    assert_eq!(broken, [""; 0]);
}
