//! `handsetd simulate`: a simulated phone or call manager, to try a dialplan without hardware.
//!
//! Compiled with the Cargo feature `simulator` only, which is on by default.

mod cucm;

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, ensure};
use clap::Args;
use clap::builder::PossibleValuesParser;
use handset_net::tasks::Tasks;
use handset_simulator::sip::{Agent, CallEnd, SipOptions};
use handset_simulator::{
    self, Direction, Exchange, Options, Scheme, SimulatedPhone, State, Vendor, draw,
};
use tokio::signal::ctrl_c;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::broadcast::error::RecvError;
use url::Url;

/// Simulate a phone or a Cisco call manager, as strict as a real one, and print its requests
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    handsetd simulate snom --listen 127.0.21.2:80 --username push --password secret\n  \
    handsetd simulate cisco --authenticate http://127.0.0.1:8090/cisco/authenticate\n  \
    handsetd simulate yealink --listen 127.0.21.3:80 --register 1003@192.0.2.10 --dial 700\n  \
    handsetd simulate cucm --username MobilityManagerUser --password secret --device \
    SEP00005E005301 --user john")]
pub(super) struct Simulate {
    /// Vendor of the phone, or cucm for a call manager
    #[arg(value_parser = PossibleValuesParser::new(
        Vendor::ALL.into_iter().map(Vendor::name).chain([CUCM])
    ))]
    vendor: String,
    /// Listen on this address
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Simulate this model
    #[arg(long)]
    model: Option<String>,
    /// Require this user name (Snom, Yealink, Cisco multiplatform phones, cucm)
    #[arg(long, requires = "password")]
    username: Option<String>,
    /// Require this password (Snom, Yealink, Cisco multiplatform phones, cucm)
    #[arg(long, requires = "username")]
    password: Option<String>,
    /// Use this HTTP authentication scheme (Snom, Yealink, Cisco multiplatform phones)
    #[arg(long, default_value = "digest", value_parser = PossibleValuesParser::new(["basic", "digest"]))]
    scheme: String,
    /// Ask this authentication URL whether a push is allowed (Cisco)
    #[arg(long, value_name = "URL")]
    authenticate: Option<Url>,
    /// Register at this SIP server over UDP
    #[arg(long, value_name = "USER[:PASSWORD]@HOST[:PORT]")]
    register: Option<String>,
    /// Dial this extension once registered
    #[arg(long, value_name = "EXTENSION", requires = "register")]
    dial: Option<String>,
    /// Write a picture of the phone to this file whenever it changes
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
    /// Name of a device (cucm); may be repeated
    #[arg(long, value_name = "NAME")]
    device: Vec<String>,
    /// Id of a user (cucm); may be repeated
    #[arg(long, value_name = "ID")]
    user: Vec<String>,
}

impl Simulate {
    /// Runs the phone or call manager until Ctrl-C or SIGTERM.
    pub(super) fn run(&self, out: &mut impl Write) -> anyhow::Result<ExitCode> {
        let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
        let tasks = Tasks::new();
        runtime.block_on(async {
            let ended = if self.vendor == CUCM {
                cucm::run(self, &tasks, out).await
            } else {
                self.run_phone(&tasks, out).await
            };
            tasks.shut_down(Duration::from_secs(2)).await;
            ended
        })?;
        Ok(ExitCode::SUCCESS)
    }

    async fn run_phone(&self, tasks: &Tasks, out: &mut impl Write) -> anyhow::Result<()> {
        let phone = handset_simulator::start(self.options()?, tasks).await?;
        let options = phone.options();
        let (vendor, model) = (options.vendor.title(), &options.model);
        writeln!(
            out,
            "A simulated {vendor} {model} listens on {}.",
            phone.address()
        )?;
        writeln!(out, "Its SIP User-Agent is {:?}.\n", options.user_agent())?;
        let mut states = phone.watch();
        let mut seen = State::default();
        self.draw(&phone, out)?;
        let mut terminate = signal(SignalKind::terminate())?;
        let call = self.register_and_dial(&phone, tasks);
        tokio::pin!(call);
        let mut has_called = false;
        loop {
            tokio::select! {
                _ = ctrl_c() => return Ok(()),
                _ = terminate.recv() => return Ok(()),
                line = &mut call, if !has_called => {
                    has_called = true;
                    if let Some(line) = line? {
                        writeln!(out, "{line}\n")?;
                    }
                }
                changed = states.changed() => {
                    changed.context("the phone has stopped")?;
                    let state = states.borrow_and_update().clone();
                    for exchange in state.exchanges.iter().skip(seen.exchanges.len()) {
                        write_exchange(exchange, out)?;
                    }
                    let looks_the_same = seen.screen == state.screen
                        && seen.played.len() == state.played.len()
                        && seen.ringtone == state.ringtone
                        && seen.background == state.background;
                    seen = state;
                    if !looks_the_same {
                        self.draw(&phone, out)?;
                    }
                }
            }
        }
    }

