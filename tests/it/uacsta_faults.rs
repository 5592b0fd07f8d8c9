//! CSTA sessions over SIP that get lost and come back: bad networks, restarts, and phones that ring.

use std::time::Duration;

use futures_util::future::join_all;
use handset_simulator::{CallState, Options, State, Vendor};
use tokio::time::Instant;

use super::support::admin_client::AdminClient;
use super::support::csta_phone::{CstaPhone, entry, options, registrar, server};
use super::support::daemon::Daemon;
use super::support::event_stream::Events;
use super::support::loopback::Loopback;
use super::support::soon;
use super::support::udp_relay::{UdpRelay, Weather};
use super::uacsta::{Fixture, csta_of};

fn snom() -> Options {
    options(Vendor::Snom, &[])
}

/// A fixture whose phone sends and receives over a relay.
async fn behind(weather: Weather) -> (Fixture, UdpRelay) {
    let address = Loopback::claim();
    let config = format!("{}{}", server(&address), entry("desk", &snom(), ""));
    let daemon = Daemon::start(&config).await;
    let server = registrar(&address);
    let relay = UdpRelay::start(server, weather).await;
    let proxy = Some(relay.address());
    let phone = CstaPhone::start_with("desk", snom(), server, |identity| identity.proxy = proxy);
    let phone = phone.await;
    phone.monitored().await;
    let fixture = Fixture {
        phone,
        daemon,
        address,
    };
    fixture.has_session().await;
    (fixture, relay)
}

#[tokio::test]
async fn loss_repetition_and_disorder_change_nothing() {
    let weather = Weather {
        lost: 20,
        repeated: 20,
        late: 20,
    };
    let (fixture, relay) = behind(weather).await;
    let mut events = Events::open(&fixture.daemon).await;
    for number in 1..=10 {
        let number = number.to_string();
        let outcome = fixture.run("dial", &[&number, "deadline=60s"]).await;
        let status = outcome["HANDSET_STATUS"].as_str();
        assert!(["OK", "QUEUED"].contains(&status), "{outcome:?}");
        let dialed = |state: &State| state.dialed.last() == Some(&number);
        fixture.phone.until("the number", dialed).await;
        let event = events.next().await;
        assert_eq!(event["event"], "phone.outgoing_call", "{event}");
        assert_eq!(event["fields"]["Called"], number, "{event}");
        let outcome = fixture.run("hangup", &["deadline=60s"]).await;
        let status = outcome["HANDSET_STATUS"].as_str();
        assert!(["OK", "QUEUED"].contains(&status), "{outcome:?}");
        while events.next().await["event"] != "phone.call_terminated" {}
    }
    let state = fixture.phone.state();
    assert_eq!(state.dialed.len(), 10, "each was dialed once");
    let counts = relay.counts();
    let all = [counts.lost, counts.repeated, counts.late];
    assert!(all.iter().all(|count| *count > 0), "{counts:?}");
}

#[tokio::test]
async fn sessions_come_back_after_a_router_has_forgotten_them() {
    let (fixture, relay) = behind(Weather::default()).await;
    let mut events = Events::open(&fixture.daemon).await;
    fixture.phone.phone().set_dnd(true);
    assert_eq!(events.next().await["event"], "phone.dnd_on");
    fixture.phone.phone().set_dnd(false);
    assert_eq!(events.next().await["event"], "phone.dnd_off");
    relay.forget().await;
    // The event of the phone comes from a port that the daemon does not know; the phone learns nothing of that.
    fixture.phone.phone().receive_call("201");
    fixture.phone.phone().set_dnd(true);
    // The phone renews its registration at last, as it would on its own.
    fixture.phone.register_again().await;
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let outcome = fixture.run("answer", &["call=-1", "deadline=4s"]).await;
        if outcome["HANDSET_STATUS"] == "OK" {
            break;
        }
        assert!(Instant::now() < deadline, "{outcome:?}");
    }
    let answered = |state: &State| state.calls.all()[0].state == CallState::Connected;
    fixture.phone.until("an answer", answered).await;
    while events.next().await["event"] != "phone.call_established" {}
    let phones = AdminClient::new(fixture.daemon.admin())
        .get("/api/v1/phones")
        .await
        .json();
    assert_eq!(phones["result"][0]["state"]["dnd"], "on", "{phones}");
}

#[tokio::test]
async fn restart_of_the_phone_is_noticed_and_made_good() {
    let Fixture {
        phone,
        daemon,
        address,
    } = Fixture::new(snom(), "").await;
    let mut events = Events::open(&daemon).await;
    phone.phone().receive_call("201");
    assert_eq!(events.next().await["event"], "phone.incoming_call");
    drop(phone);
    let phone = CstaPhone::start("desk", snom(), registrar(&address)).await;
    phone.monitored().await;
    let event = events.next().await;
    assert_eq!(event["event"], "phone.csta_lost", "{event}");
    let fixture = Fixture {
        phone,
        daemon,
        address,
    };
    fixture.has_session().await;
    fixture.phone.phone().receive_call("202");
    while events.next().await["fields"]["Calling"] != "202" {}
}

