//! What a caller receives of a kept delivery of another daemon, what travels with it, and a full stream.

use std::collections::BTreeSet;

use handset_simulator::Vendor;
use image::{ImageFormat, RgbImage};
use serde_json::json;

use super::support::cluster_client::{expect, request};
use super::support::cluster_health::until_state;
use super::support::daemon::Daemon;
use super::support::loopback::Loopback;
use super::support::nats::{nats, section};
use super::support::nats_client::NatsClient;
use super::support::sim_phone::{self, SimPhone};
use super::support::soon;
use super::support::stub_phone::{Behavior, StubPhone};

#[tokio::test]
async fn caller_receives_the_outcome_of_a_delivery_stored_at_another_daemon() {
    let Some(nats) = nats(1, "").await else {
        return;
    };
    let (mut there, gone) = (StubPhone::new(), StubPhone::new());
    there.go_online(Behavior::Answers).await;
    let b = section(&nats, "site-b") + &there.entry("there") + &gone.entry("gone");
    let a = section(&nats, "site-a");
    let (a, _b) = tokio::join!(Daemon::start(&a), Daemon::start(&b));
    let dial = async |phone: &str| {
        let body = json!({ "phone": phone, "number": "1", "keep": "1h" });
        request(&a, "dial", body).await
    };
    let reply = dial("there").await;
    assert_eq!(expect(&reply, "OK"), "");
    assert_eq!(reply["vendor"], "snom");
    assert_eq!(there.order(), ["1"]);
    let reason = expect(&dial("gone").await, "QUEUED");
    assert!(reason.contains("until the phone is reachable"), "{reason}");
}

#[tokio::test]
async fn files_of_a_kept_delivery_outlive_the_daemon_that_read_them() {
    let Some(nats) = nats(1, "").await else {
        return;
    };
    let address = Loopback::claim();
    let options = sim_phone::options(Vendor::Snom);
    let entry = sim_phone::entry("desk", &options, address.port(80));
    let b = section(&nats, "site-b") + &entry;
    let a = section(&nats, "site-a");
    let (mut a, _b) = tokio::join!(Daemon::start(&a), Daemon::start(&b));
    let picture = RgbImage::from_pixel(300, 200, image::Rgb([200, 0, 0]));
    let path = a.media("alarm.png");
    picture.save_with_format(&path, ImageFormat::Png).unwrap();
    let body = json!({ "phone": "desk", "image": "alarm.png", "keep": "1h" });
    expect(&request(&a, "push", body).await, "QUEUED");
    a.kill().await;
    std::fs::remove_file(path).unwrap();
    let phone = SimPhone::at(options, address.port(80)).await;
    phone
        .shows("the picture", |screen| screen.content.picture().is_some())
        .await;
}

#[tokio::test]
async fn full_stream_is_answered_as_a_full_file() {
    let Some(nats) = nats(1, "").await else {
        return;
    };
    let mut phone = StubPhone::new();
    let daemon = Daemon::start(&(section(&nats, "site-a") + &phone.entry("desk"))).await;
    until_state(&daemon, "joined").await;
    limit_entries(&nats.ip(0).to_string(), 3).await;
    let keep = async |number: u32| {
        let number = number.to_string();
        let body = json!({ "phone": "desk", "number": number, "keep": "1h", "wait": "no" });
        request(&daemon, "dial", body).await
    };
    for number in 0..3 {
        expect(&keep(number).await, "QUEUED");
    }
    let reason = expect(&keep(3).await, "ERROR");
    assert!(reason.contains("cannot be stored"), "{reason}");
    phone.go_online(Behavior::Answers).await;
    phone.until_dialed(3).await;
    // There is room again.
    let stored = async { while keep(4).await["status"] == "ERROR" {} };
    soon("room in the stream", stored).await;
    phone.until_dialed(4).await;
    let sent: BTreeSet<String> = phone.order().into_iter().collect();
    assert!(
        ["0", "1", "2", "4"]
            .iter()
            .all(|number| sent.contains(*number)),
        "{sent:?}"
    );
}

/// Has the stream of kept deliveries take no more than `count`.
async fn limit_entries(ip: &str, count: u32) {
    let mut client = NatsClient::connect(ip.parse().unwrap(), None).await;
    let info = client
        .request("$JS.API.STREAM.INFO.handsetd_outbox", b"")
        .await;
    let mut config = info["config"].clone();
    config["max_msgs"] = count.into();
    let update = "$JS.API.STREAM.UPDATE.handsetd_outbox";
    let reply = client.request(update, config.to_string().as_bytes()).await;
    assert!(reply["error"].is_null(), "{reply}");
}
