//! Every verb on Yealink phones: over HTTP, and by NOTIFY and calls through a real Asterisk.

use std::collections::HashMap;

use handset_simulator::Vendor;
use handset_simulator::{CallState, Content, Options, RemoteControl, Scheme, State};
use serde_json::{Value, json};

use super::support::agi_call::agi_call;
use super::support::asterisk::{self, Asterisk, Driver, Version};
use super::support::caller::Caller;
use super::support::daemon::Daemon;
use super::support::fetch;
use super::support::loopback::Loopback;
use super::support::sim_phone::{self, SimPhone};
use super::support::udp_phone::UdpPhone;

#[tokio::test]
async fn keys_are_pressed_in_order() {
    let fixture = Fixture::open(options()).await;
    fixture.ok("key", &["OFFHOOK,1,*,#,OK"]).await;
    assert_eq!(fixture.state().keys, ["OFFHOOK", "1", "*", "POUND", "OK"]);
    // One request sends all keys; a pause splits them.
    assert_eq!(fixture.sim_phone.received().len(), 1);
    fixture.ok("key", &["P1,HOLD::20,REDIAL"]).await;
    assert_eq!(fixture.sim_phone.received().len(), 3);
    assert_eq!(fixture.state().keys[5..], ["L1", "F_HOLD", "RD"]);
    for (keys, reason) in [
        ("1,Reset", "keys: Reset would reset the phone"),
        ("1,L28", "keys: L28 exceeds the 27 line keys"),
        ("1:500", "keys: 1 cannot be held"),
        ("MENU", "keys: a Yealink T46G has no key MENU"),
    ] {
        let outcome = fixture.outcome("key", &[keys]).await;
        assert_eq!(outcome["HANDSET_STATUS"], "UNSUPPORTED");
        assert!(outcome["HANDSET_REASON"].starts_with(reason), "{outcome:?}");
    }
    assert_eq!(
        fixture.sim_phone.received().len(),
        3,
        "nothing more was sent"
    );
    fixture.sim_phone.assert_accepted_all();
}

#[tokio::test]
async fn touch_models_receive_one_key_per_request() {
    let fixture = Fixture::open(Options {
        model: "SIP-T48S".to_owned(),
        firmware: "66.86.0.15".to_owned(),
        ..options()
    })
    .await;
    fixture.ok("key", &["F1,2,#"]).await;
    assert_eq!(fixture.state().keys, ["F1", "2", "POUND"]);
    assert_eq!(fixture.sim_phone.received().len(), 3);
    fixture.sim_phone.assert_accepted_all();
}

#[tokio::test]
async fn calls_are_dialed_held_transferred_and_ended() {
    let fixture = Fixture::open(options()).await;
    fixture.ok("dial", &["+49 30#1", "line=3"]).await;
    let state = fixture.state();
    let calls = state.calls.all();
    assert_eq!(calls[0].account.as_deref(), Some("1002@192.0.2.14"));
    assert_eq!(calls[0].number, "+4930#1");
    fixture.ok("dtmf", &["12#"]).await;
    assert_eq!(fixture.state().calls.digits(), "12#");
    let reason = fixture.ok("hold", &[]).await;
    assert!(reason.contains("toggles"), "{reason}");
    assert_eq!(fixture.calls(), [CallState::Held]);
    fixture.ok("resume", &[]).await;
    let id = format!("call={}", calls[0].id);
    fixture.ok("hold", &[&id]).await;
    fixture.ok("hold", &[&id]).await;
    assert_eq!(fixture.calls(), [CallState::Held]);
    fixture.ok("resume", &[&id]).await;
    assert_eq!(fixture.calls(), [CallState::Connected]);
    fixture.ok("transfer", &["300", "kind=attended"]).await;
    fixture.ok("hangup", &[]).await;
    fixture.ok("resume", &[&id]).await;
    fixture.ok("transfer", &["301"]).await;
    let state = fixture.state();
    assert!(state.calls.all().is_empty());
    let transfers = state.calls.transfers().iter();
    let transfers: Vec<_> = transfers.map(|one| (&*one.to, one.is_blind)).collect();
    assert_eq!(transfers, [("300", false), ("301", true)]);
    let outcome = fixture.outcome("dial", &["201", "line=2"]).await;
    assert_eq!(outcome["HANDSET_STATUS"], "REJECTED", "{outcome:?}");
    assert!(outcome["HANDSET_REASON"].contains("the phone has no account for line 2"));
    fixture.ok("dial", &["200"]).await;
    assert_eq!(fixture.state().dialed, ["+4930#1", "200"]);
    // The second hold had nothing to do.
    let swallowed = ["HOLD:33093: there is no call that it applies to."];
    assert_eq!(fixture.state().remarks, swallowed);
    fixture.sim_phone.assert_accepted_all();
}

