//! Requests to phones of other daemons, over a real NATS.

use std::time::Duration;

use futures_util::future::join_all;
use handset_simulator::{Faults, Options, State, Vendor};
use image::{ImageFormat, RgbImage};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::support::admin_client::AdminClient;
use super::support::caller::Caller;
use super::support::cluster_client::{expect, request};
use super::support::cluster_health::until_state;
use super::support::daemon::Daemon;
use super::support::held_phone::HeldPhone;
use super::support::nats::{nats, section};
use super::support::sim_phone::{self, SimPhone};
use super::support::soon;

/// Returns the deliveries that a daemon has recorded itself.
async fn records(daemon: &Daemon) -> Vec<Value> {
    let reply = AdminClient::new(daemon.admin())
        .get("/api/v1/deliveries")
        .await;
    let mut records = reply.json()["result"].as_array().unwrap().clone();
    records.retain(|record| record["asker"]["kind"] == "token");
    records
}

/// A phone that takes `delay` for each request.
async fn slow_phone(delay: Duration) -> SimPhone {
    let faults = Faults {
        delay,
        ..Faults::default()
    };
    SimPhone::new(Options {
        faults,
        ..sim_phone::options(Vendor::Snom)
    })
    .await
}

#[tokio::test]
async fn phone_of_another_daemon_shows_texts_and_long_files_and_its_screen() {
    let Some(nats) = nats(1, "").await else {
        return;
    };
    let mut options = sim_phone::options(Vendor::Cisco);
    options.model = "8851".to_owned();
    let (snom, cisco) = (
        SimPhone::new(sim_phone::options(Vendor::Snom)).await,
        SimPhone::new(options).await,
    );
    let at = section(&nats, "site-a");
    let bt = section(&nats, "site-b") + &snom.entry("desk") + &cisco.entry("boss");
    let (a, b) = tokio::join!(Daemon::start(&at), Daemon::start(&bt));
    let reply = request(&a, "push", json!({"phone": "desk", "text": "From afar"})).await;
    assert_eq!(expect(&reply, "OK"), "");
    assert_eq!(
        (&reply["phone"], &reply["vendor"]),
        (&"desk".into(), &"snom".into())
    );
    snom.shows_text("From afar").await;

    // Noise does not compress; the file is too long for a message, and only the requesting daemon has it.
    let noise = |x: u32, y: u32| {
        let mut word = x.wrapping_mul(0x9E37_79B1) ^ y.wrapping_mul(0x85EB_CA77);
        word ^= word >> 15;
        image::Rgb(
            word.wrapping_mul(0xC2B2_AE3D).to_le_bytes()[..3]
                .try_into()
                .unwrap(),
        )
    };
    let path = a.media("noise.png");
    let picture = RgbImage::from_fn(800, 600, noise);
    picture.save_with_format(&path, ImageFormat::Png).unwrap();
    assert!(std::fs::metadata(&path).unwrap().len() > 1024 * 1024);
    let caller = Caller::new(a.agi());
    let shown = caller.run("push", &["image=noise.png", "phone=desk"]).await;
    assert_eq!(
        (shown.status.as_str(), shown.phone.as_str()),
        ("OK", "desk"),
        "{}",
        shown.reason
    );
    snom.shows("a picture", |screen| screen.content.picture().is_some())
        .await;
    // Short files travel within the message.
    let ringing = caller
        .run("ring", &["tone=doorbell.wav", "phone=boss"])
        .await;
    assert_eq!(ringing.status, "OK", "{}", ringing.reason);
    cisco
        .until("the tone", |state| !state.played.is_empty())
        .await;
    // A file that only the other daemon has is not used.
    picture
        .save_with_format(b.media("theirs.png"), ImageFormat::Png)
        .unwrap();
    let missing = caller
        .run("push", &["image=theirs.png", "phone=desk"])
        .await;
    assert_eq!(missing.status, "INVALID", "{}", missing.reason);
    assert!(
        missing.reason.contains("no file theirs.png"),
        "{}",
        missing.reason
    );

    let screen = AdminClient::new(a.admin())
        .get("/api/v1/phones/boss/screenshot")
        .await;
    assert_eq!(
        screen.code,
        200,
        "{}",
        String::from_utf8_lossy(&screen.body)
    );
    assert!(screen.body.starts_with(b"\x89PNG"));
    let wrong = request(&a, "led", json!({"phone": "desk", "state": "blue"})).await;
    expect(&wrong, "INVALID");
    let unsupported = request(&a, "reboot", json!({"phone": "boss", "via": "csta"})).await;
    expect(&unsupported, "UNSUPPORTED");
    // The delivering daemon has the record, with the id that the requesting one returned.
    let record = |of: &Value, records: &[Value]| {
        let id = of["id"].clone();
        records.iter().filter(|record| record["id"] == id).count()
    };
    assert_eq!(record(&reply, &records(&b).await), 1);
    a.line("Delivered by another daemon.").await;
}