#[tokio::test]
async fn restart_of_the_daemon_needs_no_registration_over_udp() {
    let Fixture {
        phone,
        daemon,
        address,
    } = Fixture::new(snom(), "").await;
    phone.phone().receive_call("201");
    let daemon = daemon.crash_and_start().await;
    phone
        .until("a second session", |state| state.csta.established == 2)
        .await;
    assert_eq!(phone.state().csta.registrations, 1);
    let fixture = Fixture {
        phone,
        daemon,
        address,
    };
    fixture.has_session().await;
    // The call is known by the snapshot.
    let outcome = fixture.run("answer", &[]).await;
    assert_eq!(outcome["HANDSET_STATUS"], "OK", "{outcome:?}");
}

#[tokio::test]
async fn requests_before_the_phone_comes_are_unreachable_or_kept() {
    let address = Loopback::claim();
    let config = format!("{}{}", server(&address), entry("desk", &snom(), ""));
    let daemon = Daemon::start(&config).await;
    let run = async |arguments: &[&str]| {
        let mut all = vec!["phone=desk", "via=csta"];
        all.extend(arguments);
        super::support::agi_call::agi_call(daemon.agi(), "dial", &all).await
    };
    let outcome = run(&["1"]).await;
    assert_eq!(outcome["HANDSET_STATUS"], "UNREACHABLE", "{outcome:?}");
    let reason = &outcome["HANDSET_REASON"];
    assert!(reason.contains("registered"), "{reason}");
    let outcome = run(&["2", "keep=1h"]).await;
    assert_eq!(outcome["HANDSET_STATUS"], "QUEUED", "{outcome:?}");
    let phone = CstaPhone::start("desk", snom(), registrar(&address)).await;
    phone
        .until("the kept number", |state| state.dialed == ["2"])
        .await;
}

#[tokio::test]
async fn ringing_phones_are_cancelled_and_not_called_again() {
    let address = Loopback::claim();
    let config = format!("{}{}", server(&address), entry("desk", &snom(), ""));
    let daemon = Daemon::start(&config).await;
    let rings = |identity: &mut handset_simulator::CstaIdentity| identity.quirks.rings = true;
    let phone = CstaPhone::start_with("desk", snom(), registrar(&address), rings).await;
    phone
        .until("a CANCEL", |state| state.csta.cancelled == 1)
        .await;
    let csta = csta_of(&daemon, "desk", |csta| csta["registered"].is_string()).await;
    assert_eq!(csta["session"], false, "{csta}");
    let arguments = ["1", "phone=desk", "via=csta", "deadline=4s"];
    let outcome = super::support::agi_call::agi_call(daemon.agi(), "dial", &arguments).await;
    assert_eq!(outcome["HANDSET_STATUS"], "UNREACHABLE", "{outcome:?}");
    let state = phone.state();
    assert_eq!((state.csta.rung, state.csta.cancelled), (1, 1));
}

#[tokio::test]
async fn refusals_name_the_setting_that_helps() {
    for (setting, value, expected) in [
        ("csta_control", "off", "csta_control"),
        ("filter_registrar", "on", ""),
    ] {
        let address = Loopback::claim();
        let phone_options = options(Vendor::Snom, &[(setting, value)]);
        let config = format!("{}{}", server(&address), entry("desk", &phone_options, ""));
        let daemon = Daemon::start(&config).await;
        let phone = CstaPhone::start("desk", phone_options, registrar(&address)).await;
        phone
            .until("a registration", |state| state.csta.registered.is_some())
            .await;
        if expected.is_empty() {
            phone.monitored().await;
            continue;
        }
        phone
            .until("a refusal", |state| state.refusals().next().is_some())
            .await;
        let refused = async {
            loop {
                let report = super::why::why_of(&daemon, "desk").await.to_string();
                if report.contains("488") {
                    return report;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        let report = soon("the refusal", refused).await;
        assert!(report.contains(expected), "{report}");
    }
}

#[tokio::test]
async fn five_hundred_phones_have_sessions_at_once() {
    let address = Loopback::claim();
    let names: Vec<String> = (0..500).map(|number| format!("p{number}")).collect();
    let entries = names.iter().map(|name| entry(name, &snom(), ""));
    let config = format!("{}{}", server(&address), entries.collect::<String>());
    let daemon = Daemon::start(&config).await;
    let server = registrar(&address);
    let starting = names
        .iter()
        .map(|name| CstaPhone::start_many(name, snom(), server));
    let phones = join_all(starting).await;
    for phone in &phones {
        phone.monitored().await;
    }
    for phone in &phones {
        phone.phone().receive_call("201");
    }
    let answers = names.iter().map(async |name| {
        let phone = format!("phone={name}");
        let arguments = [phone.as_str(), "call=-1", "via=csta", "deadline=30s"];
        super::support::agi_call::agi_call(daemon.agi(), "answer", &arguments).await
    });
    for outcome in join_all(answers).await {
        let status = outcome["HANDSET_STATUS"].as_str();
        assert!(["OK", "QUEUED"].contains(&status), "{outcome:?}");
    }
    for phone in &phones {
        let answered = |state: &State| state.calls.all()[0].state == CallState::Connected;
        let state = phone.until("an answer", answered).await;
        assert_eq!(state.csta.established, 1);
    }
}
