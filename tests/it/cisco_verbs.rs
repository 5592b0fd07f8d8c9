//! Every verb on simulated Cisco phones of each kind, and Extension Mobility with a simulated call
//! manager: through AGI, over real HTTP, and by NOTIFY through a real Asterisk.

use std::collections::HashMap;

use handset_net::tasks::Tasks;
use handset_simulator::Vendor;
use handset_simulator::cucm::{self, CallManager};
use handset_simulator::{Options as Phone, Scheme};
use serde_json::{Value, json};

use super::support::agi_call::agi_call;
use super::support::asterisk::{Asterisk, Driver, Options, Version};
use super::support::daemon::Daemon;
use super::support::fetch;
use super::support::loopback::Loopback;
use super::support::sim_phone::{self, Desk};
use super::support::udp_phone::UdpPhone;

/// A daemon, and one phone that it knows as `desk`.
struct Office {
    daemon: Daemon,
    desk: Desk,
}

/// What stands on the channel afterwards.
struct Told(HashMap<String, String>);

impl Told {
    fn get(&self, name: &str) -> &str {
        self.0
            .get(&format!("HANDSET_{name}"))
            .map_or("", String::as_str)
    }

    fn result(&self) -> Value {
        serde_json::from_str(self.get("RESULT")).unwrap_or_default()
    }

    /// Checks the status, and returns the reason.
    fn is(&self, status: &str) -> &str {
        let reason = self.get("REASON");
        assert_eq!(self.get("STATUS"), status, "{reason}");
        reason
    }
}

impl Office {
    /// Puts a phone of that model on the desk; `more` are lines of its configuration.
    async fn with(model: &str, more: &str, change: impl FnOnce(&mut Phone)) -> Self {
        let mut options = sim_phone::options(Vendor::Cisco);
        options.model = model.to_owned();
        change(&mut options);
        let desk = Desk::new(options).await;
        let daemon = Daemon::start(&format!("{}{more}\n", desk.entry("desk"))).await;
        Self { daemon, desk }
    }

    async fn of(model: &str) -> Self {
        Self::with(model, "", |_| ()).await
    }

    async fn does(&self, verb: &str, arguments: &[&str]) -> Told {
        let arguments = [arguments, &["phone=desk"]].concat();
        Told(agi_call(self.daemon.agi(), verb, &arguments).await)
    }

    fn setting(&self, name: &str) -> Option<String> {
        self.desk.state().settings.get(name).cloned()
    }
}

#[tokio::test]
async fn an_8851_does_every_verb() {
    let office = Office::of("8851").await;
    office.does("dtmf", &["12"]).await.is("REJECTED");
    office.does("dial", &["+4930123"]).await.is("OK");
    assert_eq!(office.desk.state().dialed, ["+4930123"]);
    office.does("dtmf", &["12#"]).await.is("OK");
    assert_eq!(office.setting("digits").as_deref(), Some("12#"));
    for (verb, key) in [
        ("answer", "Speaker"),
        ("hold", "FixedFeature3"),
        ("resume", "FixedFeature3"),
        ("hangup", "Release"),
    ] {
        assert!(office.does(verb, &[]).await.is("OK").contains("pressed"));
        assert_eq!(
            office.desk.state().keys.last().map(String::as_str),
            Some(key),
            "{verb}"
        );
    }
    let before = office.desk.state().keys.len();
    office
        .does("key", &["SPEAKER::10,1,0,#,DOWN::10,F1"])
        .await
        .is("OK");
    let pressed = office.desk.state().keys.split_off(before);
    let keys = [
        "Speaker",
        "KeyPad1",
        "KeyPad0",
        "KeyPadPound",
        "NavDwn",
        "Soft1",
    ];
    assert_eq!(pressed, keys);
    office
        .does("display", &["state=off", "minutes=5"])
        .await
        .is("OK");
    assert_eq!(office.setting("display").as_deref(), Some("Off:5"));

    office.does("push", &["text=Hello"]).await.is("OK");
    office.desk.shows_text("Hello").await;
    office.does("clear", &[]).await.is("OK");
    assert!(office.desk.state().shown.is_none());
    office.does("ring", &["Analog1"]).await.is("OK");
    office.does("ring", &["stop=yes"]).await.is("OK");

    let told = office
        .does("stream", &["239.1.2.3:20480", "volume=40", "codec=g722"])
        .await;
    told.is("OK");
    let id = told.result()["stream"].as_str().unwrap().to_owned();
    let expected = format!("{id} receive G.722 239.1.2.3:20480 40");
    assert_eq!(office.setting("media"), Some(expected));
    let busy = office.does("stream", &["239.1.2.3:20480"]).await;
    assert!(busy.is("REJECTED").contains("no stream free"));
    office.does("stream", &["stop=yes"]).await.is("OK");
    assert_eq!(office.setting("media"), None);

    let told = office.does("info", &[]).await;
    told.is("OK");
    let info = told.result();
    assert_eq!(info["model"], "8851");
    assert_eq!(info["mac"], "00:00:5E:00:53:01");
    assert_eq!(
        info["lines"],
        json!([{ "number": "1001", "state": "ONHOOK", "ringer": "Chirp1", "message_waiting": "NO" }])
    );
    office.does("screenshot", &[]).await.is("OK");
}

