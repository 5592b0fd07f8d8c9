//! `handsetd prove`: the walk through the verbs, on the simulated phones of all vendors.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use handset_net::tasks::Tasks;
use handset_simulator::{Options, Scheme, Vendor, cucm};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdout};

use super::support::asterisk::{self, Asterisk, Driver, Version};
use super::support::daemon::{Daemon, TOKEN};
use super::support::sim_phone::{self, SimPhone};
use super::support::soon;
use super::support::udp_phone::UdpPhone;

/// A phone, a daemon, and the folder that the command runs in.
struct Site {
    phone: SimPhone,
    daemon: Daemon,
    folder: TempDir,
    config: PathBuf,
}

impl Site {
    async fn new(vendor: Vendor) -> Self {
        Self::with(vendor, "", "").await
    }

    /// Adds keys to the entry of the phone, and a section to both configurations.
    async fn with(vendor: Vendor, keys: &str, section: &str) -> Self {
        let phone = SimPhone::new(Options {
            credentials: Some(("admin".to_owned(), PASSWORD.to_owned())),
            scheme: Scheme::Basic,
            ..sim_phone::options(vendor)
        })
        .await;
        let entry = with_keys(&phone.entry("my-desk"), keys);
        let login = format!("[vendor.{vendor}]\nusername = 'admin'\npassword = '{PASSWORD}'\n");
        let daemon = Daemon::start(&format!("{login}{section}{entry}")).await;
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("handsetd.toml");
        let listen = daemon.admin();
        let text = format!("{login}{section}[admin]\nlisten = '{listen}'\ntoken = '{TOKEN}'\n");
        fs::write(&config, text).unwrap();
        Self {
            phone,
            daemon,
            folder,
            config,
        }
    }

