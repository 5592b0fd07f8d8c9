//! Several daemons with the same rules at the same Asterisk: each event takes effect once.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::time::Duration;

use handset_simulator::Vendor;
use tokio::time::{Instant, sleep};

use super::support::asterisk::{Asterisk, Options, Version};
use super::support::cluster_health::{cluster, leader, until_state};
use super::support::daemon::Daemon;
use super::support::door_rules::{Operator, assert_once, rules, server};
use super::support::faketime::faketime;
use super::support::nats::{nats, section};
use super::support::nats_client::NatsClient;
use super::support::on_both_versions;
use super::support::sim_phone::{self, SimPhone};
use super::support::stub_web_server::StubWebServer;

on_both_versions! {
    each_event_fires_once
}

async fn each_event_fires_once(version: Version) {
    let Some(asterisk) = Asterisk::start(version, &Options::registrar(&[])).await else {
        return;
    };
    let Some(nats) = nats(1, "").await else {
        return;
    };
    let operator = Operator::of(&asterisk);
    let web = StubWebServer::serving("text/plain", "").await;
    let phone = SimPhone::new(sim_phone::options(Vendor::Snom)).await;
    let config = |name: &str| {
        let phone = phone.entry("desk");
        section(&nats, name) + &server(&asterisk) + &rules(&web, name) + &phone
    };
    // The clock of one is ten seconds fast.
    let skew: Vec<(&str, &OsStr)> = match faketime() {
        Some(library) => vec![
            ("LD_PRELOAD", OsStr::new(library)),
            ("FAKETIME", OsStr::new("+10s")),
            ("FAKETIME_DONT_FAKE_MONOTONIC", OsStr::new("1")),
        ],
        None => Vec::new(),
    };
    let a = Daemon::start(&config("site-a")).await;
    let b = Daemon::start_with_environment(&config("site-b"), &skew).await;
    let leading = leader(&[&a, &b], "pbx").await;
    let mut bus = NatsClient::connect(nats.ip(0), None).await;
    bus.subscribe("handsetd.events.UserEvent.Door").await;
    bus.flush().await;
    operator.raise(0..20).await;
    operator.push("one push").await;
    phone.shows_text("one push").await;
    web.paths_from("/door/", 20).await;
    for number in 0..20 {
        let (_, body) = bus.message().await;
        let event: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(event["fields"]["Number"], number.to_string(), "{event}");
    }
    // A second run or publication would have arrived by now.
    let again = tokio::time::timeout(SETTLE, bus.message()).await;
    assert!(again.is_err(), "{again:?}");
    let name = ["/site-a", "/site-b"][leading];
    assert_once(&web.paths(), 0..20, name);
    let received = phone.received();
    assert_eq!(received.len(), 1, "{received:#?}");

    // A daemon that stops hands over at once.
    let [stopping, other] = if leading == 0 { [a, b] } else { [b, a] };
    stopping.terminate();
    assert!(stopping.end().await.success());
    let stopped = Instant::now();
    leader(&[&other], "pbx").await;
    let elapsed = stopped.elapsed();
    assert!(elapsed < Duration::from_secs(4), "{elapsed:?}");
    operator.raise(20..22).await;
    assert_once(&web.paths_from("/door/", 22).await[20..], 20..22, "");
}

#[tokio::test]
async fn killed_leader_is_replaced_and_the_gap_is_reported() {
    let Some(asterisk) = Asterisk::start(Version::V16, &Options::registrar(&[])).await else {
        return;
    };
    let Some(nats) = nats(1, "").await else {
        return;
    };
    let operator = Operator::of(&asterisk);
    let web = StubWebServer::serving("text/plain", "").await;
    let config = |name: &str| section(&nats, name) + &server(&asterisk) + &rules(&web, name);
    let mut killed = Daemon::start(&config("site-a")).await;
    killed.line("This daemon acts on the events").await;
    let other = Daemon::start(&config("site-b")).await;
    other.line("Another daemon acts on the events").await;
    killed.kill().await;
    let at = Instant::now();
    other.line("This daemon has taken over the events").await;
    let elapsed = at.elapsed();
    assert!(elapsed < Duration::from_secs(15), "{elapsed:?}");
    let gap = web.paths_from("/gap/", 1).await;
    let parts: Vec<&str> = gap[0].split('/').skip(2).collect();
    let [server, seconds, daemon] = parts[..] else {
        panic!("{gap:?}");
    };
    // Since the last renewal of the lease.
    let seconds: f64 = seconds.parse().unwrap();
    assert!(6.0 < seconds && seconds < 16.0, "{seconds}");
    assert_eq!((server, daemon), ("pbx", "site-b"));
    operator.raise(0..5).await;
    assert_once(&web.paths_from("/door/", 5).await, 0..5, "/site-b");

    // A daemon that returns does not take the lease back.
    let returned = killed.crash_and_start().await;
    until_state(&returned, "joined").await;
    returned.line("Another daemon acts on the events").await;
    operator.raise(5..10).await;
    web.paths_from("/door/", 10).await;
    sleep(SETTLE).await;
    let fired = web.paths_from("/door/", 10).await;
    assert_once(&fired[5..], 5..10, "/site-b");
    assert_eq!(web.paths().len(), 11, "{:?}", web.paths());
}