/// Checks that a picture was told, and its size.
async fn picture(told: &Told, size: (u32, u32)) {
    told.is("OK");
    let picture = fetch::picture(told.get("RESULT")).await;
    assert_eq!(picture.dimensions(), size);
    assert_eq!(picture.get_pixel(0, 0).0, [0; 3], "the frame is black");
    assert_eq!(picture.get_pixel(1, 1).0, [255; 3], "the rest is white");
}

#[tokio::test]
async fn uris_are_run_side_by_side_and_answered_one_by_one() {
    let office = Office::of("8851").await;
    let uris = ["uri=Key:Soft1", "uri=Play:chime.raw", "uri=Dial:100"];
    office.does("execute", &uris).await.is("OK");
    let state = office.desk.state();
    assert_eq!(
        (state.keys, state.dialed),
        (vec!["Soft1".to_owned()], vec!["100".to_owned()])
    );
    let told = office
        .does("execute", &["uri=SendDigits:1:1:Dialer", "uri=Key:Soft2"])
        .await;
    let reason = told.is("REJECTED");
    assert!(
        reason.contains("SendDigits:1:1:Dialer") && reason.contains("Unknown Application ID"),
        "{reason}"
    );
    let told = office.does("execute", &["uri=Key:NavDown"]).await;
    assert!(told.is("OK").contains("is written Key:NavDwn"));
    assert_eq!(office.desk.state().keys.last().unwrap(), "NavDwn");
    // Nothing of this reaches the phone.
    let asked = office.desk.received().len();
    for (uri, status) in [
        ("Notify:http:192.0.2.1:80:x", "UNSUPPORTED"),
        ("SoftKey:Exit", "UNSUPPORTED"),
        ("Vibrate:1", "UNSUPPORTED"),
        ("Key:NavBack", "UNSUPPORTED"),
        ("Display:Maybe", "INVALID"),
    ] {
        let told = office
            .does("execute", &["uri=Dial:1", &format!("uri={uri}")])
            .await;
        told.is(status);
    }
    assert_eq!(office.desk.received().len(), asked);
}

#[tokio::test]
async fn a_7970_streams_by_uris_and_has_the_old_pages() {
    let office = Office::of("7970G").await;
    office
        .does("stream", &["239.0.0.1:20480", "mode=both"])
        .await
        .is("OK");
    assert_eq!(office.setting("RTPMRx").as_deref(), Some("239.0.0.1:20480"));
    assert_eq!(office.setting("RTPMTx").as_deref(), Some("239.0.0.1:20480"));
    office.does("stream", &["stop=yes"]).await.is("OK");
    assert_eq!(
        (office.setting("RTPMRx"), office.setting("RTPMTx")),
        (None, None)
    );
    let told = office.does("info", &[]).await;
    told.is("OK");
    assert_eq!(told.result()["model"], "7970G");
    assert_eq!(told.result()["lines"][0]["number"], "1001");
    picture(&office.does("screenshot", &[]).await, (320, 212)).await;
    let told = office.does("key", &["HOLD"]).await;
    assert!(told.is("OK").contains("unproven"));
    assert!(
        office.desk.state().keys.is_empty(),
        "the phone discards it without a word"
    );
}

#[tokio::test]
async fn a_7841_transfers_by_its_keys() {
    let office = Office::of("7841").await;
    office.does("transfer", &["20"]).await.is("OK");
    let keys = ["Transfer", "KeyPad2", "KeyPad0", "Transfer"];
    assert_eq!(office.desk.state().keys, keys);
    office.does("dtmf", &["1*"]).await.is("OK");
    assert_eq!(office.desk.state().keys[4..], ["KeyPad1", "KeyPadStar"]);
    let told = office.does("display", &["state=on"]).await;
    assert!(told.is("UNSUPPORTED").contains("takes no Display"));
}