#[tokio::test]
async fn calls_are_answered_or_declined() {
    let fixture = Fixture::open(options()).await;
    let first = fixture.sim_phone.phone().receive_call("201");
    fixture.ok("answer", &[&format!("call={first}")]).await;
    assert_eq!(fixture.calls(), [CallState::Connected]);
    let second = fixture.sim_phone.phone().receive_call("202");
    fixture.ok("hangup", &[&format!("call={second}")]).await;
    assert_eq!(fixture.calls(), [CallState::Connected]);
    fixture.ok("hangup", &[]).await;
    assert!(fixture.calls().is_empty());
    let outcome = fixture
        .outcome("answer", &["call=PJSIP/1001-00000001"])
        .await;
    assert_eq!(outcome["HANDSET_STATUS"], "INVALID", "{outcome:?}");
    fixture.sim_phone.assert_accepted_all();
}

#[tokio::test]
async fn dnd_and_forwarding_are_set_and_read() {
    let fixture = Fixture::open(options()).await;
    fixture.ok("dnd", &["on"]).await;
    fixture.ok("forward", &["201"]).await;
    fixture.ok("forward", &["203", "kind=busy"]).await;
    fixture.ok("forward", &["state=off", "kind=busy"]).await;
    fixture
        .ok("forward", &["202", "kind=noanswer", "after=12"])
        .await;
    let outcome = fixture.result("info", &[]).await;
    assert_eq!(
        outcome,
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
    fixture.ok("dnd", &["off"]).await;
    assert!(!fixture.state().dnd);
    let outcome = fixture
        .outcome("forward", &["1", "kind=noanswer", "after=13"])
        .await;
    assert_eq!(outcome["HANDSET_STATUS"], "INVALID", "{outcome:?}");
    fixture.sim_phone.assert_accepted_all();
}

#[tokio::test]
async fn settings_are_written_and_some_can_be_read() {
    let fixture = Fixture::open(options()).await;
    let names = [
        "set=account.1.label=A & B, \"c\"",
        "get=Status.FirmwareVersion",
        "get=dnd",
    ];
    let outcome = fixture.result("settings", &names).await;
    assert_eq!(
        outcome,
        json!({ "Status.FirmwareVersion": "28.83.0.130", "dnd": { "State": "Off" } })
    );
    let set = |state: &State| state.settings.contains_key("account.1.label");
    let state = fixture.sim_phone.until("a setting", set).await;
    assert_eq!(state.settings["account.1.label"], "A & B, \"c\"");
    let outcome = fixture.outcome("settings", &["get=account.1.label"]).await;
    assert_eq!(outcome["HANDSET_STATUS"], "UNSUPPORTED", "{outcome:?}");
    fixture.sim_phone.assert_accepted_all();
}

#[tokio::test]
async fn screenshots_work_on_new_and_old_firmware() {
    for firmware in ["28.83.0.130", "28.73.0.48"] {
        let fixture = Fixture::open(Options {
            firmware: firmware.to_owned(),
            ..options()
        })
        .await;
        fixture.ok("push", &["Hello"]).await;
        fixture.sim_phone.shows_text("Hello").await;
        let outcome = fixture.outcome("screenshot", &[]).await;
        let picture = fetch::picture(&outcome["HANDSET_RESULT"]).await;
        assert_eq!(picture.dimensions(), fixture.sim_phone.phone().display());
        let received = fixture.sim_phone.received();
        let pages: Vec<_> = received
            .iter()
            .skip(1)
            .map(|request| request.target.as_str())
            .collect();
        match firmware {
            "28.83.0.130" => assert_eq!(pages, ["/screencapture"]),
            _ => assert_eq!(pages, ["/screencapture", "/servlet?command=screenshot"]),
        }
    }
}

#[tokio::test]
async fn lamps_and_uris_are_executed() {
    let fixture = Fixture::open(options()).await;
    fixture.ok("led", &["slow"]).await;
    fixture.ok("led", &["on", "led=3", "color=red"]).await;
    let lit = |state: &State| state.lamps.len() == 2;
    let state = fixture.sim_phone.until("two lamps", lit).await;
    assert_eq!(state.lamps["POWER"], "slowflash");
    assert_eq!(state.lamps["LINE3_RED"], "on");
    fixture.ok("led", &["off", "led=LINE3"]).await;
    let dark = |state: &State| state.lamps["LINE3_RED"] == "off";
    fixture.sim_phone.until("a dark lamp", dark).await;
    let uris = ["uri=Key:LINE1", "uri=Led:LINE1_GREEN=on", "uri=Dial:*10"];
    fixture.ok("execute", &uris).await;
    let called = |state: &State| state.dialed == ["*10"];
    let state = fixture.sim_phone.until("a call", called).await;
    assert_eq!(state.keys, ["LINE1"]);
    assert_eq!(state.lamps["LINE1_GREEN"], "on");
    let outcome = fixture.outcome("execute", &["uri=RTPRx:192.0.2.1"]).await;
    assert_eq!(outcome["HANDSET_STATUS"], "UNSUPPORTED", "{outcome:?}");
    assert_eq!(fixture.state().remarks, [""; 0]);
    fixture.sim_phone.assert_accepted_all();
}

#[tokio::test]
async fn files_are_played_and_stopped_and_builtin_tones_need_asterisk() {
    let fixture = Fixture::open(options()).await;
    fixture.ok("ring", &["doorbell.wav"]).await;
    let played = |state: &State| !state.played.is_empty();
    fixture.sim_phone.until("a sound", played).await;
    fixture.ok("ring", &["stop=yes"]).await;
    let outcome = fixture.outcome("ring", &["3"]).await;
    assert_eq!(outcome["HANDSET_STATUS"], "UNSUPPORTED", "{outcome:?}");
    assert!(outcome["HANDSET_REASON"].contains("via=pbx"), "{outcome:?}");
    fixture.sim_phone.assert_accepted_all();
}

#[tokio::test]
async fn native_documents_are_shown_and_foreign_ones_are_not_sent() {
    let fixture = Fixture::open(options()).await;
    let status = "xml=<YealinkIPPhoneStatus Beep=\"no\" SessionID=\"a\" Timeout=\"0\">\
                  <Message Index=\"1\">Paused</Message></YealinkIPPhoneStatus>";
    fixture.ok("push", &[status]).await;
    let paused = |state: &State| state.status.as_deref() == Some("Paused");
    fixture.sim_phone.until("a status", paused).await;
    let text = "xml=<YealinkIPPhoneFormattedTextScreen Beep=\"no\" Timeout=\"0\"><Line>Big</Line>\
                <Scroll><Line>a, \"b\"</Line></Scroll></YealinkIPPhoneFormattedTextScreen>";
    fixture.ok("push", &[text]).await;
    let shown = fixture.sim_phone.shows_text("Big").await;
    assert_eq!(shown.content, Content::Text("Big\na, \"b\"".to_owned()));
    fixture.ok("clear", &[]).await;
    fixture
        .sim_phone
        .until("an idle phone", |state| state.screen.is_none())
        .await;
    let outcome = fixture.outcome("push", &["xml=<SnomIPPhoneText/>"]).await;
    assert_eq!(outcome["HANDSET_STATUS"], "INVALID", "{outcome:?}");
    fixture.sim_phone.assert_accepted_all();
}

#[tokio::test]
async fn restart_without_asterisk_presses_a_key() {
    let fixture = Fixture::open(options()).await;
    fixture.ok("resync", &[]).await;
    fixture.ok("reboot", &[]).await;
    assert_eq!(fixture.state().keys, ["AutoP", "Reboot"]);
    fixture.sim_phone.assert_accepted_all();
}

#[tokio::test]
async fn unsupported_yealink_actions_send_nothing() {
    let fixture = Fixture::open(options()).await;
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
        let outcome = fixture.outcome(verb, arguments).await;
        assert_eq!(
            outcome["HANDSET_STATUS"], "UNSUPPORTED",
            "{verb}: {outcome:?}"
        );
        assert!(!outcome["HANDSET_REASON"].is_empty());
    }
    assert_eq!(fixture.sim_phone.received().len(), 0);
}

