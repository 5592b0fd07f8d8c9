//! Processes of tests.

use std::process::Command;
use std::time::Duration;
use std::{fs, io};

/// Suspends a process, and waits until none of its threads runs: the signal reaches the others only when the
/// first one runs next, and on a busy machine they may answer meanwhile.
///
/// # Errors
///
/// Returns an error if there is no such process, or if it has ended.
pub async fn suspend(pid: u32) -> io::Result<()> {
    let sent = Command::new("kill")
        .args(["-STOP", &pid.to_string()])
        .status()?;
    if !sent.success() {
        return Err(io::Error::other(format!("cannot suspend process {pid}")));
    }
    let suspended = async {
        while !is_suspended(pid)? {
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    };
    // One that has ended never stops.
    tokio::time::timeout(TIMEOUT, suspended).await?
}

fn is_suspended(pid: u32) -> io::Result<bool> {
    for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
        // A thread may end meanwhile.
        let stat = fs::read_to_string(thread?.path().join("stat")).unwrap_or_default();
        // The name before it may contain anything.
        let state = stat.rsplit_once(") ").map(|(_, fields)| fields);
        if !state.is_some_and(|state| state.starts_with('T')) {
            return Ok(false);
        }
    }
    Ok(true)
}

const POLL: Duration = Duration::from_millis(1);

/// Time limit, far longer than it takes, even on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(30);
