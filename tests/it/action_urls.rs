//! Action URLs of the real daemon: for which phone they speak, and floods of them.

use std::net::{IpAddr, SocketAddr};

use handset_simulator::Vendor;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinSet;

use super::support::daemon::Daemon;
use super::support::event_stream::Events;
use super::support::loopback::Loopback;
use super::support::raw::{connect_from, exchange_bytes, get_from};
use super::support::sim_phone::{self, SimPhone};
use super::support::soon;

#[tokio::test]
async fn action_urls_from_another_address_do_not_count_for_the_phone() {
    let (desk, thief) = (Loopback::claim(), Loopback::claim());
    let daemon = Daemon::start(&config(&desk)).await;
    let mut events = Events::open(&daemon).await;
    // Whatever it says, it is not that phone.
    for path in [
        format!("/action/yealink/dnd_on?mac={MAC}"),
        format!(
            "/action/yealink/dnd_on?mac={MAC}&ip={}&phone=desk",
            desk.ip()
        ),
        "/action/yealink/dnd_on?phone=desk&Device=PJSIP/desk".to_owned(),
        format!("/action/wrong-key-0123456789/yealink/dnd_on?mac={MAC}&phone=desk"),
        // The key in the wrong place, and nearly the key.
        format!("/action/yealink/dnd_on?mac={MAC}&key={KEY}&action_key={KEY}"),
        format!("/action/{KEY}x/yealink/dnd_on?mac={MAC}"),
        format!("/action/{}/yealink/dnd_on?mac={MAC}", &KEY[1..]),
        format!("/action/{}/yealink/dnd_on?mac={MAC}", KEY.to_uppercase()),
    ] {
        let response = get_from(thief.ip(), daemon.http(), &path).await;
        // The response is the same as with the key.
        assert!(response.starts_with("HTTP/1.0 200 OK\r\n"), "{response}");
        let event = events.next().await;
        let fields = &event["fields"];
        assert_eq!(event["event"], "phone.unknown", "{path}: {event}");
        assert_eq!(fields["address"], thief.ip().to_string(), "{event}");
        assert_eq!(fields["action"], "dnd_on", "{event}");
        assert!(fields.get("phone").is_none(), "{event}");
        let reason = fields["reason"].as_str().unwrap();
        assert!(reason.starts_with("no phone is known at 127."), "{reason}");
        if path.contains("mac=") {
            assert_eq!(fields["mac"], MAC, "{event}");
        }
        if path.contains("phone=desk") {
            assert_eq!(fields["claimed_phone"], "desk", "{event}");
        }
    }
    // The phone itself, and any host with the key.
    for (source, path) in [
        (&desk, format!("/action/yealink/dnd_on?mac={MAC}")),
        (&desk, "/action/yealink/dnd_on".to_owned()),
        // A wrong key is as good as none.
        (
            &desk,
            format!("/action/wrong-key-0123456789/yealink/dnd_on?mac={MAC}"),
        ),
        (&thief, format!("/action/{KEY}/yealink/dnd_on?mac={MAC}")),
        (&thief, format!("/action/{KEY}/yealink/dnd_on?phone=desk")),
    ] {
        let response = get_from(source.ip(), daemon.http(), &path).await;
        assert!(response.starts_with("HTTP/1.0 200 OK\r\n"), "{response}");
        let event = events.next().await;
        assert_eq!(event["event"], "phone.dnd_on", "{path}: {event}");
        assert_eq!(event["fields"]["phone"], "desk", "{path}: {event}");
    }
    // The phone does not speak for another one either.
    let other = "/action/yealink/dnd_on?mac=00005e005399";
    get_from(desk.ip(), daemon.http(), other).await;
    assert_eq!(events.next().await["event"], "phone.unknown");
    daemon
        .line("Received an action URL with a wrong key.")
        .await;
    let log = daemon.settled_log().await;
    assert!(!log.contains(KEY), "{log}");
}

#[tokio::test]
async fn rules_and_states_do_not_believe_impostors() {
    let thief = Loopback::claim();
    let phone = SimPhone::new(sim_phone::options(Vendor::Yealink)).await;
    let mac = &sim_phone::options(Vendor::Yealink).mac;
    let rules = r#"
[[rule]]
name = "quiet"
on = "phone.dnd_on"
do = [ { verb = "push", text = "Quiet" } ]
[[rule]]
name = "talking"
on = "phone.hold"
do = [ { verb = "push", text = "{{ phone.name }} has dnd {{ phone.dnd }}" } ]
"#;
    let daemon = Daemon::start(&format!("{}{rules}", phone.entry("desk"))).await;
    let path = |event: &str| format!("/action/yealink/{event}?mac={mac}");
    get_from(thief.ip(), daemon.http(), &path("dnd_on")).await;
    daemon.line("action URL of an unknown phone").await;
    let own = phone.phone().address().ip();
    get_from(own, daemon.http(), &path("hold")).await;
    let shown = phone.shows_text("has dnd").await;
    assert_eq!(shown.content.text(), Some("desk has dnd unknown"));
    let log = daemon.settled_log().await;
    assert!(!log.contains("name=quiet"), "{log}");
}