#[tokio::test]
async fn refusals_name_the_setting_to_change() {
    let with = |remote_control| Options {
        remote_control,
        ..options()
    };
    let fixture = Fixture::open(with(RemoteControl {
        limit_ip: String::new(),
        ..RemoteControl::default()
    }))
    .await;
    let outcome = fixture.outcome("key", &["OK"]).await;
    assert_eq!(outcome["HANDSET_STATUS"], "DENIED", "{outcome:?}");
    assert!(outcome["HANDSET_REASON"].contains("features.action_uri_limit_ip"));

    let fixture = Fixture::open(with(RemoteControl {
        asks: true,
        ..RemoteControl::default()
    }))
    .await;
    for _ in 0..2 {
        let outcome = fixture.outcome("info", &[]).await;
        assert_eq!(outcome["HANDSET_STATUS"], "DENIED", "{outcome:?}");
        let reason = &outcome["HANDSET_REASON"];
        assert!(reason.contains("press OK there and retry"), "{reason}");
    }
    fixture.sim_phone.phone().press("OK").await.unwrap();
    fixture.ok("key", &["OK"]).await;
}

#[tokio::test]
async fn phones_authenticate_by_basic_and_digest() {
    let sim_phone = SimPhone::new(Options {
        scheme: Scheme::Digest,
        credentials: Some(("admin".to_owned(), "hush".to_owned())),
        ..options()
    })
    .await;
    let entry = sim_phone.entry("desk");
    let config = format!("{entry}username = 'admin'\npassword = 'hush'\n");
    let fixture = Fixture::with(sim_phone, &config).await;
    // Basic for pages, Digest for pushes; neither challenge counts as a wrong password.
    for (verb, argument) in [
        ("key", "OK"),
        ("push", "Hi"),
        ("key", "1"),
        ("push", "Hello"),
    ] {
        fixture.ok(verb, &[argument]).await;
    }
    fixture.sim_phone.shows_text("Hello").await;
    assert_eq!(fixture.state().keys, ["OK", "1"]);
    assert_eq!(fixture.state().bad_credentials, 0);
    assert!(!fixture.daemon.settled_log().await.contains("hush"));

    let sim_phone = SimPhone::new(Options {
        scheme: Scheme::Basic,
        credentials: Some(("admin".to_owned(), "right".to_owned())),
        ..options()
    })
    .await;
    let entry = sim_phone.entry("desk");
    let config = format!("{entry}username = 'admin'\npassword = 'wrong'\n");
    let fixture = Fixture::with(sim_phone, &config).await;
    for reason in [
        "web administrator",
        "locks handsetd out",
        "locks handsetd out",
    ] {
        let outcome = fixture.outcome("key", &["OK"]).await;
        assert_eq!(outcome["HANDSET_STATUS"], "DENIED", "{outcome:?}");
        assert!(outcome["HANDSET_REASON"].contains(reason), "{outcome:?}");
    }
    assert_eq!(fixture.state().bad_credentials, 1);
}

