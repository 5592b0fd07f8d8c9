//! Several daemons while NATS, the network or one of them fails, and while other clients send garbage.

use std::time::Duration;

use serde_json::Value;
use tokio::time::sleep;

use super::support::admin_client::AdminClient;
use super::support::asterisk::{Asterisk, Options, Version};
use super::support::cluster_health::{cluster, leader, until_state};
use super::support::daemon::Daemon;
use super::support::door_rules::{Operator, assert_once, rules, server};
use super::support::nats::{nats, section};
use super::support::nats_client::NatsClient;
use super::support::nats_link::NatsLink;
use super::support::soon;
use super::support::stub_web_server::StubWebServer;

#[tokio::test]
async fn nats_server_that_is_lost_changes_nothing() {
    let Some(asterisk) = asterisk().await else {
        return;
    };
    let Some(mut nats) = nats(3, "").await else {
        return;
    };
    let (web, operator) = (web().await, Operator::of(&asterisk));
    let config = |name: &str| section(&nats, name) + &server(&asterisk) + &rules(&web, name);
    let a = Daemon::start(&config("site-a")).await;
    let b = Daemon::start(&config("site-b")).await;
    for daemon in [&a, &b] {
        // Three servers that have just been started elect leaders first.
        until_state(daemon, "joined").await;
    }
    leader(&[&a, &b], "pbx").await;
    nats.kill(0);
    for number in 0..10 {
        operator.raise(number..number + 1).await;
        sleep(Duration::from_millis(300)).await;
    }
    let fired = web.paths_from("/door/", 10).await;
    // Longer than a lease lasts: it was renewed in the meantime.
    sleep(Duration::from_secs(8)).await;
    operator.raise(10..15).await;
    let fired_later = web.paths_from("/door/", 15).await;
    sleep(SETTLE).await;
    assert_eq!(web.paths().len(), 15, "{:?}", web.paths());
    assert_once(&fired, 0..10, "");
    assert_once(&fired_later[10..], 10..15, "");
    for daemon in [&a, &b] {
        // NATS elects other leaders of its streams for up to ten seconds.
        until_state(daemon, "joined").await;
    }
}

#[tokio::test]
async fn daemon_that_stops_does_not_wait_for_its_own_tasks() {
    let Some(nats) = nats(1, "").await else {
        return;
    };
    let a = Daemon::start(&section(&nats, "site-a")).await;
    until_state(&a, "joined").await;
    a.terminate();
    a.line("Stopped.").await;
    // It reports that after twenty seconds.
    assert_eq!(a.count("did not finish in time"), 0, "{}", a.log());
}

#[tokio::test]
async fn daemons_serve_their_own_phones_without_nats_and_rejoin() {
    let Some(asterisk) = asterisk().await else {
        return;
    };
    let Some(mut nats) = nats(1, "").await else {
        return;
    };
    let (web, operator) = (web().await, Operator::of(&asterisk));
    let config = |name: &str| section(&nats, name) + &server(&asterisk) + &rules(&web, name);
    let a = Daemon::start(&config("site-a")).await;
    let b = Daemon::start(&config("site-b")).await;
    let daemons = [&a, &b];
    let leading = leader(&daemons, "pbx").await;
    let name = ["/site-a", "/site-b"][leading];
    nats.kill_all();
    operator.raise(0..5).await;
    assert_once(&web.paths_from("/door/", 5).await, 0..5, name);
    for daemon in daemons {
        let state = until_state(daemon, "alone").await;
        assert!(
            state["cure"].as_str().unwrap().contains("[cluster] nats"),
            "{state}"
        );
        let admin = AdminClient::new(daemon.admin());
        assert_eq!(admin.get("/health/ready").await.code, 200);
        let strict = admin.get("/health/ready?strict").await;
        let reason = strict.json()["reason"].clone();
        assert_eq!(strict.code, 503);
        assert!(reason.as_str().unwrap().contains("cluster: "), "{reason}");
        let metrics = String::from_utf8(admin.get("/metrics").await.body).unwrap();
        assert!(
            metrics.contains("\nhandsetd_cluster_connected 0\n"),
            "{metrics}"
        );
    }
    // The leader continues, at first as the only one.
    operator.raise(5..10).await;
    assert_once(&web.paths_from("/door/", 10).await[5..], 5..10, name);
    daemons[1 - leading]
        .line("The other daemons are away")
        .await;
    operator.raise(10..12).await;
    let mut both = web.paths_from("/door/", 14).await.split_off(10);
    both.sort();
    let expected = ["10/site-a", "10/site-b", "11/site-a", "11/site-b"];
    assert_eq!(both, expected.map(|path| format!("/door/{path}")));

    nats.restart_all().await.unwrap();
    for daemon in daemons {
        until_state(daemon, "joined").await;
    }
    leader(&daemons, "pbx").await;
    operator.raise(20..25).await;
    web.paths_from("/door/", 19).await;
    sleep(SETTLE).await;
    assert_once(&web.paths_from("/door/", 19).await[14..], 20..25, "");
    for daemon in daemons {
        assert_eq!(daemon.count("The cluster is away"), 1);
        assert_eq!(daemon.count("Joined the cluster."), 2);
        let metrics = AdminClient::new(daemon.admin()).get("/metrics").await.body;
        let metrics = String::from_utf8(metrics).unwrap();
        assert!(
            metrics.contains("\nhandsetd_cluster_connected 1\n"),
            "{metrics}"
        );
        assert!(
            metrics.contains("\nhandsetd_cluster_members 2\n"),
            "{metrics}"
        );
    }
}

