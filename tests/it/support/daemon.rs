//! The real program, as `handsetd run` with a configuration that the test gives.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, ExitStatus};

use tempfile::TempDir;

use super::process::Process;

/// A running handsetd. Dropping it ends it; if the test has failed, its log is printed.
#[derive(Debug)]
pub(crate) struct Daemon {
    process: Process,
    folder: TempDir,
    agi: SocketAddr,
    http: SocketAddr,
}

impl Daemon {
    /// Starts the daemon and waits until it is ready.
    ///
    /// The configuration may name port 0 everywhere; which ports it became is in the log.
    pub(crate) async fn start(config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("handsetd.toml");
        fs::write(&file, config).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_handsetd"));
        command
            .args(["run", "--config"])
            .arg(&file)
            .current_dir(folder.path())
            .env_remove("RUST_LOG");
        for (name, _) in std::env::vars_os() {
            // They would change the configuration.
            if name.to_string_lossy().starts_with("HANDSETD__") {
                command.env_remove(name);
            }
        }
        let process = Process::start("handsetd", &mut command);
        let ready = |line: &str| line.contains("Ready.").then_some(());
        process.line("the line \"Ready.\"", ready).await;
        let agi = process
            .line("the AGI port", |line| listening(line, "agi"))
            .await;
        let http = process
            .line("the HTTP port", |line| listening(line, "http"))
            .await;
        Self {
            process,
            folder,
            agi,
            http,
        }
    }

    /// Returns where Asterisk finds it.
    pub(crate) fn agi(&self) -> SocketAddr {
        self.agi
    }

    /// Returns where phones find it.
    pub(crate) fn http(&self) -> SocketAddr {
        self.http
    }

    /// Returns the folder of its configuration, which is also its working directory.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Waits for a line of the log that contains `pattern`, and returns it.
    pub(crate) async fn line(&self, pattern: &str) -> String {
        let find = |line: &str| line.contains(pattern).then(|| line.to_owned());
        self.process
            .line(&format!("the line {pattern:?}"), find)
            .await
    }

    /// Asks it to end, as systemd does, and waits until it has.
    pub(crate) async fn stop(mut self) -> ExitStatus {
        self.process.terminate();
        self.process.exit().await
    }
}

/// Reads the address from a line such as `… Listening. door="agi" address=127.0.0.1:4573`.
fn listening(line: &str, door: &str) -> Option<SocketAddr> {
    let (_, fields) = line.split_once("Listening.")?;
    let mut fields = fields.split_whitespace();
    fields.find(|field| *field == format!("door=\"{door}\""))?;
    fields.find_map(|field| field.strip_prefix("address=")?.parse().ok())
}
