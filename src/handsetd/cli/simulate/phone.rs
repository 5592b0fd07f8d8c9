//! `handsetd simulate VENDOR`: a simulated phone.

use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, ensure};
use handset_net::tasks::Tasks;
use handset_simulator::sip::{Agent, CallEnd, Protocol, SipOptions};
use handset_simulator::{
    self, Direction, Exchange, Options, Quirks, Scheme, SimulatedPhone, State, Vendor, draw,
};
use tokio::signal::ctrl_c;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;
use tokio::time::sleep;

use super::arguments::Simulate;
use super::command::Command;
use super::{csta, input};

/// Runs a phone until Ctrl-C or SIGTERM, and prints its requests and screens.
pub(super) async fn run(
    arguments: &Simulate,
    tasks: &Tasks,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let phone = handset_simulator::start(options(arguments)?, tasks).await?;
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
    draw_phone(arguments, &phone, out)?;
    let mut terminate = signal(SignalKind::terminate())?;
    csta::connect(arguments, &phone).await?;
    let call = register_and_dial(arguments, &phone, tasks);
    tokio::pin!(call);
    let mut has_called = false;
    let mut failures = input::lines().map(|lines| obey(lines, phone.clone(), tasks));
    if failures.is_some() {
        writeln!(out, "Type help for what its user can do.\n")?;
    }
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
            failure = next(&mut failures) => match failure {
                Some(failure) => writeln!(out, "{failure}\n")?,
                // No more input.
                None => failures = None,
            },
            changed = states.changed() => {
                changed.context("the phone has stopped")?;
                let state = states.borrow_and_update().clone();
                let written = seen.dropped_exchanges + seen.exchanges.len();
                let new = written.saturating_sub(state.dropped_exchanges);
                for exchange in state.exchanges.iter().skip(new) {
                    write_exchange(exchange, out)?;
                }
                csta::write_changes(&seen.csta, &state.csta, out)?;
                let looks_the_same = seen.screen == state.screen
                    && seen.played.len() == state.played.len()
                    && seen.ringtone == state.ringtone
                    && seen.background == state.background;
                seen = state;
                if !looks_the_same {
                    draw_phone(arguments, &phone, out)?;
                }
            }
        }
    }
}

fn options(arguments: &Simulate) -> anyhow::Result<Options> {
    let vendor: Vendor = arguments.vendor.parse()?;
    ensure!(
        arguments.device.is_empty() && arguments.user.is_empty() && arguments.profile.is_empty(),
        "--device, --user and --profile need a call manager (handsetd simulate cucm)"
    );
    let mut options = Options::new(vendor);
    options.listen = arguments.listen;
    if let Some(model) = &arguments.model {
        options.model.clone_from(model);
    }
    if let (Some(username), Some(password)) = (&arguments.username, &arguments.password) {
        let model = options.model.as_str();
        ensure!(
            vendor != Vendor::Cisco || model.contains("3PCC") || model.starts_with("SPA"),
            "--username and --password need a multiplatform phone, such as --model 8841-3PCC; \
             other Cisco phones ask their authentication URL (--authenticate)"
        );
        options.credentials = Some((username.clone(), password.clone()));
        options.scheme = if arguments.scheme == "basic" {
            Scheme::Basic
        } else {
            Scheme::Digest
        };
    }
    ensure!(
        arguments.authenticate.is_none() || vendor == Vendor::Cisco,
        "--authenticate needs a Cisco phone"
    );
    options
        .authentication_url
        .clone_from(&arguments.authenticate);
    for setting in &arguments.setting {
        let (name, value) = setting
            .split_once('=')
            .with_context(|| format!("--setting expects NAME=VALUE, not `{setting}`"))?;
        let set = (name.to_owned(), value.to_owned());
        options.settings.extend([set]);
    }
    Ok(options)
}

/// Has the phone do what `lines` say, one after the other; returns what it cannot do.
fn obey(
    mut lines: mpsc::Receiver<String>,
    phone: SimulatedPhone,
    tasks: &Tasks,
) -> mpsc::Receiver<String> {
    let (sender, failures) = mpsc::channel(1);
    let stop = tasks.stop();
    tasks.spawn("user", async move {
        let obeying = async {
            while let Some(line) = lines.recv().await {
                if line.trim().is_empty() {
                    continue;
                }
                let done = match line.parse::<Command>() {
                    Ok(command) => command.run(&phone).await,
                    Err(reason) => Err(reason),
                };
                if let Err(reason) = done
                    && sender.send(reason).await.is_err()
                {
                    return;
                }
            }
        };
        // Stopped in the midst of a line, nothing is left to do.
        let _ = stop.run_until_cancelled(obeying).await;
    });
    failures
}

/// Returns the next failure; `None` once there are no more. Never returns without a receiver.
async fn next(failures: &mut Option<mpsc::Receiver<String>>) -> Option<String> {
    match failures {
        Some(failures) => failures.recv().await,
        None => std::future::pending().await,
    }
}

/// Registers and dials as far as the options say; returns the outcome in one line.
async fn register_and_dial(
    arguments: &Simulate,
    phone: &SimulatedPhone,
    tasks: &Tasks,
) -> anyhow::Result<Option<String>> {
    let Some(account) = &arguments.register else {
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
        local: SocketAddr::new(arguments.listen.ip(), 0),
        registrar,
        proxy: None,
        user: user.to_owned(),
        password: password.map(str::to_owned),
        user_agent: phone.options().user_agent(),
        protocol: Protocol::Udp,
        contact_parameters: String::new(),
    };
    let agent = Agent::start(options, tasks).await?;
    // Real phones take sessions at the contact that they have registered, as far as their settings allow.
    phone.serve_csta(&agent, Quirks::default());
    forward_notifications(&agent, phone, tasks);
    agent
        .register()
        .await
        .with_context(|| format!("cannot register {user} at {registrar}"))?;
    keep_registered(&agent, tasks);
    let Some(extension) = &arguments.dial else {
        return Ok(Some(format!("Registered {user} at {registrar}.")));
    };
    let end = match agent.dial(extension).await {
        Ok(mut call) => match call.ended().await {
            CallEnd::AgentStopped => "the call was cut off".to_owned(),
            CallEnd::PeerHungUp => "the call ended: the other side hung up".to_owned(),
        },
        // Asterisk hangs up before an answer where the dialplan does not answer; that is not a reason to end.
        Err(error) => format!("there was no call: {error}"),
    };
    Ok(Some(format!(
        "Dialed {extension} as {user}; {end}. The phone stays registered."
    )))
}

/// Renews the registration until `tasks` stop.
fn keep_registered(agent: &Agent, tasks: &Tasks) {
    let (agent, stop) = (agent.clone(), tasks.stop());
    tasks.spawn("registration", async move {
        let renew = async {
            loop {
                sleep(RENEWAL).await;
                // One that fails is made up for by the next.
                let _ = agent.register().await;
            }
        };
        // Stopped in the midst of a renewal, nothing is left to do.
        let _: Option<()> = stop.run_until_cancelled(renew).await;
    });
}

/// How often the registration is renewed: more often than any usual `maximum_expiration`, and soon after a
/// restart of Asterisk.
const RENEWAL: Duration = Duration::from_mins(1);

fn draw_phone(
    arguments: &Simulate,
    phone: &SimulatedPhone,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let view = phone.view();
    writeln!(out, "{}", draw::text(&view))?;
    if let Some(path) = &arguments.picture {
        std::fs::write(path, draw::png(&view))
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
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
