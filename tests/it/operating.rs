//! The commands of an administrator, as he runs them: `status`, `reload`, `history`, `events`, `conf`,
//! `demo --stay`, and commands that ask a daemon on another machine.

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::str::from_utf8;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use handset_simulator::Vendor;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::net::TcpStream;
use tokio::time::sleep;

use super::support::daemon::{Daemon, TOKEN};
use super::support::fetch::content;
use super::support::process::Process;
use super::support::sim_phone::{self, SimPhone};
use super::support::soon;

#[tokio::test]
async fn status_of_a_daemon_without_faults_is_good() {
    let daemon = Daemon::start("").await;
    let report = run(&daemon, &["status"]);
    let json = json_of(&report);
    assert_eq!(report.status.code(), Some(0), "{json:#}");
    assert_eq!(json["healthy"], true);
    let areas = [
        "daemon",
        "configuration",
        "addresses",
        "asterisk",
        "state.dir",
        "http.url",
    ];
    for area in areas {
        let mut findings = json["findings"].as_array().unwrap().iter();
        assert!(
            findings.any(|finding| finding["area"] == area),
            "{area}: {json:#}"
        );
    }
    let first = &json["findings"][0];
    assert_eq!(
        (&first["area"], &first["level"]),
        (&"daemon".into(), &"ok".into())
    );
}

