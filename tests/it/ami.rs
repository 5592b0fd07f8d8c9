//! AMI of real Asterisk servers: the connection of the daemon, and the requests that reach phones.

use std::net::SocketAddr;

use handset_ami::notify::{Body, Notify};
use handset_ami::{self, Action, NotifyTarget};
use handset_net::tasks::Tasks;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::support::agi_call::agi_call;
use super::support::asterisk::{Asterisk, Driver, Options, Version};
use super::support::daemon::Daemon;
use super::support::fetch;
use super::support::loopback::Loopback;
use super::support::terminal::on_a_terminal_of;
use super::support::udp_phone::{Message, UdpPhone};
use super::support::{on_both_versions, soon};

on_both_versions! {
    each_contact_of_an_endpoint_gets_its_own_notify
    notify_reaches_the_phone_unchanged
    moved_phones_are_found_at_their_new_address
    the_configured_transport_is_preferred
    the_connection_survives_a_restart_of_asterisk
    a_wrong_password_is_reported
    the_phones_command_lists_registered_and_configured_phones
    any_document_arrives_unchanged
    a_missing_pjsip_notify_is_reported_with_its_cure
}

#[tokio::test]
async fn the_daemon_is_ready_without_asterisk() {
    let unused = Loopback::claim();
    let daemon = daemon(unused.port(5038), "hush").await;
    daemon.line("Not connected to Asterisk.").await;
    daemon.terminate();
    assert!(daemon.end().await.success());
}

async fn a_wrong_password_is_reported(version: Version) {
    let Some(asterisk) = start(version, &[]).await else {
        return;
    };
    let daemon = daemon(asterisk.manager(), "wrong").await;
    daemon.line("The login to Asterisk failed").await;
    daemon.terminate();
    assert!(daemon.end().await.success());
}

async fn notify_reaches_the_phone_unchanged(version: Version) {
    let Some((_asterisk, phone, daemon)) = with_phone(version, Driver::Pjsip).await else {
        return;
    };
    let outcome = push(&daemon, SPECIAL).await;
    assert_eq!((outcome.0.as_str(), outcome.1.as_str()), OK);
    assert_is_pushed(&phone.receive_notify().await, SPECIAL);
    // A text too long for one packet is fetched by the phone.
    let start = format!("http://127.0.0.1:{}/screen/", daemon.http().port());
    let fetch = async {
        let message = phone.receive_notify().await;
        let at = message.body.find(&start).expect(&message.body);
        let url = message.body[at..].split(['<', '"']).next().unwrap();
        fetch::content(url).await.1
    };
    let text = "long, ".repeat(400);
    let (outcome, document) = tokio::join!(push(&daemon, &text), fetch);
    assert_eq!((outcome.0.as_str(), outcome.1.as_str()), OK);
    assert!(document.starts_with(b"<?xml"));
    // Its address of record works as a name, and so does any event.
    let ip = phone.address().ip();
    let arguments = [
        format!("phone={ip}"),
        "event=check-sync;reboot=false".to_owned(),
    ];
    let arguments = arguments.each_ref().map(String::as_str);
    let outcome = agi_call(daemon.agi(), "notify", &arguments).await;
    assert_eq!(outcome["HANDSET_STATUS"], "OK", "{outcome:?}");
    let message = phone.receive_notify().await;
    assert_eq!(message.header("Event"), ["check-sync;reboot=false"]);
    assert_eq!(message.header("Subscription-State").len(), 1);
}

#[tokio::test]
async fn notify_reaches_chan_sip_phones_on_16() {
    let with_phone = with_phone(Version::V16, Driver::ChanSip).await;
    let Some((_asterisk, phone, daemon)) = with_phone else {
        return;
    };
    let outcome = agi_call(
        daemon.agi(),
        "push",
        &[SPECIAL, "via=notify", "phone=SIP/1002"],
    )
    .await;
    assert_eq!(outcome["HANDSET_STATUS"], "OK", "{outcome:?}");
    assert_is_pushed(&phone.receive_notify().await, SPECIAL);
}

