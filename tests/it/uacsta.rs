//! CSTA sessions over SIP with simulated phones: registration, every verb, events, and what phones differ in.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::future::join_all;
use handset_simulator::sip::Protocol;
use handset_simulator::{Answers, CallState, CstaIdentity, Options, State, Vendor};
use serde_json::Value;

use super::support::admin_client::AdminClient;
use super::support::agi_call::agi_call;
use super::support::csta_phone::{CstaPhone, entry, options, pin_of, registrar, server, use_tls};
use super::support::daemon::Daemon;
use super::support::event_stream::Events;
use super::support::loopback::Loopback;
use super::support::sim_phone::SimPhone;
use super::support::soon;

/// A daemon, and a phone with a session.
pub(crate) struct Fixture {
    pub(crate) phone: CstaPhone,
    pub(crate) daemon: Daemon,
    pub(crate) address: Loopback,
}

impl Fixture {
    /// Starts both, and waits for the session.
    pub(crate) async fn new(options: Options, more: &str) -> Self {
        Self::with(options, more, "", |_| {}).await
    }

    /// Starts both with a change of the identity and further configuration, and waits for the session.
    pub(crate) async fn with(
        options: Options,
        more: &str,
        config: &str,
        change: impl FnOnce(&mut CstaIdentity),
    ) -> Self {
        let address = Loopback::claim();
        let config = format!(
            "{}{}{config}",
            server(&address),
            entry("desk", &options, more)
        );
        let daemon = Daemon::start(&config).await;
        let registrar = registrar(&address);
        let phone = CstaPhone::start_with("desk", options, registrar, change).await;
        phone.monitored().await;
        let fixture = Self {
            phone,
            daemon,
            address,
        };
        fixture.has_session().await;
        fixture
    }

    /// Waits until the daemon says that the session is up, and returns what it says.
    pub(crate) async fn has_session(&self) -> Value {
        let up = |csta: &Value| csta["session"] == true;
        csta_of(&self.daemon, "desk", up).await
    }

    /// Runs a verb over the session.
    pub(crate) async fn run(&self, verb: &str, arguments: &[&str]) -> HashMap<String, String> {
        run(self.daemon.agi(), verb, arguments).await
    }

    /// Runs a verb that must succeed; returns all variables.
    async fn ok(&self, verb: &str, arguments: &[&str]) -> HashMap<String, String> {
        let outcome = self.run(verb, arguments).await;
        let status = &outcome["HANDSET_STATUS"];
        assert_eq!(status, "OK", "{verb} {arguments:?}: {outcome:?}");
        outcome
    }

    /// Runs a verb that must end with this status; returns the reason.
    pub(crate) async fn fails(&self, status: &str, verb: &str, arguments: &[&str]) -> String {
        let outcome = self.run(verb, arguments).await;
        let got = &outcome["HANDSET_STATUS"];
        assert_eq!(got, status, "{verb} {arguments:?}: {outcome:?}");
        outcome["HANDSET_REASON"].clone()
    }

    async fn states(&self, what: &str, expected: &[CallState]) -> State {
        let states = |state: &State| -> Vec<CallState> {
            state.calls.all().iter().map(|call| call.state).collect()
        };
        self.phone
            .until(what, |state| states(state) == expected)
            .await
    }
}

async fn run(agi: SocketAddr, verb: &str, arguments: &[&str]) -> HashMap<String, String> {
    let mut arguments = arguments.to_vec();
    arguments.extend(["phone=desk", "via=csta"]);
    agi_call(agi, verb, &arguments).await
}

