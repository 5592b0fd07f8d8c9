//! Stored deliveries of several daemons: none is lost and none is sent twice, whichever process is killed.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::time::Duration;

use futures_util::future::join_all;
use handset_cluster::testing::NatsServers;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::support::admin_client::AdminClient;
use super::support::cluster_health::until_state;
use super::support::daemon::Daemon;
use super::support::faketime::faketime;
use super::support::nats::{nats, section};
use super::support::soon;
use super::support::stub_phone::{Behavior, StubPhone};

/// A phone with its name, and the requests that it received.
struct Phone {
    name: String,
    stub: StubPhone,
    /// Distinguishes it from others, whichever daemon it is configured at.
    mac: String,
}

impl Phone {
    fn new(number: usize) -> Self {
        Self {
            name: format!("desk{number}"),
            stub: StubPhone::new(),
            mac: format!("00:00:5E:00:53:{number:02X}"),
        }
    }

    fn entry(&self) -> String {
        format!("{}mac = \"{}\"\n", self.stub.entry(&self.name), self.mac)
    }
}

fn phones(count: usize) -> Vec<Phone> {
    (0..count).map(Phone::new).collect()
}

fn config<'a>(
    servers: &NatsServers,
    name: &str,
    phones: impl IntoIterator<Item = &'a Phone>,
) -> String {
    let phones: String = phones.into_iter().map(Phone::entry).collect();
    section(servers, name) + &phones
}

async fn start(config: &str) -> Daemon {
    let daemon = Daemon::start(config).await;
    until_state(&daemon, "joined").await;
    daemon
}

/// Requests that a phone dial a number that no other delivery has; returns status and id.
async fn keep(daemon: &Daemon, phone: &str, number: usize, keep: &str) -> (String, String) {
    // A daemon that has just joined may not have received the announcements of others yet.
    let asked = async {
        loop {
            match try_keep(daemon, phone, number, keep).await {
                Ok(kept) => return kept,
                Err(answer) => assert_eq!(answer["status"], "NOTFOUND", "{answer}"),
            }
            sleep(POLL).await;
        }
    };
    soon(phone, asked).await
}

/// Does the same; an error answer means that it was refused.
async fn try_keep(
    daemon: &Daemon,
    phone: &str,
    number: usize,
    keep: &str,
) -> Result<(String, String), Value> {
    let body = json!({ "phone": phone, "number": number.to_string(), "keep": keep, "wait": "no" });
    let admin = AdminClient::new(daemon.admin());
    let answer = admin.post("/api/v1/do/dial", &body.to_string()).await;
    let answer = answer.json();
    let text = |key: &str| answer[key].as_str().unwrap_or_default().to_owned();
    let (status, id) = (text("status"), text("id"));
    match status.as_str() {
        "QUEUED" | "OK" => Ok((status, id)),
        _ => Err(answer),
    }
}

/// Requests stored deliveries at the daemons in turn, for the phones in turn, a few concurrently; returns the
/// ids. A daemon that has just been restarted may not know the phones of the others yet, and refuses.
async fn keep_all(
    daemons: &[&Daemon],
    phones: &[Phone],
    numbers: std::ops::Range<usize>,
) -> BTreeMap<usize, String> {
    let mut ids = BTreeMap::new();
    let numbers: Vec<usize> = numbers.collect();
    for some in numbers.chunks(16) {
        let asked = some.iter().map(|number| {
            let daemon = daemons[number / 16 % daemons.len()];
            let phone = &phones[number % phones.len()].name;
            async move { (*number, try_keep(daemon, phone, *number, "1h").await) }
        });
        let kept = join_all(asked).await.into_iter();
        ids.extend(kept.filter_map(|(number, kept)| Some((number, kept.ok()?.1))));
    }
    ids
}

async fn stored(daemon: &Daemon) -> usize {
    let metrics = AdminClient::new(daemon.admin()).get("/metrics").await.body;
    let metrics = String::from_utf8(metrics).unwrap();
    let mut lines = metrics.lines();
    let line = lines.find_map(|line| line.strip_prefix("handsetd_deliveries_stored "));
    line.unwrap().parse().unwrap()
}