async fn moved_phones_are_found_at_their_new_address(version: Version) {
    let Some((asterisk, mut phone, daemon)) = with_phone(version, Driver::Pjsip).await else {
        return;
    };
    assert_eq!(push(&daemon, "here").await.0, "OK");
    phone.receive_notify().await;
    phone.register(0).await;
    // Until the event arrives, Asterisk itself has no contact to send to.
    let (status, reason) = until(&daemon, |status| status != "OK").await;
    assert_eq!(
        (status.as_str(), reason.as_str()),
        ("UNREACHABLE", "PJSIP/1002 is not registered")
    );
    let mut moved = UdpPhone::new("1002", SNOM, asterisk.sip(Driver::Pjsip)).await;
    moved.register(3600).await;
    let (status, _) = until(&daemon, |status| status == "OK").await;
    assert_eq!(status, "OK");
    assert_is_pushed(&moved.receive_notify().await, "where?");
}

async fn each_contact_of_an_endpoint_gets_its_own_notify(version: Version) {
    let Some(asterisk) = start(version, &[(Driver::Pjsip, "1003")]).await else {
        return;
    };
    let registrar = asterisk.sip(Driver::Pjsip);
    let mut snom = UdpPhone::new("1003", SNOM, registrar).await;
    let mut yealink = UdpPhone::new("1003", "Yealink SIP-T53W 96.86.0.70", registrar).await;
    snom.register(3600).await;
    yealink.register(3600).await;
    let daemon = daemon(asterisk.manager(), "hush").await;
    daemon.line("Loaded registrations.").await;
    let arguments = ["Hello, you", "via=notify", "phone=1003"];
    let outcome = agi_call(daemon.agi(), "push", &arguments).await;
    assert_eq!(outcome["HANDSET_STATUS"], "OK", "{outcome:?}");
    assert_is_pushed(&snom.receive_notify().await, "Hello, you");
    let message = yealink.receive_notify().await;
    assert_eq!(message.header("Event"), ["Yealink-xml"]);
    assert!(
        message.body.contains("<Text>Hello, you</Text>"),
        "{message:?}"
    );
}

async fn the_configured_transport_is_preferred(version: Version) {
    let with_phone = with_phone(version, Driver::Pjsip).await;
    let Some((asterisk, phone, daemon)) = with_phone else {
        return;
    };
    let outcome = async |verb: &str, arguments: &[&str]| {
        let mut all = vec!["phone=1002"];
        all.extend(arguments);
        agi_call(daemon.agi(), verb, &all).await["HANDSET_STATUS"].clone()
    };
    // The connection was refused, so this was HTTP.
    assert_eq!(outcome("push", &["Hello"]).await, "UNREACHABLE");
    daemon.reconfigure(&format!(
        "{}via = \"notify\"\n",
        configuration(asterisk.manager(), "hush")
    ));
    daemon.line("Configuration reloaded.").await;
    assert_eq!(outcome("push", &["Hello"]).await, "OK");
    assert_is_pushed(&phone.receive_notify().await, "Hello");
    // Verbs that this transport does not support use another; the request overrides the configuration.
    assert_eq!(outcome("screenshot", &[]).await, "UNREACHABLE");
    assert_eq!(outcome("push", &["Hello", "via=http"]).await, "UNREACHABLE");
}

async fn the_connection_survives_a_restart_of_asterisk(version: Version) {
    let Some((mut asterisk, mut phone, daemon)) = with_phone(version, Driver::Pjsip).await else {
        return;
    };
    asterisk.restart().await;
    // A killed Asterisk has lost the registration, so the phone registers again.
    phone.register(3600).await;
    let (status, _) = until(&daemon, |status| status == "OK").await;
    assert_eq!(status, "OK");
    assert_is_pushed(&phone.receive_notify().await, "where?");
}

