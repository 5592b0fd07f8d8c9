//! A real Asterisk for the demo: started with a configuration of its own, called over SIP, stopped at
//! the end.

use std::fmt::Write as _;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use handset_net::tasks::Tasks;
use handset_simulator::sip::{Agent, Protocol, SipOptions};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use super::environment::Environment;
use super::scenario::{DemoPhone, EXTENSIONS, Extension};

/// A running Asterisk at which the phones of the demo are registered.
#[derive(Debug)]
pub(super) struct Asterisk {
    pub(super) version: String,
    process: Child,
    console: Lines<BufReader<ChildStdout>>,
    agents: Vec<(String, Agent)>,
    _directory: TempDir,
}

impl Asterisk {
    /// Starts the Asterisk that is installed below `root`, for instance by debootstrap, and registers
    /// the phones.
    pub(super) async fn start(
        root: &Path,
        environment: &Environment,
        tasks: &Tasks,
    ) -> anyhow::Result<Self> {
        let modules = MODULES
            .iter()
            .find(|path| root.join(path.trim_start_matches('/')).is_dir());
        let Some(modules) = modules else {
            bail!("no Asterisk is installed below {}", root.display());
        };
        let within = if root == Path::new("/") {
            PathBuf::from("/tmp")
        } else {
            root.join("srv")
        };
        let directory = tempfile::Builder::new()
            .prefix("handsetd-demo-")
            .tempdir_in(&within);
        let directory = directory
            .with_context(|| format!("cannot create a directory below {}", within.display()))?;
        let inside = Path::new("/").join(directory.path().strip_prefix(root)?);
        let sip = free_port().context("no UDP port is free")?;
        configure(&directory, &inside, modules, sip, environment)
            .context("cannot write Asterisk's configuration")?;
        let conf = inside.join("etc/asterisk.conf");
        let version = Command::new("chroot")
            .arg(root)
            .args(["asterisk", "-V"])
            .output()
            .await;
        let version = version.context("cannot run chroot, which needs root privileges")?;
        ensure!(
            version.status.success(),
            "cannot run Asterisk below {}: {}",
            root.display(),
            String::from_utf8_lossy(&version.stderr).trim()
        );
        let mut process = Command::new("chroot")
            .arg(root)
            .args(["asterisk", "-f", "-n", "-vvv", "-C"])
            .arg(conf)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("cannot start Asterisk")?;
        let console = process.stdout.take().context("Asterisk has no console")?;
        let mut asterisk = Self {
            version: String::from_utf8_lossy(&version.stdout).trim().to_owned(),
            process,
            console: BufReader::new(console).lines(),
            agents: Vec::new(),
            _directory: directory,
        };
        asterisk.line("Asterisk Ready.").await?;
        for phone in &environment.phones {
            let options = SipOptions {
                local: SocketAddr::new(phone.simulated.address().ip(), 0),
                registrar: sip,
                proxy: None,
                user: phone.endpoint.name().to_owned(),
                password: None,
                user_agent: phone.simulated.options().user_agent(),
                protocol: Protocol::Udp,
                contact_parameters: String::new(),
            };
            let agent = Agent::start(options, tasks).await?;
            agent
                .register()
                .await
                .with_context(|| format!("cannot register {}", phone.endpoint))?;
            asterisk.agents.push((phone.endpoint.to_string(), agent));
        }
        Ok(asterisk)
    }

    /// Dials an extension from a phone; returns the channel variables as Asterisk prints them.
    pub(super) async fn dial(
        &mut self,
        phone: &DemoPhone,
        extension: &Extension,
    ) -> anyhow::Result<Vec<(String, String)>> {
        let endpoint = phone.endpoint.to_string();
        let agent = self.agents.iter().find(|(name, _)| *name == endpoint);
        let (_, agent) = agent.context("the phone is not registered")?;
        let mut call = agent.dial(extension.number).await?;
        call.ended().await;
        let mut variables = Vec::new();
        for name in VARIABLES {
            let line = self.line(&format!("DEMO|{name}|")).await?;
            let value = line
                .split(&format!("DEMO|{name}|"))
                .nth(1)
                .unwrap_or_default();
            variables.push((name.to_owned(), value.trim_end().to_owned()));
        }
        Ok(variables)
    }

