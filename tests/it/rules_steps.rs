//! Steps of rules: actions of real Asterisk servers, web hooks of a real HTTP server, pauses, and their
//! results.

use serde_json::Value;
use tokio::net::TcpListener;

use super::support::admin_client::AdminClient;
use super::support::asterisk::{Asterisk, Options, Version};
use super::support::daemon::Daemon;
use super::support::soon;
use super::support::stub_web_server::StubWebServer;

#[tokio::test]
async fn on_16_actions_reach_the_server_of_the_event() {
    actions_reach_the_server_of_the_event(Version::V16).await;
}

#[tokio::test]
async fn on_22_actions_reach_the_server_of_the_event() {
    actions_reach_the_server_of_the_event(Version::V22).await;
}

async fn actions_reach_the_server_of_the_event(version: Version) {
    let options = Options {
        dialplan: r"
exten => 901,1,UserEvent(Ask,Text: A & B/C)
 same => n,Wait(2)
 same => n,UserEvent(Answer,Value: ${ANSWER},Header: ${INJECTED})
exten => 902,1,UserEvent(Ping)
",
        files: &[(
            "manager.conf",
            "\n[general](+)\ntimestampevents=yes\n\
             [rules]\nsecret=hush\nread=system,call,user\nwrite=system,call,reporting,user\n",
        )],
        ..Options::registrar(&[])
    };
    let Some(asterisk) = Asterisk::start(version, &options).await else {
        return;
    };
    let web = StubWebServer::serving("application/json", "{}").await;
    let daemon = Daemon::start(&format!(
        r#"
[[asterisk]]
name = "pbx"
address = "{manager}"
username = "rules"
secret = "hush"

[[rule]]
name = "ask"
on = "UserEvent.Ask"
when = "event.Timestamp > 1000000000"
do = [
    {{ ami = "Setvar", id = "set", Channel = "{{{{ event.Channel }}}}", Variable = "ANSWER", Value = "{{{{ event.Text }}}} 42" }},
    {{ ami = "Getvar", id = "get", Channel = "{{{{ event.Channel }}}}", Variable = "ANSWER" }},
    {{ ami = "Setvar", if = "steps.get.result.Value != event.Text ~ ' 42'", Channel = "{{{{ event.Channel }}}}", Variable = "ANSWER", Value = "wrong" }},
    {{ ami = "Command", id = "command", on_error = "continue", Command = "core show version" }},
    {{ webhook = "{hook}?{{{{ steps.set.status }}}}/{{{{ steps.command.status }}}}/{{{{ steps.command.reason }}}}" }},
]

[[rule]]
name = "answer"
on = "UserEvent.Answer"
do = [ {{ wait = "10ms" }}, {{ webhook = "{answer}/{{{{ event.Value }}}}" }} ]

[[rule]]
name = "pong"
on = "UserEvent.Ping"
mode = "parallel"
do = [ {{ ami = "UserEvent", UserEvent = "Pong", Text = "again" }} ]

[[rule]]
name = "ping"
on = "UserEvent.Pong"
mode = "parallel"
do = [ {{ ami = "UserEvent", UserEvent = "Ping" }} ]

[log]
level = "debug"
"#,
        manager = asterisk.manager(),
        hook = web.url("/hook"),
        answer = web.url("/answer"),
    ))
    .await;
    // Events before the login are nobody's.
    daemon.line("Loaded registrations.").await;
    let dials = |extension: &str| {
        asterisk.cli(&format!(
            "channel originate Local/{extension}@phones application Wait 5"
        ))
    };
    dials("901");
    let requested = web.requested().await;
    let expected = "/hook?OK/DENIED/pbx%20denied%20Command%3A%20the%20account%20in%20manager.conf%20needs%20command%20in%20write";
    assert_eq!(requested, expected);
    // The variable was set on the channel.
    assert_eq!(web.requested_after(1).await, "/answer/A%20%26%20B%2FC%2042");
    let trace = ended(&daemon, "ask").await;
    let statuses: Vec<&str> = steps(&trace)
        .iter()
        .map(|step| step["status"].as_str().unwrap())
        .collect();
    assert_eq!(statuses, ["OK", "OK", "SKIPPED", "DENIED", "OK"]);
    assert_eq!(trace["run"]["state"], "finished");

    // Two rules that fire each other come to an end, and say why.
    dials("902");
    daemon_echoes(&daemon, "pong").await;
    let rule = rule(&daemon, "ping").await;
    assert_eq!(rule["fired"], 1, "{rule}");
    daemon.terminate();
    assert!(daemon.end().await.success());
}