/// Waits until all daemons together have `count` stored deliveries.
async fn until_stored(daemons: &[&Daemon], count: usize) {
    let started = Instant::now();
    loop {
        let counts = join_all(daemons.iter().map(|daemon| stored(daemon))).await;
        if counts.iter().sum::<usize>() == count {
            return;
        }
        assert!(started.elapsed() < DRAIN_TIME, "{counts:?}, not {count}");
        sleep(POLL).await;
    }
}

/// Returns how a delivery ended according to the histories of these daemons.
async fn ends(daemons: &[&Daemon], id: &str) -> Vec<String> {
    let mut ends = Vec::new();
    for daemon in daemons {
        let admin = AdminClient::new(daemon.admin());
        let path = format!("/api/v1/deliveries?id={id}");
        let found = admin.get(&path).await.json();
        let found = found["result"].as_array().cloned().unwrap_or_default();
        let status = |record: &Value| record["status"].as_str().unwrap().to_owned();
        ends.extend(found.iter().map(status).filter(|status| status != "QUEUED"));
    }
    ends
}

/// Waits until no delivery is pending according to the histories of these daemons: one that was handed over is not
/// pending where it was before.
async fn until_none_is_queued(daemons: &[&Daemon]) {
    let started = Instant::now();
    for daemon in daemons {
        let admin = AdminClient::new(daemon.admin());
        loop {
            let found = admin.get("/api/v1/deliveries?status=QUEUED").await.json();
            let found = found["result"].as_array().cloned().unwrap_or_default();
            if found.is_empty() {
                break;
            }
            assert!(started.elapsed() < DRAIN_TIME, "{found:?}");
            sleep(POLL).await;
        }
    }
}

fn dialed(phones: &[Phone]) -> BTreeMap<usize, usize> {
    let mut times = BTreeMap::new();
    for phone in phones {
        for (number, count) in phone.stub.dialed() {
            *times.entry(number.parse().unwrap()).or_default() += count;
        }
    }
    times
}

/// Checks that each delivery was sent once, or may have been, and that the histories say so.
async fn assert_once(daemons: &[&Daemon], phones: &[Phone], ids: &BTreeMap<usize, String>) {
    let dialed = dialed(phones);
    let twice: Vec<_> = dialed.iter().filter(|(_, times)| **times > 1).collect();
    assert!(twice.is_empty(), "sent more than once: {twice:?}");
    until_none_is_queued(daemons).await;
    for (number, id) in ids {
        let ends: BTreeSet<String> = ends(daemons, id).await.into_iter().collect();
        let is_sent = dialed.contains_key(number);
        let may_be_sent = ends.contains("UNKNOWN");
        assert!(is_sent || may_be_sent, "{number} ({id}) was lost: {ends:?}");
        assert!(
            ends.contains("OK") && is_sent || may_be_sent,
            "{number} ({id}): {ends:?}"
        );
    }
}

#[tokio::test]
async fn killed_daemons_neither_lose_nor_double_what_they_keep() {
    let Some(servers) = nats(3, "").await else {
        return;
    };
    let mut phones = phones(6);
    // Two at all daemons, two at two of them, two at one.
    let of = |name: &str, first: usize| config(&servers, name, &phones[..6 - 2 * first]);
    let configs = [of("a", 2), of("b", 1), of("c", 0)];
    let started = configs.iter().map(|config| start(config));
    let mut daemons = join_all(started).await;
    let mut ids = BTreeMap::new();
    let first: Vec<&Daemon> = daemons.iter().collect();
    ids.extend(keep_all(&first, &phones, 0..300).await);
    for round in 0..KILLS {
        let is_offline = round % 4 == 1;
        if is_offline {
            for phone in &mut phones {
                phone.stub.go_offline().await;
            }
        }
        let numbers = 300 + round * PER_ROUND..300 + (round + 1) * PER_ROUND;
        let all: Vec<&Daemon> = daemons.iter().collect();
        ids.extend(keep_all(&all, &phones, numbers).await);
        if is_offline || round == 0 {
            for phone in &mut phones {
                phone.stub.go_online(Behavior::Answers).await;
            }
        }
        // While some of the deliveries are being sent.
        sleep(Duration::from_millis(37) * u32::try_from(round % 7).unwrap()).await;
        let victim = daemons.remove(0).crash_and_start().await;
        until_state(&victim, "joined").await;
        daemons.push(victim);
    }
    let all: Vec<&Daemon> = daemons.iter().collect();
    until_stored(&all, 0).await;
    assert!(
        ids.len() > 300 + KILLS * PER_ROUND / 2,
        "{} were kept",
        ids.len()
    );
    assert_once(&all, &phones, &ids).await;
}

