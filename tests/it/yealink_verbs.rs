//! Every verb on Yealink phones: over HTTP, and by NOTIFY and calls through a real Asterisk.

use std::collections::HashMap;

use handset_simulator::Vendor;
use handset_simulator::{Content, Options, PhoneCallState, RemoteControl, Scheme, State};
use serde_json::{Value, json};

use super::support::agi_call::agi_call;
use super::support::asterisk::{self, Asterisk, Driver, Version};
use super::support::caller::Caller;
use super::support::daemon::Daemon;
use super::support::fetch;
use super::support::loopback::Loopback;
use super::support::sim_phone::{self, Desk};
use super::support::udp_phone::UdpPhone;

#[tokio::test]
async fn keys_are_pressed_in_order() {
    let office = Office::open(options()).await;
    office.ok("key", &["OFFHOOK,1,*,#,OK"]).await;
    assert_eq!(office.state().keys, ["OFFHOOK", "1", "*", "POUND", "OK"]);
    // One chain, and none that a pause cuts.
    assert_eq!(office.desk.received().len(), 1);
    office.ok("key", &["P1,HOLD::20,REDIAL"]).await;
    assert_eq!(office.desk.received().len(), 3);
    assert_eq!(office.state().keys[5..], ["L1", "F_HOLD", "RD"]);
    for (keys, reason) in [
        ("1,Reset", "keys: Reset would reset the phone"),
        ("1,L28", "keys: L28 is none of the 27 line keys"),
        ("1:500", "keys: 1 can't be held down"),
        ("MENU", "keys: MENU is no key of a Yealink T46G"),
    ] {
        let told = office.told("key", &[keys]).await;
        assert_eq!(told["HANDSET_STATUS"], "UNSUPPORTED");
        assert!(told["HANDSET_REASON"].starts_with(reason), "{told:?}");
    }
    assert_eq!(office.desk.received().len(), 3, "nothing more was sent");
    office.desk.is_content();
}

#[tokio::test]
async fn a_touch_model_gets_one_key_a_request() {
    let office = Office::open(Options {
        model: "SIP-T48S".to_owned(),
        firmware: "66.86.0.15".to_owned(),
        ..options()
    })
    .await;
    office.ok("key", &["F1,2,#"]).await;
    assert_eq!(office.state().keys, ["F1", "2", "POUND"]);
    assert_eq!(office.desk.received().len(), 3);
    office.desk.is_content();
}

#[tokio::test]
async fn a_call_is_placed_held_transferred_and_ended() {
    let office = Office::open(options()).await;
    office.ok("dial", &["+49 30#1", "line=3"]).await;
    let calls = office.state().calling.calls;
    assert_eq!(calls[0].account.as_deref(), Some("1002@192.0.2.14"));
    assert_eq!(calls[0].number, "+4930#1");
    office.ok("dtmf", &["12#"]).await;
    assert_eq!(office.state().calling.dtmf, "12#");
    let reason = office.ok("hold", &[]).await;
    assert!(reason.contains("in turn"), "{reason}");
    assert_eq!(office.calls(), [PhoneCallState::Held]);
    office.ok("resume", &[]).await;
    let id = format!("call={}", calls[0].id);
    office.ok("hold", &[&id]).await;
    office.ok("hold", &[&id]).await;
    assert_eq!(office.calls(), [PhoneCallState::Held]);
    office.ok("resume", &[&id]).await;
    assert_eq!(office.calls(), [PhoneCallState::Talking]);
    office.ok("transfer", &["300", "kind=attended"]).await;
    office.ok("hangup", &[]).await;
    office.ok("resume", &[&id]).await;
    office.ok("transfer", &["301"]).await;
    let calling = office.state().calling;
    assert!(calling.calls.is_empty());
    assert_eq!(
        calling.transfers,
        [("300".to_owned(), false), ("301".to_owned(), true)]
    );
    let told = office.told("dial", &["201", "line=2"]).await;
    assert_eq!(told["HANDSET_STATUS"], "REJECTED", "{told:?}");
    assert!(told["HANDSET_REASON"].contains("the phone has no account for line 2"));
    office.ok("dial", &["200"]).await;
    assert_eq!(office.state().dialed, ["+4930#1", "200"]);
    // It was held twice, and the second time there was nothing to do.
    let swallowed = ["HOLD:33093: there is no call for it."];
    assert_eq!(office.state().remarks, swallowed);
    office.desk.is_content();
}

