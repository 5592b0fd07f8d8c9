//! What fires rules: patterns of events, handsetd's own events, and the clock; and what is said about rules
//! that nothing can fire.

use std::process::Command;
use std::time::Duration;

use handset_simulator::Vendor;

use super::support::admin_client::AdminClient;
use super::support::asterisk::{Asterisk, Options, Version, documentation};
use super::support::caller::Caller;
use super::support::daemon::Daemon;
use super::support::raw::get_from;
use super::support::sim_phone::{self, SimPhone};
use super::support::stub_phone::StubPhone;
use super::support::{left_out, on_both_versions, soon};

on_both_versions! {
    queue_events_fire_patterns_once_their_class_is_read
    known_events_are_those_of_the_documentation
}

#[tokio::test]
async fn start_delivery_and_failures_fire_rules() {
    let phone = SimPhone::new(sim_phone::options(Vendor::Yealink)).await;
    let rules = r#"
[[rule]]
name = "started"
on = "handsetd.start"
do = [ { verb = "push", phone = "desk", text = "Started {{ event.Version }}" } ]
[[rule]]
name = "failed"
on = ["handsetd.delivery", "handsetd.expired"]
when = "event.Status is defined and event.Status != 'OK'"
do = [ { verb = "push", phone = "desk", text = "Lost: {{ event.Verb }} {{ event.Phone }} {{ event.Status }}" } ]
[[rule]]
name = "broken"
on = "phone.hold"
when = "event.Nonsense == '1'"
do = [ { verb = "push", phone = "desk", text = "never" } ]
[[rule]]
name = "told"
on = "handsetd.rule_failed"
do = [ { verb = "push", phone = "desk", text = "{{ event.Rule }} on {{ event.On }}: {{ event.Reason }}" } ]
[[rule]]
name = "dnd"
on = "phone.dnd_*"
do = [ { verb = "push", text = "{{ event.Event }}" } ]
"#;
    let gone = StubPhone::new();
    let config = format!("{}{}{rules}", phone.entry("desk"), gone.entry("gone"));
    let daemon = Daemon::start(&config).await;
    phone.shows_text("Started ").await;
    // Each is over once, and its own push fires nothing.
    let caller = Caller::new(daemon.agi());
    let outcome = caller.run("dial", &["1", "phone=gone"]).await;
    assert_eq!(outcome.status, "UNREACHABLE", "{}", outcome.reason);
    phone.shows_text("Lost: dial gone UNREACHABLE").await;
    let own = phone.phone().address().ip();
    let path = |event: &str| format!("/action/yealink/{event}?mac=00005e005303");
    get_from(own, daemon.http(), &path("hold")).await;
    let shown = phone.shows_text("broken on ").await;
    assert_eq!(
        shown.content.text(),
        Some("broken on phone.hold: the event has no Nonsense")
    );
    get_from(own, daemon.http(), &path("dnd_off")).await;
    phone.shows_text("phone.dnd_off").await;
    let pushes = phone.received().len();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(phone.received().len(), pushes, "{}", daemon.log());
    daemon.terminate();
    assert!(daemon.end().await.success());
}