async fn a_missing_pjsip_notify_is_reported_with_its_cure(version: Version) {
    let with_phone = with_phone(version, Driver::Pjsip).await;
    let Some((asterisk, _phone, daemon)) = with_phone else {
        return;
    };
    asterisk.cli("module unload res_pjsip_notify.so");
    let (status, reason) = push(&daemon, "Hello").await;
    assert_eq!(status, "UNREACHABLE");
    assert!(reason.contains("pjsip_notify.conf"), "{reason}");
}

/// Sends a few hundred random documents through Asterisk's header parser to a socket.
async fn any_document_arrives_unchanged(version: Version) {
    let Some(asterisk) = start(version, &[(Driver::Pjsip, "1002")]).await else {
        return;
    };
    let mut phone = UdpPhone::new("1002", SNOM, asterisk.sip(Driver::Pjsip)).await;
    phone.register(3600).await;
    let tasks = Tasks::new();
    let address = asterisk.manager().to_string().parse().unwrap();
    let config = handset_ami::Config::new("pbx", address, "handsetd", "hush".into());
    let (client, driver) = handset_ami::Client::new(&config).unwrap();
    tasks.spawn("ami", driver.run_until(tasks.stop()));
    let mut runner = TestRunner::deterministic();
    for _ in 0..300 {
        let document = document().new_tree(&mut runner).unwrap().current();
        let notify = Notify {
            event: "xml".to_owned(),
            headers: Vec::new(),
            body: Some(Body {
                content_type: "application/xml".to_owned(),
                text: document.clone(),
            }),
        };
        let target = NotifyTarget::Endpoint("1002".to_owned());
        let action = Action::pjsip_notify(&target, &notify).unwrap();
        let answer = client.send(action).await.unwrap();
        assert!(answer.is_success(), "{}", answer.message());
        let message = phone.receive_notify().await;
        // Where it was split, there is a line break between two elements or before an attribute.
        let whole = |text: &str| text.replace("\r\n", "").replace("<E a", "<Ea");
        assert_eq!(whole(&message.body), whole(&document));
        if document.len() < 400 {
            assert_eq!(message.body, document);
        }
        assert_eq!(message.header("Event"), ["xml"]);
        assert_eq!(message.header("Content-Type"), ["application/xml"]);
    }
    tasks.shut_down(std::time::Duration::from_secs(5)).await;
}

/// Generates documents whose elements have a random text and a random attribute each.
fn document() -> impl Strategy<Value = String> {
    let text = || {
        proptest::collection::vec(
            prop_oneof![
                3 => proptest::char::range(' ', '~'),
                2 => proptest::sample::select(r#"\",()[]{};:=|$&<>'%"#.chars().collect::<Vec<_>>()),
                1 => proptest::sample::select("äß€½→😀".chars().collect::<Vec<_>>()),
            ],
            0..60,
        )
        .prop_map(|text| {
            let text: String = text.into_iter().collect();
            let text = text.replace('&', "&amp;").replace('<', "&lt;");
            text.replace('>', "&gt;").replace('"', "&quot;")
        })
    };
    proptest::collection::vec((text(), text()), 0..40).prop_map(|elements| {
        let elements = elements
            .into_iter()
            .map(|(value, text)| format!("<E a=\"{value}\">{text}</E>"));
        format!("<D>{}</D>", elements.collect::<String>())
    })
}

/// Asserts that a NOTIFY shows `text` on a Snom phone.
fn assert_is_pushed(message: &Message, text: &str) {
    assert_eq!(message.header("Event"), ["xml"]);
    assert_eq!(message.header("Content-Type"), ["application/snomxml"]);
    let text = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;");
    let document = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
         <SnomIPPhoneText><Text>{text}</Text></SnomIPPhoneText>"
    );
    assert_eq!(message.body, document);
}

