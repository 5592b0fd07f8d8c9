//! The main job on a machine with nothing installed: three simulated phones dial four extensions.
//!
//! What runs is the daemon itself and the simulated phones of the tests; only Asterisk is played by
//! a script, unless a real one is given. Every claim is checked at the phone.

mod asterisk;
mod media;
mod pbx;
mod scripted;
mod stage;
mod story;

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;

use handset_net::tasks::Tasks;
use pbx::Pbx;
use stage::Stage;
use story::{EXTENSIONS, Extension, Player};

/// How to show it.
#[derive(Clone, Debug)]
pub struct Options {
    /// A folder with an installed Asterisk; `None` plays Asterisk by a script.
    pub asterisk: Option<PathBuf>,
    /// Where the pictures of the phones go.
    pub pictures: PathBuf,
}

/// Shows it; returns whether every phone showed, rang and changed.
pub async fn run(options: &Options, out: &mut impl Write) -> anyhow::Result<bool> {
    let tasks = Tasks::new();
    let shown = show(options, &tasks, out).await;
    tasks.shut_down(GRACE).await;
    shown
}

async fn show(options: &Options, tasks: &Tasks, out: &mut impl Write) -> anyhow::Result<bool> {
    let pictures = &options.pictures;
    std::fs::create_dir_all(pictures)
        .with_context(|| format!("cannot create the folder {}", pictures.display()))?;
    let stage = Stage::set(tasks).await?;
    writeln!(
        out,
        "Three simulated phones and a daemon with this configuration:\n"
    )?;
    writeln!(out, "{}", indented(&stage.configuration))?;
    let mut pbx = Pbx::open(options.asterisk.as_deref(), &stage, tasks, out).await?;
    let (mut good, mut all) = (0, 0);
    for player in &stage.players {
        for extension in &EXTENSIONS {
            all += 1;
            if scene(player, extension, &mut pbx, out).await? {
                good += 1;
            }
        }
        let path = pictures.join(format!("{}.png", player.phone.options().vendor));
        std::fs::write(&path, handset_simulator::draw::png(&player.phone.view()))
            .with_context(|| format!("cannot write {}", path.display()))?;
        writeln!(out, "   This phone as a picture: {}\n", path.display())?;
    }
    pbx.close(out).await?;
    stage.close().await;
    writeln!(
        out,
        "{good} of {all} calls did at the phone what they were to do."
    )?;
    Ok(good == all)
}

/// One call: what is dialed, what goes over the wire, what the phone does.
async fn scene(
    player: &Player,
    extension: &Extension,
    pbx: &mut Pbx,
    out: &mut impl Write,
) -> anyhow::Result<bool> {
    let before = player.phone.state();
    writeln!(
        out,
        "── {} dials {}: {}",
        player.name(),
        extension.number,
        extension.about
    )?;
    writeln!(out, "   AGI({})", extension.application(player))?;
    let variables = pbx.dial(player, extension).await?;
    let done = player
        .phone
        .wait_until(|state| extension.is_done(&before, state), PATIENCE)
        .await;
    let state = done.clone().unwrap_or_else(|| player.phone.state());
    story::tell(&before, &state, out)?;
    for (name, value) in &variables {
        writeln!(out, "   {name}={value}")?;
    }
    let status = variables.iter().find(|(name, _)| name == "HANDSET_STATUS");
    let refused: Vec<String> = story::refusals(&before, &state);
    for reason in &refused {
        writeln!(out, "   The phone refused: {reason}")?;
    }
    let good = done.is_some() && refused.is_empty() && status.is_some_and(|(_, word)| word == "OK");
    if extension.is_drawn() {
        writeln!(
            out,
            "\n{}",
            indented(&handset_simulator::draw::text(&player.phone.view()))
        )?;
    }
    let verdict = if good { "✔" } else { "✘ NOT DONE:" };
    writeln!(out, "   {verdict} {}\n", extension.result(&state))?;
    Ok(good)
}

fn indented(text: &str) -> String {
    let lines: Vec<_> = text
        .lines()
        .map(|line| format!("   {line}").trim_end().to_owned())
        .collect();
    lines.join("\n") + "\n"
}

/// How long a phone may take to do what it was told.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long everything may take to stop.
const GRACE: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests;
