//! Every verb on simulated Snom phones, over each transport, requested as the dialplan would.

use std::collections::HashMap;
use std::net::SocketAddr;

use handset_simulator::Vendor;
use handset_simulator::{CallState, Options as Phone, Scheme, State};
use serde_json::{Value, json};

use super::support::agi_call::agi_call;
use super::support::asterisk::{Asterisk, Driver, Options, Version};
use super::support::daemon::Daemon;
use super::support::fetch;
use super::support::sim_phone::{self, SimPhone};
use super::support::stub_web_server::StubWebServer;
use super::support::udp_phone::{Message, UdpPhone};

/// A phone and a daemon that has it in its configuration, without Asterisk.
struct Fixture {
    sim_phone: SimPhone,
    daemon: Daemon,
}

impl Fixture {
    /// Starts a phone of this model; calls report its firmware in their User-Agent.
    async fn with(model: &str) -> Self {
        let phone = Phone {
            model: model.to_owned(),
            scheme: Scheme::Digest,
            credentials: Some(("admin".to_owned(), "secret".to_owned())),
            ..sim_phone::options(Vendor::Snom)
        };
        let sim_phone = SimPhone::new(phone).await;
        let entry = sim_phone.entry("desk");
        let login = "[vendor.snom]\nusername = 'admin'\npassword = 'secret'\n";
        let daemon = Daemon::start(&format!("{login}{entry}")).await;
        Self { sim_phone, daemon }
    }

    async fn run(&self, verb: &str, arguments: &[&str]) -> HashMap<String, String> {
        run(self.daemon.agi(), verb, arguments).await
    }

    /// Runs a verb that must succeed; returns the reason, which contains the notes.
    async fn ok(&self, verb: &str, arguments: &[&str]) -> String {
        let outcome = self.run(verb, arguments).await;
        assert_eq!(
            outcome["HANDSET_STATUS"], "OK",
            "{verb} {arguments:?}: {outcome:?}"
        );
        outcome["HANDSET_REASON"].clone()
    }

    /// Runs a verb that reads, and returns its result.
    async fn result(&self, verb: &str, arguments: &[&str]) -> Value {
        let outcome = self.run(verb, arguments).await;
        assert_eq!(
            outcome["HANDSET_STATUS"], "OK",
            "{verb} {arguments:?}: {outcome:?}"
        );
        serde_json::from_str(&outcome["HANDSET_RESULT"]).unwrap()
    }

    /// Runs a verb that must fail, and returns status and reason.
    async fn failure(&self, verb: &str, arguments: &[&str]) -> (String, String) {
        let mut outcome = self.run(verb, arguments).await;
        let mut take = |name| outcome.remove(name).unwrap();
        (take("HANDSET_STATUS"), take("HANDSET_REASON"))
    }

    async fn until(&self, what: &str, wanted: impl FnMut(&State) -> bool) -> State {
        self.sim_phone.until(what, wanted).await
    }
}

async fn run(agi: SocketAddr, verb: &str, arguments: &[&str]) -> HashMap<String, String> {
    let mut arguments = arguments.to_vec();
    if !arguments
        .iter()
        .any(|argument| argument.starts_with("phone="))
    {
        arguments.push("phone=desk");
    }
    agi_call(agi, verb, &arguments).await
}

/// Returns the states of a phone's calls, oldest first.
fn call_states(state: &State) -> Vec<CallState> {
    state.calls.all().iter().map(|call| call.state).collect()
}

/// Returns the parties of each transfer, oldest first.
fn transfers(state: &State) -> Vec<(&str, &str)> {
    let transfers = state.calls.transfers().iter();
    transfers.map(|one| (&*one.from, &*one.to)).collect()
}

