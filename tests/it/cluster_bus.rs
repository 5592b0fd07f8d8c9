//! The bus for programs other than daemons, with a real NATS and a real MQTT client, and what hostile clients
//! can do there.

use std::net::IpAddr;
use std::process::Stdio;

use handset_cluster::testing::NatsServers;
use handset_simulator::Vendor;
use serde_json::{Value, json};
use tokio::process::Command;

use super::support::admin_client::AdminClient;
use super::support::daemon::Daemon;
use super::support::loopback::Loopback;
use super::support::nats::{nats, section};
use super::support::nats_client::{NatsClient, Sent};
use super::support::sim_phone::{self, SimPhone};
use super::support::{left_out, soon};

/// A request that shows a text on the phone.
fn push(text: &str) -> Vec<u8> {
    json!({"phone": "desk", "text": text})
        .to_string()
        .into_bytes()
}

/// Waits until a daemon serves the bus.
async fn until_served(client: &mut NatsClient) {
    let served = async { while client.request("handsetd.do.ping", b"").await["status"] != "OK" {} };
    soon("the bus", served).await;
}

/// Waits for the event that a delivery has ended.
async fn delivered(client: &mut NatsClient) -> (String, Value) {
    let ended = async {
        loop {
            let Some(Sent::Message(subject, head, body)) = client.next().await else {
                panic!("the connection was closed");
            };
            let body: Value = serde_json::from_slice(&body).unwrap();
            if subject == "handsetd.events.handsetd.delivery" && body["fields"]["status"] == "OK" {
                return (head, body);
            }
        }
    };
    soon("the event of a delivery", ended).await
}

