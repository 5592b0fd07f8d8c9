//! What rules of the running daemon did: the admin API, and `handsetd rules list`, `trace` and `watch`.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use super::support::admin_client::AdminClient;
use super::support::daemon::{Daemon, TOKEN};
use super::support::loopback::Loopback;
use super::support::process::Process;
use super::support::raw::get_from;
use super::support::soon;
use super::support::terminal::on_a_terminal;

const WATCHER: &str = "watcher's token of many characters";

/// A daemon with a phone, three rules and a user who may only read.
struct Setup {
    daemon: Daemon,
    phone: Loopback,
    /// Where the admin server listens, also after a restart.
    admin: Loopback,
}

impl Setup {
    async fn start() -> Self {
        let (phone, admin) = (Loopback::claim(), Loopback::claim());
        let config = format!(
            r#"
[admin]
listen = "{listen}"
[[admin.user]]
name = "watcher"
token = "{WATCHER}"
role = "read"
[[phone]]
name = "desk"
vendor = "yealink"
address = "{phone}"
[[rule]]
name = "hush/hush"
on = "phone.dnd_on"
when = "event.line == '1'"
do = [ {{ verb = "ping" }}, {{ verb = "settings", phone = "desk", set = "password={{{{ event.line }}}}" }} ]
[[rule]]
name = "never"
on = ["phone.dnd_off", "phone.hold"]
do = [ {{ verb = "ping" }} ]
[[rule]]
name = "broken"
on = "phone.dnd_on"
do = [ {{ verb = "ping", phone = "{{{{ event.missing }}}}" }} ]
"#,
            listen = admin.port(8091),
            phone = phone.port(80),
        );
        Self {
            daemon: Daemon::start(&config).await,
            phone,
            admin,
        }
    }

    /// Has the phone report do not disturb.
    async fn event(&self, line: &str) {
        let path = format!("/action/yealink/dnd_on?line={line}");
        let answer = get_from(self.phone.ip(), self.daemon.http(), &path).await;
        assert!(answer.contains(" 200 "), "{answer}");
    }

    /// Requests `path` with the token of the user who may only read.
    async fn get(&self, path: &str) -> (u16, Value) {
        let bearer = format!("Bearer {WATCHER}");
        let headers = [("Authorization", bearer.as_str())];
        let admin = AdminClient::new(self.daemon.admin());
        let path = format!("/api/v1/{path}");
        let answer = admin.request_with_headers("GET", &path, &headers, "").await;
        (answer.code, answer.json())
    }

    /// Returns a rule once it has that many traces.
    async fn rule(&self, name: &str, traces: usize) -> Value {
        soon("the traces", async {
            loop {
                let (code, reply) = self.get(&format!("rules/{name}")).await;
                assert_eq!(code, 200, "{reply}");
                if reply["result"]["traces"].as_array().unwrap().len() >= traces {
                    return reply["result"].clone();
                }
            }
        })
        .await
    }
}