/// Waits until a rule was kept from firing on what it had brought about.
async fn daemon_echoes(daemon: &Daemon, name: &str) {
    let echoed = async {
        loop {
            let rule = rule(daemon, name).await;
            if rule["echoed"] == 1 {
                assert_eq!(rule["fired"], 1, "{rule}");
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    soon("an echo", echoed).await;
}

async fn rule(daemon: &Daemon, name: &str) -> Value {
    let client = AdminClient::new(daemon.admin());
    let response = client.get(&format!("/api/v1/rules/{name}")).await;
    response.json()["result"].clone()
}

/// Waits until the last run of a rule has ended, and returns its trace.
async fn ended(daemon: &Daemon, name: &str) -> Value {
    let ended = async {
        loop {
            let trace = last_trace(daemon, name).await;
            if trace["run"]["state"] != "pending" {
                return trace;
            }
            tokio::task::yield_now().await;
        }
    };
    soon("the end of a run", ended).await
}

async fn last_trace(daemon: &Daemon, name: &str) -> Value {
    let rule = rule(daemon, name).await;
    rule["traces"].as_array().unwrap().last().unwrap().clone()
}

fn steps(trace: &Value) -> &[Value] {
    trace["steps"].as_array().unwrap()
}

/// Rules that need no server: they fire when handsetd is ready.
fn at_start(steps: &str) -> String {
    format!(
        "[[rule]]\nname = \"r\"\non = \"handsetd.start\"\ndo = [ {steps} ]\n[log]\nlevel = \"debug\"\n"
    )
}

#[tokio::test]
async fn secrets_of_web_hooks_are_sent_and_never_shown() {
    let web = StubWebServer::serving("text/plain", "thanks").await;
    let folder = tempfile::tempdir().unwrap();
    let (url, token) = (folder.path().join("url"), folder.path().join("token"));
    std::fs::write(&url, web.url("/very-secret-path\n")).unwrap();
    std::fs::write(&token, "Bearer very-secret-token\n").unwrap();
    let daemon = Daemon::start(&at_start(&format!(
        "{{ webhook_file = '{}', json = {{ text = 'hello' }}, headers = {{ Authorization_file = '{}' }} }}",
        url.display(),
        token.display()
    )))
    .await;
    assert_eq!(web.requested().await, "/very-secret-path");
    daemon.line("Step taken.").await;
    let head = web.head(0);
    assert!(
        head.to_ascii_lowercase()
            .contains("authorization: bearer very-secret-token"),
        "{head}"
    );
    let trace = ended(&daemon, "r").await;
    assert_eq!(steps(&trace)[0]["status"], "OK", "{trace}");
    for text in [trace.to_string(), daemon.log()] {
        assert!(!text.contains("very-secret"), "{text}");
    }
    assert_eq!(steps(&trace)[0]["webhook"], web.url("/[redacted]"));
    daemon.terminate();
    assert!(daemon.end().await.success());
}

#[tokio::test]
async fn texts_are_in_no_trace_where_the_history_has_none() {
    let web = StubWebServer::serving("text/plain", "thanks").await;
    let daemon = Daemon::start(&format!(
        "{}\n[history]\ntexts = false\n",
        at_start(&format!(
            "{{ webhook = '{}', json = {{ note = 'Confidential' }} }}, \
             {{ verb = 'push', phone = 'nobody', title = 'Confidential', text = 'Confidential' }}",
            web.url("/hook")
        ))
    ))
    .await;
    assert_eq!(web.requested().await, "/hook");
    daemon.line("Not delivered.").await;
    let ended = async {
        while rule(&daemon, "r").await["runs_failed"] != 1 {
            tokio::task::yield_now().await;
        }
    };
    soon("a failed run", ended).await;
    let trace = last_trace(&daemon, "r").await;
    assert_eq!(steps(&trace)[0]["keys"]["json"], "[left out]", "{trace}");
    assert!(!trace.to_string().contains("Confidential"), "{trace}");
    daemon.terminate();
    assert!(daemon.end().await.success());
}

#[tokio::test]
async fn web_hook_that_never_answers_ends_the_run_at_its_deadline() {
    // Connections are accepted by the kernel, and nobody reads from them.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap());
    let daemon = Daemon::start(&at_start(&format!(
        "{{ webhook = '{url}', deadline = '300ms' }}, {{ verb = 'ping' }}"
    )))
    .await;
    let line = daemon.line("Step failed.").await;
    assert!(line.contains("status=UNKNOWN"), "{line}");
    let trace = ended(&daemon, "r").await;
    assert_eq!(
        (
            steps(&trace)[0]["status"].as_str(),
            &steps(&trace)[1]["status"]
        ),
        (Some("UNKNOWN"), &Value::Null)
    );
    assert_eq!(trace["run"]["state"], "failed");
    let failed = async {
        while rule(&daemon, "r").await["runs_failed"] != 1 {
            tokio::task::yield_now().await;
        }
    };
    soon("a failed run", failed).await;
    daemon.terminate();
    assert!(daemon.end().await.success());
}

#[tokio::test]
async fn waiting_run_is_cancelled_by_a_reload_without_its_rule() {
    let daemon = Daemon::start(&at_start("{ wait = '1h' }, { verb = 'ping' }")).await;
    let pending = async {
        while rule(&daemon, "r").await["fired"] != 1 {
            tokio::task::yield_now().await;
        }
    };
    soon("a run", pending).await;
    assert_eq!(last_trace(&daemon, "r").await["run"]["state"], "pending");
    daemon.reconfigure("[log]\nlevel = \"debug\"\n");
    daemon
        .line("Run cancelled: the rule is gone after a reload.")
        .await;
    daemon.terminate();
    assert!(daemon.end().await.success());
}

#[tokio::test]
async fn waiting_run_ends_at_once_when_the_daemon_stops() {
    let daemon = Daemon::start(&at_start("{ wait = '1h' }")).await;
    let pending = async {
        while rule(&daemon, "r").await["fired"] != 1 {
            tokio::task::yield_now().await;
        }
    };
    soon("a run", pending).await;
    daemon.terminate();
    daemon.line("Run cancelled: handsetd stops.").await;
    // The grace period of deliveries is longer.
    daemon.line("Stopped.").await;
    assert_eq!(daemon.count("did not finish in time"), 0);
    assert!(daemon.end().await.success());
}