#[tokio::test]
async fn what_is_kept_while_nats_is_away_is_handed_over_once() {
    let Some(mut servers) = nats(3, "").await else {
        return;
    };
    let mut phones = phones(4);
    let configs = [
        config(&servers, "a", &phones[..2]),
        config(&servers, "b", &phones[2..]),
    ];
    let daemons = join_all(configs.iter().map(|config| start(config))).await;
    let [a, b] = <[Daemon; 2]>::try_from(daemons).unwrap();
    let mut ids = keep_all(&[&a, &b], &phones, 0..20).await;
    servers.kill_all();
    until_state(&a, "alone").await;
    until_state(&b, "alone").await;
    for number in 20..60 {
        let (daemon, phone) = match number % 4 {
            own @ (0 | 1) => (&a, &phones[own]),
            own => (&b, &phones[own]),
        };
        let (status, id) = keep(daemon, &phone.name, number, "1h").await;
        assert_eq!(status, "QUEUED");
        ids.insert(number, id);
    }
    servers.restart_all().await.unwrap();
    // It is killed while it moves them, or shortly before or after.
    until_state(&a, "joined").await;
    let a = a.crash_and_start().await;
    until_state(&a, "joined").await;
    until_state(&b, "joined").await;
    for phone in &mut phones {
        phone.stub.go_online(Behavior::Answers).await;
    }
    until_stored(&[&a, &b], 0).await;
    assert_once(&[&a, &b], &phones, &ids).await;
    for phone in &phones {
        let order = phone.stub.order();
        let order = order.iter().map(|number| number.parse().unwrap());
        // The earlier ones were stored concurrently.
        let order: Vec<usize> = order.filter(|number| *number >= 20).collect();
        assert!(order.is_sorted(), "{}: {order:?}", phone.name);
    }
}

#[tokio::test]
async fn lost_daemon_is_replaced_and_what_it_was_sending_is_unknown() {
    let Some(servers) = nats(1, "").await else {
        return;
    };
    let mut phones = phones(2);
    let configs = ["a", "b"].map(|name| config(&servers, name, &phones));
    let daemons = join_all(configs.iter().map(|config| start(config))).await;
    let [a, b] = <[Daemon; 2]>::try_from(daemons).unwrap();
    phones[0].stub.go_online(Behavior::Silent).await;
    let mut ids = keep_all(&[&b], &phones, 0..20).await;
    phones[0].stub.until_dialed(1).await;
    let sending: usize = phones[0].stub.order()[0].parse().unwrap();
    drop(a);
    let killed = Instant::now();
    for phone in &mut phones {
        phone.stub.go_online(Behavior::Answers).await;
    }
    // 15 s until its lease has expired, 10 s in case it returns, and 30 s for what it was sending.
    while dialed(&phones).len() < 20 {
        let elapsed = killed.elapsed();
        assert!(elapsed < Duration::from_secs(75), "{:?}", dialed(&phones));
        sleep(POLL).await;
    }
    until_stored(&[&b], 0).await;
    let sending = ids.remove(&sending).unwrap();
    assert_eq!(ends(&[&b], &sending).await, ["UNKNOWN"]);
    for (number, id) in &ids {
        assert_eq!(ends(&[&b], id).await, ["OK"], "{number}");
    }
    assert!(dialed(&phones).values().all(|times| *times == 1));
}

