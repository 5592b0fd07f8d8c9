//! How many requests a phone gets for one command.

use handset_simulator::{Options, Scheme, Vendor};

use super::support::caller::Caller;
use super::support::daemon::Daemon;
use super::support::sim_phone::{self, SimPhone};

/// Presses a key four times; returns the statuses of the replies.
async fn statuses(one_time_nonces: bool) -> Vec<u16> {
    let options = Options {
        credentials: Some(("admin".to_owned(), "secret".to_owned())),
        scheme: Scheme::Digest,
        one_time_nonces,
        ..sim_phone::options(Vendor::Snom)
    };
    let phone = SimPhone::new(options).await;
    let account = "username = 'admin'\npassword = 'secret'\nauth = 'digest'\n";
    let daemon = Daemon::start(&format!("{}{account}", phone.entry("desk"))).await;
    let caller = Caller::new(daemon.agi());
    for _ in 0..4 {
        let outcome = caller.run("key", &["OK", "phone=desk"]).await;
        assert_eq!(outcome.status, "OK", "{}", outcome.reason);
    }
    let received = phone.received().into_iter();
    received.filter_map(|exchange| exchange.status).collect()
}

#[tokio::test]
async fn digest_costs_one_request_more_and_only_once() {
    assert_eq!(statuses(false).await, [401, 200, 200, 200, 200]);
}

#[tokio::test]
async fn phone_that_takes_each_nonce_once_gets_each_command() {
    let expected = [401, 200, 401, 200, 401, 200, 401, 200];
    assert_eq!(statuses(true).await, expected);
}
