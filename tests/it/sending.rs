//! `handsetd send`, `ami send` and `ami tail`, as a user runs them.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use handset_simulator::Vendor;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};

use super::support::asterisk::{Asterisk, Options, Version};
use super::support::daemon::{Daemon, TOKEN};
use super::support::sim_phone::{self, SimPhone};
use super::support::soon;
use super::support::terminal::on_a_terminal;

#[tokio::test]
async fn send_uses_the_running_daemon() {
    let phones = [Vendor::Snom, Vendor::Yealink]
        .map(sim_phone::options)
        .map(SimPhone::new);
    let [one, two] = phones;
    let (one, two) = tokio::join!(one, two);
    let daemon = Daemon::start(&format!(
        "{}{}[[group]]\nname = 'both'\nmembers = ['one', 'two']\n",
        one.entry("one"),
        two.entry("two")
    ))
    .await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("handsetd.toml");
    let configure = |token: &str| {
        let listen = daemon.admin();
        fs::write(
            &file,
            format!("[admin]\nlisten = '{listen}'\ntoken = '{token}'\n"),
        )
        .unwrap();
    };
    configure(TOKEN);
    let (code, outcome) =
        outcome(&send(&file, &["push", "phone=one", "title=Hello", "2+2=4"]).await);
    assert_eq!(
        (code, outcome["status"].as_str()),
        (0, Some("OK")),
        "{outcome}"
    );
    one.shows_text("2+2=4").await;

    let path = file.to_str().unwrap();
    let output = on_a_terminal(&["send", "push", "phone=both", "Hello", "--config", path]).await;
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success() && shown.contains("OK\u{1b}[0m one&two"),
        "{shown}"
    );
    assert!(shown.contains("2 of 2 phones"), "{shown}");
    two.shows_text("Hello").await;

    let (code, outcome) = self::outcome(&send(&file, &["push", "phone=192.0.2.77", "a"]).await);
    assert_eq!((code, outcome["status"].as_str()), (1, Some("NOTFOUND")));
    let (code, outcome) = self::outcome(&send(&file, &["push", "phone=one", "a", "wait=no"]).await);
    assert_eq!((code, outcome["status"].as_str()), (0, Some("QUEUED")));

    configure("another token of some length");
    assert_refused(
        &send(&file, &["ping"]).await,
        "rejects the token of this configuration",
    );
    configure(TOKEN);
    drop(daemon);
    assert_refused(
        &send(&file, &["ping"]).await,
        "(admin.listen); is handsetd run running?",
    );
    assert_refused(&send(&file, &["pong"]).await, "unknown verb \"pong\"");
}

#[tokio::test]
async fn send_trusts_the_configured_certificate_and_reads_the_stored_token() {
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/ami/tls");
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let tls = |certificate: &str| {
        format!(
            "tls = {{ certificate_file = '{fixtures}/{certificate}.pem', key_file = '{fixtures}/server.key' }}\n"
        )
    };
    let state = format!("[state]\ndir = '{}'\n", state.display());
    let server = tls("server");
    let daemon = Daemon::start_without_token(&format!("[admin]\n{server}{state}")).await;
    let file = folder.path().join("handsetd.toml");
    let configure = |tls: &str| {
        let listen = daemon.admin();
        fs::write(&file, format!("[admin]\nlisten = '{listen}'\n{tls}{state}")).unwrap();
    };
    configure(&server);
    let (code, outcome) = outcome(&send(&file, &["ping"]).await);
    assert_eq!((code, outcome["status"].as_str()), (0, Some("OK")));
    configure(&tls("ca"));
    assert_refused(
        &send(&file, &["ping"]).await,
        "does not present the certificate in admin.tls.certificate_file",
    );
}

#[tokio::test]
async fn ami_send_prints_the_response_and_ami_tail_prints_events() {
    let options = Options {
        dialplan: "exten => 901,1,UserEvent(Alarm,Place: cellar)\n",
        ..Options::registrar(&[])
    };
    let Some(asterisk) = Asterisk::start(Version::V22, &options).await else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("handsetd.toml");
    let manager = asterisk.manager();
    let server = |secret: &str| {
        format!(
            "[[asterisk]]\nname = 'pbx'\naddress = '{manager}'\nusername = 'handsetd'\nsecret = '{secret}'\n"
        )
    };
    fs::write(&file, server("hush")).unwrap();
    let path = file.to_str().unwrap();
    let ami = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_handsetd"));
        command
            .arg("ami")
            .args(arguments)
            .args(["--config", path])
            .output()
            .unwrap()
    };
    let output = ami(&["send", "Ping"]);
    let outcome: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        outcome["headers"][0],
        serde_json::json!(["Response", "Success"])
    );
    let output = on_a_terminal(&["ami", "send", "Ping", "--config", path]).await;
    assert!(String::from_utf8_lossy(&output.stdout).contains("Ping: Pong\r\n"));
    let output = ami(&["send", "ListCommands", "--server", "other"]);
    assert_refused(
        &output,
        "no [[asterisk]] is named \"other\"; expected one of pbx",
    );
    let output = ami(&["send", "Getvar", "Channel=none", "Variable=a"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("Error"));

    let mut tail = tokio::process::Command::new(env!("CARGO_BIN_EXE_handsetd"))
        .args(["ami", "tail", "--config", path])
        .args(["--event", "userevent", "--event", "FullyBooted"])
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(tail.stdout.take().unwrap()).lines();
    // It comes with the answer to the login: from then on, no event is missed.
    let line = soon("an event", lines.next_line()).await.unwrap().unwrap();
    assert!(line.contains(r#"["Event","FullyBooted"]"#), "{line}");
    asterisk.cli("channel originate Local/901@phones application Wait 0");
    let line = soon("an event", lines.next_line()).await.unwrap().unwrap();
    let outcome: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(
        (outcome["type"].as_str(), outcome["server"].as_str()),
        (Some("event"), Some("pbx"))
    );
    let headers = outcome["headers"].as_array().unwrap();
    assert!(
        headers.contains(&serde_json::json!(["Place", "cellar"])),
        "{line}"
    );

    fs::write(&file, server("wrong")).unwrap();
    assert_refused(&ami(&["tail"]), "cannot connect to Asterisk pbx: ");
}

/// Does not block, as the simulated phones run on the same thread.
async fn send(file: &Path, words: &[&str]) -> Output {
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_handsetd"));
    command
        .arg("send")
        .args(words)
        .arg("--config")
        .arg(file)
        .output()
        .await
        .unwrap()
}

fn outcome(output: &Output) -> (i32, Value) {
    let outcome = serde_json::from_slice(&output.stdout);
    let outcome = outcome
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    (output.status.code().unwrap(), outcome)
}

fn assert_refused(output: &Output, why: &str) {
    let printed = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{printed}");
    assert!(printed.contains(why), "{printed}");
}