#[tokio::test]
async fn status_tells_each_fault_with_its_cure() {
    let config = "[[asterisk]]\nname = 'pbx'\naddress = '127.0.0.1:9'\nusername = 'a'\nsecret = 'b'\n\
                  [http]\nurl = 'http://127.0.0.1:9'\n";
    let daemon = Daemon::start(config).await;
    // At first it is still connecting.
    let is_known = async {
        loop {
            let report = run(&daemon, &["status"]);
            assert_eq!(report.status.code(), Some(1));
            let found = faults(&json_of(&report));
            if found.iter().any(|fault| fault["area"] == "asterisk") {
                return found;
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    let found = soon("the fault of Asterisk", is_known).await;
    for area in ["asterisk", "http.url"] {
        let fault = found.iter().find(|fault| fault["area"] == area);
        let cure = fault.map(|fault| fault["cure"].as_str().unwrap_or_default());
        assert!(
            cure.is_some_and(|cure| !cure.is_empty()),
            "{area}: {found:#?}"
        );
    }
    // Not running, it is the first thing that is said, and its addresses are tried.
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut command = command(&daemon, &["status"]);
    let (file, admin) = (daemon.file(), daemon.admin());
    let folder = file.parent().unwrap().to_owned();
    command
        .env(
            "HANDSETD__AGI__LISTEN",
            taken.local_addr().unwrap().to_string(),
        )
        .env("HANDSETD__ADMIN__LISTEN", admin.to_string());
    daemon.terminate();
    let until_gone = async {
        while TcpStream::connect(admin).await.is_ok() {
            sleep(Duration::from_millis(20)).await;
        }
    };
    soon("the end of the daemon", until_gone).await;
    let report = command.output().unwrap();
    assert_eq!(report.status.code(), Some(1));
    let json = json_of(&report);
    let found = faults(&json);
    assert_eq!(json["findings"][0]["area"], "daemon", "{json:#}");
    assert_eq!(json["findings"][0]["level"], "fault", "{json:#}");
    let own = format!("(pid {})", std::process::id());
    let is_named = |fault: &&Value| fault["text"].as_str().unwrap().contains(&own);
    assert_eq!(found.iter().filter(is_named).count(), 1, "{found:#?}");
    // A faulty configuration.
    fs::write(folder.join("conf.d/test.toml"), "[agi]\nbudget = 5\n").unwrap();
    let report = command.output().unwrap();
    assert_eq!(report.status.code(), Some(1));
    let found = faults(&json_of(&report));
    let text = found[0]["text"].as_str().unwrap();
    assert!(text.contains("conf.d/test.toml:2: agi.budget: "), "{text}");
    assert_eq!(found.last().unwrap()["area"], "daemon", "{found:#?}");
}

#[tokio::test]
async fn status_with_a_faulty_configuration_says_whether_a_daemon_runs() {
    let daemon = Daemon::start("").await;
    write(&daemon, "[agi]\nbudget = 5\n[[phone]]\nnames = '1'\n");
    let report = run(&daemon, &["status"]);
    assert_eq!(report.status.code(), Some(1));
    let report = json_of(&report);
    let findings = report["findings"].as_array().unwrap().iter();
    let levels: Vec<_> = findings
        .map(|finding| {
            let text = |key: &str| finding[key].as_str().unwrap();
            (text("area"), text("level"))
        })
        .collect();
    let of_file = levels.iter().filter(|(area, _)| *area == "configuration");
    assert!(of_file.count() >= 2, "{report:#}");
    assert!(levels.contains(&("daemon", "ok")), "{report:#}");
}

#[tokio::test]
async fn reload_tells_what_changed_or_each_fault() {
    let daemon = Daemon::start("[[phone]]\nname = '1001'\n[[phone]]\nname = '1002'\n").await;
    let report = run(&daemon, &["reload"]);
    let reply = json_of(&report);
    assert_eq!(report.status.code(), Some(0), "{reply:#}");
    assert_eq!(reply["result"]["changed"], json!([]));
    write(
        &daemon,
        "[[phone]]\nname = '1001'\nmodel = 'D785'\nvendor = 'snom'\n[[phone]]\nname = '1003'\n\
         [agi]\nbudget = '3s'\n",
    );
    let report = run(&daemon, &["reload"]);
    let reply = json_of(&report);
    assert_eq!(report.status.code(), Some(0), "{reply:#}");
    let expected = json!([
        "[agi] budget",
        "[[phone]] 1001: model, vendor",
        "[[phone]] 1002 removed",
        "[[phone]] 1003 added",
    ]);
    assert_eq!(reply["result"]["changed"], expected);
    assert_eq!(reply["result"]["needs_restart"], json!(["[agi]"]));

    write(&daemon, "[agi]\nbudget = 5\n[[phone]]\nnames = '1'\n");
    let report = run(&daemon, &["reload"]);
    let reply = json_of(&report);
    assert_eq!(report.status.code(), Some(1), "{reply:#}");
    let errors = reply["result"]["errors"].as_array().unwrap();
    assert!(errors.len() >= 2, "{reply:#}");
    let first = errors[0].as_str().unwrap();
    assert!(
        first.contains("conf.d/test.toml:2: agi.budget: "),
        "{first}"
    );
    // The daemon itself refuses it for the same faults.
    let refused = remote(&daemon, &["reload"]).0.output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert_eq!(json_of(&refused)["result"]["errors"], json!(errors));
    // The old one stays.
    let phones = run(&daemon, &["phones", "--json"]);
    assert_eq!(phones.status.code(), Some(78));
    let phones = remote(&daemon, &["phones"]).0.output().unwrap();
    let phones = json_of(&phones);
    let names: Vec<_> = phones
        .as_array()
        .unwrap()
        .iter()
        .map(|phone| &phone["name"])
        .collect();
    assert_eq!(names, ["1001", "1003"]);
}

// The phone answers while a command runs.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn commands_ask_a_daemon_on_another_machine() {
    let phone = SimPhone::new(sim_phone::options(Vendor::Snom)).await;
    let reader = "[[admin.user]]\nname = 'reader'\ntoken = 'a token for reading'\nrole = 'read'\n";
    let daemon = Daemon::start(&format!("{}{reader}", phone.entry("desk"))).await;
    let run = |arguments: &[&str]| remote(&daemon, arguments).0.output().unwrap();
    let sent = run(&["send", "push", "phone=desk", "Hello"]);
    assert_eq!(json_of(&sent)["status"], "OK");
    phone.shows_text("Hello").await;
    let phones = json_of(&run(&["phones"]));
    assert_eq!(phones[0]["name"], "desk");
    assert_eq!(json_of(&run(&["status"]))["healthy"], true);
    let delivery = json_of(&run(&["history", "--verb", "push"]));
    assert_eq!(
        (&delivery["phone"], &delivery["status"]),
        (&"desk".into(), &"OK".into())
    );
    let none = run(&["history", "--verb", "ring"]);
    assert_eq!((none.status.code(), none.stdout.len()), (Some(0), 0));
    let refused = run(&["history", "--status", "FINE"]);
    assert_eq!(refused.status.code(), Some(1));
    assert_eq!(json_of(&run(&["reload"]))["status"], "OK");
    assert_eq!(json_of(&run(&["rules", "list"])), json!([]));

    // The token is for readers.
    let (mut command, token) = remote(&daemon, &["reload"]);
    fs::write(&token, "a token for reading\n").unwrap();
    let refused = command.output().unwrap();
    let reason = from_utf8(&refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(reason.contains("requires the role admin"), "{reason}");
    fs::write(&token, "a token of nobody\n").unwrap();
    let refused = command.output().unwrap();
    let reason = from_utf8(&refused.stderr).unwrap();
    assert!(
        reason.contains("rejects the token in --token-file"),
        "{reason}"
    );

    // It never goes in clear over a network unless that is wanted.
    let mut command = handsetd(&["history", "--url", "http://192.0.2.1:8091"]);
    let refused = command.arg("--token-file").arg(&token).output().unwrap();
    let reason = from_utf8(&refused.stderr).unwrap();
    assert!(reason.contains("without encryption"), "{reason}");
}

#[tokio::test]
async fn url_with_a_pin_accepts_that_certificate_only() {
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/ami/tls");
    let daemon = Daemon::start(&format!(
        "[admin]\ntls = {{ certificate_file = '{fixtures}/server.pem', key_file = '{fixtures}/server.key' }}\n"
    ))
    .await;
    let pem = fs::read_to_string(format!("{fixtures}/server.pem")).unwrap();
    let lines = pem
        .lines()
        .skip_while(|line| !line.contains("BEGIN"))
        .skip(1);
    let body: String = lines.take_while(|line| !line.contains("END")).collect();
    let der = STANDARD.decode(body).unwrap();
    let right = format!("sha256:{}", hex::encode(Sha256::digest(der)));
    let wrong = format!("sha256:{}", "00".repeat(32));
    for (pin, expected) in [
        (Some(&right), Some(0)),
        (Some(&wrong), Some(1)),
        (None, Some(1)),
    ] {
        let (mut command, _token) = remote_at(&daemon, "https", &["send", "ping"]);
        if let Some(pin) = pin {
            command.args(["--pin", pin]);
        }
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), expected, "{pin:?}: {output:?}");
    }
}

#[tokio::test]
async fn events_and_history_follow() {
    // At neither address is a phone.
    let phone = |name: &str, address: &str| {
        format!("[[phone]]\nname = '{name}'\nvendor = 'snom'\naddress = '{address}'\n")
    };
    let phones = [phone("desk", "127.0.0.1"), phone("door", "127.0.21.99")];
    let daemon = Daemon::start(&phones.concat()).await;
    let mut all = command(&daemon, &["events", "handsetd.*", "phone.*"]);
    let all = Process::start("events", &mut all);
    let mut one = command(&daemon, &["events", "--phone", "desk"]);
    let one = Process::start("events --phone", &mut one);
    let mut history = command(&daemon, &["history", "--follow", "--verb", "reboot"]);
    let history = Process::start("history", &mut history);
    // They have subscribed once they show something.
    for round in 0.. {
        assert!(
            round < MAX_ROUNDS,
            "{}\n{}\n{}",
            all.log(),
            one.log(),
            history.log()
        );
        run(&daemon, &["send", "reboot", "phone=desk"]);
        run(&daemon, &["send", "reboot", "phone=door"]);
        let url = format!("http://{}/action/snom/dnd_on", daemon.http());
        let (head, _) = content(&url).await;
        assert!(
            head.starts_with("http/1.1 200") || head.starts_with("http/1.0 200"),
            "{head}"
        );
        let of_all = [("phone.dnd_on", "desk"), ("handsetd.delivery", "door")];
        let is_complete = of_all.iter().all(|(event, phone)| {
            let log = all.log();
            log.lines()
                .any(|line| line.contains(event) && line.contains(phone))
        });
        if is_complete && one.count("phone.dnd_on") > 0 && history.count("reboot") > 0 {
            break;
        }
        sleep(Duration::from_millis(50)).await;
    }
    for process in [&all, &one, &history] {
        for line in process.log().lines() {
            assert!(serde_json::from_str::<Value>(line).is_ok(), "{line}");
        }
    }
    // What is sent to the other phone is none of its.
    let of_desk = one.log();
    assert!(
        of_desk.lines().all(|line| line.contains("desk")),
        "{of_desk}"
    );
    for mut process in [all, one, history] {
        process.terminate();
        assert!(process.exit().await.success());
    }
}

#[tokio::test]
async fn conf_shows_origins_and_defaults_and_no_secret() {
    let daemon = Daemon::start(
        "[agi]\nbudget = '3s'\n\
         [[asterisk]]\nname = 'pbx'\naddress = '127.0.0.1:9'\nusername = 'a'\nsecret = 'canary-ami'\n\
         [vendor.snom]\nusername = 'push'\npassword = 'canary-snom'\n\
         [[phone]]\nname = '1001'\nvendor = 'cisco'\nusername = 'u'\npassword = 'canary-phone'\n\
         [[admin.user]]\nname = 'x'\ntoken = 'canary-token-of-x'\nrole = 'read'\n\
         [http]\naction_key = 'canary0action0key0'\n\
         [cucm]\nurl = 'http://127.0.0.1:9/'\napp_id = 'a'\npassword = 'canary-cucm'\n\
         [[rule]]\nname = 'hook'\non = 'Hangup'\ndo = [ { webhook = 'https://hooks.example.com/canary-path', \
         headers = { X-Key = 'canary-header' }, json = { password = 'canary-json' } }, \
         { verb = 'settings', phone = '1001', set = 'x_password=canary-setting' } ]\n",
    )
    .await;
    let output = run(&daemon, &["conf"]);
    let text = from_utf8(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(!text.contains("canary"), "{text}");
    assert!(!text.contains(TOKEN), "{text}");
    let parsed: toml::Table = toml::from_str(text).unwrap();
    assert_eq!(parsed["agi"]["budget"].as_str(), Some("3s"));
    assert_eq!(parsed["agi"]["max_sessions"].as_integer(), Some(4096));
    assert_eq!(parsed["phone"][0]["name"].as_str(), Some("1001"));
    let line = |key: &str| text.lines().find(|line| line.starts_with(key)).unwrap();
    assert!(line("budget = ").ends_with("conf.d/test.toml:2"), "{text}");
    assert!(line("max_sessions = ").ends_with("# default"), "{text}");
    // The environment.
    let admin = format!("listen = \"{}\"  # HANDSETD__ADMIN__LISTEN", daemon.admin());
    assert!(text.contains(&admin), "{text}");
    let json = run(&daemon, &["conf", "--json"]);
    let json: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["agi"]["budget"], "3s");
    assert!(!json.to_string().contains("canary"), "{json}");
}

#[tokio::test]
async fn demo_stays_until_it_is_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let pictures = folder.path().to_str().unwrap();
    let mut command = handsetd(&["demo", "--stay", "--pictures", pictures]);
    let mut demo = Process::start("demo", &mut command);
    for passed in 0..3 {
        demo.line_after(passed, "A picture of this phone").await;
    }
    let file = demo.line_after(0, "export CONFIG=").await;
    let (_, file) = file.split_once('=').unwrap();
    let token = demo.line_after(0, "   token: ").await;
    assert!(token.trim().len() > 20, "{token}");
    demo.line_after(0, "What the phones show from now on").await;
    let arguments = [
        "send",
        "push",
        "phone=all",
        "Soup is ready",
        "--config",
        file,
    ];
    let output = handsetd(&arguments).output().unwrap();
    assert_eq!(json_of(&output)["status"], "OK", "{output:?}");
    for passed in 0..3 {
        demo.line_after(passed, "Soup is ready").await;
    }
    demo.interrupt();
    assert!(demo.exit().await.success(), "{}", demo.log());
}