    /// Stops Asterisk and waits until it has exited.
    pub(super) async fn stop(mut self) -> anyhow::Result<()> {
        self.process.kill().await.context("cannot stop Asterisk")
    }

    /// Waits for a line on the console that contains `pattern`.
    async fn line(&mut self, pattern: &str) -> anyhow::Result<String> {
        let find = async {
            while let Some(line) = self.console.next_line().await? {
                // The console also shows the step that prints it.
                if line.contains(pattern) && !line.ends_with("in new stack") {
                    return Ok(line);
                }
            }
            bail!("Asterisk exited before it printed {pattern:?}")
        };
        timeout(CONSOLE_TIMEOUT, find)
            .await
            .with_context(|| format!("timed out waiting until Asterisk prints {pattern:?}"))?
    }
}

fn configure(
    directory: &TempDir,
    inside: &Path,
    modules: &str,
    sip: SocketAddr,
    environment: &Environment,
) -> std::io::Result<()> {
    let etc = directory.path().join("etc");
    fs::create_dir(&etc)?;
    let inside = inside.display();
    let directories = [
        "astvarlibdir",
        "astdbdir",
        "astkeydir",
        "astagidir",
        "astspooldir",
        "astrundir",
        "astlogdir",
    ];
    let directories: String = directories
        .map(|name| format!("{name} => {inside}\n"))
        .concat();
    fs::write(
        etc.join("asterisk.conf"),
        format!(
            "[directories]\nastetcdir => {inside}/etc\nastmoddir => {modules}\n\
             astdatadir => /usr/share/asterisk\n{directories}\n[options]\nverbose = 3\n"
        ),
    )?;
    fs::write(
        etc.join("logger.conf"),
        "[logfiles]\nconsole => notice,warning,error,verbose\n",
    )?;
    fs::write(
        etc.join("modules.conf"),
        "[modules]\nautoload=yes\nnoload=chan_sip.so\n",
    )?;
    let mut pjsip = format!("[udp]\ntype=transport\nprotocol=udp\nbind={sip}\n");
    for phone in &environment.phones {
        let (name, tone) = (phone.endpoint.name(), phone.tone());
        let _ = write!(
            pjsip,
            "\n[{name}]\ntype=endpoint\ncontext=phones\ndisallow=all\nallow=ulaw\naors={name}\n\
             set_var=TONE={tone}\n\n[{name}]\ntype=aor\nmax_contacts=1\n"
        );
    }
    fs::write(etc.join("pjsip.conf"), pjsip)?;
    let mut dialplan = "[phones]\n".to_owned();
    for extension in &EXTENSIONS {
        let arguments = extension.arguments.join(",").replace("TONE", "${TONE}");
        let (number, verb, agi) = (extension.number, extension.verb, environment.agi);
        let _ = write!(
            dialplan,
            "exten => {number},1,AGI(agi://{agi}/{verb},{arguments})\n same => n,Answer()\n"
        );
        for name in VARIABLES {
            let _ = writeln!(dialplan, " same => n,Verbose(0,DEMO|{name}|${{{name}}})");
        }
        dialplan.push_str(" same => n,Hangup()\n");
    }
    fs::write(etc.join("extensions.conf"), dialplan)
}

fn free_port() -> std::io::Result<SocketAddr> {
    UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

const VARIABLES: [&str; 5] = [
    "HANDSET_STATUS",
    "HANDSET_REASON",
    "HANDSET_PHONE",
    "HANDSET_VENDOR",
    "HANDSET_ID",
];

/// Module directories of distributions.
const MODULES: [&str; 4] = [
    "/usr/lib/asterisk/modules",
    "/usr/lib/x86_64-linux-gnu/asterisk/modules",
    "/usr/lib/aarch64-linux-gnu/asterisk/modules",
    "/usr/lib64/asterisk/modules",
];

/// How long Asterisk may take to print a line, which includes its start.
const CONSOLE_TIMEOUT: Duration = Duration::from_secs(30);
