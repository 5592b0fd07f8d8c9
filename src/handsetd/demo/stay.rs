//! `handsetd demo --stay`: leaves everything running, says what to try, and shows what the phones do.

use std::io::Write;

use anyhow::Context;
use handset_net::tasks::Tasks;
use handset_simulator::{State, draw};
use tokio::signal::ctrl_c;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use super::environment::Environment;
use super::transcript::indented;

/// Shows what the phones do until Ctrl-C or SIGTERM.
pub(super) async fn stay(
    environment: &Environment,
    tasks: &Tasks,
    out: &mut impl Write,
) -> anyhow::Result<()> {
    let token = environment.token()?;
    let (admin, file) = (environment.admin, environment.file.display());
    writeln!(
        out,
        "\nhandsetd and the phones stay until Ctrl-C. The page:\n\n   \
         http://{admin}/\n   token: {token}\n\n\
         Try in another terminal:\n\n   \
         export CONFIG={file}\n   \
         handsetd send push phone=1001 title=Lunch 'Soup is ready' --config $CONFIG\n   \
         handsetd send push phone=all item='Call Ada|dial:1002' item='Close|exit' --config $CONFIG\n   \
         handsetd send background phone=1003 image=night.png --config $CONFIG\n   \
         handsetd history --config $CONFIG\n   \
         handsetd events --config $CONFIG\n   \
         handsetd status --config $CONFIG\n   \
         curl -H 'Authorization: Bearer {token}' http://{admin}/api/v1/phones\n\n\
         Edit $CONFIG, for example add a [[rule]], then: handsetd reload --config $CONFIG\n\n\
         What the phones show from now on:\n",
        token = token.expose()
    )?;
    out.flush()?;
    let mut changes = changes(environment, tasks);
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for signals")?;
    let mut shown: Vec<State> = environment
        .phones
        .iter()
        .map(|phone| phone.simulated.state())
        .collect();
    loop {
        let index = tokio::select! {
            _ = ctrl_c() => return Ok(()),
            _ = terminate.recv() => return Ok(()),
            index = changes.recv() => index.context("the phones have stopped")?,
        };
        let (Some(phone), Some(before)) = (environment.phones.get(index), shown.get_mut(index))
        else {
            continue;
        };
        let now = phone.simulated.state();
        let looks_the_same = before.screen == now.screen
            && before.played.len() == now.played.len()
            && before.ringtone == now.ringtone
            && before.background == now.background;
        *before = now;
        if !looks_the_same {
            let drawn = draw::text(&phone.simulated.view());
            writeln!(out, "── {phone}\n{}", indented(&drawn))?;
            out.flush()?;
        }
    }
}

/// Returns the numbers of the phones as they change.
fn changes(environment: &Environment, tasks: &Tasks) -> mpsc::Receiver<usize> {
    let (sender, changes) = mpsc::channel(MAX_CHANGES);
    for (index, phone) in environment.phones.iter().enumerate() {
        let (mut states, sender, stop) = (phone.simulated.watch(), sender.clone(), tasks.stop());
        tasks.spawn("phone", async move {
            let forward = async {
                while states.changed().await.is_ok() && sender.send(index).await.is_ok() {}
            };
            // Stopped at any moment, nothing is left to do.
            let _: Option<()> = stop.run_until_cancelled(forward).await;
        });
    }
    changes
}

/// How many changes may wait to be shown.
const MAX_CHANGES: usize = 16;