#[tokio::test]
async fn group_spans_three_daemons_and_requests_of_each_arrive_in_order() {
    let Some(nats) = nats(1, "").await else {
        return;
    };
    let phone = slow_phone(Duration::from_millis(10)).await;
    let others = [
        SimPhone::new(sim_phone::options(Vendor::Snom)).await,
        SimPhone::new(sim_phone::options(Vendor::Snom)).await,
    ];
    let group = |members: &str| format!("[[group]]\nname = 'floor'\nmembers = [{members}]\n");
    let configs = [
        section(&nats, "site-a") + &phone.entry("desk-a") + &group("'desk-a'"),
        section(&nats, "site-b") + &others[0].entry("desk-b") + &group("'desk-b', 'desk-a'"),
        section(&nats, "site-c") + &others[1].entry("desk-c"),
    ];
    let [a, b, c] = &configs;
    let (a, b, c) = tokio::join!(Daemon::start(a), Daemon::start(b), Daemon::start(c));
    for (at, name) in [
        (&c, "desk-a"),
        (&c, "desk-b"),
        (&a, "desk-c"),
        (&b, "desk-a"),
        (&a, "desk-b"),
    ] {
        expect(&request(at, "clear", json!({"phone": name})).await, "OK");
    }
    let all = request(
        &c,
        "push",
        json!({"phone": "floor&desk-c", "text": "Fire drill"}),
    )
    .await;
    expect(&all, "OK");
    assert_eq!(all["phone"], "desk-a&desk-b&desk-c");
    let drill = request(&b, "push", json!({"phone": "all", "text": "Drill over"})).await;
    expect(&drill, "OK");
    assert_eq!(drill["phone"].as_str().unwrap().split('&').count(), 3);
    for shown in [&phone, &others[0], &others[1]] {
        shown.shows_text("Drill over").await;
    }

    // Each daemon sends its requests without waiting for the replies.
    let ask = async |daemon: &Daemon, name: &str| {
        let caller = Caller::new(daemon.agi());
        for number in 0..NUMBERS {
            let keys = format!("keys={}", digits(name, number));
            let asked = caller.run("key", &[&keys, "phone=desk-a", "wait=no"]).await;
            assert_eq!(asked.status, "QUEUED", "{}", asked.reason);
        }
    };
    tokio::join!(ask(&a, "1"), ask(&b, "2"), ask(&c, "3"));
    // Clearing a screen presses CANCEL.
    let digits_of = |state: &State| -> String {
        let keys = state.keys.iter().map(String::as_str);
        keys.filter(|key| key.len() == 1).collect()
    };
    let pressed = phone
        .until("all keys", |state| {
            digits_of(state).len() >= 3 * NUMBERS * 3
        })
        .await;
    let pressed = digits_of(&pressed);
    let presses: Vec<&str> = pressed
        .as_bytes()
        .chunks(3)
        .map(|keys| str::from_utf8(keys).unwrap())
        .collect();
    for name in ["1", "2", "3"] {
        let own = presses.iter().filter(|keys| keys.starts_with(name));
        let expected: Vec<String> = (0..NUMBERS)
            .map(|number| format!("{name}{number:02}"))
            .collect();
        assert!(
            own.copied().eq(expected.iter().map(String::as_str)),
            "{presses:?}"
        );
    }
}