#[tokio::test]
async fn calls_are_controlled_by_keys() {
    let fixture = Fixture::with("D785").await;
    fixture.sim_phone.phone().receive_call("201");
    fixture.ok("answer", &[]).await;
    fixture
        .until("a call", |state| {
            call_states(state) == [CallState::Connected]
        })
        .await;
    fixture.ok("dtmf", &["1*#"]).await;
    let state = fixture.until("digits", |state| state.calls.digits() == "1*#");
    state.await;
    let note = fixture.ok("hold", &[]).await;
    assert!(note.contains("resumes the call"), "{note}");
    fixture
        .until("a held call", |state| {
            call_states(state) == [CallState::Held]
        })
        .await;
    fixture.ok("resume", &[]).await;
    fixture
        .until("a call", |state| {
            call_states(state) == [CallState::Connected]
        })
        .await;
    fixture.ok("hangup", &[]).await;
    fixture
        .until("no call", |state| state.calls.all().is_empty())
        .await;
    fixture.ok("dial", &["+49 30*1#", "line=1"]).await;
    fixture
        .until("a call", |state| state.dialed == ["+4930*1#"])
        .await;
    let (status, reason) = fixture.failure("dial", &["100", "line=5"]).await;
    assert_eq!(status, "REJECTED", "{reason}");
    fixture.ok("key", &["UP,HOLD,1:800:50,P3"]).await;
    let keys = ["UP", "F_HOLD", "1", "P3"];
    fixture
        .until("keys", |state| {
            state.keys.ends_with(&keys.map(ToOwned::to_owned))
        })
        .await;
    let (status, reason) = fixture.failure("key", &["P25"]).await;
    assert_eq!(
        (status.as_str(), reason.contains("P25")),
        ("UNSUPPORTED", true)
    );
    fixture.sim_phone.assert_accepted_all();
}

#[tokio::test]
async fn transfers_press_one_key_at_a_time_and_wait_for_the_screen() {
    let fixture = Fixture::with("D785").await;
    fixture.sim_phone.phone().receive_call("201");
    fixture.ok("answer", &[]).await;
    // Longer than a call waits, so that delivery continues without it.
    let outcome = fixture.run("transfer", &["200", "kind=attended"]).await;
    assert!(
        ["OK", "QUEUED"].contains(&&*outcome["HANDSET_STATUS"]),
        "{outcome:?}"
    );
    let state = fixture
        .until("a transfer", |state| !state.calls.transfers().is_empty())
        .await;
    assert_eq!(transfers(&state), [("201", "200")]);
    assert_eq!(
        state.keys,
        ["ENTER", "F_HOLD", "2", "0", "0", "ENTER", "TRANSFER"]
    );
    fixture.sim_phone.phone().receive_call("202");
    fixture.ok("answer", &[]).await;
    fixture.run("transfer", &["300"]).await;
    let state = fixture
        .until("a transfer", |state| state.calls.transfers().len() == 2)
        .await;
    assert_eq!(transfers(&state)[1], ("202", "300"));
    fixture.sim_phone.assert_accepted_all();
}

#[tokio::test]
async fn csta_controls_calls_by_state_and_id() {
    let fixture = Fixture::with("D785").await;
    let csta = "via=csta";
    fixture.sim_phone.phone().receive_call("201");
    fixture.ok("answer", &["call=-1"]).await;
    fixture
        .until("a call", |state| {
            call_states(state) == [CallState::Connected]
        })
        .await;
    for (verb, standing) in [("hold", CallState::Held), ("resume", CallState::Connected)] {
        fixture.ok(verb, &[csta]).await;
        fixture
            .until(verb, |state| call_states(state) == [standing])
            .await;
    }
    let note = fixture.ok("dtmf", &["12", csta]).await;
    assert!(note.contains("unverified"), "{note}");
    fixture
        .until("digits", |state| state.calls.digits() == "12")
        .await;
    fixture
        .ok("transfer", &["200", "kind=attended", csta])
        .await;
    let state = fixture.until("a transfer", |state| state.calls.transfers().len() == 1);
    assert_eq!(transfers(&state.await), [("201", "200")]);
    fixture.sim_phone.phone().receive_call("202");
    fixture.ok("answer", &[csta]).await;
    fixture.ok("transfer", &["300", csta]).await;
    let state = fixture.until("a transfer", |state| state.calls.transfers().len() == 2);
    assert_eq!(state.await.calls.transfers()[1].to, "300");
    fixture.ok("dial", &["400", csta]).await;
    fixture
        .until("a call", |state| {
            call_states(state) == [CallState::Connected]
        })
        .await;
    fixture.ok("hangup", &[csta]).await;
    fixture
        .until("no call", |state| state.calls.all().is_empty())
        .await;
    fixture.ok("dnd", &["on", csta]).await;
    fixture.ok("forward", &["500", "kind=busy", csta]).await;
    fixture
        .until("settings", |state| {
            let is =
                |name: &str, value: &str| state.settings.get(name).is_some_and(|is| is == value);
            is("dnd_mode", "on") && is("fwd_busy_enabled1", "on") && is("fwd_busy_target1", "500")
        })
        .await;
    fixture.sim_phone.assert_accepted_all();
    // Rejections quote the phone.
    let (status, reason) = fixture.failure("hold", &["call=9"]).await;
    assert_eq!(status, "REJECTED");
    assert!(
        reason.contains("invalidCallID") && reason.contains("no call with that id"),
        "{reason}"
    );
    let (status, reason) = fixture.failure("resume", &[csta]).await;
    assert_eq!(
        (status.as_str(), reason.contains("no call is on hold")),
        ("REJECTED", true),
        "{reason}"
    );
}