#[tokio::test]
async fn daemon_that_was_cut_off_follows_when_it_is_back() {
    let Some(asterisk) = asterisk().await else {
        return;
    };
    let Some(nats) = nats(1, "").await else {
        return;
    };
    let (web, operator) = (web().await, Operator::of(&asterisk));
    let link = NatsLink::to(&nats.url(0)).await;
    let config = |name: &str| section(&nats, name) + &server(&asterisk) + &rules(&web, name);
    let a = Daemon::start(&config("site-a").replace(&nats.url(0), &link.url())).await;
    a.line("This daemon acts on the events").await;
    let b = Daemon::start(&config("site-b")).await;
    b.line("Another daemon acts on the events").await;
    link.cut();
    b.line("This daemon has taken over the events").await;
    until_state(&a, "alone").await;
    // Neither can know of the other.
    operator.raise(0..3).await;
    let fired = web.paths_from("/door/", 6).await;
    let of = |name: &str| -> Vec<String> {
        let fired = fired.iter().filter(|path| path.ends_with(name));
        fired.cloned().collect()
    };
    assert_once(&of("/site-a"), 0..3, "");
    assert_once(&of("/site-b"), 0..3, "");
    link.mend();
    until_state(&a, "joined").await;
    assert_eq!(leader(&[&a, &b], "pbx").await, 1);
    operator.raise(10..15).await;
    web.paths_from("/door/", 11).await;
    sleep(SETTLE).await;
    let fired = web.paths_from("/door/", 11).await;
    assert_once(&fired[6..], 10..15, "/site-b");
}

#[tokio::test]
async fn daemon_that_was_suspended_leaves_to_others_what_it_missed() {
    let Some(asterisk) = asterisk().await else {
        return;
    };
    let Some(nats) = nats(1, "").await else {
        return;
    };
    let (web, operator) = (web().await, Operator::of(&asterisk));
    let config = |name: &str| section(&nats, name) + &server(&asterisk) + &rules(&web, name);
    let a = Daemon::start(&config("site-a")).await;
    a.line("This daemon acts on the events").await;
    let b = Daemon::start(&config("site-b")).await;
    b.line("Another daemon acts on the events").await;
    a.freeze().await;
    b.line("This daemon has taken over the events").await;
    operator.raise(0..10).await;
    let fired = web.paths_from("/door/", 10).await;
    a.thaw();
    a.line("Another daemon acts on the events").await;
    operator.raise(10..12).await;
    web.paths_from("/door/", 12).await;
    sleep(SETTLE).await;
    assert_once(&fired, 0..10, "/site-b");
    assert_once(&web.paths_from("/door/", 12).await[10..], 10..12, "/site-b");
}