#[tokio::test]
async fn a_call_is_answered_or_not_taken() {
    let office = Office::open(options()).await;
    let first = office.desk.phone().is_called_by("201");
    office.ok("answer", &[&format!("call={first}")]).await;
    assert_eq!(office.calls(), [PhoneCallState::Talking]);
    let second = office.desk.phone().is_called_by("202");
    office.ok("hangup", &[&format!("call={second}")]).await;
    assert_eq!(office.calls(), [PhoneCallState::Talking]);
    office.ok("hangup", &[]).await;
    assert!(office.calls().is_empty());
    let told = office.told("answer", &["call=PJSIP/1001-00000001"]).await;
    assert_eq!(told["HANDSET_STATUS"], "INVALID", "{told:?}");
    office.desk.is_content();
}

#[tokio::test]
async fn dnd_and_forwarding_are_switched_and_told() {
    let office = Office::open(options()).await;
    office.ok("dnd", &["on"]).await;
    office.ok("forward", &["201"]).await;
    office.ok("forward", &["203", "kind=busy"]).await;
    office.ok("forward", &["state=off", "kind=busy"]).await;
    office
        .ok("forward", &["202", "kind=noanswer", "after=12"])
        .await;
    let told = office.result("info", &[]).await;
    assert_eq!(
        told,
        json!({
            "model": "T46G",
            "firmware": "28.83.0.130",
            "mac": "00:00:5E:00:53:03",
            "dnd": true,
            "forward": {
                "all": { "on": true, "number": "201" },
                "busy": { "on": false },
                "noanswer": { "on": true, "number": "202" },
            },
            "lines": [
                { "number": 1, "state": "enabled", "name": "Desk", "user": "1001", "server": "pbx.example.org" },
                { "number": 3, "state": "enabled", "name": "1002", "user": "1002", "server": "192.0.2.14" },
            ],
        })
    );
    office.ok("dnd", &["off"]).await;
    assert!(!office.state().calling.dnd);
    let told = office
        .told("forward", &["1", "kind=noanswer", "after=13"])
        .await;
    assert_eq!(told["HANDSET_STATUS"], "INVALID", "{told:?}");
    office.desk.is_content();
}

#[tokio::test]
async fn settings_are_written_and_some_are_read() {
    let office = Office::open(options()).await;
    let asked = [
        "set=account.1.label=A & B, \"c\"",
        "get=Status.FirmwareVersion",
        "get=dnd",
    ];
    let told = office.result("settings", &asked).await;
    assert_eq!(
        told,
        json!({ "Status.FirmwareVersion": "28.83.0.130", "dnd": { "State": "Off" } })
    );
    let set = |state: &State| state.settings.contains_key("account.1.label");
    let state = office.desk.until("a setting", set).await;
    assert_eq!(state.settings["account.1.label"], "A & B, \"c\"");
    let told = office.told("settings", &["get=account.1.label"]).await;
    assert_eq!(told["HANDSET_STATUS"], "UNSUPPORTED", "{told:?}");
    office.desk.is_content();
}

#[tokio::test]
async fn the_screen_is_taken_from_new_and_old_firmware_alike() {
    for firmware in ["28.83.0.130", "28.73.0.48"] {
        let office = Office::open(Options {
            firmware: firmware.to_owned(),
            ..options()
        })
        .await;
        office.ok("push", &["Hello"]).await;
        office.desk.shows_text("Hello").await;
        let told = office.told("screenshot", &[]).await;
        let picture = fetch::picture(&told["HANDSET_RESULT"]).await;
        assert_eq!(picture.dimensions(), office.desk.phone().display());
        let asked = office.desk.received();
        let pages: Vec<_> = asked
            .iter()
            .skip(1)
            .map(|asked| asked.target.as_str())
            .collect();
        match firmware {
            "28.83.0.130" => assert_eq!(pages, ["/screencapture"]),
            _ => assert_eq!(pages, ["/screencapture", "/servlet?command=screenshot"]),
        }
    }
}