#[tokio::test]
async fn schedule_fires_once_in_three_daemons() {
    let Some(nats) = nats(1, "").await else {
        return;
    };
    let web = StubWebServer::serving("text/plain", "").await;
    let config = |name: &str| {
        let url = web.url(&format!("/due/{{{{ event.Due }}}}/{name}"));
        format!(
            "{}[[rule]]\nname = 'often'\nschedule = '* * * * * *'\ntimezone = 'UTC'\nmode = 'parallel'\n\
             do = [ {{ webhook = '{url}' }} ]\n",
            section(&nats, name)
        )
    };
    let configs = ["site-a", "site-b", "site-c"].map(config);
    let [a, b, c] = &configs;
    let (_a, _b, _c) = tokio::join!(Daemon::start(a), Daemon::start(b), Daemon::start(c));
    let fired = web.paths_from("/due/", 6).await;
    sleep(SETTLE).await;
    let due = fired.iter().map(|path| path.split('/').nth(2).unwrap());
    let distinct: BTreeSet<&str> = due.collect();
    assert_eq!(distinct.len(), fired.len(), "{fired:?}");
}

#[tokio::test]
async fn servers_that_share_a_name_by_mistake_are_reported_and_led_separately() {
    let options = Options::registrar(&[]);
    let Some(first) = Asterisk::start(Version::V16, &options).await else {
        return;
    };
    let Some(second) = Asterisk::start(Version::V22, &options).await else {
        return;
    };
    let Some(nats) = nats(1, "").await else {
        return;
    };
    let web = StubWebServer::serving("text/plain", "").await;
    let config = |name: &str, asterisk: &Asterisk| {
        section(&nats, name) + &server(asterisk) + &rules(&web, name)
    };
    let a = Daemon::start(&config("site-a", &first)).await;
    let b = Daemon::start(&config("site-b", &second)).await;
    for daemon in [&a, &b] {
        let warning = daemon.line("another Asterisk of the same name").await;
        assert!(warning.contains("started 20"), "{warning}");
        assert_eq!(leader(&[daemon], "pbx").await, 0);
    }
    Operator::of(&first).raise(0..3).await;
    Operator::of(&second).raise(3..6).await;
    let mut fired = web.paths_from("/door/", 6).await;
    fired.sort();
    assert_once(&fired[..3], 0..3, "/site-a");
    assert_once(&fired[3..], 3..6, "/site-b");
    assert_eq!(a.count("another Asterisk of the same name"), 1);
}

#[tokio::test]
async fn name_of_a_live_daemon_is_refused() {
    let Some(nats) = nats(1, "").await else {
        return;
    };
    let first = Daemon::start(&section(&nats, "site-a")).await;
    let refusal = Daemon::refusal(&section(&nats, "site-a")).await;
    assert!(
        refusal.contains("the name site-a is taken by another daemon that lives"),
        "{refusal}"
    );
    assert!(
        refusal.contains("set [cluster] name to another one"),
        "{refusal}"
    );
    // The same daemon has its name back at once.
    let first = first.crash_and_start().await;
    assert_eq!(cluster(&first).await["state"], "joined");
    assert_eq!(cluster(&first).await["daemons"][0]["name"], "site-a");
}

/// How long to wait for an effect that should not occur.
const SETTLE: Duration = Duration::from_secs(1);
