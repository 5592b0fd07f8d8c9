//! Phones that refuse a user name, a password or a server: `DENIED`.

use handset_simulator::{Options, Scheme, Vendor};

use super::support::caller::{CallResult, Caller};
use super::support::daemon::Daemon;
use super::support::loopback::Loopback;
use super::support::sim_phone::{self, SimPhone};

#[tokio::test]
async fn wrong_passwords_are_denied_and_nothing_is_shown() {
    let right = || Some(("admin".to_owned(), "right".to_owned()));
    let snom = SimPhone::new(Options {
        credentials: right(),
        scheme: Scheme::Digest,
        ..sim_phone::options(Vendor::Snom)
    })
    .await;
    let yealink = SimPhone::new(Options {
        credentials: right(),
        scheme: Scheme::Digest,
        ..sim_phone::options(Vendor::Yealink)
    })
    .await;
    let challenging = SimPhone::new(Options {
        credentials: right(),
        scheme: Scheme::Basic,
        ..sim_phone::options(Vendor::Snom)
    })
    .await;
    let wrong = "username = 'admin'\npassword = 'wrong'\n";
    let config = format!(
        "{}{wrong}{}{wrong}{}",
        snom.entry("snom"),
        yealink.entry("yealink").replace(":03\"", ":04\""),
        challenging.entry("challenging").replace(":02\"", ":05\"")
    );
    let daemon = Daemon::start(&config).await;
    let caller = Caller::new(daemon.agi());
    let outcome = caller.run("push", &["Hello", "phone=snom"]).await;
    assert_denied(
        &outcome,
        "the phone refused the user name and password (HTTP 401); they are its settings http_user and http_pass",
    );
    let outcome = caller.run("push", &["Hello", "phone=challenging"]).await;
    assert_denied(
        &outcome,
        "the phone asks for a password (HTTP 401) and none is configured: put its http_user and http_pass \
         into [vendor.snom]",
    );
    let outcome = caller.run("push", &["Hello", "phone=yealink"]).await;
    assert_denied(
        &outcome,
        "the phone refused the user name and password (HTTP 401); use its settings push_xml.username",
    );
    // The phone locks out clients after three wrong passwords.
    for script in [
        "push",
        "ringtone",
        "push",
        "background?image=background.png",
        "push",
    ] {
        let outcome = caller
            .run(
                script,
                &[
                    if script == "ringtone" { "1" } else { "text=a" },
                    "phone=yealink",
                ],
            )
            .await;
        if script.starts_with("background") {
            continue;
        }
        assert_denied(&outcome, "the phone refused the user name and password ");
        assert!(
            outcome
                .reason
                .contains("locks handsetd out if that repeats"),
            "{}",
            outcome.reason
        );
    }
    assert_eq!(yealink.state().bad_credentials, 1);
    for sim_phone in [&snom, &yealink, &challenging] {
        assert!(sim_phone.state().screen.is_none());
    }
}

#[tokio::test]
async fn cisco_phone_whose_authentication_url_rejects_is_denied() {
    let address = Loopback::claim();
    let options = sim_phone::options(Vendor::Cisco);
    let entry = sim_phone::entry("cisco", &options, address.port(8080));
    let daemon = Daemon::start(&format!(
        "{entry}username = 'push'\npassword = 'hush-8x2'\n"
    ))
    .await;
    let other = Daemon::start("").await;
    // The phone verifies the password at a server that does not know it.
    let foreign = format!("http://{}/cisco/authenticate", other.http());
    let sim_phone = SimPhone::at(
        Options {
            authentication_url: Some(foreign.parse().unwrap()),
            ..options
        },
        address.port(8080),
    )
    .await;
    let outcome = Caller::new(daemon.agi())
        .run("push", &["Hello", "phone=cisco"])
        .await;
    assert_denied(
        &outcome,
        "the phone refused the user name and password: it answered error 4; check them, and that its authenticationURL is /cisco/authenticate",
    );
    assert!(sim_phone.state().screen.is_none());
    other.line("Rejected a phone's credentials.").await;
    for log in [other.settled_log().await, daemon.settled_log().await] {
        assert!(!log.contains("hush-8x2"), "{log}");
    }
}

#[tokio::test]
async fn yealink_phone_that_allows_only_another_server_is_denied() {
    let allow = Some(vec!["192.0.2.1".parse().unwrap()]);
    let sim_phone = SimPhone::new(Options {
        push_servers: allow,
        ..sim_phone::options(Vendor::Yealink)
    })
    .await;
    let daemon = Daemon::start(&format!(
        "{}username = 'u'\npassword = 'p'\n",
        sim_phone.entry("desk")
    ))
    .await;
    let outcome = Caller::new(daemon.agi())
        .run("push", &["Hello", "phone=desk"])
        .await;
    assert_denied(
        &outcome,
        "the phone does not allow it (HTTP 403): its setting push_xml.server lacks handsetd",
    );
}

fn assert_denied(outcome: &CallResult, reason: &str) {
    assert_eq!(outcome.status, "DENIED", "{}", outcome.reason);
    assert!(outcome.reason.starts_with(reason), "{:?}", outcome.reason);
    outcome.assert_one_short_line();
}