#[tokio::test]
async fn lamps_and_uris_are_executed() {
    let office = Office::open(options()).await;
    office.ok("led", &["slow"]).await;
    office.ok("led", &["on", "led=3", "color=red"]).await;
    let lit = |state: &State| state.lamps.len() == 2;
    let state = office.desk.until("two lamps", lit).await;
    assert_eq!(state.lamps["POWER"], "slowflash");
    assert_eq!(state.lamps["LINE3_RED"], "on");
    office.ok("led", &["off", "led=LINE3"]).await;
    let dark = |state: &State| state.lamps["LINE3_RED"] == "off";
    office.desk.until("a dark lamp", dark).await;
    let uris = ["uri=Key:LINE1", "uri=Led:LINE1_GREEN=on", "uri=Dial:*10"];
    office.ok("execute", &uris).await;
    let called = |state: &State| state.dialed == ["*10"];
    let state = office.desk.until("a call", called).await;
    assert_eq!(state.keys, ["LINE1"]);
    assert_eq!(state.lamps["LINE1_GREEN"], "on");
    let told = office.told("execute", &["uri=RTPRx:192.0.2.1"]).await;
    assert_eq!(told["HANDSET_STATUS"], "UNSUPPORTED", "{told:?}");
    assert_eq!(office.state().remarks, [""; 0]);
    office.desk.is_content();
}

#[tokio::test]
async fn a_file_is_played_and_stopped_and_a_tone_of_its_own_needs_asterisk() {
    let office = Office::open(options()).await;
    office.ok("ring", &["doorbell.wav"]).await;
    let played = |state: &State| !state.played.is_empty();
    office.desk.until("a sound", played).await;
    office.ok("ring", &["stop=yes"]).await;
    let told = office.told("ring", &["3"]).await;
    assert_eq!(told["HANDSET_STATUS"], "UNSUPPORTED", "{told:?}");
    assert!(told["HANDSET_REASON"].contains("via=pbx"), "{told:?}");
    office.desk.is_content();
}

#[tokio::test]
async fn documents_of_its_own_are_shown_and_others_are_not_sent() {
    let office = Office::open(options()).await;
    let status = "xml=<YealinkIPPhoneStatus Beep=\"no\" SessionID=\"a\" Timeout=\"0\">\
                  <Message Index=\"1\">Paused</Message></YealinkIPPhoneStatus>";
    office.ok("push", &[status]).await;
    let paused = |state: &State| state.status.as_deref() == Some("Paused");
    office.desk.until("a status", paused).await;
    let text = "xml=<YealinkIPPhoneFormattedTextScreen Beep=\"no\" Timeout=\"0\"><Line>Big</Line>\
                <Scroll><Line>a, \"b\"</Line></Scroll></YealinkIPPhoneFormattedTextScreen>";
    office.ok("push", &[text]).await;
    let shown = office.desk.shows_text("Big").await;
    assert_eq!(shown.content, Content::Text("Big\na, \"b\"".to_owned()));
    office.ok("clear", &[]).await;
    office
        .desk
        .until("an idle phone", |state| state.shown.is_none())
        .await;
    let told = office.told("push", &["xml=<SnomIPPhoneText/>"]).await;
    assert_eq!(told["HANDSET_STATUS"], "INVALID", "{told:?}");
    office.desk.is_content();
}

#[tokio::test]
async fn without_asterisk_a_restart_is_a_key() {
    let office = Office::open(options()).await;
    office.ok("resync", &[]).await;
    office.ok("reboot", &[]).await;
    assert_eq!(office.state().keys, ["AutoP", "Reboot"]);
    office.desk.is_content();
}