#[tokio::test]
async fn unencoded_values_are_understood() {
    let desk = Loopback::claim();
    let daemon = Daemon::start(&config(&desk)).await;
    let mut events = Events::open(&daemon).await;
    let lines: [(&[u8], &str); 5] = [
        (b"name=Ada \"A\" <201>&line=2", "Ada \"A\" <201>"),
        (b"name=Zo\xc3\xab  Z.&line=2", "Zo\u{eb}  Z."),
        (b"name=Zo\xeb&line=2", "Zo\u{eb}"),
        (b"name=*21*5# {a|b}^`\\&line=2", "*21*5# {a|b}^`\\"),
        (b"name=a HTTP/1.1 b&line=2", "a HTTP/1.1 b"),
    ];
    let request = |query: &[u8]| {
        [
            b"GET /action/yealink/incoming_call?".as_slice(),
            query,
            b" HTTP/1.1\r\nHost: handsetd\r\n\r\n",
        ]
        .concat()
    };
    let mut stream = connect_from(desk.ip(), daemon.http()).await;
    for (query, name) in lines {
        // All on one connection.
        stream.write_all(&request(query)).await.unwrap();
        let mut head = [0; 15];
        soon("a response", stream.read_exact(&mut head))
            .await
            .unwrap();
        assert_eq!(&head, b"HTTP/1.1 200 OK");
        let mut rest = Vec::new();
        while !rest.ends_with(b"\r\n\r\n") {
            rest.push(soon("its end", stream.read_u8()).await.unwrap());
        }
        let event = events.next().await;
        assert_eq!(event["fields"]["name"], name, "{event}");
        assert_eq!(event["fields"]["line"], "2", "{event}");
    }
    // Control characters are still refused.
    let refused = exchange_bytes(daemon.http(), request(b"name=a\0b c")).await;
    assert!(refused.starts_with(b"HTTP/1.1 400 "));
}

/// An address that sends as fast as it can, over many connections, keeps no other from being heard, and
/// does not fill the log.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flooding_address_drowns_no_phone() {
    let flooder = Loopback::claim();
    let phones: Vec<Loopback> = (0..18).map(|_| Loopback::claim()).collect();
    let entry = |(at, phone): (usize, &Loopback)| {
        format!(
            "[[phone]]\nname = \"desk-{at}\"\nvendor = \"snom\"\naddress = \"{}\"\n",
            phone.ip()
        )
    };
    let entries: Vec<_> = phones.iter().enumerate().map(entry).collect();
    let entries = entries.concat();
    let daemon = Daemon::start(&entries).await;
    let mut events = Events::open_filtered(&daemon, "?event=phone.incoming_call").await;
    let mut floods = JoinSet::new();
    for _ in 0..32 {
        floods.spawn(flood(flooder.ip(), daemon.http()));
    }
    daemon.line("Dropped an action URL.").await;
    for round in 0..3 {
        for phone in &phones {
            let path = format!("/action/snom/incoming?round={round}");
            let response = get_from(phone.ip(), daemon.http(), &path).await;
            assert!(response.contains(" 200 "), "{response}");
        }
        let mut heard = Vec::new();
        for _ in &phones {
            let event = events.next().await;
            assert_eq!(event["fields"]["round"], round.to_string(), "{event}");
            heard.push(event["fields"]["phone"].as_str().unwrap().to_owned());
        }
        heard.sort();
        heard.dedup();
        assert_eq!(heard.len(), phones.len(), "round {round}: {heard:?}");
    }
    floods.abort_all();
    daemon.terminate();
    let log = daemon.line("more like this in the last minute").await;
    assert!(log.contains("WARN"), "{log}");
    let log = daemon.log();
    assert!(
        log.lines().count() < 200,
        "{} lines, such as {log:.2000}",
        log.lines().count()
    );
}

/// Requests action URLs of an unknown phone without end.
async fn flood(source: IpAddr, server: SocketAddr) {
    let mut stream = connect_from(source, server).await;
    let requests =
        "GET /action/snom/incoming?mac=00041300000a HTTP/1.1\r\nHost: a\r\n\r\n".repeat(50);
    let (mut reading, mut writing) = stream.split();
    let write = async { while writing.write_all(requests.as_bytes()).await.is_ok() {} };
    let read = async {
        let mut buffer = vec![0; 64 * 1024];
        while reading.read(&mut buffer).await.is_ok_and(|read| read > 0) {}
    };
    tokio::join!(write, read);
}

/// A daemon with a key, and a phone at an address.
fn config(desk: &Loopback) -> String {
    format!(
        "[http]\naction_key = \"{KEY}\"\n\
         [[phone]]\nname = \"desk\"\nvendor = \"yealink\"\naddress = \"{}\"\nmac = \"{MAC}\"\n",
        desk.ip()
    )
}

const KEY: &str = "a-long-key_0123456789";

const MAC: &str = "00005e005301";
