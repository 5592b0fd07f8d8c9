//! Real NATS servers for tests, each with JetStream, a directory and a separate loopback address.
//!
//! The service of a distribution's package does not interfere: it listens on another address.
#![cfg_attr(
    not(test),
    expect(
        clippy::indexing_slicing,
        reason = "only tests name a node that is not there"
    )
)]

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use handset_net::testing;
use tempfile::TempDir;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::time::Instant;

/// NATS servers that form one cluster. Dropping them kills them.
#[derive(Debug)]
pub struct NatsServers {
    nodes: Vec<Node>,
    /// Removed last, by the order of the fields.
    folder: TempDir,
}

#[derive(Debug)]
struct Node {
    ip: Ipv4Addr,
    /// Binding this socket reserves the address.
    _claim: TcpListener,
    folder: PathBuf,
    process: Option<Child>,
}

impl NatsServers {
    /// Returns why no server can be started.
    pub fn missing() -> Option<String> {
        let found = Command::new(PROGRAM).arg("--version").output();
        match found {
            Ok(output) if output.status.success() => None,
            Ok(output) => Some(format!("{PROGRAM} --version: {}", output.status)),
            Err(error) => Some(format!(
                "cannot run {PROGRAM}: {error} (the package nats-server)"
            )),
        }
    }

    /// Starts a single server.
    ///
    /// # Errors
    ///
    /// Returns an error if it does not start.
    pub async fn one() -> io::Result<Self> {
        Self::start(1, "").await
    }

    /// Starts three servers that form a cluster.
    ///
    /// # Errors
    ///
    /// Returns an error if they do not start.
    pub async fn three() -> io::Result<Self> {
        Self::start(3, "").await
    }

    /// Starts servers, each with additional lines of configuration, such as accounts.
    ///
    /// # Errors
    ///
    /// Returns an error if they do not start.
    pub async fn start(count: usize, more: &str) -> io::Result<Self> {
        let folder = tempfile::tempdir()?;
        let claims: Vec<(Ipv4Addr, TcpListener)> = (0..count).map(|_| claim()).collect();
        let routes: Vec<String> = claims
            .iter()
            .map(|(ip, _)| format!("nats-route://{ip}:{ROUTES}"))
            .collect();
        let mut servers = Self {
            nodes: Vec::new(),
            folder,
        };
        for (number, (ip, claim)) in claims.into_iter().enumerate() {
            let home = servers.folder.path().join(format!("node{number}"));
            fs::create_dir(&home)?;
            let store = home.join("store");
            let mut text = format!(
                "server_name: node{number}\nlisten: \"{ip}:{CLIENTS}\"\n\
                 jetstream {{ store_dir: \"{}\", max_file_store: 4G, max_memory_store: 64M }}\n{more}\n",
                store.display(),
            );
            if count > 1 {
                let routes = routes.join(", ");
                let _ = writeln!(
                    text,
                    "cluster {{ name: test, listen: \"{ip}:{ROUTES}\", no_advertise: true, routes: [{routes}] }}",
                );
            }
            fs::write(home.join("nats.conf"), text)?;
            servers.nodes.push(Node {
                ip,
                _claim: claim,
                folder: home,
                process: None,
            });
        }
        for node in &mut servers.nodes {
            node.spawn()?;
        }
        for node in &servers.nodes {
            node.ready().await?;
        }
        Ok(servers)
    }

    /// Returns the number of servers, running or not.
    pub fn count(&self) -> usize {
        self.nodes.len()
    }

    /// Returns the URLs of all servers.
    pub fn urls(&self) -> Vec<String> {
        (0..self.count()).map(|node| self.url(node)).collect()
    }

    /// Returns the URL of a server.
    pub fn url(&self, node: usize) -> String {
        format!("nats://{}:{CLIENTS}", self.nodes[node].ip)
    }

    /// Returns the address of a server, without a port.
    pub fn ip(&self, node: usize) -> Ipv4Addr {
        self.nodes[node].ip
    }

    /// Returns the directory of a server: its configuration `nats.conf`, its output `log`.
    pub fn folder(&self, node: usize) -> PathBuf {
        self.nodes[node].folder.clone()
    }

    /// Kills a server.
    pub fn kill(&mut self, node: usize) {
        self.nodes[node].kill();
    }