#[tokio::test]
async fn what_no_yealink_phone_does_is_unsupported_and_nothing_is_sent() {
    let office = Office::open(options()).await;
    for (verb, arguments) in [
        ("csta", &["MakeCall"][..]),
        ("display", &["on"]),
        ("firmware", &["http://192.0.2.1/f.rom", "confirm=yes"]),
        ("stream", &["192.0.2.1:5004"]),
        ("stream", &["stop=yes"]),
        ("transfer", &["200", "call=1"]),
        ("dtmf", &["1A"]),
        ("led", &["on", "led=MUTE"]),
        ("info", &["via=notify"]),
        ("dial", &["200", "line=1", "via=notify"]),
    ] {
        let told = office.told(verb, arguments).await;
        assert_eq!(told["HANDSET_STATUS"], "UNSUPPORTED", "{verb}: {told:?}");
        assert!(!told["HANDSET_REASON"].is_empty());
    }
    assert_eq!(office.desk.received().len(), 0);
}

#[tokio::test]
async fn who_is_refused_is_told_which_setting_cures_it() {
    let with = |remote_control| Options {
        remote_control,
        ..options()
    };
    let office = Office::open(with(RemoteControl {
        limit_ip: String::new(),
        ..RemoteControl::default()
    }))
    .await;
    let told = office.told("key", &["OK"]).await;
    assert_eq!(told["HANDSET_STATUS"], "DENIED", "{told:?}");
    assert!(told["HANDSET_REASON"].contains("features.action_uri_limit_ip"));

    let office = Office::open(with(RemoteControl {
        asks: true,
        ..RemoteControl::default()
    }))
    .await;
    for _ in 0..2 {
        let told = office.told("info", &[]).await;
        assert_eq!(told["HANDSET_STATUS"], "DENIED", "{told:?}");
        let reason = &told["HANDSET_REASON"];
        assert!(
            reason.contains("press OK there, then ask again"),
            "{reason}"
        );
    }
    office.desk.phone().press("OK").await.unwrap();
    office.ok("key", &["OK"]).await;
}

#[tokio::test]
async fn a_phone_asks_for_its_password_in_two_ways() {
    let desk = Desk::new(Options {
        scheme: Scheme::Digest,
        credentials: Some(("admin".to_owned(), "hush".to_owned())),
        ..options()
    })
    .await;
    let entry = desk.entry("desk");
    let config = format!("{entry}username = 'admin'\npassword = 'hush'\n");
    let office = Office::with(desk, &config).await;
    // Basic for its pages, Digest for pushes; none is taken for a wrong password.
    for (verb, argument) in [
        ("key", "OK"),
        ("push", "Hi"),
        ("key", "1"),
        ("push", "Hello"),
    ] {
        office.ok(verb, &[argument]).await;
    }
    office.desk.shows_text("Hello").await;
    assert_eq!(office.state().keys, ["OK", "1"]);
    assert_eq!(office.state().bad_credentials, 0);
    assert!(!office.daemon.log().contains("hush"));

    let desk = Desk::new(Options {
        scheme: Scheme::Basic,
        credentials: Some(("admin".to_owned(), "right".to_owned())),
        ..options()
    })
    .await;
    let entry = desk.entry("desk");
    let config = format!("{entry}username = 'admin'\npassword = 'wrong'\n");
    let office = Office::with(desk, &config).await;
    for reason in ["web administrator", "locks us out", "locks us out"] {
        let told = office.told("key", &["OK"]).await;
        assert_eq!(told["HANDSET_STATUS"], "DENIED", "{told:?}");
        assert!(told["HANDSET_REASON"].contains(reason), "{told:?}");
    }
    assert_eq!(office.state().bad_credentials, 1);
}