#[tokio::test]
async fn rules_and_their_traces_are_in_the_api() {
    let setup = Setup::start().await;
    setup.event("1").await;
    setup.event("2").await;
    let rule = setup.rule("hush%2Fhush", 2).await;
    let expected = json!({
        "name": "hush/hush", "on": "phone.dnd_on", "schedule": null,
        "fired": 1, "limited": 0, "skipped": 0, "failed": 0, "unmet": 1, "echoed": 0,
    });
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(rule[key], *value, "{key}: {rule}");
    }
    assert!(rule["last"].as_str().unwrap().ends_with('Z'), "{rule}");
    let [fired, unmet] = rule["traces"].as_array().unwrap().as_slice() else {
        panic!("{rule}");
    };
    assert_eq!(fired["verdict"], "fired");
    assert_eq!(fired["event"], "phone.dnd_on");
    assert_eq!(fired["values"], json!({"line": "1"}));
    assert_eq!(fired["steps"][0]["verb"], "ping");
    let keys = &fired["steps"][1]["keys"];
    assert_eq!(
        *keys,
        json!({"phone": "desk", "set": "password=[redacted]"})
    );
    assert_eq!(unmet["fires"], false);
    let why = unmet["why"].as_str().unwrap();
    assert!(
        why.contains("event.line == '1' is false; event.line is \"2\""),
        "{why}"
    );
    assert!(fired["at"].as_str().unwrap() <= unmet["at"].as_str().unwrap());

    let (_, reply) = setup.get("rules").await;
    let rules = reply["result"].as_array().unwrap();
    let names: Vec<_> = rules
        .iter()
        .map(|rule| rule["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["hush/hush", "never", "broken"]);
    assert_eq!(rules[1]["on"], json!(["phone.dnd_off", "phone.hold"]));
    assert_eq!(
        (&rules[1]["last"], &rules[1]["fired"]),
        (&Value::Null, &json!(0))
    );
    assert_eq!(rules[2]["failed"], 2);
    assert!(rules[0].get("traces").is_none());

    let (code, reply) = setup.get("rules/nevr").await;
    assert_eq!((code, reply["status"].as_str()), (404, Some("NOTFOUND")));
    let reason = "unknown rule \"nevr\"; did you mean \"never\"?";
    assert_eq!(reply["reason"], reason);
    let (code, reply) = setup.get("traces?rule=nevr").await;
    assert_eq!((code, reply["reason"].as_str()), (404, Some(reason)));
    assert_eq!(setup.get("rules?limit=3").await.0, 400);
    assert_eq!(setup.get("traces?name=never").await.0, 400);
}

#[tokio::test]
async fn traces_are_streamed_as_they_are_made() {
    let setup = Setup::start().await;
    let open = async |query: &str| {
        let token = format!("Bearer {TOKEN}");
        let headers = [("Authorization", token.as_str())];
        let path = format!("/api/v1/traces{query}");
        let admin = AdminClient::new(setup.daemon.admin());
        let mut stream = admin.open("GET", &path, &headers, "").await;
        let head = until(&mut stream, "\r\n\r\n").await;
        assert!(head.contains("text/event-stream"), "{head}");
        stream
    };
    let mut all = open("").await;
    let mut one = open("?rule=broken").await;
    setup.event("1").await;
    let text = until(&mut all, "\"rule\":\"broken\"").await;
    assert!(text.contains("event: trace\n"), "{text}");
    assert!(text.contains("\"rule\":\"hush/hush\""), "{text}");
    let text = until(&mut one, "\"rule\":\"broken\"").await;
    assert!(!text.contains("hush/hush"), "{text}");
    assert!(text.contains("the event has no missing"), "{text}");
    setup.daemon.terminate();
    let mut rest = Vec::new();
    soon("the end of the stream", all.read_to_end(&mut rest))
        .await
        .unwrap();
}

#[tokio::test]
async fn rules_are_listed_and_traced_from_the_command_line() {
    let setup = Setup::start().await;
    setup.event("1").await;
    setup.rule("broken", 1).await;
    let file = client_file(&setup);
    let path = file.path().to_str().unwrap();

    let rules: Value = serde_json::from_slice(&stdout(&run(path, &["list"]).await, 0)).unwrap();
    assert_eq!(rules[2]["name"], "broken");
    assert_eq!(rules[2]["failed"], 1);
    let shown = on_a_terminal(&["rules", "list", "--config", path]).await;
    let shown = String::from_utf8(shown.stdout).unwrap();
    // Long cells have several lines, and names of events are whole.
    assert!(
        shown.contains("phone.dnd_off,") && shown.contains("phone.hold"),
        "{shown}"
    );
    assert!(
        shown.lines().all(|line| line.chars().count() <= 80),
        "{shown}"
    );
    assert!(shown.contains("never"), "{shown}");

    let trace = stdout(&run(path, &["trace", "hush/hush"]).await, 0);
    let trace: Value = serde_json::from_slice(&trace).unwrap();
    assert_eq!(trace["verdict"], "fired");
    let shown = on_a_terminal(&["rules", "trace", "hush/hush", "--config", path]).await;
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(
        shown.contains("phone.dnd_on: fires; event.line is \"1\""),
        "{shown}"
    );
    assert!(
        shown.contains("\n    settings phone=\"desk\" set=\"password=[redacted]\""),
        "{shown}"
    );
    let shown = on_a_terminal(&["rules", "trace", "never", "--config", path]).await;
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains("phone.dnd_off, phone.hold"), "{shown}");

    for command in ["trace", "watch"] {
        let output = run(path, &[command, "brokn"]).await;
        assert_failed(&output, "unknown rule \"brokn\"; did you mean \"broken\"?");
    }
    setup.daemon.terminate();
    assert!(setup.daemon.end().await.success());
    for command in [&["list"][..], &["trace", "broken"], &["watch"]] {
        let reason = "(admin.listen); is handsetd run running?";
        assert_failed(&run(path, command).await, reason);
    }
}