#[tokio::test]
async fn old_firmware_has_its_own_pages() {
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
        let sim_phone = SimPhone::at(phone, address.port(8080)).await;
        let daemon = Daemon::start("[vendor.yealink]\nport = 8080\n").await;
        // The firmware is known only from its User-Agent.
        let caller = Caller::new(daemon.agi()).at_phone(
            "1001",
            &address.port(5060).to_string(),
            &user_agent,
        );
        let outcome = caller.run("answer", &[]).await;
        assert_eq!(outcome.status, "OK", "{}", outcome.reason);
        assert_eq!(sim_phone.received().last().unwrap().target, page);
        caller.run("push", &["Hello"]).await;
        sim_phone.shows_text("Hello").await;
        let outcome = caller.run("forward", &["201"]).await;
        assert_eq!(outcome.status, "UNSUPPORTED");
        assert!(outcome.reason.contains("V80"), "{}", outcome.reason);
        sim_phone.assert_accepted_all();
    }
}

#[tokio::test]
async fn registered_phones_are_controlled_by_notify_and_call() {
    let Some(fixture) = PbxFixture::set().await else {
        return;
    };
    fixture.keys_and_calls_go_by_notify().await;
    fixture.documents_can_go_by_notify().await;
    fixture.verbs_with_a_result_use_http().await;
    fixture.builtin_tones_are_short_calls().await;
    fixture.sim_phone.assert_accepted_all();
}

