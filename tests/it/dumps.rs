//! Crashes leave no core dumps, which would contain passwords.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use super::support::daemon::{self, Daemon};
use super::support::process::Process;

#[tokio::test]
async fn crashes_leave_no_core_dump() {
    let folder = tempfile::tempdir().unwrap();
    let file = daemon::configure(folder.path(), "");
    let daemon = async |lift: bool| {
        let arguments = ["run", "--config", file.to_str().unwrap()];
        let program = env!("CARGO_BIN_EXE_handsetd");
        aborted(folder.path(), program, &arguments, Some("Ready."), lift).await
    };
    // For comparison: a program without such a limit. The machine may forbid core files altogether.
    let other = aborted(folder.path(), "sleep", &["1000"], None, false).await;
    let own = daemon(false).await;
    assert_eq!(own.signal(), Some(6), "{own}");
    assert!(!own.core_dumped(), "{own}; another program: {other}");
    // Dump handlers behind a pipe ignore the limit, and root can raise it.
    let own = daemon(true).await;
    assert!(!own.core_dumped(), "{own}; another program: {other}");
}

#[tokio::test]
async fn the_daemon_and_its_unit_forbid_core_files() {
    let daemon = Daemon::start("").await;
    let limits = fs::read_to_string(format!("/proc/{}/limits", daemon.pid())).unwrap();
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"));
    let core: Vec<&str> = core.unwrap().split_whitespace().collect();
    assert_eq!(core[4..6], ["0", "0"]);
    let unit = include_str!("../../packaging/systemd/handsetd.service");
    assert!(unit.lines().any(|line| line == "LimitCORE=0"));
}

/// Starts a program without a limit of core files, waits for a line, and makes it crash.
async fn aborted(
    folder: &Path,
    program: &str,
    arguments: &[&str],
    line: Option<&str>,
    lift: bool,
) -> ExitStatus {
    let mut command = Command::new("sh");
    command
        .args([
            "-c",
            "ulimit -c unlimited 2>/dev/null; exec \"$0\" \"$@\"",
            program,
        ])
        .args(arguments)
        .current_dir(folder);
    let mut process = Process::start(program, &mut command);
    let pid = process.pid();
    if let Some(line) = line {
        process.line_after(0, line).await;
    } else {
        // Waits until the shell has become the program.
        let name = || fs::read_to_string(format!("/proc/{pid}/comm")).unwrap();
        while name().trim() != program {
            tokio::task::yield_now().await;
        }
    }
    if lift {
        // This fails unless run as root, and the limit stays.
        let _ = Command::new("prlimit")
            .args(["--pid", &pid.to_string(), "--core=unlimited"])
            .stderr(Stdio::null())
            .status();
    }
    let crash = ["-ABRT", &pid.to_string()];
    let sent = Command::new("kill").args(crash).status();
    assert!(sent.unwrap().success());
    process.exit().await
}
