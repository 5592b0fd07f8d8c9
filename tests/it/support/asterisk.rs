//! A real Asterisk for one test, with the phones and the dialplan of the test.
//!
//! `tests/run` installs Asterisk. Without it, these tests are skipped and print that.

use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use super::loopback::Loopback;
use super::process::Process;
use super::soon;

/// The oldest and the newest supported version.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Version {
    /// Asterisk 16, the last one with `chan_sip` enabled.
    V16,
    /// Asterisk 22.
    V22,
}

/// A channel driver that a phone can register with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Driver {
    /// `SIP/…`, in Asterisk 16 only.
    ChanSip,
    /// `PJSIP/…`.
    Pjsip,
}

/// The configuration of a server.
#[derive(Clone, Debug)]
pub(crate) struct Options<'a> {
    /// Address of handsetd for the project's dialplan.
    pub(crate) agi: SocketAddr,
    /// The phones, which need no password. Their context is `phones`, which includes the examples of
    /// the project's dialplan.
    pub(crate) phones: &'a [(Driver, &'a str)],
    /// Extensions of the context `phones`; further contexts may follow.
    pub(crate) dialplan: &'a str,
    /// Additional sections of `pjsip.conf`.
    pub(crate) pjsip: &'a str,
    /// Lines to append to further configuration files, by their names: `queues.conf`, and `modules.conf` for
    /// the module that reads it.
    pub(crate) files: &'a [(&'a str, &'a str)],
}

impl<'a> Options<'a> {
    /// A registrar of these phones, without handsetd.
    pub(crate) fn registrar(phones: &'a [(Driver, &'a str)]) -> Self {
        Self {
            agi: SocketAddr::from(([127, 0, 0, 1], 9)),
            phones,
            dialplan: "",
            pjsip: "",
            files: &[],
        }
    }
}

/// A running Asterisk. Dropping it stops the server and removes its files.
#[derive(Debug)]
pub(crate) struct Asterisk {
    process: Process,
    version: Version,
    root: PathBuf,
    home: TempDir,
    address: Loopback,
}

impl Asterisk {
    /// Starts a server and waits until it is ready; `None` if Asterisk is not installed.
    pub(crate) async fn start(version: Version, options: &Options<'_>) -> Option<Self> {
        let root = match installed(version) {
            Ok(root) => root,
            Err(reason) => return skip(version, &reason),
        };
        let address = Loopback::claim();
        let home = tempfile::Builder::new()
            .prefix("handsetd-")
            .tempdir_in(root.join("srv"))
            .unwrap();
        configure(&root, home.path(), &address, options);
        let started = Self {
            process: launch(version, &root, home.path()),
            version,
            root,
            home,
            address,
        };
        started.line("Asterisk Ready.").await;
        Some(started)
    }

    /// Returns the address where phones of a driver register.
    pub(crate) fn sip(&self, driver: Driver) -> SocketAddr {
        sip_port(&self.address, driver)
    }

    /// Returns the address of AMI; the user name is `handsetd`, the secret `hush`.
    pub(crate) fn manager(&self) -> SocketAddr {
        manager(&self.address)
    }

    /// Returns the address of AMI over TLS; the certificate is in `tests/fixtures/ami/tls`.
    pub(crate) fn manager_tls(&self) -> SocketAddr {
        self.address.port(5039)
    }

    /// Suspends it: connections stay open, but it sends nothing.
    pub(crate) async fn freeze(&self) {
        self.process.freeze().await;
    }

    /// Resumes it after [`freeze`](Self::freeze).
    pub(crate) fn thaw(&self) {
        self.process.thaw();
    }

    /// Kills it and starts it again, with the same configuration and database.
    pub(crate) async fn restart(&mut self) {
        self.process.kill().await;
        self.process = launch(self.version, &self.root, self.home.path());
        self.line("Asterisk Ready.").await;
    }

