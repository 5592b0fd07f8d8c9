//! SIGHUP: the new configuration as a whole, or the old one and a reason.

use handset_simulator::Vendor;

use super::support::asterisk::{Asterisk, Options, Version};
use super::support::caller::Caller;
use super::support::daemon::Daemon;
use super::support::sim_phone::{self, SimPhone};

#[tokio::test]
async fn reload_replaces_the_phones_and_ignores_an_invalid_configuration() {
    let old = SimPhone::new(sim_phone::options(Vendor::Yealink)).await;
    let new = SimPhone::new(sim_phone::options(Vendor::Snom)).await;
    let daemon = Daemon::start(&old.entry("desk")).await;
    let caller = Caller::new(daemon.agi());
    let push = async |text: &str| {
        let outcome = caller.run("push", &[text, "phone=desk"]).await;
        assert_eq!(outcome.status, "OK", "{}", outcome.reason);
    };
    push("before").await;
    old.shows_text("before").await;

    daemon.reconfigure(&new.entry("desk"));
    daemon.line("Configuration reloaded.").await;
    push("after").await;
    new.shows_text("after").await;

    daemon.reconfigure(&format!("{}\n[agi]\nbudgt = '1s'\n", old.entry("desk")));
    daemon.line("budgt: unknown key").await;
    daemon.line("The old configuration stays in effect.").await;
    push("still").await;
    new.shows_text("still").await;

    // Settings that need a restart stay, with a warning.
    daemon.reconfigure(&format!("{}\n[agi]\nbudget = '1s'\n", old.entry("desk")));
    daemon.line("need a restart").await;
    push("back").await;
    old.shows_text("back").await;
    assert!(old.state().screen.is_some());
    daemon.terminate();
    assert!(daemon.end().await.success());
}

#[tokio::test]
async fn reload_retries_a_rejected_login_with_the_new_password() {
    let options = Options::registrar(&[]);
    let Some(asterisk) = Asterisk::start(Version::V22, &options).await else {
        return;
    };
    let configuration = |secret: &str| {
        let manager = asterisk.manager();
        format!(
            "[[asterisk]]\nname = 'pbx'\naddress = '{manager}'\nusername = 'handsetd'\n\
             secret = '{secret}'\n"
        )
    };
    let daemon = Daemon::start(&configuration("wrong")).await;
    daemon.line("The login to Asterisk failed").await;
    daemon.reconfigure(&configuration("hush"));
    daemon.line("Disconnecting from Asterisk.").await;
    daemon.line("Loaded registrations.").await;
    // An unchanged configuration changes nothing.
    daemon.reconfigure(&configuration("hush"));
    daemon.line_after(1, "Configuration reloaded.").await;
    let log = daemon.settled_log().await;
    assert_eq!(
        log.matches("Disconnecting from Asterisk.").count(),
        1,
        "{log}"
    );
    // A server that is no longer configured is disconnected.
    daemon.reconfigure("");
    daemon.line_after(1, "Disconnecting from Asterisk.").await;
    daemon.terminate();
    assert!(daemon.end().await.success());
}