#[tokio::test]
async fn watch_prints_decisions_and_survives_a_restart_of_the_daemon() {
    let mut setup = Setup::start().await;
    let file = client_file(&setup);
    let path = file.path().to_str().unwrap();
    let mut watch = Process::start("watch", command(path, &["watch", "broken"]).as_std_mut());
    let failed = "\"verdict\":\"failed\"";
    report(&setup, &watch, "1", failed).await;
    let line = watch.line_after(0, failed).await;
    let trace: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(trace["rule"], "broken");
    assert!(!watch.log().contains("hush"), "{}", watch.log());

    setup.daemon = setup.daemon.crash_and_start().await;
    watch
        .line_after(0, "lost the connection to the daemon")
        .await;
    watch.line_after(0, "connected to the daemon again").await;
    report(&setup, &watch, "1", failed).await;
    watch.interrupt();
    assert!(watch.exit().await.success());
}

#[tokio::test]
async fn watch_shows_how_a_run_ended() {
    let setup = Setup::start().await;
    let file = client_file(&setup);
    let path = file.path().to_str().unwrap();
    let watch = Process::start("watch", command(path, &["watch", "hush/hush"]).as_std_mut());
    // An event that does not fire the rule, and so has no consequences that would be taken for echoes.
    report(&setup, &watch, "2", "\"fires\":false").await;
    // Nothing listens at the address of the phone.
    setup.event("1").await;
    let line = watch.line_after(0, "\"state\":\"failed\"").await;
    let run: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(run["rule"], "hush/hush");
    assert_eq!(run["event"], "phone.dnd_on");
    assert_eq!(run["verdict"], Value::Null);
    assert_eq!(run["steps"][0]["status"], "OK");
    assert_eq!(run["steps"][1]["status"], "UNREACHABLE");
    assert!(!watch.log().contains("password=1"), "{}", watch.log());
}

#[tokio::test]
async fn watch_on_a_terminal_is_coloured_and_readable() {
    let setup = Setup::start().await;
    let file = client_file(&setup);
    let path = file.path().to_str().unwrap();
    let line = format!(
        "'{}' rules watch --config '{path}'",
        env!("CARGO_BIN_EXE_handsetd")
    );
    let mut script = Command::new("script");
    script.args([
        "--quiet",
        "--return",
        "--flush",
        "--command",
        &line,
        "/dev/null",
    ]);
    let watch = Process::start("watch", &mut script);
    report(&setup, &watch, "1", "broken").await;
    let shown = watch.line_after(0, "broken: ").await;
    assert!(shown.contains("\u{1b}[1m\u{1b}[31mfailed"), "{shown:?}");
    assert!(
        shown.ends_with("phone.dnd_on: does not fire: the event has no missing"),
        "{shown:?}"
    );
}

/// Reports events of `line` until the output has one more line with `pattern`: the start of the subscription
/// is not visible.
async fn report(setup: &Setup, watch: &Process, line: &str, pattern: &str) {
    let before = watch.count(pattern);
    soon("a decision", async {
        while watch.count(pattern) == before {
            setup.event(line).await;
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    })
    .await;
}

/// Writes the configuration that a command needs to reach the daemon.
fn client_file(setup: &Setup) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    let listen = setup.admin.port(8091);
    let text = format!("[admin]\nlisten = '{listen}'\ntoken = '{TOKEN}'\n");
    std::fs::write(file.path(), text).unwrap();
    file
}

fn command(path: impl AsRef<Path>, arguments: &[&str]) -> tokio::process::Command {
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_handsetd"));
    command
        .arg("rules")
        .args(arguments)
        .arg("--config")
        .arg(path.as_ref())
        .stdin(Stdio::null());
    command
}

async fn run(path: &str, arguments: &[&str]) -> Output {
    soon("the command", command(path, arguments).output())
        .await
        .unwrap()
}

fn stdout(output: &Output, code: i32) -> Vec<u8> {
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    output.stdout.clone()
}

fn assert_failed(output: &Output, reason: &str) {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let shown = String::from_utf8_lossy(&output.stderr);
    assert!(shown.contains(reason), "{shown}");
    assert!(output.stdout.is_empty(), "{output:?}");
}

/// Reads until `pattern` was received; returns all of it.
async fn until(stream: &mut TcpStream, pattern: &str) -> String {
    let mut text = Vec::new();
    soon(pattern, async {
        while !String::from_utf8_lossy(&text).contains(pattern) {
            let mut chunk = [0; 4096];
            let length = stream.read(&mut chunk).await.unwrap();
            assert!(length > 0, "{}", String::from_utf8_lossy(&text));
            text.extend_from_slice(&chunk[..length]);
        }
    })
    .await;
    String::from_utf8_lossy(&text).into_owned()
}