    fn options(&self) -> anyhow::Result<Options> {
        let vendor: Vendor = self.vendor.parse()?;
        ensure!(
            self.device.is_empty() && self.user.is_empty(),
            "--device and --user need a call manager (handsetd simulate cucm)"
        );
        let mut options = Options::new(vendor);
        options.listen = self.listen;
        if let Some(model) = &self.model {
            options.model.clone_from(model);
        }
        if let (Some(username), Some(password)) = (&self.username, &self.password) {
            let model = options.model.as_str();
            ensure!(
                vendor != Vendor::Cisco || model.contains("3PCC") || model.starts_with("SPA"),
                "--username and --password need a multiplatform phone, such as --model 8841-3PCC; \
                 other Cisco phones ask their authentication URL (--authenticate)"
            );
            options.credentials = Some((username.clone(), password.clone()));
            options.scheme = if self.scheme == "basic" {
                Scheme::Basic
            } else {
                Scheme::Digest
            };
        }
        ensure!(
            self.authenticate.is_none() || vendor == Vendor::Cisco,
            "--authenticate needs a Cisco phone"
        );
        options.authentication_url.clone_from(&self.authenticate);
        Ok(options)
    }

    /// Registers and dials as far as the options say; returns the outcome in one line.
    async fn register_and_dial(
        &self,
        phone: &SimulatedPhone,
        tasks: &Tasks,
    ) -> anyhow::Result<Option<String>> {
        let Some(account) = &self.register else {
            return Ok(None);
        };
        let expected = "--register expects USER[:PASSWORD]@HOST[:PORT]";
        let (user, host) = account.rsplit_once('@').context(expected)?;
        let (user, password) = user
            .split_once(':')
            .map_or((user, None), |(user, password)| (user, Some(password)));
        let host = if host.contains(':') {
            host.to_owned()
        } else {
            format!("{host}:5060")
        };
        let registrar = tokio::net::lookup_host(&host)
            .await
            .with_context(|| format!("{expected}; cannot resolve {host}"))?;
        let registrar = registrar.into_iter().next().context(expected)?;
        let options = SipOptions {
            local: SocketAddr::new(self.listen.ip(), 0),
            registrar,
            user: user.to_owned(),
            password: password.map(str::to_owned),
            user_agent: phone.options().user_agent(),
        };
        let agent = Agent::start(options, tasks).await?;
        forward_notifications(&agent, phone, tasks);
        agent
            .register()
            .await
            .with_context(|| format!("cannot register {user} at {registrar}"))?;
        let Some(extension) = &self.dial else {
            return Ok(Some(format!("Registered {user} at {registrar}.")));
        };
        let mut call = agent
            .dial(extension)
            .await
            .with_context(|| format!("cannot dial {extension}"))?;
        let end = match call.ended().await {
            CallEnd::AgentStopped => "was cut off",
            CallEnd::PeerHungUp => "ended: the other side hung up",
        };
        Ok(Some(format!(
            "Dialed {extension} as {user}; the call {end}."
        )))
    }

    fn draw(&self, phone: &SimulatedPhone, out: &mut impl Write) -> anyhow::Result<()> {
        let view = phone.view();
        writeln!(out, "{}", draw::text(&view))?;
        if let Some(path) = &self.picture {
            std::fs::write(path, draw::png(&view))
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(())
    }
}

/// Hands the phone every NOTIFY of its registrar.
fn forward_notifications(agent: &Agent, phone: &SimulatedPhone, tasks: &Tasks) {
    let (mut notifications, stop, phone) = (agent.notifications(), tasks.stop(), phone.clone());
    tasks.spawn("notifications", async move {
        loop {
            let notification = tokio::select! {
                () = stop.cancelled() => return,
                notification = notifications.recv() => notification,
            };
            match notification {
                Ok(notify) => {
                    // The phone records why it refuses one.
                    let _ = phone.receive_notify(&notify.event, &notify.content_type, &notify.body);
                }
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            }
        }
    });
}

fn write_exchange(exchange: &Exchange, out: &mut impl Write) -> std::io::Result<()> {
    let arrow = match exchange.direction {
        Direction::Fetched => "→",
        Direction::Received => "←",
    };
    let status = exchange
        .status
        .map_or_else(|| "no response".to_owned(), |status| status.to_string());
    let Exchange { method, target, .. } = exchange;
    writeln!(
        out,
        "{arrow} {method} {}  ({status})",
        target.escape_debug()
    )?;
    match &exchange.refusal {
        Some(reason) => writeln!(out, "  refused: {}", reason.escape_debug()),
        None => Ok(()),
    }
}

/// Stands for a call manager in the place of a vendor.
const CUCM: &str = "cucm";