    /// Replaces a text in one of its configuration files; a reload on the console applies that.
    pub(crate) fn change(&self, file: &str, old: &str, new: &str) {
        let path = self.home.path().join("etc").join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(old), "{file}: {old}");
        fs::write(&path, text.replacen(old, new, 1)).unwrap();
    }

    /// Waits for a line of the console that contains `pattern`, and returns it.
    pub(crate) async fn line(&self, pattern: &str) -> String {
        self.process.line_after(0, pattern).await
    }

    /// Returns how many lines of the console contain `pattern` so far.
    pub(crate) fn count(&self, pattern: &str) -> usize {
        self.process.count(pattern)
    }

    /// Waits for a line that contains `pattern` after `passed` others that do.
    pub(crate) async fn line_after(&self, passed: usize, pattern: &str) -> String {
        self.process.line_after(passed, pattern).await
    }

    /// Runs a console command and returns its output.
    pub(crate) fn cli(&self, command: &str) -> String {
        let output = asterisk(&self.root, self.home.path())
            .args(["-rx", command])
            .output()
            .unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Waits until a channel is in `state`, such as `Ringing` or `Up`: a response of a phone takes effect a
    /// little after it has arrived.
    pub(crate) async fn channel_in_state(&self, state: &str) {
        let state = format!("!{state}!");
        soon("a channel in a state", async {
            while !self.cli("core show channels concise").contains(&state) {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        })
        .await;
    }
}

impl Version {
    fn name(self) -> &'static str {
        match self {
            Self::V16 => "Asterisk 16",
            Self::V22 => "Asterisk 22",
        }
    }

    fn folder(self) -> &'static str {
        match self {
            Self::V16 => "16",
            Self::V22 => "22",
        }
    }
}

/// Returns the documentation that a version has built in, as XML; `None` if it is not installed.
pub(crate) fn documentation(version: Version) -> Option<String> {
    let root = installed(version).ok()?;
    let path = root.join("usr/share/asterisk/documentation/core-en_US.xml");
    Some(fs::read_to_string(path).unwrap())
}

/// Finds the root folder built by `tests/run`, or returns why it cannot be used.
fn installed(version: Version) -> Result<PathBuf, String> {
    if std::env::var_os("HANDSETD_TEST_ASTERISK").is_some_and(|wanted| wanted == "no") {
        return Err("HANDSETD_TEST_ASTERISK=no".to_owned());
    }
    let root = roots().join(version.folder());
    if !root.join(".handsetd-complete").is_file() {
        return Err(format!("{} is not complete; run tests/run", root.display()));
    }
    if fs::metadata("/proc/self").is_ok_and(|this| this.uid() != 0) {
        return Err("chroot needs root".to_owned());
    }
    Ok(root)
}