#[test]
fn first_mistakes_are_explained() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("handsetd.toml");
    fs::write(
        &file,
        format!("[state]\ndir = '{}'\n", folder.path().display()),
    )
    .unwrap();
    for arguments in [
        &["send", "push", "phone=1001", "Hello"][..],
        &["history"],
        &["events"],
    ] {
        let output = handsetd(arguments)
            .arg("--config")
            .arg(&file)
            .output()
            .unwrap();
        let reason = from_utf8(&output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{reason}");
        assert!(
            reason.contains("no daemon has been started with this configuration"),
            "{reason}"
        );
        assert!(!reason.contains("hint:"), "{reason}");
    }
    let output = handsetd(&["push", "phone=1001", "Hello"]).output().unwrap();
    let reason = from_utf8(&output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{reason}");
    assert!(reason.contains("handsetd send push phone=NAME"), "{reason}");
    let output = handsetd(&["pushh"]).output().unwrap();
    let reason = from_utf8(&output.stderr).unwrap();
    assert!(!reason.contains("hint:"), "{reason}");
    let output = handsetd(&["--help"]).output().unwrap();
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0));
}

/// How often something happens before commands must have shown it: some seconds.
const MAX_ROUNDS: usize = 50;

/// Returns the faults of a report of `status`.
fn faults(report: &Value) -> Vec<Value> {
    let findings = report["findings"].as_array().unwrap();
    let faults = findings
        .iter()
        .filter(|finding| finding["level"] == "fault");
    faults.cloned().collect()
}