#[tokio::test]
async fn old_firmware_has_pages_of_its_own() {
    for (model, firmware, page) in [
        ("SIP-T38G", "38.70.0.185", "/cgi-bin/cgiServer.exx?key=OK"),
        ("SIP-T28P", "2.70.0.140", "/cgi-bin/ConfigManApp.com?key=OK"),
        ("SIP-T28P", "2.71.14.4", "/servlet?key=OK"),
    ] {
        let address = Loopback::claim();
        let phone = Options {
            model: model.to_owned(),
            firmware: firmware.to_owned(),
            ..options()
        };
        let user_agent = phone.user_agent();
        let desk = Desk::at(phone, address.port(8080)).await;
        let daemon = Daemon::start("[vendor.yealink]\nport = 8080\n").await;
        // Only its User-Agent tells the firmware.
        let caller = Caller::new(daemon.agi()).of_phone(
            "1001",
            &address.port(5060).to_string(),
            &user_agent,
        );
        let told = caller.runs("answer", &[]).await;
        assert_eq!(told.status, "OK", "{}", told.reason);
        assert_eq!(desk.received().last().unwrap().target, page);
        caller.runs("push", &["Hello"]).await;
        desk.shows_text("Hello").await;
        let told = caller.runs("forward", &["201"]).await;
        assert_eq!(told.status, "UNSUPPORTED");
        assert!(told.reason.contains("V80"), "{}", told.reason);
        desk.is_content();
    }
}

#[tokio::test]
async fn what_asterisk_knows_is_told_by_notify_and_by_call() {
    let Some(stage) = Stage::set().await else {
        return;
    };
    stage.keys_and_calls_go_by_notify().await;
    stage.documents_go_by_notify_too().await;
    stage.what_needs_an_answer_goes_by_http().await;
    stage.a_tone_of_its_own_is_a_short_call().await;
    stage.desk.is_content();
}

#[test]
fn the_provisioning_file_is_one_that_a_phone_reads() {
    let text = include_str!("../../etc/provisioning/yealink.cfg");
    assert!(text.starts_with("#!version:1.0.0.1\n"));
    let settings: Vec<_> = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| line.split_once(" = ").unwrap())
        .collect();
    let names: Vec<_> = settings.iter().map(|(name, _)| *name).collect();
    for needed in [
        "features.action_uri.enable",
        "features.action_uri_limit_ip",
        "features.show_action_uri_option",
        "push_xml.server",
        "push_xml.sip_notify",
        "push_xml.username",
        "push_xml.password",
        "sip.trust_ctrl",
        "sip.notify_reboot_enable",
        "action_url.dnd_on",
        "action_url.incoming_call",
    ] {
        assert!(names.contains(&needed), "{needed}");
    }
    let (explained, _) = text.split_once("Part one").unwrap();
    for (name, value) in settings {
        for word in [
            "HANDSETD_ADDRESS",
            "HANDSETD_DOOR",
            "PUSH_USER",
            "PUSH_PASSWORD",
        ] {
            assert!(!value.contains(word) || explained.contains(word));
        }
        let Some(event) = name.strip_prefix("action_url.") else {
            continue;
        };
        // What stands for the address is as long as an address may be.
        assert!(value.len() < 511 - 60, "{name}");
        let start = format!("http://HANDSETD_DOOR/action/yealink/{event}?mac=$mac&");
        assert!(value.starts_with(&start), "{name}");
        assert!(!value.contains(' '), "{name}");
    }
}

/// A server with a phone that is a SIP socket and a simulated phone at one address.
struct Stage {
    _asterisk: Asterisk,
    sip: UdpPhone,
    desk: Desk,
    daemon: Daemon,
}

impl Stage {
    async fn set() -> Option<Self> {
        let options = asterisk::Options::registrar(&[(Driver::Pjsip, "1002")]);
        let asterisk = Asterisk::start(Version::V22, &options).await?;
        let registrar = asterisk.sip(Driver::Pjsip);
        let phone = Options {
            model: "SIP-T53W".to_owned(),
            firmware: "96.86.0.70".to_owned(),
            ..sim_phone::options(Vendor::Yealink)
        };
        let mut sip = UdpPhone::new("1002", &phone.user_agent(), registrar).await;
        let desk = Desk::at(phone, sip.address().port(8080)).await;
        sip.register(3600).await;
        let manager = asterisk.manager();
        let daemon = Daemon::start(&format!(
            "[vendor.yealink]\nport = 8080\n\
             [[asterisk]]\nname = 'pbx'\naddress = '{manager}'\nusername = 'handsetd'\n\
             secret = 'hush'\n"
        ))
        .await;
        daemon.line("Read who is registered.").await;
        Some(Self {
            _asterisk: asterisk,
            sip,
            desk,
            daemon,
        })
    }

