//! `handsetd simulate cucm`: a simulated call manager, for Extension Mobility.

use std::io::Write;

use anyhow::{Context, ensure};
use tokio::signal::ctrl_c;
use tokio::signal::unix::{SignalKind, signal};

use super::Simulate;
use handset_net::tasks::Tasks;
use handset_simulator::cucm::{self, Options};

/// Runs it until Ctrl-C or SIGTERM, and prints what it is asked.
pub(super) async fn show(
    asked: &Simulate,
    tasks: &Tasks,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let manager = cucm::start(options(asked)?, tasks).await?;
    writeln!(
        out,
        "A simulated call manager listens at {}.\n",
        manager.url()
    )?;
    let mut watch = manager.watch();
    let (mut asked, mut refused) = (0, 0);
    let mut terminate = signal(SignalKind::terminate())?;
    loop {
        tokio::select! {
            _ = ctrl_c() => return Ok(()),
            _ = terminate.recv() => return Ok(()),
            changed = watch.changed() => {
                changed.context("the call manager has stopped")?;
                let state = watch.borrow_and_update().clone();
                for (encoding, xml) in state.requests.iter().skip(asked) {
                    writeln!(out, "← {encoding}  {}", xml.escape_debug())?;
                }
                for why in state.refusals.iter().skip(refused) {
                    writeln!(out, "  refused: {}", why.escape_debug())?;
                }
                (asked, refused) = (state.requests.len(), state.refusals.len());
            }
        }
    }
}

fn options(asked: &Simulate) -> anyhow::Result<Options> {
    let of_phones = [
        ("--model", asked.model.is_some()),
        ("--authenticate", asked.authenticate.is_some()),
        ("--register", asked.register.is_some()),
        ("--picture", asked.picture.is_some()),
    ];
    if let Some((name, _)) = of_phones.into_iter().find(|(_, given)| *given) {
        anyhow::bail!("{name} is for phones, and not for a call manager");
    }
    let mut options = Options {
        listen: asked.listen,
        ..Options::default()
    };
    if let (Some(username), Some(password)) = (&asked.username, &asked.password) {
        ensure!(!password.is_empty(), "a call manager wants a password");
        options.application = (username.clone(), password.clone());
    }
    if !asked.device.is_empty() {
        options.devices.clone_from(&asked.device);
    }
    if !asked.user.is_empty() {
        let profile = |user: &String| (user.clone(), vec![format!("{user}-profile")]);
        options.users = asked.user.iter().map(profile).collect();
    }
    Ok(options)
}