#[tokio::test]
async fn rule_on_every_delivery_never_fires_itself() {
    let phone = SimPhone::new(sim_phone::options(Vendor::Yealink)).await;
    let rules = r#"
[[rule]]
name = "one"
on = "handsetd.delivery"
mode = "parallel"
do = [ { verb = "push", phone = "desk", text = "one after {{ event.Requester }}" } ]
[[rule]]
name = "two"
on = "handsetd.*"
mode = "parallel"
do = [ { verb = "push", phone = "desk", text = "two after {{ event.Event }}" } ]
"#;
    let daemon = Daemon::start(&format!("{}{rules}", phone.entry("desk"))).await;
    // Two fires on the start, one on that, and neither again.
    phone.shows_text("one after rule two").await;
    let pushes = || daemon.count("Delivered. status=OK");
    soon("two deliveries", async {
        while pushes() < 2 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(pushes(), 2, "{}", daemon.log());
}

#[tokio::test]
async fn schedule_fires_its_rule_and_continues_after_a_reload() {
    let phone = SimPhone::new(sim_phone::options(Vendor::Yealink)).await;
    let rules = r#"
[[rule]]
name = "tick"
schedule = "* * * * * *"
timezone = "Europe/Berlin"
limit = { every = "2s" }
do = [ { verb = "push", phone = "desk", text = "{{ event.Rule }} at {{ event.Due }}" } ]
[[rule]]
name = "other"
on = ["handsetd.schedule", "handsetd.*"]
when = "event.Event == 'handsetd.schedule'"
do = [ { verb = "push", phone = "desk", text = "stolen" } ]
"#;
    let config = format!("{}{rules}", phone.entry("desk"));
    let daemon = Daemon::start(&config).await;
    let shown = phone.shows_text("tick at 20").await;
    let text = shown.content.text().unwrap().to_owned();
    let due = text.strip_prefix("tick at ").unwrap();
    assert!(due.ends_with("+01:00") || due.ends_with("+02:00"), "{due}");
    daemon.reconfigure(&config);
    daemon.line("Configuration reloaded").await;
    phone
        .until("a later firing", |state| {
            let screen = state.screen.as_ref();
            let now = screen.and_then(|screen| screen.content.text());
            now.is_some_and(|now| now.starts_with("tick at ") && now != text)
        })
        .await;
    let log = daemon.settled_log().await;
    assert!(!log.contains("stolen"), "{log}");
    assert!(daemon.state("schedules.json").exists());
}

/// Checks that the API has the warnings about rules that `check` has printed, with file and line.
async fn api_shows_the_same_warnings(daemon: &Daemon, printed: &str) {
    let client = AdminClient::new(daemon.admin());
    for (rule, count) in [("paused", 1), ("unknown phone", 3), ("other phone", 2)] {
        let named = format!(": rule \"{rule}\"");
        let lines = printed.lines().filter(|line| line.contains(&named));
        let expected: Vec<&str> = lines
            .filter_map(|line| line.strip_prefix("warning: "))
            .collect();
        assert_eq!(expected.len(), count, "{printed}");
        assert!(expected[0].contains("test.toml:"), "{expected:?}");
        let path = format!("/api/v1/rules/{}", rule.replace(' ', "%20"));
        soon("the warnings", async {
            while client.get(&path).await.json()["result"]["warnings"]
                != serde_json::json!(expected)
            {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}

async fn queue_events_fire_patterns_once_their_class_is_read(version: Version) {
    let files = [
        ("queues.conf", "[support]\nmember => Local/1@phones\n"),
        ("modules.conf", "load=app_queue.so\nload=func_config.so\n"),
    ];
    let options = Options {
        files: &files,
        ..Options::registrar(&[])
    };
    let Some(asterisk) = Asterisk::start(version, &options).await else {
        return;
    };
    let phone = SimPhone::new(sim_phone::options(Vendor::Yealink)).await;
    let config = format!(
        r#"
{entry}
[[asterisk]]
name = "pbx"
address = "{manager}"
username = "handsetd"
secret = "hush"
[[rule]]
name = "paused"
on = "QueueMemberP*"
when = "event.PausedReason is defined"
do = [ {{ verb = "push", phone = "desk", text = "{{{{ event.Event }}}} for {{{{ event.PausedReason }}}}" }} ]
[[rule]]
name = "unknown phone"
on = "Hangup"
do = [ {{ verb = "push", phone = "1o01", text = "x" }}, {{ verb = "background", phone = "desk", image = "lunch.png" }},
       {{ ami = "SetVra", Variable = "A", Value = "1" }}, {{ ami = "setvar", Variable = "A", Value = "1" }} ]
[[rule]]
name = "other phone"
on = "Hangup"
when = "phones['1o09'].hook == 'on' and phones['desk'].hook == 'on' and event.Cuase == 16"
do = [ {{ verb = "ping" }} ]
"#,
        entry = phone.entry("desk"),
        manager = asterisk.manager(),
    );
    let daemon = Daemon::start(&config).await;
    daemon
        .line("rule \"paused\" waits for an event of class agent; the account handsetd of Asterisk pbx reads call,system,user")
        .await;
    daemon.line("rule \"unknown phone\" names \"1o01\": ").await;
    let check = Command::new(env!("CARGO_BIN_EXE_handsetd"))
        .arg("check")
        .arg("--config")
        .arg(daemon.file())
        .output()
        .unwrap();
    let text = String::from_utf8(check.stdout).unwrap();
    assert!(check.status.success(), "{text}");
    for expected in [
        ": rule.on: rule \"paused\" waits for an event of class agent; the account handsetd of Asterisk pbx reads call,system,user; add agent to its read in manager.conf\n",
        ": rule.do: rule \"unknown phone\" sends SetVra, which Asterisk pbx does not offer to the account handsetd: ",
        ": rule.do.phone: rule \"unknown phone\" names \"1o01\": ",
        ": rule.when: rule \"other phone\" names \"1o09\": ",
        ": rule.when: rule \"other phone\": Hangup has no Cuase; did you mean event.Cause?\n",
        "lunch.png is in none of the folders of media.folders\n",
    ] {
        assert!(text.contains(expected), "{text}");
    }
    assert!(!text.contains("sends setvar"), "{text}");
    assert!(!text.contains("names \"desk\""), "{text}");
    api_shows_the_same_warnings(&daemon, &text).await;

    asterisk.change(
        "manager.conf",
        "read=system,call,user",
        "read=system,call,user,agent",
    );
    asterisk.cli("manager reload");
    soon("the new rights", async {
        while !asterisk.cli("manager show user handsetd").contains("agent") {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    // A session keeps the rights of its login.
    daemon.reconfigure(&config);
    daemon
        .line("The account reads more events; logging in again.")
        .await;
    daemon.line_after(1, "Connected to Asterisk").await;
    let log = daemon.settled_log().await;
    assert_eq!(log.matches("of class agent").count(), 1, "{log}");
    assert_eq!(log.matches("names \"1o01\"").count(), 2, "{log}");
    let paused = asterisk.cli("queue pause member Local/1@phones queue support reason lunch");
    assert!(
        paused.contains("paused interface"),
        "{paused}{}",
        asterisk.cli("queue show")
    );
    phone.shows_text("QueueMemberPause for lunch").await;
}

/// The names and classes in `handset_ami::known_events`, compared with what Asterisk documents.
async fn known_events_are_those_of_the_documentation(version: Version) {
    let Some(text) = documentation(version) else {
        left_out("Asterisk is not installed");
        return;
    };
    let options = roxmltree::ParsingOptions {
        allow_dtd: true,
        ..roxmltree::ParsingOptions::default()
    };
    let document = roxmltree::Document::parse_with_options(&text, options).unwrap();
    let events = document
        .descendants()
        .filter(|node| node.has_tag_name("managerEvent"));
    let mut count = 0;
    for event in events {
        let name = event.attribute("name").unwrap();
        let instance = event
            .children()
            .find(|node| node.has_tag_name("managerEventInstance"));
        let class = instance.and_then(|instance| instance.attribute("class"));
        let class = class
            .unwrap_or_default()
            .trim_start_matches("EVENT_FLAG_")
            .to_lowercase();
        let known = handset_ami::known_events::find(name);
        let known = known.unwrap_or_else(|| panic!("{name} is not in the table"));
        let number = match version {
            Version::V16 => 16,
            Version::V22 => 22,
        };
        assert!((known.since..=known.until).contains(&number), "{known:?}");
        // Lists are answers to actions, whatever class they are documented with. Two classes are wrong there.
        let is_wrong = ["CEL", "ChannelTalkingStart", "ChannelTalkingStop"].contains(&name);
        let word = known.class.word();
        assert!(
            word.is_empty() || word == class || is_wrong,
            "{name}: {word}, documented {class}"
        );
        count += 1;
    }
    assert!(count > 150, "{count}");
}
