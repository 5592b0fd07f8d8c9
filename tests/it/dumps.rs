//! What a crash leaves behind: no memory, since it holds passwords.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};

use super::support::daemon::{self, Daemon};
use super::support::process::Process;

#[tokio::test]
async fn a_daemon_that_crashes_leaves_no_memory_behind() {
    let folder = tempfile::tempdir().unwrap();
    let file = daemon::configure(folder.path(), "");
    let daemon = async |lift: bool| {
        let arguments = ["run", "--config", file.to_str().unwrap()];
        let program = env!("CARGO_BIN_EXE_handsetd");
        aborted(folder.path(), program, &arguments, Some("Ready."), lift).await
    };
    // What the machine does with one that doesn't mind, such as in a container without core files.
    let other = aborted(folder.path(), "sleep", &["1000"], None, false).await;
    let own = daemon(false).await;
    assert_eq!(own.signal(), Some(6), "{own}");
    assert!(!own.core_dumped(), "{own}; another program: {other}");
    // Programs that take dumps over a pipe don't ask for the limit, and root can lift it.
    let own = daemon(true).await;
    assert!(!own.core_dumped(), "{own}; another program: {other}");
}

#[tokio::test]
async fn a_daemon_forbids_core_files_and_so_does_its_unit() {
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

/// Starts a program that may leave all its memory behind, waits for a line, and makes it crash.
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
        // Until it is the program, and no more the shell.
        let name = || fs::read_to_string(format!("/proc/{pid}/comm")).unwrap();
        while name().trim() != program {
            tokio::task::yield_now().await;
        }
    }
    if lift {
        // Only root may; who is not has the limit.
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
