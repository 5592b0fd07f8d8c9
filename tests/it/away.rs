//! Phones that only Asterisk can know, while it is away, refuses the account, hides its events, or has
//! not been read yet.

use std::time::Duration;

use handset_simulator::Vendor;

use super::support::admin_client::AdminClient;
use super::support::asterisk::{Asterisk, Driver, Options, Version};
use super::support::caller::Caller;
use super::support::daemon::Daemon;
use super::support::loopback::Loopback;
use super::support::sim_phone::{self, SimPhone};
use super::support::sip_client::SipPhone;
use super::support::{on_both_versions, soon};

on_both_versions! {
    a_corrected_login_is_noticed_on_reload
    corrected_write_classes_are_noticed_on_reload
    hidden_events_hide_no_phone
    an_account_without_read_classes_finds_phones_at_once
    endpoints_are_unreachable_and_other_names_not_found
    endpoints_may_have_odd_names
}

#[tokio::test]
async fn phones_of_an_absent_asterisk_are_unreachable() {
    let closed = Loopback::claim().port(5038);
    let daemon = Daemon::start(&section(&closed.to_string())).await;
    for name in ["1001", "PJSIP/1001", "127.9.9.9", "00:00:5E:00:53:01"] {
        let (code, status, reason) = push(&daemon, name, "").await;
        assert_eq!((code, status.as_str()), (503, "UNREACHABLE"), "{reason}");
        let words = format!(
            "Asterisk pbx is not connected: nothing listens at {closed}: is Asterisk running, and is \
             enabled = yes in manager.conf?"
        );
        assert!(reason.starts_with(&words), "{name}: {reason}");
    }
    let (_, status, reason) = push(&daemon, "1001", "1h").await;
    assert_eq!(status, "QUEUED", "{reason}");
    // A name that no phone can have is wrong, whichever server is away.
    let (_, status, reason) = push(&daemon, "(1001)", "").await;
    assert_eq!(status, "NOTFOUND", "{reason}");
    let call = Caller::new(daemon.agi());
    let outcome = call.run("push", &["x", "phone=SIP/1001"]).await;
    assert_eq!(outcome.status, "UNREACHABLE", "{}", outcome.reason);
}

async fn a_corrected_login_is_noticed_on_reload(version: Version) {
    let Some(site) = Site::start(version, "secret=hush", "secret=other").await else {
        return;
    };
    let daemon = &site.daemon;
    daemon.line("The login to Asterisk failed").await;
    let (_, status, reason) = push(daemon, "1001", "").await;
    assert_eq!(status, "UNREACHABLE", "{reason}");
    assert!(
        reason.starts_with("Asterisk pbx refuses the login: ")
            && reason.contains(
                "compare username and secret with the section [handsetd] of manager.conf"
            ),
        "{reason}"
    );
    site.correct("secret=other", "secret=hush");
    daemon.line("Loaded registrations.").await;
    site.shows("after the login").await;
}

async fn corrected_write_classes_are_noticed_on_reload(version: Version) {
    let (right, wrong) = (
        "write=system,call,reporting,originate",
        "write=call,originate",
    );
    let Some(site) = Site::start(version, right, wrong).await else {
        return;
    };
    let daemon = &site.daemon;
    daemon.line("does not report registrations").await;
    let (_, status, reason) = push(daemon, "1001", "").await;
    assert_eq!(status, "UNREACHABLE", "{reason}");
    let words = "lacks write = system,reporting in manager.conf";
    assert!(reason.contains(words), "{reason}");
    let ready = AdminClient::new(daemon.admin()).get("/health/ready").await;
    let server = &ready.json()["result"]["asterisk"][0];
    assert_eq!(server["state"], "connected");
    assert!(server["reason"].to_string().contains(words), "{server}");
    site.correct(wrong, right);
    daemon.line("The rights of the account have changed").await;
    daemon.line("Loaded registrations.").await;
    site.shows("after the rights").await;
}

async fn hidden_events_hide_no_phone(version: Version) {
    let read = "read=system,call,user";
    let hidden = "read=system,call,user\neventfilter=Event: UserEvent";
    let Some(site) = Site::start_unregistered(version, read, hidden).await else {
        return;
    };
    let daemon = &site.daemon;
    daemon.line("Loaded registrations.").await;
    let (_, status, reason) = push(daemon, "1001", "1h").await;
    assert_eq!(status, "QUEUED", "{reason}");
    assert!(reason.ends_with("PJSIP/1001 is not registered"), "{reason}");
    site.sip.register().await;
    site.sim_phone.shows_text("to 1001 for 1h").await;
    let words = "A phone registered without an event";
    let line = daemon.line(words).await;
    assert!(
        line.contains("WARN") && line.contains("eventfilter"),
        "{line}"
    );
    // A phone that no request waited for is found when it is asked for; the warning is not repeated.
    let other = SipPhone::new("1002", &site.user_agent, site.asterisk.sip(Driver::Pjsip));
    let screen = SimPhone::at(sim_phone::options(Vendor::Snom), other.address().port(80)).await;
    other.register().await;
    let (_, status, reason) = push(daemon, "1002", "").await;
    assert_eq!(status, "OK", "{reason}");
    screen.shows_text("to 1002").await;
    tokio::time::sleep(Duration::from_secs(6)).await;
    assert_eq!(daemon.count(words), 1);
    // Once the filter is gone, a reload is enough.
    site.correct(hidden, read);
    daemon.line_after(1, "Loaded registrations.").await;
}

