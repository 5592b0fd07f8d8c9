//! A program under test: a process with its own CPU time and memory.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::Context;

/// A running program; dropping it kills it.
pub struct Subject {
    child: Child,
    /// Its configuration.
    _folder: tempfile::TempDir,
}

impl Subject {
    /// Starts handsetd with this configuration.
    pub fn handsetd(program: &Path, config: &str) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("handsetd.toml");
        let state = folder.path().join("state");
        fs::create_dir(&state)?;
        fs::write(&file, format!("{config}\n[state]\ndir = {state:?}\n"))?;
        let mut command = Command::new(program);
        command.args(["run", "--config"]).arg(&file);
        Self::start(command, folder)
    }

    /// Starts this program as one of its subjects.
    pub fn own(name: &str, address: SocketAddr) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["subject", name, &address.to_string()]);
        Self::start(command, tempfile::tempdir()?)
    }

    fn start(mut command: Command, folder: tempfile::TempDir) -> anyhow::Result<Self> {
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let child = child.with_context(|| format!("cannot start {command:?}"))?;
        Ok(Self {
            child,
            _folder: folder,
        })
    }

    /// Fails if it has ended, as when another program has taken one of its ports.
    pub fn ensure_running(&mut self) -> anyhow::Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => anyhow::bail!("the program has ended: {status}"),
        }
    }

    /// Returns the CPU time that its threads have used, in nanoseconds as the scheduler counts them. The
    /// ticks in `stat` are samples, and miss most of what is short.
    pub fn cpu(&self) -> anyhow::Result<Duration> {
        let mut total = 0;
        for thread in fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            let text = fs::read_to_string(thread?.path().join("schedstat"))?;
            let running = text.split(' ').next().context("empty schedstat")?;
            total += running.parse::<u64>()?;
        }
        Ok(Duration::from_nanos(total))
    }

    /// Returns the most memory that it has had, in MB.
    pub fn peak_memory(&self) -> anyhow::Result<f64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let text = line.context("no VmHWM")?.trim().trim_end_matches(" kB");
        Ok((text.parse::<u64>()? / 1000) as f64)
    }
}

impl Drop for Subject {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns an address that is free at the moment.
pub fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// Waits until a server listens at an address.
pub async fn listening(address: SocketAddr) -> anyhow::Result<()> {
    for _ in 0..200 {
        if TcpStream::connect(address).is_ok() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    anyhow::bail!("nothing listens at {address} after 10 s")
}
