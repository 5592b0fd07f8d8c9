//! Every verb on simulated Cisco phones of each kind: through AGI, over real HTTP, and by NOTIFY through a real
//! Asterisk.

use handset_simulator::Vendor;
use handset_simulator::{Options as Phone, Scheme};
use serde_json::json;

use super::support::asterisk::{Asterisk, Driver, Options, Version};
use super::support::call_variables::CallVariables;
use super::support::daemon::Daemon;
use super::support::fetch;
use super::support::loopback::Loopback;
use super::support::sim_phone::{self, SimPhone};
use super::support::udp_phone::UdpPhone;

/// A daemon, and its phone `desk`.
struct Fixture {
    daemon: Daemon,
    sim_phone: SimPhone,
}

impl Fixture {
    /// Starts a phone of this model; `more` is appended to its configuration.
    async fn with(model: &str, more: &str, change: impl FnOnce(&mut Phone)) -> Self {
        let mut options = sim_phone::options(Vendor::Cisco);
        options.model = model.to_owned();
        change(&mut options);
        let sim_phone = SimPhone::new(options).await;
        let daemon = Daemon::start(&format!("{}{more}\n", sim_phone.entry("desk"))).await;
        Self { daemon, sim_phone }
    }

    async fn of(model: &str) -> Self {
        Self::with(model, "", |_| ()).await
    }

    async fn run(&self, verb: &str, arguments: &[&str]) -> CallVariables {
        let arguments = [arguments, &["phone=desk"]].concat();
        CallVariables::of(self.daemon.agi(), verb, &arguments).await
    }

    fn setting(&self, name: &str) -> Option<String> {
        self.sim_phone.state().settings.get(name).cloned()
    }
}

#[tokio::test]
async fn an_8851_supports_every_verb() {
    let fixture = Fixture::of("8851").await;
    fixture.run("dtmf", &["12"]).await.expect("REJECTED");
    fixture.run("dial", &["+4930123"]).await.expect("OK");
    assert_eq!(fixture.sim_phone.state().dialed, ["+4930123"]);
    fixture.run("dtmf", &["12#"]).await.expect("OK");
    assert_eq!(fixture.setting("digits").as_deref(), Some("12#"));
    for (verb, key) in [
        ("answer", "Speaker"),
        ("hold", "FixedFeature3"),
        ("resume", "FixedFeature3"),
        ("hangup", "Release"),
    ] {
        assert!(
            fixture
                .run(verb, &[])
                .await
                .expect("OK")
                .contains("pressed")
        );
        assert_eq!(
            fixture.sim_phone.state().keys.last().map(String::as_str),
            Some(key),
            "{verb}"
        );
    }
    let before = fixture.sim_phone.state().keys.len();
    fixture
        .run("key", &["SPEAKER::10,1,0,#,DOWN::10,F1"])
        .await
        .expect("OK");
    let pressed = fixture.sim_phone.state().keys.split_off(before);
    let keys = [
        "Speaker",
        "KeyPad1",
        "KeyPad0",
        "KeyPadPound",
        "NavDwn",
        "Soft1",
    ];
    assert_eq!(pressed, keys);
    fixture
        .run("display", &["state=off", "minutes=5"])
        .await
        .expect("OK");
    assert_eq!(fixture.setting("display").as_deref(), Some("Off:5"));

    fixture.run("push", &["text=Hello"]).await.expect("OK");
    fixture.sim_phone.shows_text("Hello").await;
    fixture.run("clear", &[]).await.expect("OK");
    assert!(fixture.sim_phone.state().screen.is_none());
    fixture.run("ring", &["Analog1"]).await.expect("OK");
    fixture.run("ring", &["stop=yes"]).await.expect("OK");

    let outcome = fixture
        .run("stream", &["239.1.2.3:20480", "volume=40", "codec=g722"])
        .await;
    outcome.expect("OK");
    let id = outcome.result()["stream"].as_str().unwrap().to_owned();
    let expected = format!("{id} receive G.722 239.1.2.3:20480 40");
    assert_eq!(fixture.setting("media"), Some(expected));
    let busy = fixture.run("stream", &["239.1.2.3:20480"]).await;
    assert!(busy.expect("REJECTED").contains("no free stream"));
    fixture.run("stream", &["stop=yes"]).await.expect("OK");
    assert_eq!(fixture.setting("media"), None);

    let outcome = fixture.run("info", &[]).await;
    outcome.expect("OK");
    let info = outcome.result();
    assert_eq!(info["model"], "8851");
    assert_eq!(info["mac"], "00:00:5E:00:53:01");
    assert_eq!(
        info["lines"],
        json!([{ "number": "1001", "state": "ONHOOK", "ringer": "Chirp1", "message_waiting": "NO" }])
    );
    fixture.run("screenshot", &[]).await.expect("OK");
}

