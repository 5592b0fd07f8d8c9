//! A real Asterisk for the demo: started in its own folder, called over SIP, stopped at the end.

use std::fmt::Write as _;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use super::stage::Stage;
use super::story::{EXTENSIONS, Extension, Player};
use handset_net::tasks::Tasks;
use handset_simulator::sip::{Agent, SipOptions};

/// A running Asterisk, with the demo's phones registered.
#[derive(Debug)]
pub(super) struct Asterisk {
    pub(super) version: String,
    process: Child,
    console: Lines<BufReader<ChildStdout>>,
    agents: Vec<(String, Agent)>,
    _home: TempDir,
}

impl Asterisk {
    /// Starts the Asterisk that is installed below `root` (by debootstrap, say) with a configuration
    /// of its own, and registers the phones.
    pub(super) async fn start(root: &Path, stage: &Stage, tasks: &Tasks) -> anyhow::Result<Self> {
        let modules = MODULES
            .iter()
            .find(|folder| root.join(folder.trim_start_matches('/')).is_dir());
        let Some(modules) = modules else {
            bail!("there is no Asterisk below {}", root.display());
        };
        let within = if root == Path::new("/") {
            PathBuf::from("/tmp")
        } else {
            root.join("srv")
        };
        let home = tempfile::Builder::new()
            .prefix("handsetd-demo-")
            .tempdir_in(&within);
        let home = home.with_context(|| format!("cannot write below {}", within.display()))?;
        let inside = Path::new("/").join(home.path().strip_prefix(root)?);
        let sip = free_port().context("no UDP port is free")?;
        configure(&home, &inside, modules, sip, stage)
            .context("cannot write Asterisk's configuration")?;
        let conf = inside.join("etc/asterisk.conf");
        let version = Command::new("chroot")
            .arg(root)
            .args(["asterisk", "-V"])
            .output()
            .await;
        let version = version.context("cannot run chroot, which needs root")?;
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
            _home: home,
        };
        asterisk.line("Asterisk Ready.").await?;
        for player in &stage.players {
            let options = SipOptions {
                local: SocketAddr::new(player.phone.address().ip(), 0),
                registrar: sip,
                user: player.endpoint.name().to_owned(),
                password: None,
                user_agent: player.phone.options().user_agent(),
            };
            let agent = Agent::start(options, tasks).await?;
            agent
                .register()
                .await
                .with_context(|| format!("cannot register {}", player.endpoint))?;
            asterisk.agents.push((player.endpoint.to_string(), agent));
        }
        Ok(asterisk)
    }

    /// Dials from the phone of `player`; returns the variables as Asterisk prints them.
    pub(super) async fn dial(
        &mut self,
        player: &Player,
        extension: &Extension,
    ) -> anyhow::Result<Vec<(String, String)>> {
        let endpoint = player.endpoint.to_string();
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

    /// Stops it and waits for its end.
    pub(super) async fn stop(mut self) -> anyhow::Result<()> {
        self.process.kill().await.context("cannot stop Asterisk")
    }

    /// Waits for a line of the console that contains `pattern`.
    async fn line(&mut self, pattern: &str) -> anyhow::Result<String> {
        let find = async {
            while let Some(line) = self.console.next_line().await? {
                // The console also tells that it is about to print it.
                if line.contains(pattern) && !line.ends_with("in new stack") {
                    return Ok(line);
                }
            }
            bail!("Asterisk ended before it printed {pattern:?}")
        };
        timeout(PATIENCE, find)
            .await
            .with_context(|| format!("Asterisk did not print {pattern:?}"))?
    }
}

fn configure(
    home: &TempDir,
    inside: &Path,
    modules: &str,
    sip: SocketAddr,
    stage: &Stage,
) -> std::io::Result<()> {
    let etc = home.path().join("etc");
    fs::create_dir(&etc)?;
    let inside = inside.display();
    let folders = [
        "astvarlibdir",
        "astdbdir",
        "astkeydir",
        "astagidir",
        "astspooldir",
        "astrundir",
        "astlogdir",
    ];
    let folders: String = folders.map(|name| format!("{name} => {inside}\n")).concat();
    fs::write(
        etc.join("asterisk.conf"),
        format!(
            "[directories]\nastetcdir => {inside}/etc\nastmoddir => {modules}\n\
             astdatadir => /usr/share/asterisk\n{folders}\n[options]\nverbose = 3\n"
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
    for player in &stage.players {
        let (name, tone) = (player.endpoint.name(), player.tone());
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
        let (number, verb, agi) = (extension.number, extension.verb, stage.agi);
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

/// Where distributions keep the modules.
const MODULES: [&str; 4] = [
    "/usr/lib/asterisk/modules",
    "/usr/lib/x86_64-linux-gnu/asterisk/modules",
    "/usr/lib/aarch64-linux-gnu/asterisk/modules",
    "/usr/lib64/asterisk/modules",
];

/// How long Asterisk may take for anything.
const PATIENCE: Duration = Duration::from_secs(30);