#[tokio::test]
async fn configured_firmware_and_csta_calls_select_the_csta_call_ids() {
    let options = Phone {
        firmware: "8.4.35".to_owned(),
        ..sim_phone::options(Vendor::Snom)
    };
    let sim_phone = SimPhone::new(options).await;
    let [entry, mac] = [sim_phone.entry("old"), "00:00:5E:00:53:02".to_owned()];
    // One phone under two names: addresses need not be unique.
    let nested = sim_phone.entry("nested").replace(&mac, "00:00:5E:00:53:12");
    let daemon = Daemon::start(&format!(
        "{entry}firmware = '8.4.35'\n{nested}firmware = '8.4.35'\ncsta_calls = 'nested'\n"
    ))
    .await;
    sim_phone.phone().receive_call("201");
    let outcome = run(daemon.agi(), "answer", &["call=-1", "phone=nested"]).await;
    assert_eq!(outcome["HANDSET_STATUS"], "REJECTED", "{outcome:?}");
    let body = |sim_phone: &SimPhone| {
        let exchange = sim_phone.received().pop().unwrap();
        String::from_utf8_lossy(&exchange.body).into_owned()
    };
    assert!(body(&sim_phone).contains("<csta:callID>-1</csta:callID>"));
    let outcome = run(daemon.agi(), "answer", &["call=-1", "phone=old"]).await;
    assert_eq!(outcome["HANDSET_STATUS"], "OK", "{outcome:?}");
    assert!(body(&sim_phone).contains("<csta:callToBeAnswered>-1</csta:callToBeAnswered>"));
}

#[tokio::test]
async fn csta_accepts_raw_requests_settings_and_screens() {
    let web_server = StubWebServer::serving(
        "text/xml",
        "<SnomIPPhoneText><Text>fire</Text></SnomIPPhoneText>",
    )
    .await;
    let fixture = Fixture::with("D785").await;
    let status = fixture.result("csta", &["RequestSystemStatus"]).await;
    assert_eq!(status, json!({ "systemStatus": "normal" }));
    let result = fixture
        .result(
            "csta",
            &[
                "MakeCall",
                "callingDevice=1",
                "calledDirectoryNumber=7",
                "autoOriginate=doNotPrompt",
            ],
        )
        .await;
    assert_eq!(result["callingDevice"]["callID"], "1");
    let url = format!("set=action_fwtest_url={}", web_server.url("/fire"));
    fixture.ok("settings", &[&url, "via=csta"]).await;
    fixture.ok("csta", &["FireTest"]).await;
    assert_eq!(web_server.requested().await, "/fire");
    fixture.sim_phone.shows_text("fire").await;
    let outcome = fixture
        .result("settings", &["get=user_realname[1]", "via=csta"])
        .await;
    assert_eq!(outcome, json!({ "user_realname[1]": "Ada & Co" }));
    fixture
        .ok("push", &["Hello", "title=A & B", "via=csta"])
        .await;
    let shown = fixture.sim_phone.shows_text("Hello").await;
    assert_eq!(shown.title, "A & B");
    fixture
        .ok("led", &["on", "led=P1", "color=red", "via=csta"])
        .await;
    fixture
        .until("a lamp", |state| {
            state.lamps.get("5").is_some_and(|lamp| lamp == "red on")
        })
        .await;
    fixture.ok("clear", &["via=csta"]).await;
    fixture
        .until("an idle phone", |state| state.screen.is_none())
        .await;
    fixture.sim_phone.assert_accepted_all();
}