#[tokio::test]
async fn nonsense_on_every_subject_neither_stops_nor_misleads_a_daemon() {
    let Some(nats) = nats(1, "").await else {
        return;
    };
    let daemon = Daemon::start(&section(&nats, "site-a")).await;
    until_state(&daemon, "joined").await;
    let mut witness = NatsClient::connect(nats.ip(0), None).await;
    witness.subscribe("$JS.API.STREAM.DELETE.>").await;
    witness.flush().await;
    let mut hostile = NatsClient::connect(nats.ip(0), None).await;
    let deep = [vec![b'['; 100_000], vec![b']'; 100_000]].concat();
    let long = vec![b'x'; 1_000_000];
    let bodies: [&[u8]; 8] = [
        b"",
        b"{",
        b"null",
        b"[]",
        b"{\"id\":1,\"verb\":{},\"keys\":[[]],\"phone\":null,\"within\":\"-1s\",\"files\":\"\"}",
        b"{\"instance\":\"\",\"incarnation\":\"\",\"version\":\"\xff\",\"since\":18446744073709551615}",
        &deep,
        &long,
    ];
    let headers: [&[(&str, &str)]; 3] = [
        &[],
        &[
            ("Handset-From", "site-b"),
            ("Handset-Id", "1"),
            ("Handset-Deadline", "99999999999999999999"),
        ],
        &[
            ("Handset-From", "../../etc"),
            ("Handset-Incarnation", ""),
            ("Handset-Instance", "\u{7f}"),
        ],
    ];
    let replies = [
        "_INBOX.nobody",
        "$JS.API.STREAM.DELETE.KV_handsetd_daemons",
        "handsetd.do.push",
    ];
    for subject in [
        "handsetd.peer.site-a.deliver",
        "handsetd.peer.site-a.query",
        "handsetd.peer.site-a.=41",
        "handsetd.peer.site-a.unknown",
        "handsetd.do.push",
        "handsetd.do.nonsense",
        "handsetd.events.handsetd.gap",
        "handsetd.outbox.1001.1",
        "$KV.handsetd_daemons.site-b",
        "$KV.handsetd_daemons.==",
        "$KV.handsetd_leases.pbx",
        "$KV.handsetd_claims.a",
        "$KV.handsetd_phones.site-b.phone=2E1001",
        "$KV.handsetd_phones.site-b",
        "$O.handsetd_files.M.a",
    ] {
        // Where NATS itself acknowledges stored messages, the reply must be harmless.
        let is_stored = subject.starts_with('$') || subject.contains(".outbox.");
        for body in bodies {
            hostile.publish((subject, ""), None, body).await;
            for (headers, reply) in headers.into_iter().zip(replies) {
                let reply = if is_stored { replies[0] } else { reply };
                let subjects = (subject, reply);
                hostile.publish(subjects, Some(headers), body).await;
            }
        }
        let errors = hostile.flush().await;
        assert!(errors.is_empty(), "{subject}: {errors:?}");
    }
    // It works as it should, with valid input.
    until_state(&daemon, "joined").await;
    let admin = AdminClient::new(daemon.admin());
    assert_eq!(admin.get("/health/live").await.code, 200);
    assert_eq!(admin.get("/api/v1/phones").await.code, 200);
    let b = Daemon::start(&section(&nats, "site-c")).await;
    until_state(&b, "joined").await;
    until_members(&daemon, &["site-a", "site-c"]).await;
    let asked = tokio::time::timeout(SETTLE, witness.message()).await;
    assert!(asked.is_err(), "{asked:?}");
    assert!(daemon.peak() < 400_000, "{} kB", daemon.peak());
    daemon.terminate();
    assert!(!daemon.end_with_log().await.contains("panicked"));
}

#[tokio::test]
async fn daemon_of_a_later_version_is_understood() {
    let Some(asterisk) = asterisk().await else {
        return;
    };
    let Some(nats) = nats(1, "").await else {
        return;
    };
    let web = web().await;
    let config = section(&nats, "site-a") + &server(&asterisk) + &rules(&web, "site-a");
    let daemon = Daemon::start(&config).await;
    daemon.line("This daemon acts on the events").await;
    let mut other = NatsClient::connect(nats.ip(0), None).await;
    let entry =
        br#"{"instance":"0123","incarnation":"4567","version":"9.9.9","since":1795950000000,
        "abilities":["teleport"],"nested":{"a":[1,2,{}]}}"#;
    let announced = br#"{"name":"2001","server":"pbx2","endpoint":"PJSIP/2001","is_reached":true,
        "mood":"good","nested":{"a":[1,2,{}]}}"#;
    let headers = [("Handset-Incarnation", "4567"), ("Handset-New", "1")];
    for _ in 0..2 {
        let subjects = ("$KV.handsetd_daemons.site-z", "");
        other.publish(subjects, None, entry).await;
        for key in ["phone=2E2001", "identity=2Epbx", "teleport=2E2001"] {
            let subject = format!("$KV.handsetd_phones.site-z.{key}");
            let subjects = (subject.as_str(), "_INBOX.a");
            other.publish(subjects, Some(&headers), announced).await;
        }
    }
    other.flush().await;
    let members = until_members(&daemon, &["site-a", "site-z"]).await;
    assert_eq!(members[1]["version"], "9.9.9");
    Operator::of(&asterisk).raise(0..3).await;
    assert_once(&web.paths_from("/door/", 3).await, 0..3, "/site-a");
    assert_eq!(cluster(&daemon).await["state"], "joined");
    assert!(!daemon.settled_log().await.contains("panicked"));
}

/// Waits until a daemon knows exactly these members, and returns them.
async fn until_members(daemon: &Daemon, names: &[&str]) -> Value {
    let waiting = async {
        loop {
            let members = cluster(daemon).await["daemons"].clone();
            let found = members.as_array().unwrap().iter();
            if found.map(|member| &member["name"]).eq(names) {
                return members;
            }
            sleep(Duration::from_millis(100)).await;
        }
    };
    soon(&format!("the members {names:?}"), waiting).await
}

async fn asterisk() -> Option<Asterisk> {
    Asterisk::start(Version::V22, &Options::registrar(&[])).await
}

async fn web() -> StubWebServer {
    StubWebServer::serving("text/plain", "").await
}

/// How long to wait for an effect that should not occur.
const SETTLE: Duration = Duration::from_secs(1);