fn json_of(output: &Output) -> Value {
    match serde_json::from_slice(&output.stdout) {
        Ok(json) => json,
        Err(error) => panic!("{error}: {output:?}"),
    }
}

fn run(daemon: &Daemon, arguments: &[&str]) -> Output {
    command(daemon, arguments).output().unwrap()
}

/// Returns a command that reads the configuration of the daemon; its ports are those that the system has
/// chosen.
fn command(daemon: &Daemon, arguments: &[&str]) -> Command {
    let mut command = handsetd(arguments);
    command
        .arg("--config")
        .arg(daemon.file())
        .env("HANDSETD__ADMIN__LISTEN", daemon.admin().to_string());
    command
}

/// Returns a command that asks the daemon by its address, and the file of the token.
fn remote(daemon: &Daemon, arguments: &[&str]) -> (Command, PathBuf) {
    remote_at(daemon, "http", arguments)
}

fn remote_at(daemon: &Daemon, scheme: &str, arguments: &[&str]) -> (Command, PathBuf) {
    let token = daemon.media("token");
    fs::write(&token, format!("{TOKEN}\n")).unwrap();
    let mut command = handsetd(arguments);
    command
        .args(["--url", &format!("{scheme}://{}", daemon.admin())])
        .arg("--token-file")
        .arg(&token);
    (command, token)
}

fn handsetd(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_handsetd"));
    command.args(arguments);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("HANDSETD_") {
            command.env_remove(name);
        }
    }
    command
}

fn write(daemon: &Daemon, config: &str) {
    let file = daemon.file();
    fs::write(file.with_file_name("conf.d").join("test.toml"), config).unwrap();
}