async fn an_account_without_read_classes_finds_phones_at_once(version: Version) {
    let Some(site) = Site::start(version, "read=system,call,user", "read=user").await else {
        return;
    };
    // No line of the log is awaited: the request waits for the first reading.
    site.shows("at once").await;
    let line = site
        .daemon
        .line("but no FullyBooted came: the account needs read = system")
        .await;
    assert!(line.contains("read = system"), "{line}");
}

async fn endpoints_are_unreachable_and_other_names_not_found(version: Version) {
    let Some(site) = Site::start_unregistered(version, "", "").await else {
        return;
    };
    let (_, status, reason) = push(&site.daemon, "1001", "").await;
    let expected = ("UNREACHABLE", "PJSIP/1001 is not registered");
    assert_eq!((status.as_str(), reason.as_str()), expected);
    for name in ["1009", "PJSIP/1009"] {
        let (_, status, reason) = push(&site.daemon, name, "").await;
        assert_eq!(status, "NOTFOUND", "{name}: {reason}");
    }
}

async fn endpoints_may_have_odd_names(version: Version) {
    let options = Options {
        pjsip: include_str!("../fixtures/field/pjsip-names.conf"),
        ..Options::registrar(&[])
    };
    let Some(asterisk) = Asterisk::start(version, &options).await else {
        return;
    };
    let daemon = Daemon::start(&section(&asterisk.manager().to_string())).await;
    for name in ["my phone", "PJSIP/my phone", "x'y", "a/b", "PJSIP/a/b"] {
        let (_, status, reason) = push(&daemon, name, "").await;
        let plain = name.trim_start_matches("PJSIP/");
        let expected = format!("PJSIP/{plain} is not registered");
        assert_eq!((status.as_str(), reason), ("UNREACHABLE", expected));
    }
    let (_, status, reason) = push(&daemon, "c/d", "").await;
    assert_eq!(status, "NOTFOUND", "{reason}");
}

/// A server whose account is wrong at first, and a daemon.
struct Site {
    asterisk: Asterisk,
    daemon: Daemon,
    sip: SipPhone,
    sim_phone: SimPhone,
    user_agent: String,
}

impl Site {
    /// Starts with the phone 1001, and `wrong` instead of `right` in `manager.conf`.
    async fn start(version: Version, right: &str, wrong: &str) -> Option<Self> {
        Self::build(version, right, wrong, true).await
    }

    /// The same, before the phone has registered.
    async fn start_unregistered(version: Version, right: &str, wrong: &str) -> Option<Self> {
        Self::build(version, right, wrong, false).await
    }

    async fn build(version: Version, right: &str, wrong: &str, registers: bool) -> Option<Self> {
        let phones = ["1001", "1002"].map(|user| (Driver::Pjsip, user));
        let asterisk = Asterisk::start(version, &Options::registrar(&phones)).await?;
        let phone = sim_phone::options(Vendor::Snom);
        let user_agent = phone.user_agent();
        let sip = SipPhone::new("1001", &user_agent, asterisk.sip(Driver::Pjsip));
        let sim_phone = SimPhone::at(phone, sip.address().port(80)).await;
        if registers {
            sip.register().await;
        }
        asterisk.change("manager.conf", right, wrong);
        asterisk.cli("manager reload");
        let daemon = Daemon::start(&section(&asterisk.manager().to_string())).await;
        Some(Self {
            asterisk,
            daemon,
            sip,
            sim_phone,
            user_agent,
        })
    }

    /// Corrects the account, and reloads the daemon with its old configuration.
    fn correct(&self, wrong: &str, right: &str) {
        self.asterisk.change("manager.conf", wrong, right);
        self.asterisk.cli("manager reload");
        self.daemon
            .reconfigure(&section(&self.asterisk.manager().to_string()));
    }

    /// Checks that the phone is reached.
    async fn shows(&self, what: &str) {
        let (_, status, reason) = push(&self.daemon, "1001", "").await;
        assert_eq!(status, "OK", "{what}: {reason}");
        soon(what, self.sim_phone.shows_text("to 1001")).await;
    }
}

fn section(manager: &str) -> String {
    format!(
        "[[asterisk]]\nname = 'pbx'\naddress = '{manager}'\nusername = 'handsetd'\n\
         secret = 'hush'\n"
    )
}

/// Pushes a text that names the phone; returns HTTP status, status and reason.
async fn push(daemon: &Daemon, phone: &str, keep: &str) -> (u16, String, String) {
    let mut body = serde_json::json!({"phone": phone, "text": format!("to {phone}")});
    if !keep.is_empty() {
        body["keep"] = keep.into();
        body["text"] = format!("to {phone} for {keep}").into();
    }
    let admin = AdminClient::new(daemon.admin());
    let answer = admin.post("/api/v1/do/push", &body.to_string()).await;
    answer.outcome()
}
