//! Where the log goes: a reader that is slow, has stopped, or has gone holds up nothing.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, PipeReader, Read, pipe};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use handset_simulator::Vendor;
use tempfile::TempDir;
use tokio::time::Instant;

use super::support::admin_client::AdminClient;
use super::support::caller::Caller;
use super::support::daemon::{self, Daemon, listening};
use super::support::load::figures::total;
use super::support::proc;
use super::support::sim_phone::{self, SimPhone};

/// A daemon whose log the test reads, or does not.
struct Unread {
    child: Child,
    log: BufReader<PipeReader>,
    caller: Caller,
    admin: AdminClient,
    _folder: TempDir,
}

impl Unread {
    /// Starts it, and reads its log until it is ready.
    fn start(config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = daemon::configure(folder.path(), config);
        let (log, to) = pipe().unwrap();
        let mut command = daemon::command(&file);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(to);
        let child = command.spawn().unwrap();
        // Otherwise, the log would never end.
        drop(command);
        let mut log = BufReader::with_capacity(1, log);
        let (mut agi, mut admin) = (None, None);
        loop {
            let line = next_line(&mut log).unwrap();
            agi = agi.or_else(|| listening(&line, "agi"));
            admin = admin.or_else(|| listening(&line, "admin"));
            if line.contains("Ready.") {
                break;
            }
        }
        Self {
            child,
            log,
            caller: Caller::new(agi.unwrap()),
            admin: AdminClient::new(admin.unwrap()),
            _folder: folder,
        }
    }

    /// Makes it log more than the pipe and its queue take; returns how many lines were left out.
    async fn log_until_lines_are_left_out(&self) -> u64 {
        for _ in 0..100 {
            self.caller.run("push", &["Hello", "phone=all"]).await;
            while self.metric("handsetd_deliveries_in_flight").await > 0 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            let left_out = self.left_out().await;
            if left_out > 0 {
                return left_out;
            }
        }
        panic!("the log takes everything")
    }

    async fn left_out(&self) -> u64 {
        self.metric("handsetd_log_lines_left_out_total").await
    }

    async fn metric(&self, name: &str) -> u64 {
        let metrics = String::from_utf8(self.admin.get("/metrics").await.body).unwrap();
        total(&metrics, name)
    }

    fn terminate(&self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").arg(pid).status().unwrap().success());
    }
}