/// Returns the folder of all root folders, by the same rule as `tests/run`.
fn roots() -> PathBuf {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    if let Some(roots) = variable("HANDSETD_TEST_ROOTS") {
        return roots.into();
    }
    let cache = variable("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || PathBuf::from(variable("HOME").unwrap_or_else(|| "/root".into()));
    cache
        .unwrap_or_else(|| home().join(".cache"))
        .join("handsetd/asterisk")
}

/// Reports that a test is skipped; with `CI=true`, that is a failure.
fn skip(version: Version, reason: &str) -> Option<Asterisk> {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    let name = version.name();
    assert!(
        std::env::var_os("CI").is_none_or(|ci| ci != "true"),
        "{test} needs {name}: {reason}"
    );
    // Not eprintln!, whose output the test harness hides when the test passes.
    let _ = writeln!(std::io::stderr(), "SKIPPED: {test} needs {name}: {reason}");
    None
}

/// Writes the configuration from the templates in `tests/asterisk/etc`.
fn configure(root: &Path, home: &Path, address: &Loopback, options: &Options<'_>) {
    let etc = home.join("etc");
    fs::create_dir(&etc).unwrap();
    let fill = |template: &str, phone: &str| {
        template
            .replace("@HOME@", &inside(root, home))
            .replace("@MODULES@", modules(root))
            .replace("@PJSIP@", &sip_port(address, Driver::Pjsip).to_string())
            .replace(
                "@CHAN_SIP@",
                &sip_port(address, Driver::ChanSip).to_string(),
            )
            .replace("@MANAGER_HOST@", &manager(address).ip().to_string())
            .replace("@MANAGER_PORT@", &manager(address).port().to_string())
            .replace("@AGI@", &options.agi.to_string())
            .replace("@PHONE@", phone)
    };
    let phones = |driver: Driver, template: &str| -> String {
        let of_driver = options
            .phones
            .iter()
            .filter(|(wanted, _)| *wanted == driver);
        of_driver.map(|(_, phone)| fill(template, phone)).collect()
    };
    let write = |name: &str, text: String| fs::write(etc.join(name), text).unwrap();

    write(
        "asterisk.conf",
        fill(include_str!("../../asterisk/etc/asterisk.conf"), ""),
    );
    write(
        "logger.conf",
        fill(include_str!("../../asterisk/etc/logger.conf"), ""),
    );
    write(
        "rtp.conf",
        fill(include_str!("../../asterisk/etc/rtp.conf"), ""),
    );
    write(
        "manager.conf",
        fill(include_str!("../../asterisk/etc/manager.conf"), ""),
    );
    write(
        "manager.pem",
        include_str!("../../fixtures/ami/tls/server.pem").to_owned()
            + include_str!("../../fixtures/ami/tls/server.key"),
    );
    write(
        "pjsip_notify.conf",
        include_str!("../../asterisk/etc/pjsip_notify.conf").to_owned(),
    );
    write(
        "extensions.conf",
        fill(include_str!("../../asterisk/etc/extensions.conf"), ""),
    );
    write(
        "handset.conf",
        include_str!("../../../dialplan/extensions.conf").to_owned(),
    );
    write("test.conf", options.dialplan.to_owned());

    let mut modules = fill(include_str!("../../asterisk/etc/modules.conf"), "");
    let pjsip = fill(include_str!("../../asterisk/etc/pjsip.conf"), "");
    let pjsip_phone = include_str!("../../asterisk/etc/pjsip-phone.conf");
    write(
        "pjsip.conf",
        pjsip + &phones(Driver::Pjsip, pjsip_phone) + options.pjsip,
    );
    let chan_sip = phones(
        Driver::ChanSip,
        include_str!("../../asterisk/etc/sip-phone.conf"),
    );
    if !chan_sip.is_empty() {
        let sip = fill(include_str!("../../asterisk/etc/sip.conf"), "");
        write("sip.conf", sip + &chan_sip);
        modules += "load=chan_sip.so\n";
    }
    write("modules.conf", modules);
    for (name, lines) in options.files {
        let text = fs::read_to_string(etc.join(name)).unwrap_or_default();
        write(name, text + lines);
    }
}

fn launch(version: Version, root: &Path, home: &Path) -> Process {
    Process::start(version.name(), asterisk(root, home).args(["-f", "-n"]))
}

/// Returns the command that runs the program inside its root with its configuration.
fn asterisk(root: &Path, home: &Path) -> Command {
    let mut command = Command::new("chroot");
    command.arg(root).args([
        "asterisk",
        "-C",
        &format!("{}/etc/asterisk.conf", inside(root, home)),
    ]);
    command
}

/// Returns the path as seen from inside the root.
fn inside(root: &Path, path: &Path) -> String {
    let path = path
        .strip_prefix(root)
        .expect("the folder is inside the root");
    format!("/{}", path.display())
}

/// Returns the module folder, which depends on version and architecture.
fn modules(root: &Path) -> &'static str {
    MODULES
        .into_iter()
        .find(|folder| root.join(folder.trim_start_matches('/')).is_dir())
        .expect("an installed Asterisk has modules")
}

fn manager(address: &Loopback) -> SocketAddr {
    address.port(5038)
}

fn sip_port(address: &Loopback, driver: Driver) -> SocketAddr {
    address.port(match driver {
        Driver::ChanSip => 5061,
        Driver::Pjsip => 5060,
    })
}

const MODULES: [&str; 3] = [
    "/usr/lib/asterisk/modules",
    "/usr/lib/x86_64-linux-gnu/asterisk/modules",
    "/usr/lib/aarch64-linux-gnu/asterisk/modules",
];