#[tokio::test]
async fn phone_events_trigger_vendor_neutral_rules() {
    let phone = sim_phone::options(Vendor::Snom);
    let sim_phone = SimPhone::new(phone).await;
    let rule = r#"
[[rule]]
name = "who calls"
on = "phone.incoming_call"
do = [ { verb = "push", text = "{{ event.number }} as {{ event.call_id }}" } ]
"#;
    let daemon = Daemon::start(&format!("{}{rule}", sim_phone.entry("desk"))).await;
    let url = format!(
        "set=action_fwtest_url=http://{}/action/snom/incoming?mac=$mac&remote=sip:+49301@pbx&csta_id=-18",
        daemon.http()
    );
    // The phone inserts its address and sends the request by itself.
    let url = url.replace("$mac", "00005e005302");
    for (verb, arguments) in [
        ("settings", [&*url, "via=csta"]),
        ("csta", ["FireTest", "via=csta"]),
    ] {
        let response = run(daemon.agi(), verb, &arguments).await;
        assert_eq!(response["HANDSET_STATUS"], "OK", "{response:?}");
    }
    let shown = sim_phone.shows_text("as").await;
    assert_eq!(shown.content.text(), Some("+49301 as -18"));
}

#[tokio::test]
async fn settings_select_the_transport() {
    let fixture = Fixture::with("D785").await;
    let outcome = fixture
        .result(
            "settings",
            &[
                "set=fkey[1]=url http://192.0.2.1/?a&b",
                "get=fkey[1]",
                "get=none",
            ],
        )
        .await;
    assert_eq!(
        outcome,
        json!({ "fkey[1]": "url http://192.0.2.1/?a&b", "none": null })
    );
    let info = fixture.result("info", &[]).await;
    assert_eq!(
        info,
        json!({
            "model": "D785", "mac": "00:00:5E:00:53:02", "dnd": "off", "language": "English",
            "lines": [{ "number": 1, "user": "1001", "name": "Ada & Co", "server": "pbx.example", "state": "on" }],
        })
    );
    for (verb, arguments, name, value) in [
        ("dnd", &["on"][..], "dnd_mode", "on"),
        (
            "forward",
            &["200", "kind=noanswer", "after=15"],
            "fwd_time_secs1",
            "15",
        ),
        ("forward", &["state=off"], "fwd_all_enabled1", "off"),
        (
            "stream",
            &["239.1.2.3:5000"],
            "mc_address10",
            "239.1.2.3:5000",
        ),
        ("stream", &["stop=yes"], "mc_address10", ""),
        ("ringtone", &["3"], "user_ringer1", "Ringer3"),
    ] {
        fixture.ok(verb, arguments).await;
        let state = fixture.until(name, |state| {
            state.settings.get(name).is_some_and(|is| is == value)
        });
        state.await;
    }
    let background = format!("image={}", fixture.daemon.media("background.png").display());
    fixture.ok("background", &[&background]).await;
    fixture
        .until("a background", |state| state.background.is_some())
        .await;
    fixture.sim_phone.assert_accepted_all();
}

#[tokio::test]
async fn other_verbs_use_http() {
    let fixture = Fixture::with("D785").await;
    let outcome = fixture.run("screenshot", &[]).await;
    let picture = fetch::picture(&outcome["HANDSET_RESULT"]).await;
    assert_eq!(picture.dimensions(), fixture.sim_phone.phone().display());
    fixture.ok("led", &["slow", "led=P3"]).await;
    fixture
        .until("a lamp", |state| state.lamps.contains_key("7"))
        .await;
    fixture.ok("ring", &["3"]).await;
    fixture.until("a ringer", |state| state.ringing).await;
    fixture.ok("ring", &["stop=yes"]).await;
    fixture.until("silence", |state| !state.ringing).await;
    fixture.ok("execute", &["snom://mb_nop#key=F1"]).await;
    fixture
        .until("a key", |state| state.keys.iter().any(|key| key == "F1"))
        .await;
    fixture
        .ok("firmware", &["http://192.0.2.1/fw.bin", "confirm=yes"])
        .await;
    fixture.ok("reboot", &["via=http"]).await;
    let remarks = |state: &State| {
        let has = |part: &str| state.remarks.iter().any(|remark| remark.contains(part));
        has("http://192.0.2.1/fw.bin") && has("restarts")
    };
    fixture.until("a restart", remarks).await;
    for (verb, argument) in [
        ("display", "on"),
        ("execute", "App:Close"),
        ("stream", "192.0.2.1:5000"),
        ("resync", "via=http"),
    ] {
        let (status, reason) = fixture.failure(verb, &[argument]).await;
        assert!(
            ["UNSUPPORTED", "INVALID"].contains(&&*status),
            "{verb}: {status} {reason}"
        );
    }
    fixture.sim_phone.assert_accepted_all();
    fixture.ok("settings", &["set=use_hidden_tags=on"]).await;
    let (status, reason) = fixture.failure("answer", &[]).await;
    assert_eq!(
        (status.as_str(), reason.contains("use_hidden_tags")),
        ("DENIED", true),
        "{reason}"
    );
}