    async fn keys_and_calls_go_by_notify(&self) {
        // A T53W answers by OK.
        self.desk.phone().is_called_by("201");
        for (verb, arguments, body) in [
            ("answer", &[][..], "key=OK"),
            ("key", &["1,*,#"], "key=1;*;POUND"),
            ("dtmf", &["9#"], "key=9;POUND"),
            ("hold", &[], "key=F_HOLD"),
            ("resume", &[], "key=F_HOLD"),
            ("transfer", &["+49,30"], "key=BTrans=+4930"),
            ("dial", &["+4930#"], "number=+4930#"),
            ("hangup", &[], "key=CALLEND"),
            ("dnd", &["on"], "key=DNDOn"),
            (
                "forward",
                &["201", "kind=noanswer"],
                "key=NoAnswFwdOn=201=24",
            ),
            ("reboot", &["via=http"], ""),
            ("resync", &[], "check-sync;reboot=false"),
            ("reboot", &[], "check-sync;reboot=true"),
        ] {
            let arguments: Vec<_> = arguments
                .iter()
                .map(|argument| argument.replace("+49,30", "+49 30"))
                .collect();
            let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
            let told = self.told(verb, &arguments).await;
            assert_eq!(told["HANDSET_STATUS"], "OK", "{verb}: {told:?}");
            if body.is_empty() {
                continue;
            }
            let reason = &told["HANDSET_REASON"];
            assert!(reason.contains("sent by NOTIFY"), "{verb}: {reason}");
            let (event, sent) = self.notified().await;
            match verb {
                "reboot" | "resync" => assert_eq!((event.as_str(), sent.as_str()), (body, "")),
                _ => assert_eq!((event.as_str(), sent.as_str()), ("ACTION-URI", body)),
            }
        }
        let state = self.desk.state();
        assert_eq!(state.calling.dtmf, "1*#9#");
        assert_eq!(state.calling.transfers, [("+4930".to_owned(), true)]);
        assert_eq!(state.dialed, ["+4930#"]);
        assert!(state.calling.calls.is_empty() && state.calling.dnd);
        assert_eq!(state.calling.forwards["NoAnsw"], "201=24");
        assert_eq!(
            state.keys.iter().rev().take(3).collect::<Vec<_>>(),
            ["Reboot", "AutoP", "Reboot"]
        );
        assert_eq!(state.remarks, [""; 0]);
    }

    async fn documents_go_by_notify_too(&self) {
        for (verb, arguments) in [
            ("led", &["on", "led=1", "color=red"][..]),
            ("settings", &["set=account.1.label=A, \"b\""]),
            ("execute", &["uri=Led:POWER=on"]),
            ("ringtone", &["3"]),
            ("push", &["Hello, \"you\""]),
        ] {
            let arguments: Vec<_> = [&["via=notify"], arguments].concat();
            let told = self.told(verb, &arguments).await;
            assert_eq!(told["HANDSET_STATUS"], "OK", "{verb}: {told:?}");
            assert_eq!(self.notified().await.0, "Yealink-xml");
        }
        self.desk.shows_text("Hello, \"you\"").await;
        let lamps = |state: &State| state.lamps.len() == 2 && state.ringtone.is_some();
        let state = self.desk.until("two lamps", lamps).await;
        assert_eq!(state.settings["account.1.label"], "A, \"b\"");
    }