    fn command(&self, options: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_handsetd"));
        command
            .args(["prove", "my-desk", "--output", "report", "--config"])
            .arg(&self.config)
            .args(options)
            .current_dir(self.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Walks to the end, with yes as each answer; returns the report.
    async fn walk(&self, options: &[&str]) -> Value {
        let mut command = tokio::process::Command::from(self.command(options));
        let mut child = command.kill_on_drop(true).spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        input.write_all("y\n".repeat(100).as_bytes()).await.unwrap();
        drop(input);
        soon("the end", child.wait_with_output()).await.unwrap();
        self.report()
    }

    fn report(&self) -> Value {
        serde_json::from_slice(&fs::read(self.file("report.json")).unwrap()).unwrap()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join("report").join(name)
    }

    /// Asserts that no file of the report holds a secret, or says which phone it was.
    fn assert_clean(&self) {
        let address = self.phone.phone().address().ip().to_string();
        let mac = self.phone.phone().options().mac.clone();
        for name in ["report.json", "report.md"] {
            let text = fs::read_to_string(self.file(name)).unwrap();
            for secret in [PASSWORD, TOKEN, "my-desk", &address, &mac] {
                assert!(!text.contains(secret), "{name} holds {secret}: {text}");
            }
        }
    }
}

/// A walk that has pushed a screen, and asks about it.
struct Walk {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Site {
    async fn until_pushed(&self) -> Walk {
        let mut command = tokio::process::Command::from(self.command(&[]));
        let mut child = command.kill_on_drop(true).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut seen = Vec::new();
        // Until the question, which has no line end.
        while !String::from_utf8_lossy(&seen).contains("One plus one is two.\"?") {
            let read = soon("the question", output.read_until(b'?', &mut seen)).await;
            assert_ne!(read.unwrap(), 0, "{}", String::from_utf8_lossy(&seen));
        }
        self.phone.shows_text("One plus one is two.").await;
        Walk { child, output }
    }

    /// Asserts that the screen is gone, and that the report says so.
    async fn assert_taken_back(&self) {
        self.phone
            .until("an empty screen", |state| state.screen.is_none())
            .await;
        let report = self.report();
        assert_eq!(report["interrupted"], true);
        let first = &report["cleanup"][0];
        assert_eq!(
            (&first["verb"], &first["status"]),
            (&"clear".into(), &"OK".into())
        );
        self.assert_clean();
    }
}

/// Returns the judgements of a verb in a report.
fn judged<'a>(report: &'a Value, verb: &str) -> Vec<&'a str> {
    let trials = report["trials"].as_array().unwrap().iter();
    let own = trials.filter(|trial| trial["verb"] == verb);
    own.map(|trial| trial["judgement"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn phones_of_all_vendors_are_walked_through_and_left_as_they_were() {
    for vendor in [Vendor::Cisco, Vendor::Snom, Vendor::Yealink] {
        let site = Site::new(vendor).await;
        let mut command = tokio::process::Command::from(site.command(&[]));
        let mut child = command.kill_on_drop(true).spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        input.write_all("y\n".repeat(100).as_bytes()).await.unwrap();
        drop(input);
        let output = soon("the end", child.wait_with_output()).await.unwrap();
        let shown = String::from_utf8_lossy(&output.stdout).into_owned();
        let report = site.report();
        assert_eq!(report["vendor"], vendor.to_string());
        assert_eq!(report["interrupted"], false, "{shown}");
        assert_eq!(judged(&report, "info"), ["proven"], "{vendor}: {shown}");
        for verdict in judged(&report, "push") {
            assert_eq!(verdict, "proven", "{vendor}: {shown}");
        }
        let of_vendor =
            |cisco: &'static str, snom: &'static str, yealink: &'static str| match vendor {
                Vendor::Cisco => cisco,
                Vendor::Snom => snom,
                Vendor::Yealink => yealink,
            };
        for (verb, expected) in [
            ("settings", of_vendor("unsupported", "proven", "proven")),
            ("csta", of_vendor("unsupported", "proven", "unsupported")),
            ("execute", of_vendor("proven", "untried", "untried")),
            ("stream", of_vendor("proven", "proven", "unsupported")),
            // Each needs what is not there.
            ("notify", "untried"),
            ("who", "untried"),
            ("transfer", "untried"),
            ("background", "untried"),
            ("firmware", "untried"),
        ] {
            assert_eq!(
                judged(&report, verb),
                [expected],
                "{vendor} {verb}: {shown}"
            );
        }
        for entry in report["cleanup"].as_array().unwrap() {
            let status = entry["status"].as_str().unwrap();
            assert!(
                ["OK", "UNSUPPORTED"].contains(&status),
                "{vendor}: {entry}: {shown}"
            );
        }
        let state = site.phone.state();
        assert!(!state.dnd, "{vendor}: {shown}");
        site.assert_clean();
        let page = fs::read_to_string(site.file("report.md")).unwrap();
        assert!(page.contains("| push |"), "{page}");
        drop(site.daemon);
    }
}

#[tokio::test]
async fn call_is_transferred_only_if_the_person_permits_it() {
    for (answer, expected) in [("y", "proven"), ("n", "untried")] {
        let site = Site::new(Vendor::Snom).await;
        let mut command = tokio::process::Command::from(site.command(&["--number", "200"]));
        let mut child = command.kill_on_drop(true).spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut seen = Vec::new();
        // What follows a question is no line; the last one is answered at the end of its text.
        loop {
            let read = soon("a question", output.read_until(b']', &mut seen)).await;
            if read.unwrap() == 0 {
                break;
            }
            let shown = String::from_utf8_lossy(&seen).into_owned();
            let is_permission = shown.contains("May the call be transferred");
            let word = if is_permission { answer } else { "y" };
            let written = input.write_all(format!("{word}\n").as_bytes()).await;
            if written.is_err() {
                // What was read was no question: the walk is over.
                break;
            }
            seen.clear();
        }
        soon("the end", child.wait()).await.unwrap();
        let report = site.report();
        assert_eq!(judged(&report, "transfer"), [expected], "{report:#}");
        let page = fs::read_to_string(site.file("report.md")).unwrap();
        assert!(!page.contains("number=200"), "{page}");
    }
}

#[tokio::test]
async fn user_is_logged_in_and_out_at_the_call_manager() {
    let tasks = Tasks::new();
    let options = cucm::Options::default();
    let user = options.users.keys().next().unwrap().clone();
    let manager = cucm::start(options, &tasks).await.unwrap();
    let section = format!(
        "[cucm]\nurl = '{}'\napp_id = 'MobilityManagerUser'\npassword = 'secret'\n",
        manager.url()
    );
    let site = Site::with(Vendor::Cisco, "mac = '00:00:5E:00:53:01'\n", &section).await;
    let report = site.walk(&["--test-user", &user]).await;
    assert_eq!(judged(&report, "who"), ["proven"], "{report:#}");
    assert_eq!(judged(&report, "login"), ["proven"], "{report:#}");
    let mut cleanup = report["cleanup"].as_array().unwrap().iter();
    let logout = cleanup.find(|entry| entry["verb"] == "logout").unwrap();
    assert_eq!(logout["status"], "OK", "{report:#}");
    assert!(manager.state().logged_in.is_empty());
    let page = fs::read_to_string(site.file("report.md")).unwrap();
    assert!(!page.contains(&user), "{page}");
}

#[tokio::test]
async fn notify_is_sent_to_a_registered_phone() {
    let options = asterisk::Options::registrar(&[(Driver::Pjsip, "1001")]);
    let Some(asterisk) = Asterisk::start(Version::V22, &options).await else {
        return;
    };
    let sip = asterisk.sip(Driver::Pjsip);
    let mut registered = UdpPhone::new("1001", "snomD785/10.1.198.12", sip).await;
    registered.register(3600).await;
    let section = format!(
        "[[asterisk]]\nname = 'pbx'\naddress = '{}'\nusername = 'handsetd'\nsecret = 'hush'\n",
        asterisk.manager()
    );
    let site = Site::with(Vendor::Snom, "endpoint = 'PJSIP/1001'\n", &section).await;
    site.daemon.line("Loaded registrations").await;
    let walk = site.walk(&[]);
    let (report, notified) = tokio::join!(walk, registered.receive_notify());
    assert_eq!(notified.header("Event"), ["keep-alive"]);
    assert_eq!(judged(&report, "notify"), ["unjudged"], "{report:#}");
}

#[tokio::test]
async fn answers_are_what_the_report_says() {
    let site = Site::new(Vendor::Snom).await;
    let mut command = tokio::process::Command::from(site.command(&[]));
    let mut child = command.kill_on_drop(true).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    // The first is no answer, and afterwards nothing listens there.
    input.write_all(b"perhaps\ny\nn\ns\n").await.unwrap();
    drop(input);
    let output = soon("the end", child.wait_with_output()).await.unwrap();
    assert_eq!(output.status.code(), Some(1), "one trial failed");
    let report = site.report();
    assert_eq!(judged(&report, "push"), ["proven", "failed", "unjudged"]);
    assert_eq!(judged(&report, "clear"), ["unjudged"]);
}

#[tokio::test]
async fn interrupted_walk_takes_back_what_it_did() {
    for signal in ["-INT", "-TERM", "-HUP"] {
        let site = Site::new(Vendor::Snom).await;
        let walk = site.until_pushed().await;
        let id = walk.child.id().unwrap().to_string();
        let sent = Command::new("kill").args([signal, &id]).status();
        assert!(sent.unwrap().success());
        let output = soon("the end", walk.child.wait_with_output()).await;
        assert_eq!(output.unwrap().status.code(), Some(1), "{signal}");
        drop(walk.output);
        site.assert_taken_back().await;
    }
}

#[tokio::test]
async fn walk_with_unread_output_reverts_its_changes() {
    let site = Site::new(Vendor::Snom).await;
    let mut walk = site.until_pushed().await;
    drop(walk.output);
    let mut input = walk.child.stdin.take().unwrap();
    input.write_all(b"y\n").await.unwrap();
    let output = soon("the end", walk.child.wait_with_output()).await;
    assert_eq!(output.unwrap().status.code(), Some(1));
    site.assert_taken_back().await;
}

#[tokio::test]
async fn report_never_overwrites_a_folder_and_names_need_a_phone() {
    let site = Site::new(Vendor::Yealink).await;
    fs::create_dir(site.folder.path().join("report")).unwrap();
    // The phone must be able to answer meanwhile.
    let mut command = tokio::process::Command::from(site.command(&[]));
    let output = soon("the end", command.stdin(Stdio::null()).output()).await;
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(1));
    let printed = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(printed.contains("--output names another"), "{printed}");
    assert!(is_empty(&site.folder.path().join("report")));
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_handsetd"));
    command
        .args(["prove", "nobody", "--config"])
        .arg(&site.config)
        .current_dir(site.folder.path());
    let output = soon("the end", command.stdin(Stdio::null()).output()).await;
    let output = output.unwrap();
    let printed = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(printed.contains("phone nobody is not known"), "{printed}");
}

/// Replaces keys of a `[[phone]]` section by `keys`, each on a line of its own.
fn with_keys(entry: &str, keys: &str) -> String {
    let name = |line: &str| line.split(" =").next().unwrap_or_default().to_owned();
    let replaced: Vec<String> = keys.lines().map(name).collect();
    let kept = entry.lines().filter(|line| !replaced.contains(&name(line)));
    kept.chain(keys.lines())
        .flat_map(|line| [line, "\n"])
        .collect()
}

fn is_empty(folder: &Path) -> bool {
    fs::read_dir(folder).unwrap().next().is_none()
}

/// The password of the phone.
const PASSWORD: &str = "not-for-the-report";