#[tokio::test]
async fn programs_make_requests_and_hear_what_happens() {
    let Some(nats) = nats(1, "").await else {
        return;
    };
    let phone = SimPhone::new(sim_phone::options(Vendor::Snom)).await;
    let at = section(&nats, "site-a") + &phone.entry("desk");
    let bt = section(&nats, "site-b");
    let (_a, b) = tokio::join!(Daemon::start(&at), Daemon::start(&bt));
    let mut listener = NatsClient::connect(nats.ip(0), None).await;
    listener.subscribe("handsetd.events.>").await;
    let mut client = NatsClient::connect(nats.ip(0), None).await;
    until_served(&mut client).await;
    // Either daemon may take the request, so the other one has to know the phone.
    let known = async {
        loop {
            let path = "/api/v1/do/clear";
            let reply = AdminClient::new(b.admin())
                .post(path, r#"{"phone":"desk"}"#)
                .await;
            if reply.code == 200 {
                return;
            }
        }
    };
    soon("the phone at the other daemon", known).await;
    for round in 0..6 {
        let text = format!("From a program, {round}");
        let reply = client.request("handsetd.do.push", &push(&text)).await;
        assert_eq!(
            (&reply["status"], &reply["phone"]),
            (&"OK".into(), &"desk".into()),
            "{reply}"
        );
        phone.shows_text(&text).await;
    }
    let (head, event) = delivered(&mut listener).await;
    assert!(head.contains("Nats-Msg-Id: "), "{head}");
    assert_eq!(
        (&event["daemon"], &event["schema"]),
        (&"site-a".into(), &1.into())
    );
    assert_eq!(event["event"], "handsetd.delivery");
    let pong = client.request("handsetd.do.ping", b"").await;
    assert_eq!(pong["status"], "OK", "{pong}");

    // Without a reply subject, the request is executed all the same.
    client
        .publish(("handsetd.do.push", ""), None, &push("Nobody waits"))
        .await;
    phone.shows_text("Nobody waits").await;
    for (subject, body, words) in [
        ("handsetd.do.pusch", "{}", "unknown verb"),
        (
            "handsetd.do.push",
            "{\"phone\":\"desk\",\"titel\":\"a\"}",
            "unknown key",
        ),
        ("handsetd.do.push", "[1]", "object"),
        ("handsetd.do.push", "\u{0}", "JSON"),
    ] {
        let reply = client.request(subject, body.as_bytes()).await;
        assert_eq!(reply["status"], "INVALID", "{reply}");
        assert!(reply["reason"].as_str().unwrap().contains(words), "{reply}");
    }
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one attack after the other")]
async fn hostile_messages_have_no_effect() {
    let Some(nats) = nats(1, "").await else {
        return;
    };
    let phone = SimPhone::new(sim_phone::options(Vendor::Snom)).await;
    let config = section(&nats, "site-a") + &phone.entry("desk");
    let daemon = Daemon::start(&config).await;
    let mut client = NatsClient::connect(nats.ip(0), None).await;
    until_served(&mut client).await;
    let mut watcher = NatsClient::connect(nats.ip(0), None).await;
    watcher.subscribe("handsetd.do.*").await;
    watcher.subscribe("handsetd.events.x").await;
    let deep = [b"{\"text\":".to_vec(), b"[".repeat(200_000)].concat();
    let long = vec![b'x'; 1024 * 1024 - 4096];
    let reply = client.request("handsetd.do.push", &deep).await;
    assert_eq!(reply["status"], "INVALID", "{reply}");
    let reply = client.request("handsetd.do.push", &long).await;
    assert_eq!(reply["status"], "INVALID", "{reply}");

    watcher.settle().await;
    // Replies to subjects to which the daemon may publish but the requester may not.
    for subject in [
        "handsetd.do.push",
        "$JS.API.STREAM.DELETE.handsetd_outbox",
        "handsetd.events.x",
    ] {
        client
            .publish(("handsetd.do.ping", subject), None, b"")
            .await;
    }
    let seen = watcher.settle().await;
    let subjects: Vec<&str> = seen
        .iter()
        .map(|sent| match sent {
            Sent::Message(subject, ..) => subject.as_str(),
            Sent::Error(error) => error,
        })
        .collect();
    // The request, and no reply.
    assert_eq!(subjects, ["handsetd.do.ping"; 3]);
    let streams = client
        .request("$JS.API.STREAM.INFO.handsetd_outbox", b"")
        .await;
    assert!(streams["error"].is_null(), "{streams}");

    // What a daemon would send, and what it would not.
    let request = json!({"id": "x", "requester": {"kind": "page"}, "verb": "push",
        "keys": [["text", "a"]], "phone": {"text": "desk"}, "within": "1s"});
    let inbox = "_INBOX_crm.peer.1";
    client.subscribe(inbox).await;
    let deadline = "99999999999999";
    let named = |id: &'static str| {
        [
            ("Handset-From", "site-b"),
            ("Handset-Deadline", deadline),
            ("Handset-Id", id),
        ]
    };
    let mut broken = request.clone();
    broken["phone"] = json!({"text": 1});
    let bodies = [
        b"".to_vec(),
        b"{".to_vec(),
        deep.clone(),
        long.clone(),
        json!({"here": broken}).to_string().into_bytes(),
        json!({"here": {"id": "a b\n", "verb": "push"}})
            .to_string()
            .into_bytes(),
        json!({"in_file": "../../etc/passwd"})
            .to_string()
            .into_bytes(),
        json!({"in_file": "0".repeat(64)}).to_string().into_bytes(),
    ];
    for (at, body) in bodies.iter().enumerate() {
        let ids = ["0", "1", "2", "3", "4", "5", "6", "7"];
        for operation in ["deliver", "cancel", "query", "ended", "nothing"] {
            let subject = format!("handsetd.peer.site-a.{operation}");
            client
                .publish((&subject, inbox), Some(&named(ids[at])), body)
                .await;
            client.publish((&subject, inbox), None, body).await;
            client.publish((&subject, ""), None, body).await;
            client
                .publish((&subject, "handsetd.do.push"), Some(&named("loop")), body)
                .await;
        }
    }
    for subject in ["handsetd.events.x", "handsetd.do"] {
        client.publish((subject, inbox), None, &deep).await;
    }
    client.settle().await;
    let reply = client
        .request("handsetd.do.push", &push("Still here"))
        .await;
    assert_eq!(reply["status"], "OK", "{reply}");
    phone.shows_text("Still here").await;
    assert_eq!(
        phone
            .received()
            .iter()
            .filter(|exchange| exchange.method != "GET")
            .count(),
        0
    );
    assert!(!daemon.settled_log().await.contains("panicked"));
    // NATS closes the connection of a client that exceeds its message size.
    client
        .publish(("handsetd.do.push", ""), None, &vec![b'x'; 1024 * 1024 + 1])
        .await;
    let sent = client.settle().await;
    assert!(
        sent.iter().any(|sent| matches!(sent, Sent::Error(_))),
        "{sent:?}"
    );
}

/// Starts NATS with the shipped example; returns it and the address of its MQTT server.
async fn example() -> Option<(NatsServers, Loopback)> {
    let text = std::fs::read_to_string(EXAMPLE).unwrap();
    let address = Loopback::claim();
    let mqtt = format!("mqtt {{ listen: \"{}\" }}", address.port(MQTT));
    let own = ["server_name:", "listen:", "jetstream {"];
    let lines = text.lines().map(|line| match line {
        line if own.iter().any(|start| line.starts_with(start)) => "",
        line if line.starts_with("mqtt ") => &mqtt,
        line => line,
    });
    let more: Vec<&str> = lines.collect();
    Some((nats(1, &more.join("\n")).await?, address))
}

#[tokio::test]
async fn shipped_example_permits_what_it_says_and_no_more() {
    let Some((nats, mqtt)) = example().await else {
        return;
    };
    let phone = SimPhone::new(sim_phone::options(Vendor::Snom)).await;
    let cluster = section(&nats, "site-a").replace("nats://", "nats://daemon:CHANGE-ME-daemon@");
    let daemon = Daemon::start(&(cluster + &phone.entry("desk"))).await;
    daemon.line("Joined the cluster.").await;
    let ip = nats.ip(0);
    let mut crm = NatsClient::connect(ip, Some(("crm", "CHANGE-ME-crm"))).await;
    let mut listener = NatsClient::connect(ip, Some(("listener", "CHANGE-ME-listener"))).await;
    listener.subscribe("handsetd.events.>").await;
    let sent = listener.settle().await;
    let is_error = |sent: &Sent| matches!(sent, Sent::Error(_));
    assert!(!sent.iter().any(is_error), "{sent:?}");
    let reply = crm.request("handsetd.do.push", &push("From the CRM")).await;
    assert_eq!(reply["status"], "OK", "{reply}");
    phone.shows_text("From the CRM").await;
    let (_, event) = delivered(&mut listener).await;
    assert_eq!(event["fields"]["asker"], json!({"kind": "bus"}));

    let before = phone.received().len();
    for subject in [
        "handsetd.do.reboot",
        "handsetd.do.key",
        "handsetd.events.phone.dnd_on",
        "handsetd.peer.site-a.deliver",
        "$JS.API.STREAM.LIST",
        "$KV.handsetd_daemons.site-a",
    ] {
        crm.publish((subject, ""), None, &push("x")).await;
        assert_violation(&crm.settle().await, subject);
        listener.publish((subject, ""), None, b"{}").await;
        assert_violation(&listener.settle().await, subject);
    }
    for subject in ["_INBOX.>", "handsetd.do.*", "handsetd.peer.>", ">", "$KV.>"] {
        crm.subscribe(subject).await;
        assert_violation(&crm.settle().await, subject);
    }
    listener
        .publish(("handsetd.do.push", ""), None, &push("x"))
        .await;
    assert_violation(&listener.settle().await, "handsetd.do.push");
    for user in [
        None,
        Some(("crm", "wrong")),
        Some(("homeassistant", "CHANGE-ME-homeassistant")),
    ] {
        let mut rejected = NatsClient::connect(ip, user).await;
        let sent = rejected.settle().await;
        assert!(
            matches!(&sent[..], [Sent::Error(error)] if error.contains("Authorization")),
            "{sent:?}"
        );
    }
    assert_eq!(phone.received().len(), before);

    let mosquitto = Command::new("mosquitto_pub").arg("--help").output().await;
    if let Err(error) = mosquitto {
        return left_out(&format!(
            "mosquitto_pub: {error} (the package mosquitto-clients)"
        ));
    }
    mqtt_client_acts_and_listens(&phone, mqtt.ip()).await;
}

/// What Home Assistant does.
async fn mqtt_client_acts_and_listens(phone: &SimPhone, ip: IpAddr) {
    let arguments = |program: &str, more: &[&str]| {
        // Output to a pipe would be buffered.
        let mut command = Command::new("stdbuf");
        command.args(["-oL", program]);
        let ip = ip.to_string();
        let port = MQTT.to_string();
        let user = [
            "-h",
            &ip,
            "-p",
            &port,
            "-u",
            "homeassistant",
            "-P",
            "CHANGE-ME-homeassistant",
        ];
        command.args(user).args(more).kill_on_drop(true);
        command
    };
    let topic = "handsetd/events/handsetd/delivery";
    let mut sub = arguments(
        "mosquitto_sub",
        &["-t", "handsetd/events/#", "-F", "%t %p", "-d"],
    );
    let mut sub = sub.stdout(Stdio::piped()).spawn().unwrap();
    let mut heard = Lines::of(&mut sub);
    heard.until("SUBACK").await;
    for (quality, text) in [("0", "From home"), ("1", "From home, surely")] {
        let body = String::from_utf8(push(text)).unwrap();
        let more = ["-t", "handsetd/do/push", "-m", &body, "-q", quality];
        let status = soon("mosquitto_pub", arguments("mosquitto_pub", &more).status()).await;
        assert!(status.unwrap().success());
        phone.shows_text(text).await;
        // Without the log lines of the program itself.
        let line = heard.until(&format!("{topic} {{")).await;
        let (_, body) = line.split_once(' ').unwrap();
        let event: Value = serde_json::from_str(body).unwrap();
        assert_eq!(event["daemon"], "site-a");
        assert_eq!(event["fields"]["asker"]["kind"], "bus");
    }
    let before = phone.received().len();
    let more = [
        "-t",
        "handsetd/do/reboot",
        "-m",
        r#"{"phone":"desk"}"#,
        "-q",
        "1",
    ];
    // The server closes the connection, or accepts the message and forwards nothing.
    let _ = soon("mosquitto_pub", arguments("mosquitto_pub", &more).status()).await;
    let more = [
        "-t",
        "handsetd/do/clear",
        "-m",
        r#"{"phone":"desk"}"#,
        "-q",
        "1",
    ];
    soon("mosquitto_pub", arguments("mosquitto_pub", &more).status())
        .await
        .unwrap();
    heard.until("\"verb\":\"clear\"").await;
    let after = phone.received();
    assert!(
        after[before..]
            .iter()
            .all(|exchange| !exchange.target.contains("reboot")),
        "{after:#?}"
    );
}

/// The lines that a program prints.
struct Lines(tokio::io::Lines<tokio::io::BufReader<tokio::process::ChildStdout>>);

impl Lines {
    fn of(child: &mut tokio::process::Child) -> Self {
        use tokio::io::AsyncBufReadExt;
        let stdout = child.stdout.take().unwrap();
        Self(tokio::io::BufReader::new(stdout).lines())
    }

    /// Waits for a line that contains `part`.
    async fn until(&mut self, part: &str) -> String {
        let found = async {
            loop {
                let line = self.0.next_line().await.unwrap();
                let line = line.unwrap_or_else(|| panic!("it ended before {part}"));
                if line.contains(part) {
                    return line;
                }
            }
        };
        soon(part, found).await
    }
}

fn assert_violation(sent: &[Sent], subject: &str) {
    let is_violation =
        |sent: &Sent| matches!(sent, Sent::Error(error) if error.contains("Permissions Violation"));
    assert!(sent.iter().any(is_violation), "{subject}: {sent:?}");
}

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/etc/nats/handsetd.conf");

const MQTT: u16 = 1883;