    async fn what_needs_an_answer_goes_by_http(&self) {
        let told = self.told("info", &[]).await;
        let result: Value = serde_json::from_str(&told["HANDSET_RESULT"]).unwrap();
        assert_eq!(result["firmware"], "96.86.0.70", "{told:?}");
        let told = self.told("dial", &["204", "line=1"]).await;
        assert_eq!(told["HANDSET_STATUS"], "OK", "{told:?}");
        let calling = self.desk.state().calling;
        let call = calling.calls.last().unwrap();
        assert_eq!(call.account.as_deref(), Some("1001@pbx.example.org"));
        let id = format!("call={}", call.id);
        assert_eq!(self.told("hold", &[&id]).await["HANDSET_STATUS"], "OK");
        let held = self.desk.state().calling.calls.last().unwrap().state;
        assert_eq!(held, PhoneCallState::Held);
    }

    async fn a_tone_of_its_own_is_a_short_call(&self) {
        let (told, invite) = tokio::join!(self.told("ring", &["3"]), self.sip.rings());
        assert_eq!(told["HANDSET_STATUS"], "OK", "{told:?}");
        assert_eq!(invite.header("Alert-Info"), ["ringtone-3"]);
        let pushed = self.desk.received().len();
        let stop = self.told("ring", &["stop=yes"]);
        let (told, ()) = tokio::join!(stop, self.sip.stops_to_ring(&invite));
        assert_eq!(told["HANDSET_STATUS"], "OK", "{told:?}");
        // A file might play as well.
        let last = self.desk.received().swap_remove(pushed);
        assert!(String::from_utf8_lossy(&last.body).contains("Wav.Stop"));
    }

    async fn told(&self, verb: &str, arguments: &[&str]) -> HashMap<String, String> {
        let arguments = [arguments, &["phone=1002"]].concat();
        agi_call(self.daemon.agi(), verb, &arguments).await
    }

    /// Hands the next NOTIFY over to the phone; returns its event and its body.
    async fn notified(&self) -> (String, String) {
        let message = self.sip.notified().await;
        let event = message.header("Event")[0].to_owned();
        let content_type = message.header("Content-Type").concat();
        let phone = self.desk.phone();
        let done = phone.notified(&event, &content_type, &message.body);
        assert_eq!(done, Ok(()), "{message:?}");
        (event, message.body)
    }
}

/// A phone that handsetd knows by its configuration, without any Asterisk.
struct Office {
    desk: Desk,
    daemon: Daemon,
}

impl Office {
    async fn open(options: Options) -> Self {
        let desk = Desk::new(options).await;
        let entry = desk.entry("desk");
        Self::with(desk, &entry).await
    }

    async fn with(desk: Desk, config: &str) -> Self {
        let daemon = Daemon::start(config).await;
        Self { desk, daemon }
    }

    fn state(&self) -> State {
        self.desk.state()
    }

    fn calls(&self) -> Vec<PhoneCallState> {
        let calls = self.state().calling.calls;
        calls.iter().map(|call| call.state).collect()
    }

    async fn told(&self, verb: &str, arguments: &[&str]) -> HashMap<String, String> {
        let arguments = [arguments, &["phone=desk"]].concat();
        agi_call(self.daemon.agi(), verb, &arguments).await
    }

    /// Runs a verb that goes well; returns the reason.
    async fn ok(&self, verb: &str, arguments: &[&str]) -> String {
        let mut told = self.told(verb, arguments).await;
        assert_eq!(
            told["HANDSET_STATUS"], "OK",
            "{verb} {arguments:?}: {told:?}"
        );
        told.remove("HANDSET_REASON").unwrap()
    }

    /// Runs a verb that tells something.
    async fn result(&self, verb: &str, arguments: &[&str]) -> Value {
        let told = self.told(verb, arguments).await;
        assert_eq!(
            told["HANDSET_STATUS"], "OK",
            "{verb} {arguments:?}: {told:?}"
        );
        serde_json::from_str(&told["HANDSET_RESULT"]).unwrap()
    }
}

fn options() -> Options {
    sim_phone::options(Vendor::Yealink)
}