#[test]
fn the_provisioning_file_is_accepted_by_a_phone() {
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
        for word in ["HANDSETD_ADDRESS", "PUSH_USER", "PUSH_PASSWORD"] {
            assert!(!value.contains(word) || explained.contains(word));
        }
        let Some(event) = name.strip_prefix("action_url.") else {
            continue;
        };
        // The placeholder is as long as the longest address.
        assert!(value.len() < 511 - 60, "{name}");
        let start = format!("http://HANDSETD_ADDRESS:8090/action/yealink/{event}?mac=$mac&");
        assert!(value.starts_with(&start), "{name}");
        assert!(!value.contains(' '), "{name}");
    }
}

/// A server with a phone that is a SIP socket and a simulated phone at one address.
struct PbxFixture {
    _asterisk: Asterisk,
    sip: UdpPhone,
    sim_phone: SimPhone,
    daemon: Daemon,
}

impl PbxFixture {
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
        let sim_phone = SimPhone::at(phone, sip.address().port(8080)).await;
        sip.register(3600).await;
        let manager = asterisk.manager();
        let daemon = Daemon::start(&format!(
            "[vendor.yealink]\nport = 8080\n\
             [[asterisk]]\nname = 'pbx'\naddress = '{manager}'\nusername = 'handsetd'\n\
             secret = 'hush'\n"
        ))
        .await;
        daemon.line("Loaded registrations.").await;
        Some(Self {
            _asterisk: asterisk,
            sip,
            sim_phone,
            daemon,
        })
    }

    async fn keys_and_calls_go_by_notify(&self) {
        // A T53W answers with the OK key.
        self.sim_phone.phone().receive_call("201");
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
            let outcome = self.outcome(verb, &arguments).await;
            assert_eq!(outcome["HANDSET_STATUS"], "OK", "{verb}: {outcome:?}");
            if body.is_empty() {
                continue;
            }
            let reason = &outcome["HANDSET_REASON"];
            assert!(reason.contains("sent by NOTIFY"), "{verb}: {reason}");
            let (event, sent) = self.forward_notify().await;
            match verb {
                "reboot" | "resync" => assert_eq!((event.as_str(), sent.as_str()), (body, "")),
                _ => assert_eq!((event.as_str(), sent.as_str()), ("ACTION-URI", body)),
            }
        }
        let state = self.sim_phone.state();
        assert_eq!(state.calls.digits(), "1*#9#");
        let [transfer] = state.calls.transfers() else {
            panic!("{:?}", state.calls.transfers())
        };
        assert!(transfer.to == "+4930" && transfer.is_blind);
        assert_eq!(state.dialed, ["+4930#"]);
        assert!(state.calls.all().is_empty() && state.dnd);
        assert_eq!(state.forwards["NoAnsw"], "201=24");
        assert_eq!(
            state.keys.iter().rev().take(3).collect::<Vec<_>>(),
            ["Reboot", "AutoP", "Reboot"]
        );
        assert_eq!(state.remarks, [""; 0]);
    }

    async fn documents_can_go_by_notify(&self) {
        for (verb, arguments) in [
            ("led", &["on", "led=1", "color=red"][..]),
            ("settings", &["set=account.1.label=A, \"b\""]),
            ("execute", &["uri=Led:POWER=on"]),
            ("ringtone", &["3"]),
            ("push", &["Hello, \"you\""]),
        ] {
            let arguments: Vec<_> = [&["via=notify"], arguments].concat();
            let outcome = self.outcome(verb, &arguments).await;
            assert_eq!(outcome["HANDSET_STATUS"], "OK", "{verb}: {outcome:?}");
            assert_eq!(self.forward_notify().await.0, "Yealink-xml");
        }
        self.sim_phone.shows_text("Hello, \"you\"").await;
        let lamps = |state: &State| state.lamps.len() == 2 && state.ringtone.is_some();
        let state = self.sim_phone.until("two lamps", lamps).await;
        assert_eq!(state.settings["account.1.label"], "A, \"b\"");
    }

    async fn verbs_with_a_result_use_http(&self) {
        let outcome = self.outcome("info", &[]).await;
        let result: Value = serde_json::from_str(&outcome["HANDSET_RESULT"]).unwrap();
        assert_eq!(result["firmware"], "96.86.0.70", "{outcome:?}");
        let outcome = self.outcome("dial", &["204", "line=1"]).await;
        assert_eq!(outcome["HANDSET_STATUS"], "OK", "{outcome:?}");
        let state = self.sim_phone.state();
        let call = state.calls.all().last().unwrap();
        assert_eq!(call.account.as_deref(), Some("1001@pbx.example.org"));
        let id = format!("call={}", call.id);
        assert_eq!(self.outcome("hold", &[&id]).await["HANDSET_STATUS"], "OK");
        let state = self.sim_phone.state().calls.all().last().unwrap().state;
        assert_eq!(state, CallState::Held);
    }

    async fn builtin_tones_are_short_calls(&self) {
        let (outcome, invite) =
            tokio::join!(self.outcome("ring", &["3"]), self.sip.receive_invite());
        assert_eq!(outcome["HANDSET_STATUS"], "OK", "{outcome:?}");
        assert_eq!(invite.header("Alert-Info"), ["ringtone-3"]);
        let pushed = self.sim_phone.received().len();
        let stop = self.outcome("ring", &["stop=yes"]);
        let (outcome, ()) = tokio::join!(stop, self.sip.receive_cancel(&invite));
        assert_eq!(outcome["HANDSET_STATUS"], "OK", "{outcome:?}");
        // A file could be played as well.
        let last = self.sim_phone.received().swap_remove(pushed);
        assert!(String::from_utf8_lossy(&last.body).contains("Wav.Stop"));
    }

    async fn outcome(&self, verb: &str, arguments: &[&str]) -> HashMap<String, String> {
        let arguments = [arguments, &["phone=1002"]].concat();
        agi_call(self.daemon.agi(), verb, &arguments).await
    }

    /// Forwards the next NOTIFY to the simulated phone; returns its event and body.
    async fn forward_notify(&self) -> (String, String) {
        let message = self.sip.receive_notify().await;
        let event = message.header("Event")[0].to_owned();
        let content_type = message.header("Content-Type").concat();
        let phone = self.sim_phone.phone();
        let done = phone.receive_notify(&event, &content_type, &message.body);
        assert_eq!(done, Ok(()), "{message:?}");
        (event, message.body)
    }
}