/// Asserts that the result has a picture of this size.
async fn picture(outcome: &CallVariables, size: (u32, u32)) {
    outcome.expect("OK");
    let picture = fetch::picture(outcome.get("RESULT")).await;
    assert_eq!(picture.dimensions(), size);
    assert_eq!(picture.get_pixel(0, 0).0, [0; 3], "the frame is black");
    assert_eq!(picture.get_pixel(1, 1).0, [255; 3], "the rest is white");
}

#[tokio::test]
async fn uris_run_in_one_request_and_report_individually() {
    let fixture = Fixture::of("8851").await;
    let uris = ["uri=Key:Soft1", "uri=Play:chime.raw", "uri=Dial:100"];
    fixture.run("execute", &uris).await.expect("OK");
    let state = fixture.sim_phone.state();
    assert_eq!(
        (state.keys, state.dialed),
        (vec!["Soft1".to_owned()], vec!["100".to_owned()])
    );
    let outcome = fixture
        .run("execute", &["uri=SendDigits:1:1:Dialer", "uri=Key:Soft2"])
        .await;
    let reason = outcome.expect("REJECTED");
    assert!(
        reason.contains("SendDigits:1:1:Dialer") && reason.contains("Unknown Application ID"),
        "{reason}"
    );
    let outcome = fixture.run("execute", &["uri=Key:NavDown"]).await;
    assert!(outcome.expect("OK").contains("sent Key:NavDwn"));
    assert_eq!(fixture.sim_phone.state().keys.last().unwrap(), "NavDwn");
    // None of this reaches the phone.
    let before = fixture.sim_phone.received().len();
    for (uri, status) in [
        ("Notify:http:192.0.2.1:80:x", "UNSUPPORTED"),
        ("SoftKey:Nothing", "INVALID"),
        ("Vibrate:1", "UNSUPPORTED"),
        ("Key:NavBack", "UNSUPPORTED"),
        ("Display:Maybe", "INVALID"),
    ] {
        let outcome = fixture
            .run("execute", &["uri=Dial:1", &format!("uri={uri}")])
            .await;
        outcome.expect(status);
    }
    assert_eq!(fixture.sim_phone.received().len(), before);
}

#[tokio::test]
async fn a_7970_streams_by_uri_and_has_legacy_pages() {
    let fixture = Fixture::of("7970G").await;
    fixture
        .run("stream", &["239.0.0.1:20480", "mode=both"])
        .await
        .expect("OK");
    assert_eq!(
        fixture.setting("RTPMRx").as_deref(),
        Some("239.0.0.1:20480")
    );
    assert_eq!(
        fixture.setting("RTPMTx").as_deref(),
        Some("239.0.0.1:20480")
    );
    fixture.run("stream", &["stop=yes"]).await.expect("OK");
    assert_eq!(
        (fixture.setting("RTPMRx"), fixture.setting("RTPMTx")),
        (None, None)
    );
    let outcome = fixture.run("info", &[]).await;
    outcome.expect("OK");
    assert_eq!(outcome.result()["model"], "7970G");
    assert_eq!(outcome.result()["lines"][0]["number"], "1001");
    picture(&fixture.run("screenshot", &[]).await, (320, 212)).await;
    let outcome = fixture.run("key", &["HOLD"]).await;
    assert!(outcome.expect("OK").contains("unverified"));
    assert!(
        fixture.sim_phone.state().keys.is_empty(),
        "the phone discards it silently"
    );
}

#[tokio::test]
async fn a_7841_transfers_by_keys() {
    let fixture = Fixture::of("7841").await;
    fixture.run("transfer", &["20"]).await.expect("OK");
    let keys = ["Transfer", "KeyPad2", "KeyPad0", "Transfer"];
    assert_eq!(fixture.sim_phone.state().keys, keys);
    fixture.run("dtmf", &["1*"]).await.expect("OK");
    assert_eq!(
        fixture.sim_phone.state().keys[4..],
        ["KeyPad1", "KeyPadStar"]
    );
    let outcome = fixture.run("display", &["state=on"]).await;
    assert!(
        outcome
            .expect("UNSUPPORTED")
            .contains("does not support Display")
    );
}

#[tokio::test]
async fn a_7960_menu_continues_with_its_choices() {
    let fixture = Fixture::of("7960G").await;
    fixture.run("dial", &["100"]).await.expect("OK");
    assert_eq!(fixture.sim_phone.state().dialed, ["100"]);
    let outcome = fixture.run("execute", &["uri=SendDigits:1:1:Dialer"]).await;
    assert!(
        outcome
            .expect("REJECTED")
            .contains("Unknown Application ID")
    );
    let followed = fixture.sim_phone.received();
    let answers = followed
        .iter()
        .filter(|one| one.target.starts_with("/CGI/Answer?"));
    assert_eq!(answers.count(), 2);
    let outcome = fixture.run("info", &[]).await;
    outcome.expect("OK");
    assert_eq!(outcome.result()["message_waiting"], "ÉTÉ");
    picture(&fixture.run("screenshot", &[]).await, (133, 65)).await;
}

