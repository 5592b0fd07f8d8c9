//! Attacks on the files of the state folder, and rules that feed themselves through them.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use handset_simulator::Vendor;

use super::support::caller::Caller;
use super::support::daemon::{Daemon, command, configure};
use super::support::loopback::Loopback;
use super::support::process::Process;
use super::support::raw::get_from;
use super::support::sim_phone::{self, SimPhone};
use super::support::soon;
use super::support::stub_phone::{Behavior, StubPhone};

/// Stores a delivery for an unreachable phone.
async fn store(daemon: &Daemon, number: &str, keep: &str) {
    let arguments = [&format!("number={number}"), "phone=desk", keep];
    let outcome = Caller::new(daemon.agi()).run("dial", &arguments).await;
    assert_eq!(outcome.status, "QUEUED", "{}", outcome.reason);
}

#[tokio::test]
async fn damage_after_a_crash_is_never_silent() {
    let phone = StubPhone::new();
    let daemon = Daemon::start(&phone.entry("desk")).await;
    for number in 0..STORED {
        store(&daemon, &number.to_string(), "keep=1h").await;
    }
    let (file, log) = (
        daemon.state("outbox.sqlite"),
        daemon.state("outbox.sqlite-wal"),
    );
    let (mut image, mut log_image) = (Vec::new(), Vec::new());
    // Where the daemon is killed in the middle of its work, the log has something.
    let mut daemon = daemon
        .crash_then_start(|| {
            image = fs::read(&file).unwrap();
            log_image = fs::read(&log).unwrap_or_default();
        })
        .await;
    let whole = format!("Resumed stored deliveries. count={STORED}");
    daemon.line(&whole).await;
    assert_eq!(
        daemon.count("The outbox is damaged"),
        0,
        "a crash is no damage"
    );
    let mut reported = 0;
    for attack in 0..ATTACKS {
        let into_log = attack % 2 == 0 && !log_image.is_empty();
        daemon = daemon
            .crash_then_start(|| {
                let (mut image, mut log_image) = (image.clone(), log_image.clone());
                let target = if into_log { &mut log_image } else { &mut image };
                // Spread evenly, and not on a round number.
                let start = (attack * 7919 + 13) * target.len() / (ATTACKS * 7919);
                let end = (start + 1 + attack * 3).min(target.len());
                target[start.min(end)..end]
                    .iter_mut()
                    .for_each(|byte| *byte ^= 0xa5);
                fs::write(&file, image).unwrap();
                fs::write(&log, log_image).unwrap();
            })
            .await;
        // The line "Ready." comes later, so what the start found is in the log.
        let is_told = daemon.count("The outbox is damaged") > 0
            || daemon.count("The last change of the outbox is incomplete") > 0;
        reported += usize::from(is_told);
        if !is_told {
            soon("all deliveries", daemon.line(&whole)).await;
        }
    }
    assert!(reported > ATTACKS / 4, "{reported}");
}

#[tokio::test]
async fn damaged_log_raises_an_event_and_repeats_nothing() {
    let mut phone = StubPhone::new();
    let sim_phone = SimPhone::new(sim_phone::options(Vendor::Yealink)).await;
    let rule = "[[rule]]\nname = 'damaged'\non = 'handsetd.damaged'\ndo = [ { verb = 'push', \
                phone = 'boss', text = 'damaged: {{ event.Reason }}' } ]\n";
    let config = format!("{}{}{rule}", phone.entry("desk"), sim_phone.entry("boss"));
    let daemon = Daemon::start(&config).await;
    let log = daemon.state("outbox.sqlite-wal");
    let mut bytes = Vec::new();
    for number in 0..STORED {
        store(&daemon, &number.to_string(), "keep=1h").await;
        let now = fs::read(&log).unwrap_or_default();
        if now.len() > bytes.len() {
            bytes = now;
        }
    }
    assert!(bytes.len() > 10 * 4096, "{}", bytes.len());
    phone.go_online(Behavior::Answers).await;
    let daemon = daemon
        .crash_then_start(|| {
            bytes[3 * 4096] ^= 1;
            fs::write(&log, &bytes).unwrap();
        })
        .await;
    sim_phone.shows_text("damaged: frame").await;
    daemon
        .line("The outbox is damaged: the file was renamed")
        .await;
    // What was in flight or over before must not be sent a second time.
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(
        phone.dialed().values().all(|times| *times == 1),
        "{:?}",
        phone.dialed()
    );
}