/// Waits until what the daemon says about a phone's session satisfies `wanted`, and returns it.
pub(crate) async fn csta_of(daemon: &Daemon, name: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    let admin = AdminClient::new(daemon.admin());
    let waiting = async {
        loop {
            let phones = admin.get("/api/v1/phones").await.json();
            let phones = phones["result"]
                .as_array()
                .unwrap_or_else(|| panic!("{phones}"));
            let phone = phones.iter().find(|phone| phone["name"] == name);
            if let Some(csta) = phone
                .map(|phone| &phone["csta"])
                .filter(|csta| wanted(csta))
            {
                return csta.clone();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    soon(&format!("the session of {name}"), waiting).await
}

/// A Yealink phone whose line is 1003.
fn yealink() -> Options {
    options(Vendor::Yealink, &[("account.1.user_name", "1003")])
}

const YEALINK_LINE: &str = ", device = \"1003\"";

/// Changes the identity of a phone before it registers.
type Change = fn(&mut CstaIdentity);

#[tokio::test]
async fn phones_register_with_digest_and_are_called() {
    let transports: [(&str, Change); 3] = [
        ("udp", |identity| identity.protocol = Protocol::Udp),
        ("tcp", |identity| identity.protocol = Protocol::Tcp),
        ("tls", |identity| use_tls(identity, pin_of("server.pem"))),
    ];
    for (transport, change) in transports {
        let snom = options(Vendor::Snom, &[]);
        let fixture = Fixture::with(snom, "", "", change).await;
        let csta = fixture.has_session().await;
        assert!(csta["registered"].is_string(), "{csta}");
        assert!(csta["since"].is_string(), "{csta}");
        let state = fixture.phone.performed("SnapshotDevice").await;
        assert_eq!((state.csta.sessions, state.csta.established), (1, 1));
        let order = ["RequestSystemStatus", "MonitorStart", "SnapshotDevice"];
        assert_eq!(state.csta.requests, order, "{transport}");
        let mut events = Events::open(&fixture.daemon).await;
        fixture.phone.phone().receive_call("201");
        let event = events.next().await;
        assert_eq!(event["event"], "phone.incoming_call", "{transport}");
        fixture.ok("answer", &["call=-1"]).await;
        fixture.states(transport, &[CallState::Connected]).await;
        fixture.phone.assert_accepted_all();
    }
}

#[tokio::test]
async fn calls_are_controlled_on_snom_phones() {
    let fixture = Fixture::new(options(Vendor::Snom, &[]), "").await;
    let phone = fixture.phone.phone();
    phone.receive_call("201");
    fixture.ok("answer", &["call=-1"]).await;
    fixture.states("an answer", &[CallState::Connected]).await;
    for (verb, state) in [("hold", CallState::Held), ("resume", CallState::Connected)] {
        fixture.ok(verb, &[]).await;
        fixture.states(verb, &[state]).await;
        let reason = fixture.fails("REJECTED", verb, &["call=-9"]).await;
        assert!(reason.contains("invalidCallID"), "{reason}");
    }
    fixture.ok("dtmf", &["12#"]).await;
    fixture
        .phone
        .until("digits", |state| state.calls.digits() == "12#")
        .await;
    let dialed = fixture.ok("dial", &["700"]).await;
    fixture
        .states("a second call", &[CallState::Held, CallState::Connected])
        .await;
    let id = &dialed["HANDSET_RESULT"];
    assert!(id.contains('2'), "{dialed:?}");
    fixture.ok("hangup", &["call=2"]).await;
    fixture.states("a held call", &[CallState::Held]).await;
    fixture.ok("resume", &["call=-1"]).await;
    fixture.ok("transfer", &["300", "call=-1"]).await;
    let state = fixture.states("no call", &[]).await;
    let transfer = &state.calls.transfers()[0];
    assert_eq!((&*transfer.from, &*transfer.to), ("201", "300"));
    fixture.ok("dnd", &["on"]).await;
    let on = |state: &State| {
        state
            .settings
            .get("dnd_mode")
            .is_some_and(|mode| mode == "on")
    };
    fixture.phone.until("do not disturb", on).await;
    fixture.ok("forward", &["300", "kind=busy"]).await;
    let to = |state: &State| {
        state
            .settings
            .get("fwd_busy_target1")
            .is_some_and(|to| to == "300")
    };
    fixture.phone.until("forwarding", to).await;
}

#[tokio::test]
async fn attended_transfers_join_two_calls() {
    let fixture = Fixture::new(options(Vendor::Snom, &[]), "").await;
    fixture.phone.phone().receive_call("201");
    fixture.ok("answer", &[]).await;
    let outcome = fixture.run("transfer", &["300", "kind=attended"]).await;
    let status = outcome["HANDSET_STATUS"].as_str();
    assert!(["OK", "QUEUED"].contains(&status), "{outcome:?}");
    let state = fixture.states("no call", &[]).await;
    let transfer = &state.calls.transfers()[0];
    assert_eq!((&*transfer.from, &*transfer.to), ("201", "300"));
    assert!(!transfer.is_blind);
}

#[tokio::test]
async fn calls_are_controlled_on_plain_phones() {
    let fixture = Fixture::new(yealink(), YEALINK_LINE).await;
    let id = fixture.phone.phone().receive_call("201").to_string();
    let call = format!("call={id}");
    fixture.ok("answer", &[&call]).await;
    fixture.states("an answer", &[CallState::Connected]).await;
    fixture.ok("hold", &[]).await;
    fixture.states("a held call", &[CallState::Held]).await;
    fixture.ok("resume", &[&call]).await;
    fixture.states("a call", &[CallState::Connected]).await;
    fixture.ok("hangup", &[&call]).await;
    fixture.states("no call", &[]).await;
    let reason = fixture.fails("REJECTED", "hangup", &[&call]).await;
    assert!(reason.contains("invalidCallID"), "{reason}");
    fixture.ok("dial", &["700"]).await;
    fixture
        .phone
        .until("a number", |state| state.dialed == ["700"])
        .await;
    fixture.ok("transfer", &["300"]).await;
    fixture.states("no call", &[]).await;
    fixture.ok("dnd", &["on"]).await;
    fixture
        .phone
        .until("do not disturb", |state| state.dnd)
        .await;
    fixture.ok("forward", &["300"]).await;
    let always = |state: &State| state.forwards.get("Always").is_some_and(|to| to == "300");
    fixture.phone.until("forwarding", always).await;
    fixture.phone.phone().receive_call("202");
    let request = ["SnapshotDevice", "snapshotObject.deviceObject=1003"];
    let outcome = fixture.ok("csta", &request).await;
    assert!(
        outcome["HANDSET_RESULT"].contains("alerting"),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn old_firmware_has_flat_call_ids() {
    let legacy = options(Vendor::Snom, &[("csta_legacy_control", "0")]);
    let address = Loopback::claim();
    let flat = "csta_calls = \"flat\"\n";
    let config = format!("{}{}{flat}", server(&address), entry("desk", &legacy, ""));
    let daemon = Daemon::start(&config).await;
    let phone = CstaPhone::start("desk", legacy, registrar(&address)).await;
    phone.monitored().await;
    phone.phone().receive_call("201");
    let outcome = run(daemon.agi(), "answer", &["call=-1"]).await;
    assert_eq!(outcome["HANDSET_STATUS"], "OK", "{outcome:?}");
    let answered = |state: &State| state.calls.all()[0].state == CallState::Connected;
    phone.until("an answer", answered).await;
}

#[tokio::test]
async fn events_have_the_names_of_action_urls_and_their_order() {
    let fixture = Fixture::new(yealink(), YEALINK_LINE).await;
    let mut events = Events::open(&fixture.daemon).await;
    let phone = fixture.phone.phone();
    let first = phone.receive_call("201");
    phone.answer_call(first);
    phone.hold_call(first);
    phone.resume_call(first);
    phone.end_call(first);
    phone.set_dnd(true);
    phone.set_dnd(false);
    let second = phone.dial("202");
    phone.fail_call(second);
    let expected = [
        "phone.incoming_call",
        "phone.call_established",
        "phone.hold",
        "phone.unhold",
        "phone.call_terminated",
        "phone.dnd_on",
        "phone.dnd_off",
        "phone.outgoing_call",
        "phone.call_failed",
        "phone.call_terminated",
    ];
    for expected in expected {
        let event = events.next().await;
        assert_eq!(event["event"], expected, "{event}");
        let fields = &event["fields"];
        assert_eq!(fields["phone"], "desk", "{event}");
        match expected {
            "phone.incoming_call" => {
                assert_eq!(fields["CallID"], first.to_string(), "{event}");
                assert_eq!(fields["Calling"], "201", "{event}");
                assert_eq!(fields["Called"], "1003", "{event}");
                assert_eq!(fields["Cause"], "newCall", "{event}");
            }
            "phone.outgoing_call" => {
                assert_eq!(fields["CallID"], second.to_string(), "{event}");
                assert_eq!(fields["Called"], "202", "{event}");
            }
            _ => {}
        }
    }
}

#[tokio::test]
async fn snom_phones_tell_ids_that_verbs_take() {
    let fixture = Fixture::new(options(Vendor::Snom, &[]), "").await;
    let mut events = Events::open(&fixture.daemon).await;
    fixture.phone.phone().receive_call("201");
    let event = events.next().await;
    assert_eq!(event["event"], "phone.incoming_call", "{event}");
    assert_eq!(event["fields"]["Calling"], "201", "{event}");
    let call = format!("call={}", event["fields"]["CallID"].as_str().unwrap());
    fixture.ok("answer", &[&call]).await;
    fixture.states("an answer", &[CallState::Connected]).await;
    assert_eq!(events.next().await["event"], "phone.call_established");
}

#[tokio::test]
async fn rules_act_on_events_and_know_the_state_of_the_phone() {
    let rule = "[[rule]]\nname = \"busy\"\non = \"phone.incoming_call\"\n\
                when = \"event.Calling == '201'\"\n\
                do = [ { verb = \"answer\", call = \"{{ event.CallID }}\", via = \"csta\" } ]\n";
    let fixture = Fixture::with(yealink(), YEALINK_LINE, rule, |_| {}).await;
    fixture.phone.phone().receive_call("202");
    fixture.phone.phone().receive_call("201");
    fixture
        .states("one answer", &[CallState::Ringing, CallState::Connected])
        .await;
}

#[tokio::test]
async fn answers_may_come_in_a_request_of_their_own() {
    let fixture = Fixture::with(yealink(), YEALINK_LINE, "", |identity| {
        identity.quirks.answers = Answers::InInfo;
        identity.quirks.lacks_session_timer = true;
    })
    .await;
    fixture.phone.phone().receive_call("201");
    fixture.ok("answer", &[]).await;
    fixture.states("an answer", &[CallState::Connected]).await;
    let reason = fixture.fails("REJECTED", "hangup", &["call=9"]).await;
    assert!(reason.contains("invalidCallID"), "{reason}");
}

#[tokio::test]
async fn errors_may_come_with_a_status() {
    let fixture = Fixture::with(yealink(), YEALINK_LINE, "", |identity| {
        identity.quirks.answers = Answers::ErrorsByStatus;
    })
    .await;
    let reason = fixture.fails("REJECTED", "hangup", &["call=9"]).await;
    assert!(reason.contains("invalidCallID"), "{reason}");
    fixture.phone.phone().receive_call("201");
    fixture.ok("answer", &[]).await;
}

#[tokio::test]
async fn requests_without_an_answer_are_unknown() {
    let fixture = Fixture::with(yealink(), YEALINK_LINE, "", |identity| {
        identity.quirks.ignored = vec!["HoldCall".to_owned()];
    })
    .await;
    let id = fixture.phone.phone().receive_call("201");
    fixture.phone.phone().answer_call(id);
    let call = format!("call={id}");
    fixture
        .fails("UNKNOWN", "hold", &[&call, "deadline=2s"])
        .await;
}

#[tokio::test]
async fn concurrent_requests_are_sent_one_after_the_other() {
    let fixture = Fixture::with(yealink(), YEALINK_LINE, "", |identity| {
        identity.quirks.delay = Duration::from_millis(100);
    })
    .await;
    let agi = fixture.daemon.agi();
    let dial = async |number: &str| run(agi, "dial", &[number]).await;
    let outcomes = join_all(["1", "2", "3", "4"].map(dial)).await;
    for outcome in outcomes {
        assert_eq!(outcome["HANDSET_STATUS"], "OK", "{outcome:?}");
    }
    let refusals = fixture.phone.state().refusals().count();
    assert_eq!(refusals, 0, "two requests were in progress at once");
}

#[tokio::test]
async fn challenges_of_the_phone_are_answered() {
    for challenge in ["1", "2"] {
        let snom = options(Vendor::Snom, &[("csta_challenge", challenge)]);
        let fixture = Fixture::new(snom, "").await;
        fixture.phone.phone().receive_call("201");
        fixture.ok("answer", &[]).await;
        assert_eq!(fixture.phone.state().bad_credentials, 0);
    }
}

#[tokio::test]
async fn monitors_over_http_are_unsupported() {
    let snom = SimPhone::new(options(Vendor::Snom, &[])).await;
    let daemon = Daemon::start(&snom.entry("desk")).await;
    for request in ["MonitorStart", "MonitorStop", "SystemRegister"] {
        let outcome = run(daemon.agi(), "csta", &[request]).await;
        assert_eq!(outcome["HANDSET_STATUS"], "UNSUPPORTED", "{outcome:?}");
        let reason = &outcome["HANDSET_REASON"];
        assert!(reason.contains("[uacsta]"), "{reason}");
    }
    assert_eq!(snom.state().exchanges.len(), 0);
}