#[tokio::test]
async fn old_firmware_uses_its_own_forms() {
    let [model, firmware] = ["320", "8.4.18"];
    let phone = Phone {
        model: model.to_owned(),
        firmware: firmware.to_owned(),
        ..sim_phone::options(Vendor::Snom)
    };
    let agent = phone.user_agent();
    let options = Options::registrar(&[(Driver::Pjsip, "1002")]);
    // The firmware is known only from a registration.
    let Some(asterisk) = Asterisk::start(Version::V22, &options).await else {
        return;
    };
    let mut sip = UdpPhone::new("1002", &agent, asterisk.sip(Driver::Pjsip)).await;
    let sim_phone = SimPhone::at(phone, sip.address().port(8080)).await;
    sip.register(3600).await;
    let daemon = Daemon::start(&format!(
        "{}[vendor.snom]\nport = 8080\n",
        manager(&asterisk)
    ))
    .await;
    daemon.line("Loaded registrations.").await;
    let ok = async |verb: &str, arguments: &[&str]| {
        let arguments = [arguments, &["phone=1002"]].concat();
        let response = run(daemon.agi(), verb, &arguments).await;
        assert_eq!(response["HANDSET_STATUS"], "OK", "{verb}: {response:?}");
    };
    sim_phone.phone().receive_call("201");
    ok("answer", &["call=-1"]).await;
    ok("hold", &[]).await;
    let state = sim_phone.until("the hold key", |state| {
        call_states(state) == [CallState::Held]
    });
    assert_eq!(state.await.keys, ["F_R"]);
    ok("dial", &["300", "via=csta"]).await;
    ok("push", &["Hello"]).await;
    sim_phone.shows_text("Hello").await;
    ok("forward", &["200"]).await;
    let state = sim_phone.until("forwarding", |state| {
        state.settings.contains_key("redirect_event")
    });
    assert_eq!(state.await.settings["redirect_number"], "200");
    sim_phone.assert_accepted_all();
}

#[tokio::test]
async fn a_d8_is_controlled_by_notify_through_asterisk() {
    let phone = Phone {
        model: "D862".to_owned(),
        firmware: "10.1.226.13".to_owned(),
        ..sim_phone::options(Vendor::Snom)
    };
    let options = Options::registrar(&[(Driver::Pjsip, "1002")]);
    let Some(asterisk) = Asterisk::start(Version::V22, &options).await else {
        return;
    };
    let mut sip = UdpPhone::new("1002", &phone.user_agent(), asterisk.sip(Driver::Pjsip)).await;
    let sim_phone = SimPhone::new(phone).await;
    sip.register(3600).await;
    let daemon = Daemon::start(&manager(&asterisk)).await;
    daemon.line("Loaded registrations.").await;
    // The simulated phone executes what its SIP side receives.
    let forward = async |count: usize| {
        for _ in 0..count {
            let message = sip.receive_notify().await;
            let header = |name: &'static str| message.header(name).concat();
            let (event, content_type) = (header("Event"), header("Content-Type"));
            let done = sim_phone
                .phone()
                .receive_notify(&event, &content_type, &message.body);
            assert_eq!(done, Ok(()), "{message:?}");
        }
    };
    let ok = async |verb: &str, arguments: &[&str], count: usize| {
        let arguments = [arguments, &["phone=1002"]].concat();
        let (response, ()) = tokio::join!(run(daemon.agi(), verb, &arguments), forward(count));
        let status = response["HANDSET_STATUS"].as_str();
        // Several steps take longer than a call waits.
        let good = status == "OK" || count > 2 && status == "QUEUED";
        assert!(good, "{verb}: {response:?}");
        response["HANDSET_REASON"].clone()
    };
    let connected = async || {
        let is_connected = |state: &State| call_states(state) == [CallState::Connected];
        sim_phone.until("a call", is_connected).await;
    };
    sim_phone.phone().receive_call("201");
    ok("answer", &[], 1).await;
    connected().await;
    ok("hold", &[], 1).await;
    sim_phone
        .until("a held call", |state| {
            call_states(state) == [CallState::Held]
        })
        .await;
    ok("resume", &[], 1).await;
    connected().await;
    ok("transfer", &["200", "kind=attended"], 4).await;
    let state = sim_phone.until("a transfer", |state| state.calls.transfers().len() == 1);
    assert_eq!(transfers(&state.await), [("201", "200")]);
    sim_phone.phone().receive_call("202");
    ok("answer", &[], 1).await;
    ok("transfer", &["*30#"], 2).await;
    let state = sim_phone.until("a transfer", |state| state.calls.transfers().len() == 2);
    assert_eq!(state.await.calls.transfers()[1].to, "*30#");
    ok("dial", &["400"], 1).await;
    connected().await;
    ok("hangup", &[], 1).await;
    sim_phone
        .until("no call", |state| state.calls.all().is_empty())
        .await;
    let note = ok("dnd", &["on"], 1).await;
    assert!(note.contains("toggles do-not-disturb"), "{note}");
    sim_phone
        .until("dnd", |state| {
            state
                .settings
                .get("dnd_mode")
                .is_some_and(|dnd| dnd == "on")
        })
        .await;
    ok("led", &["on", "led=P1"], 1).await;
    sim_phone
        .until("a lamp", |state| state.lamps.contains_key("5"))
        .await;
    ok("key", &["UP"], 1).await;
    sim_phone
        .until("a key", |state| {
            state.keys.last().is_some_and(|key| key == "UP")
        })
        .await;
    let note = ok("settings", &["set=language=Deutsch"], 1).await;
    assert!(note.contains("mb_trusted_hosts"), "{note}");
    sim_phone
        .until("a refusal", |state| {
            state
                .remarks
                .iter()
                .any(|remark| remark.contains("language"))
        })
        .await;
    let response = run(daemon.agi(), "info", &["phone=1002"]).await;
    assert_eq!(response["HANDSET_STATUS"], "UNSUPPORTED", "{response:?}");
    sim_phone.assert_accepted_all();
}