#[tokio::test]
async fn stopped_daemon_leaves_no_log() {
    let phone = StubPhone::new();
    let daemon = Daemon::start(&phone.entry("desk")).await;
    let log = daemon.state("outbox.sqlite-wal");
    store(&daemon, "1", "keep=1h").await;
    daemon.terminate();
    // The folder goes with the daemon.
    let length = soon("the end", async {
        loop {
            let length = fs::metadata(&log).map_or(0, |log| log.len());
            if daemon.count("Stopped.") > 0 {
                return length;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    assert_eq!(length.await, 0);
    daemon.end().await;
}

/// Makes a FIFO without a writer: opening it to read waits forever.
fn fifo(path: &Path) {
    let _ = fs::remove_file(path);
    let made = Command::new("mkfifo").arg(path).status().unwrap();
    assert!(made.success());
}

#[tokio::test]
async fn nothing_in_the_state_folder_hangs_the_start() {
    let phone = StubPhone::new();
    let mut daemon = Daemon::start_without_token(&phone.entry("desk")).await;
    for (name, line) in [
        ("outbox.sqlite", "Cannot open the outbox"),
        ("outbox.sqlite-wal", "Cannot open the outbox"),
        ("outbox.sqlite-journal", "Cannot open the outbox"),
        ("history.sqlite", "Cannot open the stored history"),
        ("history.sqlite-wal", "Cannot open the stored history"),
        ("admin-sessions", "Cannot read the sessions of the page"),
        ("admin-token", "none can be stored in the state directory"),
        ("served/a.png", "Cannot open a media file."),
        ("served/secret", "Cannot use the state directory"),
    ] {
        for target in [None, Some("/dev/zero"), Some("/etc/passwd")] {
            let path = daemon.state(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let kept = path.with_extension("kept");
            let had = fs::rename(&path, &kept).is_ok();
            daemon = daemon
                .crash_then_start(|| match target {
                    None => fifo(&path),
                    Some(target) => {
                        let _ = fs::remove_file(&path);
                        symlink(target, &path).unwrap();
                    }
                })
                .await;
            let found = daemon.line(line).await;
            assert!(found.contains("regular file"), "{name}: {found}");
            // Calls are served all the same.
            let ping = Caller::new(daemon.agi()).run("ping", &[]).await;
            assert_eq!(ping.status, "OK");
            fs::remove_file(&path).unwrap();
            if had {
                fs::rename(&kept, &path).unwrap();
            }
        }
    }
}

#[tokio::test]
async fn no_file_of_the_configuration_hangs_the_start() {
    for (config, name) in [
        ("", "conf.d/90.toml"),
        (
            "[vendor.snom]\nusername = 'a'\npassword_file = 'secret'\n",
            "conf.d/secret",
        ),
        (
            "[admin]\ntls = { certificate_file = 'FOLDER/tls', key_file = 'FOLDER/tls' }\n",
            "tls",
        ),
    ] {
        for target in [None, Some("/dev/zero")] {
            let folder = tempfile::tempdir().unwrap();
            let config = config.replace("FOLDER", folder.path().to_str().unwrap());
            let file = configure(folder.path(), &config);
            let path = folder.path().join(name);
            match target {
                None => fifo(&path),
                Some(target) => symlink(target, &path).unwrap(),
            }
            let mut process = Process::start("handsetd", &mut command(&file));
            let status = soon("the end", process.exit()).await;
            let log = process.log();
            assert!(!status.success(), "{log}");
            assert!(log.contains("not a regular file"), "{name}: {log}");
        }
    }
}

#[tokio::test]
async fn rules_that_feed_each_other_end() {
    let phone = StubPhone::new();
    let rule = |name: &str| {
        format!(
            "[[rule]]\nname = '{name}'\non = 'handsetd.expired'\n\
             do = [ {{ verb = 'dial', number = '{{{{ event.Id }}}}', phone = 'desk', keep = '2s' }} ]\n"
        )
    };
    let rule =
        |name: &str| rule(name).replace("{{ event.Id }}", if name == "a" { "1" } else { "2" });
    let config = format!("{}{}{}", phone.entry("desk"), rule("a"), rule("b"));
    let mut daemon = Daemon::start(&config).await;
    store(&daemon, "9", "keep=1").await;
    let expired = "expired after";
    let count = |daemon: &Daemon| {
        let lines = daemon.history();
        lines.lines().filter(|line| line.contains(expired)).count()
    };
    let at_least = async |daemon: &Daemon, least: usize| {
        soon("expired deliveries", async {
            while count(daemon) < least {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        })
        .await;
    };
    // The first one; then one of each rule, which are on the disk when the daemon is killed.
    at_least(&daemon, 1).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    daemon = daemon.crash_and_start().await;
    // Each of these fires the other rule, and not its own. Then the chain is over.
    at_least(&daemon, 5).await;
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!(count(&daemon), 5, "{}", daemon.history());
}

#[tokio::test]
async fn value_of_an_event_names_one_phone() {
    let address = Loopback::claim();
    let one = SimPhone::at(sim_phone::options(Vendor::Yealink), address.port(80)).await;
    let other = SimPhone::new(sim_phone::options(Vendor::Snom)).await;
    let config = format!(
        "{}{}[[group]]\nname = 'everyone'\nmembers = ['one', 'other']\n\
         [[rule]]\nname = 'r'\non = 'phone.log_on'\ndo = [ {{ verb = 'push', phone = '{{{{ event.x }}}}', \
         text = 'Hello {{{{ event.y }}}}' }} ]\n",
        one.entry("one"),
        other.entry("other"),
    );
    let daemon = Daemon::start(&config).await;
    for (x, y) in [
        ("one%26other", "several"),
        ("everyone", "group"),
        ("one", "one"),
    ] {
        let path = format!("/action/yealink/log_on?x={x}&y={y}");
        get_from(address.ip(), daemon.http(), &path).await;
    }
    one.shows_text("Hello one").await;
    let group = "everyone is a group, and a value of an event names one phone";
    soon("the refused group", daemon.line(group)).await;
    let received = |phone: &SimPhone, text: &str| format!("{:?}", phone.received()).contains(text);
    for text in ["several", "group"] {
        assert!(!received(&one, text) && !received(&other, text), "{text}");
    }
    assert!(!received(&other, "Hello"));
}

const STORED: usize = 12;
const ATTACKS: usize = 25;
