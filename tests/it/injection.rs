//! Values that would inject an action, a header or a command into naively assembled text.

use handset_simulator::Vendor;
use serde_json::json;

use super::support::admin_client::AdminClient;
use super::support::asterisk::{Asterisk, Driver, Options, Version};
use super::support::daemon::Daemon;
use super::support::on_both_versions;
use super::support::raw::{encoded, get};
use super::support::sim_phone;
use super::support::terminal::on_a_terminal;
use super::support::udp_phone::UdpPhone;

on_both_versions! {
    values_never_become_actions_or_headers
}

/// After each of these, text could be taken for another header or action.
const BREAKS: [&str; 8] = [
    "\r\n\r\n", "\n\n", "\r\r", "\r\n", "\n", "\0", "\u{85}", "\u{2028}",
];

async fn values_never_become_actions_or_headers(version: Version) {
    let options = Options {
        files: &[],
        agi: "127.0.0.1:9".parse().unwrap(),
        phones: &[(Driver::Pjsip, "1002")],
        dialplan: "",
        pjsip: "",
    };
    let Some(asterisk) = Asterisk::start(version, &options).await else {
        return;
    };
    let mut phone = UdpPhone::new("1002", "snomD785/10.1", asterisk.sip(Driver::Pjsip)).await;
    phone.register(3600).await;
    let entry = sim_phone::entry(
        "1002",
        &sim_phone::options(Vendor::Snom),
        "127.0.0.1:9".parse().unwrap(),
    );
    let daemon = Daemon::start(&format!(
        r#"
{entry}
[[asterisk]]
name = "pbx"
address = "{manager}"
username = "handsetd"
secret = "hush"

{rules}
[log]
level = "debug"
"#,
        manager = asterisk.manager(),
        rules = careless(),
    ))
    .await;
    daemon.line("Loaded registrations.").await;
    let admin = AdminClient::new(daemon.admin());

    for (at, between) in BREAKS.iter().enumerate() {
        let value = format!(
            "a{between}Action: DBPut\r\nFamily: injected\r\nKey: a\r\nVal: b\r\nX-Injected: yes{between}{between}"
        );
        // From the admin API.
        for body in [
            json!({"phone": "1002", "event": value}),
            json!({"phone": "1002", "event": "a", "type": value, "body": "b"}),
            json!({"phone": "1002", "event": "a", "type": "text/plain", "body": value}),
        ] {
            let answer = admin.post("/api/v1/do/notify", &body.to_string()).await;
            if answer.code == 200 {
                let notify = phone.receive_notify().await;
                assert_eq!(notify.header("X-Injected"), [""; 0], "{notify:?}");
            } else {
                assert_eq!(answer.code, 400, "{body}: {answer:?}");
            }
        }
        let dial = json!({"phone": "1002", "number": value, "via": "pbx"}).to_string();
        assert_eq!(admin.post("/api/v1/do/dial", &dial).await.code, 400);
        // From a phone, through a rule that passes on everything.
        let path = "/action/snom/dnd_on?mac=00005E005302&y=plain&x=";
        let path = format!("{path}{}", encoded(&value));
        assert!(get(daemon.http(), &path).await.contains(" 200 "));
        daemon.line_after(at, "verb=\"push\"").await;
    }
    // A deliberate action, to see that an injected one would have been found.
    let file = daemon.file();
    let mut arguments = vec!["ami", "send", "DBPut", "Family=honest", "Key=a", "Val=b"];
    arguments.extend(["--config", file.to_str().unwrap()]);
    let sent = on_a_terminal(&arguments).await;
    assert!(sent.status.success(), "{sent:?}");
    let shown = asterisk.cli("database show");
    assert!(shown.contains("/honest/a"), "{shown}");
    assert!(!shown.contains("injected"), "{shown}");
}

/// Returns rules that put values of an event wherever text is accepted.
fn careless() -> String {
    let steps = [
        "verb = \"notify\", event = \"{{ event.x }}\"",
        "verb = \"notify\", event = \"a\", type = \"{{ event.x }}\", body = \"{{ event.x }}\"",
        "verb = \"notify\", event = \"a\", type = \"text/{{ event.y }}\", body = \"{{ event.x }}\"",
        "verb = \"dial\", number = \"{{ event.x }}\", via = \"pbx\"",
        "verb = \"push\", text = \"{{ event.x }}\", via = \"notify\"",
    ];
    let rule = |(at, step): (usize, &&str)| {
        format!(
            "[[rule]]\nname = \"{at}\"\non = \"phone.dnd_on\"\ndo = [ {{ phone = \"1002\", {step} }} ]\n"
        )
    };
    steps.iter().enumerate().map(rule).collect()
}