    /// Kills all servers.
    pub fn kill_all(&mut self) {
        for node in &mut self.nodes {
            node.kill();
        }
    }

    /// Suspends a server: connections stay open without replies.
    ///
    /// # Errors
    ///
    /// Returns an error if it does not run.
    pub async fn freeze(&self, node: usize) -> io::Result<()> {
        let not_running = || io::Error::other(format!("node{node} does not run"));
        let process = self.nodes[node].process.as_ref();
        testing::suspend(process.ok_or_else(not_running)?.id()).await
    }

    /// Resumes a server after [`freeze`](Self::freeze).
    pub fn thaw(&self, node: usize) {
        self.nodes[node].signal("-CONT");
    }

    /// Starts a server again, with its stored data.
    ///
    /// # Errors
    ///
    /// Returns an error if it does not start.
    pub async fn restart(&mut self, node: usize) -> io::Result<()> {
        self.nodes[node].kill();
        self.nodes[node].spawn()?;
        self.nodes[node].ready().await
    }

    /// Starts all servers that are not running.
    ///
    /// # Errors
    ///
    /// Returns an error if one does not start.
    pub async fn restart_all(&mut self) -> io::Result<()> {
        for node in &mut self.nodes {
            if node.process.is_none() {
                node.spawn()?;
            }
        }
        for node in &self.nodes {
            node.ready().await?;
        }
        Ok(())
    }

    /// Returns the output of a server so far.
    pub fn log(&self, node: usize) -> String {
        fs::read_to_string(self.nodes[node].folder.join("log")).unwrap_or_default()
    }
}

impl Node {
    fn spawn(&mut self) -> io::Result<()> {
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.folder.join("log"))?;
        let process = Command::new(PROGRAM)
            .arg("--config")
            .arg(self.folder.join("nats.conf"))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        self.process = Some(process);
        Ok(())
    }

    /// Waits until the server sends its greeting.
    async fn ready(&self) -> io::Result<()> {
        let deadline = Instant::now() + TIMEOUT;
        loop {
            let greeting = async {
                let mut stream = TcpStream::connect((self.ip, CLIENTS)).await?;
                let mut greeting = [0; 4];
                stream.read_exact(&mut greeting).await?;
                io::Result::Ok(greeting)
            };
            match tokio::time::timeout_at(deadline, greeting).await {
                Ok(Ok(greeting)) if &greeting == b"INFO" => return Ok(()),
                Ok(_) if Instant::now() < deadline => tokio::time::sleep(POLL).await,
                _ => {
                    let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                    return Err(io::Error::other(format!("{PROGRAM} did not start:\n{log}")));
                }
            }
        }
    }

    fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            // It may have exited.
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    fn signal(&self, signal: &str) {
        if let Some(process) = &self.process {
            let sent = Command::new("kill")
                .args([signal, &process.id().to_string()])
                .status();
            assert!(sent.is_ok_and(|sent| sent.success()), "kill {signal}");
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Claims an address in 127.0.24.0/22 across all test runs on the machine: a restarted server needs the same
/// ports, which another process could otherwise have taken.
fn claim() -> (Ipv4Addr, TcpListener) {
    let passed = PASSED.fetch_add(1, Ordering::Relaxed);
    let addresses =
        (24..28).flat_map(|third| (1..255).map(move |fourth| Ipv4Addr::new(127, 0, third, fourth)));
    addresses
        .cycle()
        .skip(passed)
        .take(ALL)
        .find_map(|ip| {
            let claim = TcpListener::bind((ip, CLAIM)).ok()?;
            // A killed test may have left a server running there.
            TcpListener::bind((ip, CLIENTS)).ok()?;
            Some((ip, claim))
        })
        .unwrap_or_else(|| panic!("more than {ALL} servers at once"))
}

const PROGRAM: &str = "nats-server";

const CLIENTS: u16 = 4222;

const ROUTES: u16 = 6222;

/// The port of the lock; nothing is served here.
const CLAIM: u16 = 4221;

/// Number of addresses.
const ALL: usize = 4 * 254;

/// Number of addresses claimed so far.
static PASSED: AtomicUsize = AtomicUsize::new(0);

/// Time limit, far longer than a server takes to start, even on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(30);

const POLL: Duration = Duration::from_millis(20);
