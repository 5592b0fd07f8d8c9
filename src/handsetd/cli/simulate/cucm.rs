//! `handsetd simulate cucm`: a simulated call manager, for Extension Mobility.

use std::io::Write;

use anyhow::{Context, ensure};
use handset_net::tasks::Tasks;
use handset_simulator::cucm::{self, Options};
use tokio::signal::ctrl_c;
use tokio::signal::unix::{SignalKind, signal};

use super::arguments::Simulate;

/// Runs a call manager until Ctrl-C or SIGTERM, and prints its requests.
pub(super) async fn run(
    arguments: &Simulate,
    tasks: &Tasks,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let manager = cucm::start(options(arguments)?, tasks).await?;
    writeln!(
        out,
        "A simulated call manager listens at {}.\n",
        manager.url()
    )?;
    let mut states = manager.watch();
    let (mut requests, mut refusals) = (0, 0);
    let mut terminate = signal(SignalKind::terminate())?;
    loop {
        tokio::select! {
            _ = ctrl_c() => return Ok(()),
            _ = terminate.recv() => return Ok(()),
            changed = states.changed() => {
                changed.context("the call manager has stopped")?;
                let state = states.borrow_and_update().clone();
                for (encoding, xml) in state.requests.iter().skip(requests) {
                    writeln!(out, "← {encoding}  {}", xml.escape_debug())?;
                }
                for reason in state.refusals.iter().skip(refusals) {
                    writeln!(out, "  refused: {}", reason.escape_debug())?;
                }
                (requests, refusals) = (state.requests.len(), state.refusals.len());
            }
        }
    }
}

fn options(arguments: &Simulate) -> anyhow::Result<Options> {
    let phone_options = [
        ("--model", arguments.model.is_some()),
        ("--authenticate", arguments.authenticate.is_some()),
        ("--register", arguments.register.is_some()),
        ("--picture", arguments.picture.is_some()),
    ];
    if let Some((name, _)) = phone_options.into_iter().find(|(_, given)| *given) {
        anyhow::bail!("{name} needs a phone; a call manager has no such option");
    }
    let mut options = Options {
        listen: arguments.listen,
        ..Options::default()
    };
    if let (Some(username), Some(password)) = (&arguments.username, &arguments.password) {
        ensure!(
            !password.is_empty(),
            "the password of a call manager must not be empty"
        );
        options.application = (username.clone(), password.clone());
    }
    if !arguments.device.is_empty() {
        options.devices.clone_from(&arguments.device);
    }
    if !arguments.user.is_empty() {
        let profile = |user: &String| (user.clone(), vec![format!("{user}-profile")]);
        options.users = arguments.user.iter().map(profile).collect();
    }
    for profiles in options.users.values_mut() {
        profiles.extend_from_slice(&arguments.profile);
    }
    Ok(options)
}
