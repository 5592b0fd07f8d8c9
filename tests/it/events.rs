//! Events of real Asterisk servers reach phones: through a rule, and as a user event with a request.

use handset_simulator::Vendor;

use super::support::asterisk::{Asterisk, Options, Version};
use super::support::daemon::Daemon;
use super::support::raw::get_from;
use super::support::sim_phone::{self, SimPhone};
use super::support::soon;

#[tokio::test]
async fn on_16_rules_and_user_events_reach_phones() {
    rules_and_user_events_reach_phones(Version::V16).await;
}

#[tokio::test]
async fn on_22_rules_and_user_events_reach_phones() {
    rules_and_user_events_reach_phones(Version::V22).await;
}

async fn rules_and_user_events_reach_phones(version: Version) {
    let options = Options {
        dialplan: r#"
exten => 901,1,UserEvent(Handset,Verb: push,Phone: desk,Title: Door,Text: Somebody\, at the "door")
exten => 902,1,UserEvent(Handset,Verb: push,Phone: desk,Colour: red,Text: a)
exten => 903,1,UserEvent(Alarm, Place: cellar,  Level: 3)
 same => n,UserEvent(Alarm,Place: roof,Level: 1)
 same => n,UserEvent(Alarm,Place: cellar,Level: 4)
"#,
        ..Options::registrar(&[])
    };
    let Some(asterisk) = Asterisk::start(version, &options).await else {
        return;
    };
    let sim_phone = SimPhone::new(sim_phone::options(Vendor::Yealink)).await;
    let daemon = Daemon::start(&format!(
        r#"
{entry}
[[asterisk]]
name = "pbx"
address = "{manager}"
username = "handsetd"
secret = "hush"

[[rule]]
name = "quiet"
on = "phone.dnd_on"
do = [ {{ verb = "push", title = "Hush", text = "{{{{ event.phone }}}} on {{{{ event.line }}}}" }} ]

[[rule]]
name = "alarm"
on = "UserEvent.Alarm"
when = "event.Level | int > 2"
limit = {{ every = "1h", per = "{{{{ event.Place }}}}" }}
do = [ {{ verb = "push", phone = "desk", title = "Alarm", text = "Level {{{{ event.Level }}}}: {{{{ event.Place }}}}" }} ]

[log]
level = "debug"
"#,
        entry = sim_phone.entry("desk"),
        manager = asterisk.manager(),
    ))
    .await;
    daemon.line("Connected to Asterisk").await;
    let dials = |extension: &str| {
        asterisk.cli(&format!(
            "channel originate Local/{extension}@phones application Wait 1"
        ))
    };

    dials("901");
    let shown = sim_phone.shows_text("Somebody").await;
    assert_eq!(
        (shown.title.as_str(), shown.content.text()),
        ("Door", Some("Somebody, at the door"))
    );

    dials("902");
    daemon.line("unknown key \\\"colour\\\" of push").await;

    dials("903");
    let shown = sim_phone.shows_text("Level").await;
    assert_eq!(
        (shown.title.as_str(), shown.content.text()),
        ("Alarm", Some("Level 3: cellar"))
    );
    // The level on the roof is too low for the rule, and its limit applies to the cellar.
    dials("901");
    sim_phone.shows_text("Somebody").await;
    let delivered = || {
        let log = daemon.log();
        let of_rules = log.lines().filter(|line| line.contains("rule{name="));
        of_rules.filter(|line| line.contains(" Delivered.")).count()
    };
    soon("the delivery of the rule", async {
        while delivered() == 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(delivered(), 1, "{}", daemon.log());

    // The phone is known by its address.
    let path = "/action/yealink/dnd_on?mac=00005e005303&line=sip:1@pbx";
    let own = sim_phone.phone().address().ip();
    let response = get_from(own, daemon.http(), path).await;
    assert!(response.starts_with("HTTP/1.0 200 OK\r\n"), "{response}");
    let shown = sim_phone.shows_text("desk on").await;
    assert_eq!(shown.content.text(), Some("desk on sip:1@pbx"));
    sim_phone.assert_accepted_all();
    daemon.terminate();
    assert!(daemon.end().await.success());
}