#[tokio::test]
async fn a_7960_leads_on_to_its_answers() {
    let office = Office::of("7960G").await;
    office.does("dial", &["100"]).await.is("OK");
    assert_eq!(office.desk.state().dialed, ["100"]);
    let told = office.does("execute", &["uri=SendDigits:1:1:Dialer"]).await;
    assert!(told.is("REJECTED").contains("Unknown Application ID"));
    let followed = office.desk.received();
    let answers = followed
        .iter()
        .filter(|one| one.target.starts_with("/CGI/Answer?"));
    assert_eq!(answers.count(), 2);
    let told = office.does("info", &[]).await;
    told.is("OK");
    assert_eq!(told.result()["message_waiting"], "ÉTÉ");
    picture(&office.does("screenshot", &[]).await, (133, 65)).await;
}

#[tokio::test]
async fn a_screenshot_may_be_a_png() {
    let office = Office::of("8945").await;
    office.does("screenshot", &[]).await.is("OK");
    let received = office.desk.received();
    assert!(received[0].answer.starts_with(b"\x89PNG"));
}

#[tokio::test]
async fn multiplatform_phones_ask_for_a_digest_and_answer_with_a_status() {
    let account = |phone: &mut Phone| {
        phone.credentials = Some(("admin".into(), "tulip".into()));
        phone.scheme = Scheme::Digest;
    };
    let more = "username = \"admin\"\npassword = \"tulip\"";
    for model in ["8841-3PCC", "SPA508G"] {
        let office = Office::with(model, more, account).await;
        office.does("dial", &["100"]).await.is("OK");
        assert_eq!(office.desk.state().dialed, ["100"], "{model}");
        office.does("key", &["HOLD"]).await.is("OK");
        assert_eq!(office.desk.state().keys, ["Hold"], "{model}");
        assert_eq!(office.desk.state().bad_credentials, 0);
        office.does("clear", &[]).await.is("UNSUPPORTED");
    }
    let office = Office::with("8841-3PCC", more, |phone| {
        account(phone);
        phone.credentials = Some(("admin".into(), "other".into()));
    });
    let office = office.await;
    office.does("dial", &["100"]).await.is("DENIED");
    assert_eq!(office.desk.state().bad_credentials, 1);
    let told = office.does("stream", &["239.0.0.1:20480"]).await;
    assert!(told.is("UNSUPPORTED").contains("takes no RTP"));
}

#[tokio::test]
async fn a_phone_asks_our_door_whatever_the_page() {
    let address = Loopback::claim();
    let mut options = sim_phone::options(Vendor::Cisco);
    options.model = "8851".to_owned();
    let entry = sim_phone::entry("desk", &options, address.port(8080));
    let daemon = Daemon::start(&entry).await;
    let door = format!("http://{}/cisco/authenticate", daemon.http());
    options.authentication_url = Some(door.parse().unwrap());
    let office = Office {
        daemon,
        desk: Desk::at(options, address.port(8080)).await,
    };
    office.does("key", &["F1"]).await.is("OK");
    office.does("screenshot", &[]).await.is("OK");
    let told = office.does("info", &[]).await;
    told.is("OK");
    assert_eq!(told.result()["lines"][0]["state"], "ONHOOK");
    assert_eq!(office.desk.state().bad_credentials, 0);
}

#[tokio::test]
async fn what_a_cisco_phone_does_not_do_is_refused_with_the_reason() {
    let office = Office::of("8851").await;
    let asked: [(&str, &[&str], &str); 13] = [
        ("dnd", &["state=on"], "call manager"),
        ("forward", &["100"], "forward in Asterisk"),
        ("led", &["state=on"], "lamps"),
        ("settings", &["get=x"], "configuration file"),
        (
            "firmware",
            &["url=http://192.0.2.1/x", "confirm=yes"],
            "configuration file",
        ),
        ("csta", &["MakeCall"], "only Snom"),
        ("reboot", &[], "Call-ID"),
        ("transfer", &["100", "kind=attended"], "has answered"),
        ("dial", &["100", "line=2"], "line's key"),
        ("hold", &["call=1"], "leave call out"),
        ("key", &["1:800"], "can't be held"),
        ("key", &["CANCEL"], "CANCEL"),
        ("dial", &["100", "via=notify"], "leave via out"),
    ];
    for (verb, arguments, words) in asked {
        let told = office.does(verb, arguments).await;
        let reason = told.is("UNSUPPORTED");
        assert!(reason.contains(words), "{verb}: {reason}");
    }
    assert!(office.desk.received().is_empty());
}