impl Drop for Unread {
    fn drop(&mut self) {
        // It has exited, unless the test has failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A group of phones that cannot be reached, whose lines in the log are long.
fn unreachable_phones() -> String {
    let mut config = "[[group]]\nname = 'all'\nmembers = ['x*']\n".to_owned();
    for number in 1..=250 {
        let padding = "x".repeat(500);
        write!(
            config,
            "[[phone]]\nname = 'x{number}-{padding}'\nvendor = 'snom'\nmodel = 'D785'\naddress = '127.9.9.{number}:1'\n"
        )
        .unwrap();
    }
    config
}

fn next_line(log: &mut BufReader<PipeReader>) -> Option<String> {
    let mut line = String::new();
    (log.read_line(&mut line).unwrap() > 0).then(|| line.trim_end().to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn daemon_whose_log_is_not_read_serves_calls_and_stops_in_time() {
    let phone = SimPhone::new(sim_phone::options(Vendor::Snom)).await;
    let mut daemon = Unread::start(&format!("{}{}", phone.entry("desk"), unreachable_phones()));
    daemon.log_until_lines_are_left_out().await;

    let result = daemon.caller.run("push", &["Hello", "phone=desk"]).await;
    assert_eq!(result.status, "OK", "{}", result.reason);
    phone.shows_text("Hello").await;

    let since = Instant::now();
    daemon.terminate();
    let status =
        tokio::task::spawn_blocking(move || daemon.child.wait().map(|status| (status, daemon)));
    let status = tokio::time::timeout(USUAL_STOP, status).await;
    let (status, _daemon) = status.expect("it stops").unwrap().unwrap();
    assert!(status.success(), "{status}");
    assert!(since.elapsed() < USUAL_STOP, "{:?}", since.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn log_that_is_read_again_says_how_many_lines_are_missing() {
    let mut daemon = Unread::start(&unreachable_phones());
    let left_out = daemon.log_until_lines_are_left_out().await;
    let pid = daemon.child.id();
    let used = proc::cpu(pid);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(proc::cpu(pid) - used < 50, "it spins");

    let read = tokio::task::spawn_blocking(move || {
        let mut lines = Vec::new();
        loop {
            let line = next_line(&mut daemon.log).expect("a line that says what is missing");
            let is_last = line.contains("were left out");
            lines.push(line);
            if is_last {
                return (daemon, lines);
            }
        }
    });
    let (mut daemon, lines) = read.await.unwrap();
    let report = lines.last().unwrap();
    assert!(
        report.contains("ERROR") && report.ends_with(&format!(" lines={left_out}")),
        "{report}"
    );
    let failed = lines
        .iter()
        .filter(|line| line.contains("Not delivered."))
        .count();
    assert!(failed > 0);

    // The log goes on, up to the last line.
    let result = daemon.caller.run("push", &["Hello", "phone=late"]).await;
    assert_eq!(result.status, "NOTFOUND");
    daemon.terminate();
    let mut rest = String::new();
    daemon.log.read_to_string(&mut rest).unwrap();
    assert_eq!(rest.matches("Not delivered.").count(), 1, "{rest}");
    assert!(rest.contains("phone=\"late\""), "{rest}");
    assert!(rest.contains("Stopped."), "{rest}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn log_that_is_read_slowly_is_complete_after_the_exit() {
    let mut daemon = Unread::start(&unreachable_phones());
    for _ in 0..3 {
        daemon.caller.run("push", &["Hello", "phone=all"]).await;
    }
    daemon.terminate();
    let mut log = Vec::new();
    let mut part = [0; 4096];
    loop {
        let length = daemon.log.read(&mut part).unwrap();
        if length == 0 {
            break;
        }
        log.extend_from_slice(&part[..length]);
        // All of it takes longer than the daemon takes to stop.
        tokio::time::sleep(Duration::from_millis(15)).await;
    }
    let log = String::from_utf8(log).unwrap();
    assert_eq!(log.matches("Not delivered.").count(), 750);
    assert!(log.lines().last().unwrap().contains("Stopped."), "{log}");
    assert!(daemon.child.wait().unwrap().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn daemon_keeps_running_when_its_log_is_closed() {
    let mut daemon = Unread::start("");
    let (log, _) = pipe().unwrap();
    drop(std::mem::replace(&mut daemon.log, BufReader::new(log)));
    for _ in 0..3 {
        let result = daemon.caller.run("push", &["Hello", "phone=1001"]).await;
        assert_eq!(result.status, "NOTFOUND", "{}", result.reason);
    }
    assert!(daemon.left_out().await > 0);
    let pid = daemon.child.id();
    let used = proc::cpu(pid);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(proc::cpu(pid) - used < 50, "it spins");
    daemon.terminate();
    let status = tokio::task::spawn_blocking(move || daemon.child.wait());
    assert!(status.await.unwrap().unwrap().success());
}

#[tokio::test]
async fn burst_is_logged_in_order_and_to_the_last_line() {
    let phone =
        "[[phone]]\nname = 'desk'\nvendor = 'snom'\nmodel = 'D785'\naddress = '127.9.9.9:1'\n";
    let daemon = Daemon::start(phone).await;
    let caller = Caller::new(daemon.agi());
    let mut ids = Vec::new();
    for _ in 0..300 {
        ids.push(caller.run("push", &["Hello", "phone=desk"]).await.id);
    }
    daemon.terminate();
    let log = daemon.end_with_log().await;
    let logged = log.lines().filter_map(|line| {
        line.contains("Not delivered.").then_some(())?;
        assert_eq!(line.matches("delivery{").count(), 1, "{line}");
        let (_, rest) = line.split_once("delivery{id=")?;
        rest.split(['}', ' ']).next()
    });
    assert!(logged.eq(&ids), "{log}");
    assert!(log.contains("Stopped."), "{log}");
}

#[tokio::test]
async fn refused_request_is_logged_with_its_id() {
    let daemon = Daemon::start("").await;
    let result = Caller::new(daemon.agi()).run("push", &["Hello"]).await;
    daemon.terminate();
    let log = daemon.end_with_log().await;
    let line = log.lines().find(|line| line.contains("Not delivered."));
    assert!(
        line.unwrap().contains(&format!("id={}", result.id)),
        "{log}"
    );
}

/// Longer than an idle daemon takes to stop, even on a busy machine, and shorter than any other wait.
const USUAL_STOP: Duration = Duration::from_secs(10);
