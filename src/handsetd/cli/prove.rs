//! `handsetd prove`: walks a person through the verbs on a phone, and writes what came of it.
//!
//! The requests go through the running daemon, as those of a dialplan do. Each effect is taken back as soon
//! as it has been judged, also when the person stops early.

mod options;
mod person;
mod report;
mod scrub;
mod session;
mod signals;
mod trials;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use handset_phones::phone::Address;

use super::admin_client::AdminClient;
use super::config_file::ConfigFile;
use crate::config::Config;
use crate::telemetry::TerminalSafe;
use options::Options;
use report::Folder;
use scrub::Scrub;
use session::Session;

/// Try every verb on a phone, with a person who looks at it, and write a report
///
/// Each effect is taken back, also on Ctrl-C and if the terminal is closed. The report holds no password, token, name or address, and can
/// be sent to the project
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Prove {
    /// The phone: a name, an endpoint or an address
    #[arg(value_name = "PHONE")]
    phone: String,
    /// The folder for the report, which must not exist [default: proof-VENDOR-MODEL]
    #[arg(long, value_name = "FOLDER")]
    output: Option<PathBuf>,
    #[command(flatten)]
    options: Options,
    #[command(flatten)]
    file: ConfigFile,
}

impl Prove {
    /// Runs the command.
    pub(super) fn run(&self, out: &mut impl Write) -> anyhow::Result<ExitCode> {
        let config = self.file.load()?;
        let client = AdminClient::new(&config)?;
        let runtime = tokio::runtime::Runtime::new().context("cannot start the runtime")?;
        let code = runtime.block_on(self.prove(&config, &client, out));
        // Standard input may still be read.
        runtime.shutdown_background();
        code
    }

    async fn prove(
        &self,
        config: &Config,
        client: &AdminClient,
        out: &mut impl Write,
    ) -> anyhow::Result<ExitCode> {
        let phone = session::find(client, &self.phone).await?;
        let mut scrub = Scrub::new(config);
        for (text, substitute) in [
            (&phone.name, "PHONE"),
            (&phone.address, "ADDRESS"),
            (&phone.mac, "MAC"),
            (&phone.endpoint, "ENDPOINT"),
        ] {
            scrub.add(text, substitute);
        }
        // Reasons name hosts without the port, too.
        if let Ok(address) = phone.address.parse::<Address>() {
            scrub.add(&address.host, "ADDRESS");
        }
        if let Some(number) = &self.options.number {
            scrub.add(number, "NUMBER");
        }
        if let Some(user) = &self.options.test_user {
            scrub.add(user, "USER");
        }
        let path = match &self.output {
            Some(path) => path.clone(),
            None => PathBuf::from(format!("proof-{}-{}", phone.vendor, plain(&phone.model))),
        };
        let shown = path.display().to_string();
        let folder = Folder::create(path)
            .with_context(|| format!("cannot create the folder {shown}; --output names another"))?;
        let mut session = Session::new(
            client,
            &phone,
            &folder,
            &self.options,
            config.cucm.is_some(),
        );
        writeln!(
            out,
            "Trying every verb on {} ({} {}). Please look at the phone; Ctrl-C stops and takes \
             everything back.",
            TerminalSafe(&phone.name),
            TerminalSafe(&phone.vendor),
            TerminalSafe(&phone.model)
        )?;
        let report = session.run(out).await?;
        folder
            .write(&report, &scrub)
            .with_context(|| format!("cannot write the report to {shown}"))?;
        let count = |judgement| {
            let trials = report.trials.iter();
            trials.filter(|entry| entry.judgement == judgement).count()
        };
        writeln!(
            out,
            "{} proven, {} failed, {} not judged. The report is in {}.",
            count(report::Judgement::Proven),
            count(report::Judgement::Failed),
            count(report::Judgement::Unjudged),
            TerminalSafe(folder.path().display().to_string())
        )?;
        if report.interrupted {
            bail!("stopped before all trials were over");
        }
        Ok(if count(report::Judgement::Failed) == 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}

/// Returns a text, which comes from the phone, as part of a file name.
fn plain(text: &str) -> String {
    let text = text.chars().filter(char::is_ascii_alphanumeric);
    text.take(MAX_NAME).collect()
}

/// The longest part of a file name that comes from the phone, in characters.
const MAX_NAME: usize = 32;

const EXAMPLES: &str = "\
Exit codes: 0 if nothing failed, otherwise 1

Examples:
  handsetd prove 1001
  handsetd prove 1001 --number 1002 --background night.png --ringtone 1";