#[tokio::test]
async fn delivery_follows_its_phone_to_another_daemon_and_ends_from_any() {
    let Some(servers) = nats(1, "").await else {
        return;
    };
    let mut phones = phones(2);
    let with = |name: &str, phones: &[Phone]| config(&servers, name, phones);
    let skew: Vec<(&str, &OsStr)> = match faketime() {
        Some(library) => vec![
            ("LD_PRELOAD", OsStr::new(library)),
            ("FAKETIME", OsStr::new("+10s")),
            ("FAKETIME_DONT_FAKE_MONOTONIC", OsStr::new("1")),
        ],
        None => Vec::new(),
    };
    let a = start(&with("a", &phones)).await;
    let b = start(&with("b", &[])).await;
    // The clock of this one is ten seconds ahead.
    let c = Daemon::start_with_environment(&with("c", &[]), &skew).await;
    until_state(&c, "joined").await;
    let until_ended = async |daemon: &Daemon, id: &str, status: &str| {
        let started = Instant::now();
        loop {
            let ends = ends(&[daemon], id).await;
            if !ends.is_empty() {
                assert_eq!(ends, [status]);
                return started.elapsed();
            }
            assert!(started.elapsed() < DRAIN_TIME, "{id}");
            sleep(POLL).await;
        }
    };
    let started = Instant::now();
    let (_, expired) = keep(&c, "desk0", 1, "5s").await;
    let (_, cancelled) = keep(&b, "desk0", 2, "1h").await;
    let (_, kept) = keep(&c, "desk1", 3, "1h").await;
    let (_, kept_too) = keep(&b, "desk1", 4, "1h").await;
    until_stored(&[&a], 4).await;
    let path = format!("/api/v1/deliveries/{cancelled}");
    let answer = AdminClient::new(c.admin())
        .request("DELETE", &path, &[], "")
        .await;
    assert_eq!(answer.outcome().0, 200);
    until_ended(&a, &cancelled, "UNREACHABLE").await;
    until_ended(&a, &expired, "UNREACHABLE").await;
    let elapsed = started.elapsed();
    assert!(
        elapsed > Duration::from_secs(4) && elapsed < Duration::from_secs(9),
        "{elapsed:?}"
    );
    // The phone moves, including its configuration.
    a.reconfigure(&with("a", &[]));
    b.reconfigure(&with("b", &phones));
    until_stored(&[&b], 2).await;
    phones[1].stub.go_online(Behavior::Answers).await;
    until_ended(&b, &kept, "OK").await;
    until_ended(&b, &kept_too, "OK").await;
    assert_eq!(phones[1].stub.order(), ["3", "4"]);
    assert!(phones[0].stub.order().is_empty());
    until_stored(&[&a, &b, &c], 0).await;
    until_none_is_queued(&[&a, &b, &c]).await;
    let admin = AdminClient::new(c.admin());
    for id in [&expired, &cancelled, &kept, &kept_too] {
        let found = admin.get(&format!("/api/v1/deliveries?id={id}")).await;
        assert_eq!(found.json()["result"].as_array().unwrap().len(), 1, "{id}");
    }
}

#[tokio::test]
async fn rolling_restart_and_a_file_from_before_keep_everything() {
    let Some(servers) = nats(1, "").await else {
        return;
    };
    let mut phones = phones(3);
    let alone: String = phones.iter().map(Phone::entry).collect();
    let a = Daemon::start(&alone).await;
    let mut ids = keep_all(&[&a], &phones, 0..9).await;
    let config_of = |name: &str| config(&servers, name, &phones);
    let file = a.file().with_file_name("conf.d").join("test.toml");
    let joined = config_of("a");
    let a = a
        .crash_then_start(|| std::fs::write(file, joined).unwrap())
        .await;
    until_state(&a, "joined").await;
    a.line("Moved stored deliveries").await;
    let b = start(&config_of("b")).await;
    let c = start(&config_of("c")).await;
    let mut daemons = vec![a, b, c];
    let all: Vec<&Daemon> = daemons.iter().collect();
    ids.extend(keep_all(&all, &phones, 9..100).await);
    for _ in 0..3 {
        let daemon = daemons.remove(0);
        let daemon = daemon.stop_and_start().await;
        until_state(&daemon, "joined").await;
        daemons.push(daemon);
    }
    for phone in &mut phones {
        phone.stub.go_online(Behavior::Answers).await;
    }
    let all: Vec<&Daemon> = daemons.iter().collect();
    until_stored(&all, 0).await;
    assert_once(&all, &phones, &ids).await;
    for phone in &phones {
        assert_eq!(phone.stub.order().len(), phone.stub.dialed().len());
    }
}

/// Number of times that a daemon is killed.
const KILLS: usize = 20;

/// Number of deliveries stored before each kill.
const PER_ROUND: usize = 60;

/// Time limit for the outbox to become empty: a worker retries within 50 s.
const DRAIN_TIME: Duration = Duration::from_secs(70);

const POLL: Duration = Duration::from_millis(100);