#[tokio::test]
async fn on_22_phones_restart_by_notify() {
    let options = Options::registrar(&[(Driver::Pjsip, "1001"), (Driver::Pjsip, "1002")]);
    let Some(asterisk) = Asterisk::start(Version::V22, &options).await else {
        return;
    };
    let sip = asterisk.sip(Driver::Pjsip);
    let mut enterprise = UdpPhone::new("1001", "Cisco-CP8851/14.2.1", sip).await;
    let mut open = UdpPhone::new("1002", "Cisco-CP-8841-3PCC/11.0 (00005E005302)", sip).await;
    enterprise.register(600).await;
    open.register(600).await;
    let daemon = Daemon::start(&format!(
        "[[asterisk]]\nname = \"pbx\"\naddress = \"{}\"\nusername = \"handsetd\"\n\
         secret = \"hush\"\n",
        asterisk.manager()
    ))
    .await;
    daemon.line("Connected to Asterisk").await;
    let does = async |verb: &str, phone: &str| {
        let told = loop {
            let told = Told(agi_call(daemon.agi(), verb, &[phone]).await);
            // The server is still being read.
            if told.get("STATUS") != "NOTFOUND" {
                break told;
            }
            tokio::task::yield_now().await;
        };
        told.is("OK").to_owned()
    };
    let reason = does("reboot", "phone=1001").await;
    assert!(reason.contains("From"), "{reason}");
    let told = enterprise.notified().await;
    assert_eq!(told.header("Event"), ["service-control"]);
    assert_eq!(told.header("Content-Type"), ["text/plain"]);
    let call_id = enterprise.address().port(5060);
    let lines: Vec<&str> = told.body.lines().collect();
    assert_eq!(
        lines[..2],
        ["action=reset", &format!("RegisterCallId={{{call_id}}}")]
    );
    let zero = "{00000000-0000-0000-0000-000000000000}";
    assert_eq!(lines[2], format!("ConfigVersionStamp={zero}"));
    assert_eq!(lines.len(), 5);
    does("resync", "phone=1001").await;
    assert!(
        enterprise
            .notified()
            .await
            .body
            .starts_with("action=restart")
    );
    does("resync", "phone=1002").await;
    assert_eq!(open.notified().await.header("Event"), ["resync"]);
    does("reboot", "phone=1002").await;
    assert_eq!(open.notified().await.header("Event"), ["reboot_now"]);
}

/// A call manager, and a daemon that knows it.
struct Site {
    manager: CallManager,
    daemon: Daemon,
    _tasks: Tasks,
}

impl Site {
    async fn with(encoding: &str, password: &str, options: cucm::Options) -> Self {
        let tasks = Tasks::new();
        let manager = cucm::start(options, &tasks).await.unwrap();
        let config = format!(
            "[cucm]\nurl = \"{}\"\napp_id = \"MobilityManagerUser\"\npassword = \"{password}\"\n\
             encoding = \"{encoding}\"\n\
             [[phone]]\nname = \"boss\"\nvendor = \"cisco\"\nmodel = \"8851\"\n\
             mac = \"00:00:5E:00:53:01\"\naddress = \"192.0.2.21\"\n\
             [[phone]]\nname = \"nameless\"\nvendor = \"cisco\"\nmodel = \"8851\"\n\
             address = \"192.0.2.22\"\n\
             [[phone]]\nname = \"other\"\nvendor = \"snom\"\nmodel = \"D785\"\n\
             address = \"192.0.2.23\"\n",
            manager.url()
        );
        let daemon = Daemon::start(&config).await;
        Self {
            manager,
            daemon,
            _tasks: tasks,
        }
    }

    async fn does(&self, verb: &str, arguments: &[&str]) -> Told {
        Told(agi_call(self.daemon.agi(), verb, arguments).await)
    }
}

