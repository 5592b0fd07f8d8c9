//! Requests to one phone are sent in the order in which they were made.

use handset_simulator::Vendor;

use super::support::caller::Caller;
use super::support::daemon::Daemon;
use super::support::sim_phone::{self, SimPhone};

#[tokio::test]
async fn the_last_requested_screen_stays() {
    let phone = SimPhone::new(sim_phone::options(Vendor::Snom)).await;
    let daemon = Daemon::start(&phone.entry("desk")).await;
    let caller = Caller::new(daemon.agi());
    for round in 0..5 {
        let last = format!("round {round}, last");
        phone.hold();
        for number in 0..9 {
            let text = format!("round {round}, number {number}");
            let outcome = caller.run("push", &[&text, "phone=desk", "wait=no"]).await;
            assert_eq!(outcome.status, "QUEUED", "{}", outcome.reason);
        }
        phone.until_waiting().await;
        phone.release();
        let outcome = caller.run("push", &[&last, "phone=desk"]).await;
        assert_eq!(outcome.status, "OK", "{}", outcome.reason);
        phone.shows_text(&last).await;
    }
    // Queued screens that a newer one replaced were never sent: in each round the first one was, and of those
    // that waited for it the last one, unless the very last has replaced it.
    let pushes = phone.received().len();
    assert!((10..=15).contains(&pushes), "{pushes}");
    daemon.line("replaced by a newer screen").await;
}