async fn the_phones_command_lists_registered_and_configured_phones(version: Version) {
    let Some(asterisk) = start(version, &[(Driver::Pjsip, "1002")]).await else {
        return;
    };
    let mut phone = UdpPhone::new("1002", SNOM, asterisk.sip(Driver::Pjsip)).await;
    phone.register(3600).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("handsetd.toml");
    let configuration = format!(
        r#"
[[asterisk]]
name = "pbx"
address = "{manager}"
username = "handsetd"
secret = "hush"
[[phone]]
name = "boss"
vendor = "cisco"
model = "7970"
address = "192.0.2.21"
"#,
        manager = asterisk.manager(),
    );
    std::fs::write(&file, &configuration).unwrap();
    let run = || {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_handsetd"));
        let command = command.args(["phones", "--config"]).arg(&file);
        command.output().unwrap()
    };
    // Wide enough for the longest address that a test has.
    let output = on_a_terminal_of(120, &["phones", "--config", file.to_str().unwrap()]).await;
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{table}");
    let line = |name: &str| {
        let found = table
            .lines()
            .find(|line| line.split_whitespace().next() == Some(name));
        found.unwrap_or_else(|| panic!("{table}")).to_owned()
    };
    let ip = phone.address().ip().to_string();
    for part in ["snom", "D785", "10.1.198.12", &ip, "yes", "contact"] {
        assert!(line("1002").contains(part), "{part}: {table}");
    }
    assert!(table.contains("of PJSIP/1002 on pbx"), "{table}");
    for part in ["cisco", "7970", "192.0.2.21", "no", "[[phone]]"] {
        assert!(line("boss").contains(part), "{part}: {table}");
    }
    let json = String::from_utf8(run().stdout).unwrap();
    assert!(json.contains("\"endpoint\": \"PJSIP/1002\""), "{json}");

    // A failing server does not hide the rest.
    std::fs::write(&file, configuration.replace("hush", "wrong")).unwrap();
    let output = run();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("boss"));
    let printed = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        printed.contains("pbx refuses the login")
            && printed.contains("rejected the user name or secret"),
        "{printed}"
    );
}

/// Pushes a text to phone 1002; returns status and reason.
async fn push(daemon: &Daemon, text: &str) -> (String, String) {
    let text = format!("text={text}");
    let arguments = [text.as_str(), "via=notify", "phone=1002"];
    let mut outcome = agi_call(daemon.agi(), "push", &arguments).await;
    let mut take = |name| outcome.remove(name).unwrap();
    (take("HANDSET_STATUS"), take("HANDSET_REASON"))
}

/// Pushes until the status satisfies `wanted`.
async fn until(daemon: &Daemon, wanted: impl Fn(&str) -> bool) -> (String, String) {
    soon("the status", async {
        loop {
            let outcome = push(daemon, "where?").await;
            if wanted(&outcome.0) {
                return outcome;
            }
        }
    })
    .await
}

/// Starts a server, a phone registered there, and a daemon that uses the server.
async fn with_phone(version: Version, driver: Driver) -> Option<(Asterisk, UdpPhone, Daemon)> {
    let asterisk = start(version, &[(driver, "1002")]).await?;
    let mut phone = UdpPhone::new("1002", SNOM, asterisk.sip(driver)).await;
    phone.register(3600).await;
    let daemon = daemon(asterisk.manager(), "hush").await;
    daemon.line("Loaded registrations.").await;
    Some((asterisk, phone, daemon))
}

/// Starts a server with these phones.
async fn start(version: Version, phones: &[(Driver, &str)]) -> Option<Asterisk> {
    let options = Options::registrar(phones);
    Asterisk::start(version, &options).await
}

/// Starts a daemon that uses the manager at `manager`.
async fn daemon(manager: SocketAddr, secret: &str) -> Daemon {
    Daemon::start(&configuration(manager, secret)).await
}

fn configuration(manager: SocketAddr, secret: &str) -> String {
    format!(
        r#"
[[asterisk]]
name = "pbx"
address = "{manager}"
username = "handsetd"
secret = "{secret}"
[[phone]]
name = "1002"
vendor = "snom"
model = "D785"
address = "127.0.0.1:9"
"#
    )
}

const OK: (&str, &str) = ("OK", "sent by NOTIFY, which no phone confirms");

const SNOM: &str = "snomD785/10.1.198.12";

const SPECIAL: &str = r#"Say "Grüße", a\b (c) [d]; 1 < 2 & x=y, z: 😀"#;