/// Returns the keys of a number: the key of the daemon, then two digits.
fn digits(name: &str, number: usize) -> String {
    format!("{name},{},{}", number / 10, number % 10)
}

#[tokio::test]
async fn lost_daemon_is_unreachable_before_and_unknown_after_it_has_the_request() {
    let Some(nats) = nats(1, "").await else {
        return;
    };
    let held = HeldPhone::new().await;
    let entry = format!(
        "[[phone]]\nname = 'desk'\nvendor = 'snom'\nmodel = 'D785'\naddress = '{}'\n",
        held.address()
    );
    let own = SimPhone::new(sim_phone::options(Vendor::Snom)).await;
    let at = section(&nats, "site-a") + &own.entry("own");
    let bt = section(&nats, "site-b") + &entry;
    let (a, mut b) = tokio::join!(Daemon::start(&at), Daemon::start(&bt));
    let body = json!({"phone": "desk", "text": "1"});
    let (first, ()) = tokio::join!(request(&a, "push", body.clone()), async {
        let request = held.request().await;
        request
            .reply("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            .await;
    });
    // Whether the phone fetches the screen does not matter here.
    assert_ne!(first["status"], "NOTFOUND");

    // The deadline is kept although the other daemon hangs.
    b.freeze().await;
    let began = Instant::now();
    let late = json!({"phone": "desk", "text": "2", "deadline": "2s"});
    let reply = request(&a, "push", late).await;
    let reason = expect(&reply, "UNKNOWN");
    assert!(reason.contains("the daemon site-b"), "{reason}");
    let elapsed = began.elapsed();
    assert!(elapsed < Duration::from_secs(8), "{elapsed:?}");
    b.thaw();

    // It is killed while the phone has the request, or before the request was sent.
    let begin = request(&a, "push", body.clone());
    let kill = async {
        let _request = held.request().await;
        b.kill().await;
        // The phones of this daemon are unaffected.
        let own = request(&a, "push", json!({"phone": "own", "text": "3"})).await;
        expect(&own, "OK");
    };
    let (lost, ()) = tokio::join!(begin, kill);
    let reason = expect(&lost, "UNKNOWN");
    assert!(reason.contains("the daemon site-b"), "{reason}");
    let reply = request(&a, "push", body).await;
    let reason = expect(&reply, "UNREACHABLE");
    assert!(reason.contains("the daemon site-b"), "{reason}");
}

#[tokio::test]
async fn waiting_request_of_another_daemon_is_cancelled_or_ends_at_its_deadline() {
    let Some(nats) = nats(1, "").await else {
        return;
    };
    let held = HeldPhone::new().await;
    let entry = format!(
        "[[phone]]\nname = 'desk'\nvendor = 'snom'\nmodel = 'D785'\naddress = '{}'\n",
        held.address()
    );
    let at = section(&nats, "site-a");
    let bt = section(&nats, "site-b") + &entry;
    let (a, b) = tokio::join!(Daemon::start(&at), Daemon::start(&bt));
    let press = |keys: &str| json!({"phone": "desk", "keys": keys, "wait": false});
    let first = request(&a, "key", press("1")).await;
    expect(&first, "QUEUED");
    let blocking = held.request().await;
    let waiting = request(&a, "key", press("2")).await;
    expect(&waiting, "QUEUED");
    let late = json!({"phone": "desk", "keys": "3", "deadline": "1s"});
    let late = request(&a, "key", late).await;
    let reason = expect(&late, "UNREACHABLE");
    assert!(
        reason.contains("earlier requests to this phone"),
        "{reason}"
    );
    let id = waiting["id"].as_str().unwrap();
    let admin = AdminClient::new(a.admin());
    let cancelled = admin
        .request("DELETE", &format!("/api/v1/deliveries/{id}"), &[], "")
        .await
        .json();
    assert_eq!(
        (&cancelled["status"], &cancelled["phone"]),
        (&"OK".into(), &"desk".into())
    );
    blocking
        .reply("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        .await;
    let over = async {
        loop {
            let records = records(&b).await;
            let ended = records.iter().all(|record| !record["took"].is_null());
            if records.len() >= 3 && ended {
                return records;
            }
            sleep(POLL).await;
        }
    };
    let records = soon("the end of all deliveries", over).await;
    let status = |reply: &Value| {
        let mut own = records.iter().filter(|record| record["id"] == reply["id"]);
        own.next().unwrap()["status"].clone()
    };
    assert_eq!(status(&first), "OK");
    assert_eq!(status(&waiting), "UNREACHABLE");
    assert_eq!(status(&late), "UNREACHABLE");
}

#[tokio::test]
async fn own_phones_need_no_nats_and_those_of_others_say_why_not() {
    let Some(mut nats) = nats(1, "").await else {
        return;
    };
    let (own, other) = (
        SimPhone::new(sim_phone::options(Vendor::Snom)).await,
        SimPhone::new(sim_phone::options(Vendor::Snom)).await,
    );
    let at = section(&nats, "site-a") + &own.entry("own");
    let bt = section(&nats, "site-b") + &other.entry("other");
    let (a, _b) = tokio::join!(Daemon::start(&at), Daemon::start(&bt));
    expect(
        &request(&a, "push", json!({"phone": "other", "text": "1"})).await,
        "OK",
    );

    // Connected, but without replies.
    nats.freeze(0).await.unwrap();
    let pushes = (0..20).map(|at| {
        let body = json!({"phone": "own", "text": format!("frozen {at}")});
        request(&a, "push", body)
    });
    let own_ends = async { (join_all(pushes).await, Instant::now()) };
    let late = json!({"phone": "other", "text": "2", "deadline": "4s"});
    let late_ends = async { (request(&a, "push", late).await, Instant::now()) };
    let ((replies, own_end), (reply, late_end)) = tokio::join!(own_ends, late_ends);
    for reply in replies {
        expect(&reply, "OK");
    }
    let reason = expect(&reply, "UNKNOWN");
    assert!(reason.contains("the daemon site-b"), "{reason}");
    // What waits for NATS does so until its deadline, or for five seconds.
    assert!(own_end < late_end, "{:?} too late", own_end - late_end);
    nats.thaw(0);

    nats.kill(0);
    expect(
        &request(&a, "push", json!({"phone": "own", "text": "alone"})).await,
        "OK",
    );
    until_state(&a, "alone").await;
    expect(
        &request(&a, "push", json!({"phone": "own", "text": "alone"})).await,
        "OK",
    );
    let reply = request(&a, "push", json!({"phone": "other", "text": "3"})).await;
    let reason = expect(&reply, "UNREACHABLE");
    let words = "other is a phone of the daemon site-b: the cluster is away";
    assert!(reason.contains(words), "{reason}");
    nats.restart(0).await.unwrap();
    until_state(&a, "joined").await;
    let back = async {
        loop {
            let reply = request(&a, "push", json!({"phone": "other", "text": "back"})).await;
            if reply["status"] == "OK" {
                return;
            }
            sleep(POLL).await;
        }
    };
    soon("the other daemon", back).await;
    other.shows_text("back").await;
}

/// How many numbers each daemon sends.
const NUMBERS: usize = 20;

const POLL: Duration = Duration::from_millis(100);
