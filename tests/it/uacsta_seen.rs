//! What people and programs see of CSTA sessions, what a reload changes, and how sessions end.

use std::collections::BTreeSet;
use std::time::Duration;

use handset_simulator::{Options, State, Vendor};
use serde_json::Value;

use super::support::admin_client::AdminClient;
use super::support::agi_call::agi_call;
use super::support::csta_phone::{CstaPhone, entry, options, registrar, server};
use super::support::daemon::{Daemon, TOKEN};
use super::support::event_stream::Events;
use super::support::page_client::PageClient;
use super::support::soon;
use super::uacsta::{Fixture, csta_of};

fn snom() -> Options {
    options(Vendor::Snom, &[])
}

/// Runs `handsetd phones` where the daemon runs; returns what it prints.
async fn phones(daemon: &Daemon, arguments: &[&str]) -> String {
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_handsetd"));
    command.args(["phones", "--config"]).arg(daemon.file());
    command.env("HANDSETD__ADMIN__LISTEN", daemon.admin().to_string());
    let output = command.args(arguments).output().await.unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Returns the value of a series of metrics.
async fn metric(daemon: &Daemon, series: &str) -> u64 {
    let metrics = AdminClient::new(daemon.admin()).get("/metrics").await.body;
    let metrics = String::from_utf8(metrics).unwrap();
    let start = format!("handsetd_{series} ");
    let mut values = metrics.lines().filter_map(|line| line.strip_prefix(&start));
    let value = values.next();
    value
        .unwrap_or_else(|| panic!("{series}: {metrics}"))
        .parse()
        .unwrap()
}

/// Waits for the event of an incoming call.
async fn incoming_call(events: &mut Events) -> Value {
    loop {
        let event = events.next().await;
        if event["event"] == "phone.incoming_call" {
            return event;
        }
    }
}

fn keys(object: &Value) -> BTreeSet<&String> {
    object.as_object().unwrap().keys().collect()
}

#[tokio::test]
async fn sessions_are_shown_by_the_command_the_api_and_the_page() {
    let fixture = Fixture::new(snom(), "").await;
    let daemon = &fixture.daemon;
    let listed: Value = serde_json::from_str(&phones(daemon, &["--json"]).await).unwrap();
    let csta = &listed[0]["csta"];
    assert_eq!(csta["session"], true, "{listed}");
    let admin = AdminClient::new(daemon.admin());
    let phone = &admin.get("/api/v1/phones/desk").await.json()["result"];
    assert_eq!(&phone["csta"], csta);

    // The document describes what there is.
    let document = admin.get("/api/v1/openapi.json").await.json();
    let schema = &document["components"]["schemas"]["Phone"]["properties"];
    assert!(keys(phone).is_subset(&keys(schema)), "{phone}");
    let known = keys(&schema["csta"]["properties"]);
    assert!(keys(csta).is_subset(&known), "{csta}");

    let page = PageClient::log_in(daemon.admin(), TOKEN).await;
    let shown = page.request("GET", "/phones", "").await.body;
    let shown = String::from_utf8(shown).unwrap();
    let (day, _) = csta["since"].as_str().unwrap().split_once('T').unwrap();
    let line =
        "<dt>CSTA</dt><dd><span class=\"badge good\">session</span> <small>since <time datetime=\"";
    assert!(shown.contains(&format!("{line}{day}T")), "{shown}");

    fixture.phone.unregister().await;
    let is_gone = |csta: &Value| csta["registered"].is_null() && csta["session"] == false;
    csta_of(daemon, "desk", is_gone).await;
    let shown = page.request("GET", "/phones", "").await.body;
    let shown = String::from_utf8(shown).unwrap();
    let line = "<dt>CSTA</dt><dd><span class=\"badge idle\">not registered</span>";
    assert!(shown.contains(line), "{shown}");
}

#[tokio::test]
async fn phone_is_dialing_until_the_other_end_answers() {
    let fixture = Fixture::new(snom(), "").await;
    let admin = AdminClient::new(fixture.daemon.admin());
    let mut events = Events::open(&fixture.daemon).await;
    let phone = fixture.phone.phone();
    let first = phone.dial("700");
    let mut follow = async |event: &str, activity: &str| {
        assert_eq!(events.next().await["event"], event);
        // The state may follow the event of the stream.
        let reached = async {
            loop {
                let phone = admin.get("/api/v1/phones/desk").await.json();
                if phone["result"]["state"]["activity"] == activity {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        soon(&format!("{activity} after {event}"), reached).await;
    };
    follow("phone.outgoing_call", "dialing").await;
    phone.answer_call(first);
    follow("phone.call_established", "talking").await;
    phone.hold_call(first);
    follow("phone.hold", "holding").await;
    phone.resume_call(first);
    follow("phone.unhold", "talking").await;
    phone.end_call(first);
    follow("phone.call_terminated", "idle").await;
    phone.dial("701");
    follow("phone.outgoing_call", "dialing").await;
    // What acts on a call acts on a dialing one as before.
    let outcome = fixture.run("hangup", &[]).await;
    assert_eq!(outcome["HANDSET_STATUS"], "OK", "{outcome:?}");
    follow("phone.call_terminated", "idle").await;
}

#[tokio::test]
async fn what_sessions_do_is_counted() {
    let fixture = Fixture::new(snom(), "").await;
    let Fixture {
        phone,
        daemon,
        address,
    } = fixture;
    let count = async |series: &str| metric(&daemon, series).await;
    assert_eq!(count("csta_registered").await, 1);
    assert_eq!(count("csta_sessions").await, 1);
    assert_eq!(count("csta_sessions_lost_total").await, 0);
    // The monitor and the snapshot.
    let ok = "csta_requests_total{result=\"ok\"}";
    let refused = "csta_requests_total{result=\"refused\"}";
    assert_eq!((count(ok).await, count(refused).await), (2, 0));
    let mut events = Events::open(&daemon).await;
    phone.phone().receive_call("201");
    events.next().await;
    assert_eq!(count("csta_events_total").await, 1);
    let hold = ["phone=desk", "via=csta", "call=-9"];
    agi_call(daemon.agi(), "hold", &hold).await;
    assert_eq!((count(ok).await, count(refused).await), (2, 1));
    drop(phone);
    let phone = CstaPhone::start("desk", snom(), registrar(&address)).await;
    phone.monitored().await;
    csta_of(&daemon, "desk", |csta| csta["session"] == true).await;
    assert_eq!(count("csta_sessions_lost_total").await, 1);
    assert_eq!(count("csta_sessions").await, 1);
}

#[tokio::test]
async fn gap_of_a_lost_session_is_an_event() {
    let fixture = Fixture::new(snom(), "").await;
    let mut events = Events::open_filtered(&fixture.daemon, "?event=handsetd.gap").await;
    let Fixture {
        phone,
        daemon: _daemon,
        address,
    } = fixture;
    drop(phone);
    let phone = CstaPhone::start("desk", snom(), registrar(&address)).await;
    phone.monitored().await;
    let event = events.next().await;
    assert_eq!(event["event"], "handsetd.gap", "{event}");
    assert_eq!(event["fields"]["phone"], "desk", "{event}");
    let seconds = event["fields"]["Seconds"].as_str().unwrap();
    let seconds: f64 = seconds.parse().unwrap();
    assert!(seconds > 0.0, "{event}");
}

#[tokio::test]
async fn reload_changes_passwords_adds_and_removes_sessions() {
    let fixture = Fixture::new(snom(), "").await;
    let Fixture {
        phone,
        daemon,
        address,
    } = fixture;
    let (server, at) = (server(&address), registrar(&address));
    let both = entry("desk", &snom(), "") + &entry("other", &snom(), "");
    let changed = both.replace("desk-secret", "changed-secret");
    daemon.reconfigure(&format!("{server}{changed}"));
    daemon.line("Configuration reloaded.").await;
    // The session stays; the old password does not register any more, nor does it end the session.
    let state = phone.state();
    assert_eq!((state.csta.sessions, state.csta.established), (1, 1));
    let with = async |password: &str| {
        CstaPhone::start_with("desk", snom(), at, |identity| {
            password.clone_into(&mut identity.password);
        })
        .await
    };
    let old = with("desk-secret").await;
    let failed = |state: &State| state.csta.registration_failure.is_some();
    old.until("a refusal", failed).await;
    let new = with("changed-secret").await;
    new.monitored().await;
    let other = CstaPhone::start("other", snom(), at).await;
    other.monitored().await;

    daemon.reconfigure(&format!("{server}{}", entry("desk", &snom(), "")));
    let ended = |state: &State| state.csta.sessions == 0;
    let state = other.until("the end of the session", ended).await;
    assert_eq!(state.csta.requests.last().unwrap(), "MonitorStop");
    let other = CstaPhone::start("other", snom(), at).await;
    other.until("a refusal", failed).await;
}

#[tokio::test]
async fn reload_that_changes_a_phone_restarts_its_session() {
    let Fixture {
        phone,
        daemon,
        address,
    } = Fixture::new(snom(), "").await;
    let server = server(&address);
    let reload = async |entry: String| {
        let count = daemon.count("Configuration reloaded.");
        daemon.reconfigure(&format!("{server}{entry}"));
        daemon.line_after(count, "Configuration reloaded.").await;
    };
    // Nothing that matters to it has changed.
    reload(entry("desk", &snom(), "") + "\n[log]\nlevel = \"debug\"\n").await;
    assert_eq!(phone.state().csta.established, 1);
    let renamed = entry("desk", &snom(), "").replace("name = \"desk\"", "name = \"front\"");
    reload(renamed).await;
    let again = |state: &State| state.csta.established == 2 && state.csta.sessions == 1;
    let state = phone.until("another session", again).await;
    assert!(state.csta.requests.contains(&"MonitorStop".to_owned()));
    csta_of(&daemon, "front", |csta| csta["session"] == true).await;
    let mut events = Events::open(&daemon).await;
    phone.phone().receive_call("201");
    let event = incoming_call(&mut events).await;
    assert_eq!(event["fields"]["phone"], "front", "{event}");
    phone.assert_accepted_all();
}

#[tokio::test]
async fn reload_that_exchanges_the_users_of_two_phones_exchanges_their_sessions() {
    let Fixture {
        phone: first,
        daemon,
        address,
    } = Fixture::with(snom(), "", &entry("other", &snom(), ""), |_| {}).await;
    let second = CstaPhone::start("other", snom(), registrar(&address)).await;
    second.monitored().await;
    csta_of(&daemon, "other", |csta| csta["session"] == true).await;
    let desk = "\"desk-csta\", password = \"desk-secret\"";
    let other = "\"other-csta\", password = \"other-secret\"";
    let exchanged = entry("desk", &snom(), "").replace(desk, other)
        + &entry("other", &snom(), "").replace(other, desk);
    daemon.reconfigure(&format!("{}{exchanged}", server(&address)));
    let again = |state: &State| state.csta.established == 2 && state.csta.monitors == 1;
    first.until("another session", again).await;
    second.until("another session", again).await;
    for name in ["desk", "other"] {
        csta_of(&daemon, name, |csta| csta["session"] == true).await;
    }
    let mut events = Events::open(&daemon).await;
    first.phone().receive_call("201");
    let event = incoming_call(&mut events).await;
    assert_eq!(event["fields"]["phone"], "other", "{event}");
    for (phone, status) in [("phone=desk", "REJECTED"), ("phone=other", "OK")] {
        let outcome = agi_call(daemon.agi(), "answer", &[phone, "via=csta", "call=-1"]).await;
        assert_eq!(outcome["HANDSET_STATUS"], status, "{phone}: {outcome:?}");
    }
}

#[tokio::test]
async fn reload_that_changes_phone_and_password_forgets_the_registration() {
    let Fixture {
        phone,
        daemon,
        address,
    } = Fixture::new(snom(), "").await;
    let changed = entry("desk", &snom(), "")
        .replace("name = \"desk\"", "name = \"front\"")
        .replace("desk-secret", "changed-secret");
    daemon.reconfigure(&format!("{}{changed}", server(&address)));
    let ended = |state: &State| state.csta.sessions == 0;
    phone.until("the end of the session", ended).await;
    let is_gone = |csta: &Value| csta["registered"].is_null() && csta["session"] == false;
    csta_of(&daemon, "front", is_gone).await;
    assert_eq!(phone.state().csta.established, 1);
}

#[tokio::test]
async fn shutdown_stops_the_monitor_and_ends_the_session() {
    for answers in [
        handset_simulator::Answers::InResponse,
        handset_simulator::Answers::InInfo,
    ] {
        let fixture =
            Fixture::with(snom(), "", "", |identity| identity.quirks.answers = answers).await;
        fixture.daemon.terminate();
        let status = soon("the end of the daemon", fixture.daemon.end()).await;
        assert!(status.success());
        let state = fixture.phone.state();
        assert_eq!((state.csta.sessions, state.csta.monitors), (0, 0));
        assert_eq!(state.csta.requests.last().unwrap(), "MonitorStop");
        fixture.phone.assert_accepted_all();
    }
}
