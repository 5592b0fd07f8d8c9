//! The environment of the tests: real programs and phones, each started and stopped by its module.

pub(crate) mod admin_client;
pub(crate) mod agi_call;
pub(crate) mod agi_variables;
pub(crate) mod asterisk;
pub(crate) mod browser;
pub(crate) mod call_variables;
pub(crate) mod caller;
pub(crate) mod cluster_client;
pub(crate) mod cluster_health;
pub(crate) mod csta_phone;
pub(crate) mod daemon;
pub(crate) mod door_rules;
pub(crate) mod event_stream;
pub(crate) mod faketime;
pub(crate) mod faulty_phone;
pub(crate) mod fetch;
pub(crate) mod held_phone;
pub(crate) mod imports;
pub(crate) mod load;
pub(crate) mod loopback;
pub(crate) mod nats;
pub(crate) mod nats_client;
pub(crate) mod nats_link;
pub(crate) mod page_client;
pub(crate) mod proc;
pub(crate) mod process;
pub(crate) mod raw;
pub(crate) mod scripted_agi;
pub(crate) mod sim_phone;
pub(crate) mod sip_client;
pub(crate) mod stub_manager;
pub(crate) mod stub_phone;
pub(crate) mod stub_web_server;
pub(crate) mod terminal;
pub(crate) mod udp_phone;
pub(crate) mod udp_relay;

use std::future::Future;
use std::io::Write as _;
use std::time::Duration;

/// Turns asynchronous functions that take a [`Version`](asterisk::Version) of Asterisk into tests, one
/// per version.
macro_rules! on_both_versions {
    ($($test:ident)*) => {
        mod on_16 {
            use crate::support::asterisk::Version;
            $(#[tokio::test] async fn $test() { super::$test(Version::V16).await; })*
        }
        mod on_22 {
            use crate::support::asterisk::Version;
            $(#[tokio::test] async fn $test() { super::$test(Version::V22).await; })*
        }
    };
}
pub(crate) use on_both_versions;

/// Reports that a test is skipped; with `CI=true`, that is a failure.
pub(crate) fn left_out(why: &str) {
    let is_strict = std::env::var_os("CI").is_some_and(|ci| ci == "true");
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    assert!(!is_strict, "{test}: {why}");
    // Not eprintln!, whose output the test harness hides when the test passes.
    let _ = writeln!(std::io::stderr(), "SKIPPED: {test} is skipped: {why}");
}

/// Waits for `future`, for [`TIMEOUT`] at most.
pub(crate) async fn soon<F: Future>(what: &str, future: F) -> F::Output {
    let Ok(output) = tokio::time::timeout(TIMEOUT, future).await else {
        panic!("{what}: nothing within {TIMEOUT:?}");
    };
    output
}

/// Far longer than any local operation takes, even on a busy machine.
pub(crate) const TIMEOUT: Duration = Duration::from_mins(1);
