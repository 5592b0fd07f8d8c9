//! What commands print to a pipe. `src/handsetd/cli/output_tests.rs` has the table of all commands.

use std::fs;
use std::io;
use std::process::{Command, Output};
use std::time::Duration;

use handset_simulator::Vendor;
use serde_json::Value;
use tokio::time::sleep;

use super::support::daemon::{Daemon, record};
use super::support::fetch::content;
use super::support::process::Process;
use super::support::sim_phone::{self, SimPhone};
use super::support::soon;

const RULE: &str = "[[rule]]\nname = 'bell'\non = 'phone.*'\ndo = [ { verb = 'ping' } ]\n\
    [[rule.test]]\nevent = { Event = 'phone.dnd_on' }\nexpect = [ { verb = 'ping' } ]\n";

// The phone answers while a command runs.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn commands_with_data_print_json_to_a_pipe() {
    let phone = SimPhone::new(sim_phone::options(Vendor::Snom)).await;
    let daemon = Daemon::start(&format!("{}{RULE}", phone.entry("desk"))).await;
    let event = daemon.media("event.json");
    fs::write(&event, r#"{"Event": "phone.dnd_on"}"#).unwrap();
    let event = event.display().to_string();
    for (arguments, is_one_value) in [
        (&["send", "push", "phone=desk", "Hello"][..], true),
        (&["phones"], true),
        (&["phones", "--why", "desk"], true),
        (&["status"], true),
        (&["reload"], true),
        (&["history"], false),
        (&["rules", "list"], true),
        (&["rules", "test", "--event", &event], false),
    ] {
        let output = run(&daemon, arguments);
        assert!(!output.stdout.is_empty(), "{arguments:?}: {output:?}");
        assert!(is_json(&output, is_one_value), "{arguments:?}: {output:?}");
    }
    for arguments in [&["events"][..], &["rules", "watch"]] {
        let mut command = command(&daemon, arguments);
        let follower = Process::start(arguments[0], &mut command);
        let url = format!("http://{}/action/snom/dnd_on", daemon.http());
        let first = async {
            loop {
                // Until it has subscribed.
                content(&url).await;
                if let Some(line) = follower.log().lines().next() {
                    break line.to_owned();
                }
                sleep(Duration::from_millis(50)).await;
            }
        };
        let line = soon("the first event", first).await;
        assert!(
            serde_json::from_str::<Value>(&line).is_ok(),
            "{arguments:?}: {line}"
        );
    }
    let output = run(&daemon, &["rules", "trace", "bell"]);
    assert!(is_json(&output, false), "{output:?}");
}

#[tokio::test]
async fn commands_that_print_files_and_sentences_print_json_on_request() {
    let daemon = Daemon::start("[[phone]]\nname = 'desk'\n").await;
    let list = daemon.media("list.csv");
    fs::write(&list, "name\n1001\n").unwrap();
    let (tone, converted) = (daemon.media("tone.wav"), daemon.media("tone.raw"));
    record(&tone, 8000, 800);
    let picture = daemon.media("background.png");
    let [list, tone, converted, picture] =
        [list, tone, converted, picture].map(|path| path.display().to_string());
    let shown = format!("{converted}.png");
    for (arguments, has_configuration) in [
        (&["check"][..], true),
        (&["conf"], true),
        (&["phones", "import", &list], true),
        (
            &["media", "ringtone", &tone, &converted, "--model", "7970"],
            false,
        ),
        (
            &["media", "background", &picture, &shown, "--model", "7970"],
            false,
        ),
    ] {
        let run = |arguments: &[&str]| {
            if has_configuration {
                run(&daemon, arguments)
            } else {
                handsetd(arguments).output().unwrap()
            }
        };
        let output = run(arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        let is_text = !is_json(&output, true) && !is_json(&output, false);
        assert!(is_text, "{arguments:?}: {output:?}");
        let output = run(&[arguments, &["--json"]].concat());
        assert!(!output.stdout.is_empty(), "{arguments:?}: {output:?}");
        let is_one_value = arguments[0] != "media";
        assert!(is_json(&output, is_one_value), "{arguments:?}: {output:?}");
    }
}

#[test]
fn reader_that_leaves_is_no_error_message() {
    for arguments in [&["help", "verbs"][..], &["conf", "--config", "/dev/null"]] {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let mut command = handsetd(arguments);
        let output = command.stdout(writer).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {output:?}");
        assert!(output.stderr.is_empty(), "{arguments:?}: {output:?}");
    }
}

/// Returns whether an output is one JSON value, or else one on each line.
fn is_json(output: &Output, is_one_value: bool) -> bool {
    let is_json = |text: &str| serde_json::from_str::<Value>(text).is_ok();
    let text = String::from_utf8_lossy(&output.stdout);
    if is_one_value {
        is_json(&text)
    } else {
        text.lines().all(is_json)
    }
}

fn run(daemon: &Daemon, arguments: &[&str]) -> Output {
    command(daemon, arguments).output().unwrap()
}

fn command(daemon: &Daemon, arguments: &[&str]) -> Command {
    let mut command = handsetd(arguments);
    command
        .arg("--config")
        .arg(daemon.file())
        .env("HANDSETD__ADMIN__LISTEN", daemon.admin().to_string());
    command
}

fn handsetd(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_handsetd"));
    command.args(arguments);
    command
}