#[tokio::test]
async fn screenshots_can_be_png() {
    let fixture = Fixture::of("8945").await;
    fixture.run("screenshot", &[]).await.expect("OK");
    let received = fixture.sim_phone.received();
    assert!(received[0].response_body.starts_with(b"\x89PNG"));
}

#[tokio::test]
async fn multiplatform_phones_require_digest_and_reply_with_a_status() {
    let account = |phone: &mut Phone| {
        phone.credentials = Some(("admin".into(), "tulip".into()));
        phone.scheme = Scheme::Digest;
    };
    let more = "username = \"admin\"\npassword = \"tulip\"";
    for model in ["8841-3PCC", "SPA508G"] {
        let fixture = Fixture::with(model, more, account).await;
        fixture.run("dial", &["100"]).await.expect("OK");
        assert_eq!(fixture.sim_phone.state().dialed, ["100"], "{model}");
        fixture.run("key", &["HOLD"]).await.expect("OK");
        assert_eq!(fixture.sim_phone.state().keys, ["Hold"], "{model}");
        assert_eq!(fixture.sim_phone.state().bad_credentials, 0);
        fixture.run("clear", &[]).await.expect("UNSUPPORTED");
    }
    let fixture = Fixture::with("8841-3PCC", more, |phone| {
        account(phone);
        phone.credentials = Some(("admin".into(), "other".into()));
    });
    let fixture = fixture.await;
    fixture.run("dial", &["100"]).await.expect("DENIED");
    assert_eq!(fixture.sim_phone.state().bad_credentials, 1);
    let outcome = fixture.run("stream", &["239.0.0.1:20480"]).await;
    assert!(
        outcome
            .expect("UNSUPPORTED")
            .contains("does not support RTP")
    );
}

#[tokio::test]
async fn phones_verify_credentials_whatever_the_page() {
    let address = Loopback::claim();
    let mut options = sim_phone::options(Vendor::Cisco);
    options.model = "8851".to_owned();
    let entry = sim_phone::entry("desk", &options, address.port(8080));
    let daemon = Daemon::start(&entry).await;
    let url = format!("http://{}/cisco/authenticate", daemon.http());
    options.authentication_url = Some(url.parse().unwrap());
    let fixture = Fixture {
        daemon,
        sim_phone: SimPhone::at(options, address.port(8080)).await,
    };
    fixture.run("key", &["F1"]).await.expect("OK");
    fixture.run("screenshot", &[]).await.expect("OK");
    let outcome = fixture.run("info", &[]).await;
    outcome.expect("OK");
    assert_eq!(outcome.result()["lines"][0]["state"], "ONHOOK");
    assert_eq!(fixture.sim_phone.state().bad_credentials, 0);
}

#[tokio::test]
async fn unsupported_cisco_actions_are_refused_with_the_reason() {
    let fixture = Fixture::of("8851").await;
    let unsupported: [(&str, &[&str], &str); 13] = [
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
        (
            "transfer",
            &["100", "kind=attended"],
            "called party answers",
        ),
        ("dial", &["100", "line=2"], "line's key"),
        ("hold", &["call=1"], "omit call"),
        ("key", &["1:800"], "cannot be held"),
        ("key", &["CANCEL"], "CANCEL"),
        ("dial", &["100", "via=notify"], "omit via"),
    ];
    for (verb, arguments, words) in unsupported {
        let outcome = fixture.run(verb, arguments).await;
        let reason = outcome.expect("UNSUPPORTED");
        assert!(reason.contains(words), "{verb}: {reason}");
    }
    assert!(fixture.sim_phone.received().is_empty());
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
    let run = async |verb: &str, phone: &str| {
        let outcome = loop {
            let outcome = CallVariables::of(daemon.agi(), verb, &[phone]).await;
            // The registrations are still being loaded.
            if outcome.get("STATUS") != "NOTFOUND" {
                break outcome;
            }
            tokio::task::yield_now().await;
        };
        outcome.expect("OK").to_owned()
    };
    let reason = run("reboot", "phone=1001").await;
    assert!(reason.contains("From"), "{reason}");
    let outcome = enterprise.receive_notify().await;
    assert_eq!(outcome.header("Event"), ["service-control"]);
    assert_eq!(outcome.header("Content-Type"), ["text/plain"]);
    let call_id = enterprise.address().port(5060);
    let lines: Vec<&str> = outcome.body.lines().collect();
    assert_eq!(
        lines[..2],
        ["action=reset", &format!("RegisterCallId={{{call_id}}}")]
    );
    let zero = "{00000000-0000-0000-0000-000000000000}";
    assert_eq!(lines[2], format!("ConfigVersionStamp={zero}"));
    assert_eq!(lines.len(), 5);
    run("resync", "phone=1001").await;
    assert!(
        enterprise
            .receive_notify()
            .await
            .body
            .starts_with("action=restart")
    );
    run("resync", "phone=1002").await;
    assert_eq!(open.receive_notify().await.header("Event"), ["resync"]);
    run("reboot", "phone=1002").await;
    assert_eq!(open.receive_notify().await.header("Event"), ["reboot_now"]);
}