/// A phone and a daemon that has it in its configuration, without Asterisk.
struct Fixture {
    sim_phone: SimPhone,
    daemon: Daemon,
}

impl Fixture {
    async fn open(options: Options) -> Self {
        let sim_phone = SimPhone::new(options).await;
        let entry = sim_phone.entry("desk");
        Self::with(sim_phone, &entry).await
    }

    async fn with(sim_phone: SimPhone, config: &str) -> Self {
        let daemon = Daemon::start(config).await;
        Self { sim_phone, daemon }
    }

    fn state(&self) -> State {
        self.sim_phone.state()
    }

    fn calls(&self) -> Vec<CallState> {
        let state = self.state();
        let calls = state.calls.all().iter();
        calls.map(|call| call.state).collect()
    }

    async fn outcome(&self, verb: &str, arguments: &[&str]) -> HashMap<String, String> {
        let arguments = [arguments, &["phone=desk"]].concat();
        agi_call(self.daemon.agi(), verb, &arguments).await
    }

    /// Runs a verb that must succeed; returns the reason.
    async fn ok(&self, verb: &str, arguments: &[&str]) -> String {
        let mut outcome = self.outcome(verb, arguments).await;
        assert_eq!(
            outcome["HANDSET_STATUS"], "OK",
            "{verb} {arguments:?}: {outcome:?}"
        );
        outcome.remove("HANDSET_REASON").unwrap()
    }

    /// Runs a verb that reads, and returns its result.
    async fn result(&self, verb: &str, arguments: &[&str]) -> Value {
        let outcome = self.outcome(verb, arguments).await;
        assert_eq!(
            outcome["HANDSET_STATUS"], "OK",
            "{verb} {arguments:?}: {outcome:?}"
        );
        serde_json::from_str(&outcome["HANDSET_RESULT"]).unwrap()
    }
}

fn options() -> Options {
    sim_phone::options(Vendor::Yealink)
}
