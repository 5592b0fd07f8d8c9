//! `handsetd simulate`: a simulated phone or call manager, to try a dialplan without hardware.

mod cucm;

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, ensure};
use clap::Args;
use clap::builder::PossibleValuesParser;
use tokio::signal::ctrl_c;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::broadcast::error::RecvError;
use url::Url;

use handset_net::tasks::Tasks;
use handset_simulator::sip::{Agent, SipOptions};
use handset_simulator::{
    self, Direction, Exchange, Options, Scheme, SimulatedPhone, State, Vendor, draw,
};

/// Simulate a phone or Cisco's call manager, as strict as a real one, that prints what it is told
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    handsetd simulate snom --listen 127.0.21.2:80 --username push --password secret\n  \
    handsetd simulate cisco --authenticate http://127.0.0.1:8090/cisco/authenticate\n  \
    handsetd simulate yealink --listen 127.0.21.3:80 --register 1003@192.0.2.10 --dial 700\n  \
    handsetd simulate cucm --username MobilityManagerUser --password secret --device \
    SEP00005E005301 --user john")]
pub(super) struct Simulate {
    /// Behave like a phone of this vendor, or like a call manager (cucm)
    #[arg(value_parser = PossibleValuesParser::new(
        Vendor::ALL.into_iter().map(Vendor::name).chain([CUCM])
    ))]
    vendor: String,
    /// Listen on this address
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Be this model
    #[arg(long)]
    model: Option<String>,
    /// Ask for this user name (Snom, Yealink, Cisco with 3PCC firmware, cucm)
    #[arg(long, requires = "password")]
    username: Option<String>,
    /// Ask for this password (Snom, Yealink, Cisco with 3PCC firmware, cucm)
    #[arg(long, requires = "username")]
    password: Option<String>,
    /// Ask in this way (Snom, Yealink)
    #[arg(long, default_value = "digest", value_parser = PossibleValuesParser::new(["basic", "digest"]))]
    scheme: String,
    /// Ask this address whether a push is allowed, as authenticationURL (Cisco)
    #[arg(long, value_name = "URL")]
    authenticate: Option<Url>,
    /// Register by SIP over UDP, so that it can dial
    #[arg(long, value_name = "USER[:PASSWORD]@HOST[:PORT]")]
    register: Option<String>,
    /// Dial this extension once registered
    #[arg(long, value_name = "EXTENSION", requires = "register")]
    dial: Option<String>,
    /// Write a picture of the phone into this file whenever it changes
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
    /// Know this device (cucm); repeat for more
    #[arg(long, value_name = "NAME")]
    device: Vec<String>,
    /// Know this user (cucm); repeat for more
    #[arg(long, value_name = "ID")]
    user: Vec<String>,
}

impl Simulate {
    /// Runs the phone until Ctrl-C or SIGTERM.
    pub(super) fn run(&self, out: &mut impl Write) -> anyhow::Result<ExitCode> {
        let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
        let tasks = Tasks::new();
        runtime.block_on(async {
            let ended = if self.vendor == CUCM {
                cucm::show(self, &tasks, out).await
            } else {
                self.show(&tasks, out).await
            };
            tasks.shut_down(Duration::from_secs(2)).await;
            ended
        })?;
        Ok(ExitCode::SUCCESS)
    }

    async fn show(&self, tasks: &Tasks, out: &mut impl Write) -> anyhow::Result<()> {
        let phone = handset_simulator::start(self.options()?, tasks).await?;
        let options = phone.options();
        let (vendor, model) = (options.vendor.title(), &options.model);
        writeln!(
            out,
            "A simulated {vendor} {model} listens on {}.",
            phone.address()
        )?;
        writeln!(
            out,
            "Its User-Agent in SIP is {:?}.\n",
            options.user_agent()
        )?;
        let mut watch = phone.watch();
        let mut seen = State::default();
        self.draw(&phone, out)?;
        let mut terminate = signal(SignalKind::terminate())?;
        let calling = self.call(&phone, tasks);
        tokio::pin!(calling);
        let mut called = false;
        loop {
            tokio::select! {
                _ = ctrl_c() => return Ok(()),
                _ = terminate.recv() => return Ok(()),
                line = &mut calling, if !called => {
                    called = true;
                    if let Some(line) = line? {
                        writeln!(out, "{line}\n")?;
                    }
                }
                changed = watch.changed() => {
                    changed.context("the phone has stopped")?;
                    let state = watch.borrow_and_update().clone();
                    for exchange in state.exchanges.iter().skip(seen.exchanges.len()) {
                        print(exchange, out)?;
                    }
                    let same = seen.screen == state.screen
                        && seen.played.len() == state.played.len()
                        && seen.ringtone == state.ringtone
                        && seen.background == state.background;
                    seen = state;
                    if !same {
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
            "--device and --user are for a call manager (cucm)"
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
                "a Cisco phone asks its authentication URL instead of a password, unless it has \
                 3PCC or SPA firmware (--model 8841-3PCC)"
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
            "only a Cisco phone has an authentication URL"
        );
        options.authentication_url.clone_from(&self.authenticate);
        Ok(options)
    }

    /// Registers and dials, as far as that is wanted; returns what to say of it.
    async fn call(&self, phone: &SimulatedPhone, tasks: &Tasks) -> anyhow::Result<Option<String>> {
        let Some(account) = &self.register else {
            return Ok(None);
        };
        let form = "--register wants USER[:PASSWORD]@HOST[:PORT]";
        let (user, host) = account.rsplit_once('@').context(form)?;
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
            .with_context(|| format!("{form}; cannot find {host}"))?;
        let registrar = registrar.into_iter().next().context(form)?;
        let options = SipOptions {
            local: SocketAddr::new(self.listen.ip(), 0),
            registrar,
            user: user.to_owned(),
            password: password.map(str::to_owned),
            user_agent: phone.options().user_agent(),
        };
        let agent = Agent::start(options, tasks).await?;
        let (mut notified, stop, told) = (agent.notifications(), tasks.stop(), phone.clone());
        tasks.spawn("notified", async move {
            loop {
                let notify = tokio::select! {
                    () = stop.cancelled() => return,
                    notify = notified.recv() => notify,
                };
                match notify {
                    // What a phone refuses stands in its log of exchanges.
                    Ok(notify) => {
                        let _ =
                            told.receive_notify(&notify.event, &notify.content_type, &notify.body);
                    }
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return,
                }
            }
        });
        agent
            .register()
            .await
            .with_context(|| format!("cannot register {user} at {registrar}"))?;
        let Some(extension) = &self.dial else {
            return Ok(Some(format!("Registered as {user} at {registrar}.")));
        };
        let mut call = agent
            .dial(extension)
            .await
            .with_context(|| format!("cannot call {extension}"))?;
        let ended = call.ended().await;
        Ok(Some(format!(
            "Called {extension} as {user}; the call ended: {ended:?}."
        )))
    }

    fn draw(&self, phone: &SimulatedPhone, out: &mut impl Write) -> anyhow::Result<()> {
        writeln!(out, "{}", draw::text(&phone.view()))?;
        if let Some(path) = &self.picture {
            std::fs::write(path, draw::png(&phone.view()))
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        Ok(())
    }
}

/// What a call manager is called here.
const CUCM: &str = "cucm";

fn print(exchange: &Exchange, out: &mut impl Write) -> std::io::Result<()> {
    let arrow = match exchange.direction {
        Direction::Fetched => "→",
        Direction::Received => "←",
    };
    let status = exchange
        .status
        .map_or_else(|| "no answer".to_owned(), |status| status.to_string());
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
