//! `handsetd demo`: three simulated phones dial four extensions, with nothing to install.
//!
//! The daemon and the phones are the real code. Asterisk is a script unless `--asterisk` names a real
//! one. Every result is verified at the phone: a call counts only if the phone has shown, played or
//! changed what it should.
//!
//! Compiled with the Cargo feature `simulator` only, which is on by default.

mod asterisk;
mod environment;
mod media;
mod pbx;
mod scenario;
mod scripted;
mod stay;
#[cfg(test)]
mod tests;
mod transcript;

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use handset_net::tasks::Tasks;
use handset_simulator::draw;

use environment::Environment;
use pbx::Pbx;
use scenario::{DemoPhone, EXTENSIONS, Extension};
use transcript::indented;

/// How to run the demo.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// Directory below which Asterisk is installed; `None` uses a script in its place.
    pub asterisk: Option<PathBuf>,
    /// Directory for the pictures of the phones.
    pub pictures: PathBuf,
    /// Whether everything stays running until Ctrl-C.
    pub stay: bool,
}

/// Runs the demo and writes a transcript to `out`; returns whether every call succeeded.
pub(crate) async fn run(options: &Options, out: &mut impl Write) -> anyhow::Result<bool> {
    let tasks = Tasks::new();
    let succeeded = run_calls(options, &tasks, out).await;
    tasks.shut_down(SHUTDOWN_TIMEOUT).await;
    succeeded
}

async fn run_calls(options: &Options, tasks: &Tasks, out: &mut impl Write) -> anyhow::Result<bool> {
    let pictures = &options.pictures;
    std::fs::create_dir_all(pictures)
        .with_context(|| format!("cannot create the directory {}", pictures.display()))?;
    let environment = Environment::start(options.stay, tasks).await?;
    writeln!(
        out,
        "Three simulated phones dial four extensions each. handsetd runs with this configuration:\n"
    )?;
    writeln!(out, "{}", indented(&environment.configuration))?;
    let mut pbx = Pbx::start(options.asterisk.as_deref(), &environment, tasks, out).await?;
    let (mut succeeded, mut total) = (0, 0);
    for phone in &environment.phones {
        for extension in &EXTENSIONS {
            total += 1;
            if run_call(phone, extension, &mut pbx, out).await? {
                succeeded += 1;
            }
        }
        let path = pictures.join(format!("{}.png", phone.simulated.options().vendor));
        std::fs::write(&path, draw::png(&phone.simulated.view()))
            .with_context(|| format!("cannot write {}", path.display()))?;
        writeln!(out, "   A picture of this phone: {}\n", path.display())?;
    }
    writeln!(out, "{succeeded} of {total} calls succeeded.")?;
    if options.stay {
        stay::stay(&environment, tasks, out).await?;
    }
    pbx.stop(out).await?;
    environment.stop().await;
    Ok(succeeded == total)
}

/// Makes one call, and writes what was dialed, what was sent and what the phone did.
async fn run_call(
    phone: &DemoPhone,
    extension: &Extension,
    pbx: &mut Pbx,
    out: &mut impl Write,
) -> anyhow::Result<bool> {
    let before = phone.simulated.state();
    writeln!(
        out,
        "── {phone} dials {}: {}",
        extension.number, extension.title
    )?;
    writeln!(out, "   AGI({})", extension.application(phone))?;
    let variables = pbx.dial(phone, extension).await?;
    let after = phone
        .simulated
        .wait_until(|state| extension.has_effect(&before, state), EFFECT_TIMEOUT)
        .await;
    let has_effect = after.is_some();
    let state = after.unwrap_or_else(|| phone.simulated.state());
    transcript::write_exchanges(&before, &state, out)?;
    for (name, value) in variables.iter().filter(|(_, value)| !value.is_empty()) {
        writeln!(out, "   {name}={value}")?;
    }
    let is_ok = variables
        .iter()
        .any(|(name, value)| name == "HANDSET_STATUS" && value == "OK");
    let refusals = transcript::refusals(&before, &state);
    for reason in &refusals {
        writeln!(out, "   The phone refused a request: {reason}")?;
    }
    if extension.is_visible() {
        let drawn = draw::text(&phone.simulated.view());
        writeln!(out, "\n{}", indented(&drawn))?;
    }
    let succeeded = has_effect && refusals.is_empty() && is_ok;
    let mark = if succeeded { "✔" } else { "✘ FAILED:" };
    writeln!(out, "   {mark} {}\n", extension.result(&state))?;
    Ok(succeeded)
}

/// How long a phone may take to show, play or change something.
const EFFECT_TIMEOUT: Duration = Duration::from_secs(10);

const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);