#[tokio::test]
async fn talk_and_hold_are_sent_in_the_dialog_of_the_call() {
    let phone = sim_phone::options(Vendor::Snom);
    let options = Options::registrar(&[(Driver::Pjsip, "1002")]);
    let Some(asterisk) = Asterisk::start(Version::V22, &options).await else {
        return;
    };
    let mut sip = UdpPhone::new("1002", &phone.user_agent(), asterisk.sip(Driver::Pjsip)).await;
    sip.register(3600).await;
    let daemon = Daemon::start(&manager(&asterisk)).await;
    daemon.line("Loaded registrations.").await;
    let ok = async |verb: &str, arguments: &[&str]| {
        let arguments = [arguments, &["phone=1002"]].concat();
        let response = run(daemon.agi(), verb, &arguments).await;
        assert_eq!(response["HANDSET_STATUS"], "OK", "{verb}: {response:?}");
        response["HANDSET_REASON"].clone()
    };
    let call = async |message: &Message| message.header("Call-ID").concat();
    // Without a call, there is nothing to answer.
    let response = run(daemon.agi(), "answer", &["via=notify", "phone=1002"]).await;
    assert_eq!(response["HANDSET_STATUS"], "REJECTED", "{response:?}");
    asterisk.cli("channel originate PJSIP/1002 application Wait 20");
    let invite = sip.receive_invite().await;
    asterisk.channel_in_state("Ringing").await;
    let (note, talk) = tokio::join!(ok("answer", &["via=notify"]), sip.receive_notify());
    assert!(note.contains("unverified"), "{note}");
    assert_eq!(talk.header("Event"), ["talk"]);
    assert_eq!(call(&talk).await, call(&invite).await);
    sip.accept(&invite).await;
    asterisk.channel_in_state("Up").await;
    for (verb, event) in [("hold", "hold"), ("resume", "talk")] {
        let (_, response) = tokio::join!(ok(verb, &["via=notify"]), sip.receive_notify());
        assert_eq!(response.header("Event"), [event]);
        assert_eq!(call(&response).await, call(&invite).await);
    }
}

/// Returns the configuration of a daemon that uses the manager of a server.
fn manager(asterisk: &Asterisk) -> String {
    format!(
        "[[asterisk]]\nname = 'pbx'\naddress = '{}'\nusername = 'handsetd'\nsecret = 'hush'\n",
        asterisk.manager()
    )
}