#[tokio::test]
async fn users_log_in_and_out_in_every_encoding() {
    for (encoding, follows_dtd) in [("form", false), ("multipart", true), ("query", false)] {
        let options = cucm::Options {
            follows_dtd,
            ..cucm::Options::default()
        };
        let site = Site::with(encoding, "secret", options).await;
        let login = ["em@example.com", "phone=boss", "minutes=60"];
        assert_eq!(site.does("login", &login).await.is("OK"), "");
        let there = site.manager.state().logged_in["SEP00005E005301"].clone();
        assert_eq!(there.user, "em@example.com");
        assert_eq!(
            (there.profile.as_str(), there.minutes),
            ("em@example.com-profile", Some(60))
        );

        let told = site.does("who", &["phone=boss"]).await;
        told.is("OK");
        let expected = json!({
            "device": "SEP00005E005301", "user": "em@example.com", "last_login": "em@example.com"
        });
        assert_eq!(told.result(), expected);
        let told = site.does("who", &["em@example.com"]).await;
        told.is("OK");
        let expected = json!({
            "user": "em@example.com",
            "devices": ["SEP00005E005301"],
            "profiles": [{ "name": "em@example.com-profile", "default": true }],
        });
        assert_eq!(told.result(), expected);

        // Wherever they are, and by the name of a device as well.
        site.does("logout", &["em@example.com"]).await.is("OK");
        assert!(site.manager.state().logged_in.is_empty());
        let told = site.does("logout", &["device=00:00:5e:00:53:01"]).await;
        assert!(told.is("REJECTED").contains("code 19"));
        let told = site.does("who", &["device=SEP00005E005301"]).await;
        assert_eq!(told.result()["user"], Value::Null);
        let asked = site.manager.state().asked;
        assert!(asked.iter().all(|(how, _)| *how == encoding), "{asked:?}");
    }
}

#[tokio::test]
async fn what_the_call_manager_refuses_is_told_with_code_and_cure() {
    let site = Site::with("form", "secret", cucm::Options::default()).await;
    site.does("login", &["john", "phone=boss"]).await.is("OK");
    for (verb, arguments, status, words) in [
        (
            "login",
            vec!["em@example.com", "phone=boss"],
            "REJECTED",
            "code 18",
        ),
        ("login", vec!["nobody", "phone=boss"], "NOTFOUND", "code 23"),
        (
            "login",
            vec!["john", "profile=none", "phone=boss"],
            "NOTFOUND",
            "code 12",
        ),
        (
            "login",
            vec!["john", "device=SEP000000000000"],
            "NOTFOUND",
            "code 11",
        ),
        (
            "logout",
            vec!["em@example.com"],
            "REJECTED",
            "is not logged in",
        ),
        ("logout", vec!["john", "device=SEP9"], "REJECTED", "at SEP9"),
        ("who", vec!["nobody"], "NOTFOUND", "no user nobody"),
        ("who", vec!["device=SEP9"], "NOTFOUND", "no device SEP9"),
        ("who", vec!["john", "device=SEP9"], "INVALID", "one of them"),
        ("who", vec!["phone=nameless"], "NOTFOUND", "mac"),
        ("who", vec!["phone=other"], "UNSUPPORTED", "Snom"),
        (
            "who",
            vec!["phone=boss", "via=http"],
            "UNSUPPORTED",
            "leave via out",
        ),
    ] {
        let told = site.does(verb, &arguments).await;
        let reason = told.is(status);
        assert!(reason.contains(words), "{verb} {arguments:?}: {reason}");
    }
    assert!(
        site.does("who", &["john", "wait=no"])
            .await
            .is("QUEUED")
            .is_empty()
    );
    let site = Site::with("form", "wrong", cucm::Options::default()).await;
    let told = site.does("who", &["john"]).await;
    assert!(told.is("DENIED").contains("cucm.password"));
    assert!(
        !site.daemon.log().contains("wrong"),
        "no password is logged"
    );
}

#[tokio::test]
async fn only_a_busy_call_manager_is_asked_again() {
    let busy = |busy| cucm::Options {
        busy,
        ..cucm::Options::default()
    };
    let site = Site::with("form", "secret", busy(2)).await;
    site.does("login", &["john", "phone=boss"]).await.is("OK");
    assert_eq!(site.manager.state().asked.len(), 3);
    let told = site.does("login", &["nobody", "phone=boss"]).await;
    told.is("NOTFOUND");
    assert_eq!(site.manager.state().asked.len(), 4);
    let site = Site::with("form", "secret", busy(100)).await;
    let told = site.does("who", &["john", "deadline=2s"]).await;
    assert!(told.is("UNREACHABLE").contains("code 26"));
    assert!(site.manager.state().asked.len() <= 4);
}

#[tokio::test]
async fn without_a_call_manager_the_cure_is_told() {
    let daemon = Daemon::start("").await;
    let told = Told(agi_call(daemon.agi(), "who", &["john"]).await);
    assert!(told.is("UNSUPPORTED").contains("[cucm]"));
    let config = "[cucm]\nurl = \"http://127.0.0.1:9/x\"\napp_id = \"a\"\npassword = \"b\"";
    let daemon = Daemon::start(config).await;
    let told = Told(agi_call(daemon.agi(), "who", &["john"]).await);
    assert!(told.is("UNREACHABLE").contains("cannot connect"));
    daemon.reconfigure(&config.replace("\"b\"", "\"c\""));
    assert!(daemon.line("need a restart").await.contains("[cucm]"));
}
