//! `handsetd conf`: the configuration in force.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;

use super::config_file::ConfigFile;

/// Print the configuration in force: what the files and the environment say, and the defaults
///
/// The output is TOML, with a comment at each value that says where it was set. Passwords, tokens and other
/// secrets are replaced by an ellipsis. A daemon that was neither restarted nor reloaded since may still have an older one
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  handsetd conf\n  handsetd conf | grep -v '# default$'")]
pub(super) struct Conf {
    #[command(flatten)]
    file: ConfigFile,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Conf {
    /// Prints the configuration.
    pub(super) fn run(&self, out: &mut impl Write) -> anyhow::Result<ExitCode> {
        let config = self.file.load()?;
        let text = config.written().to_toml();
        let context = "cannot write the configuration";
        if self.json {
            let value: toml::Table = toml::from_str(&text).context(context)?;
            let json = serde_json::to_string_pretty(&value).context(context)?;
            writeln!(out, "{json}").context(context)?;
        } else {
            write!(out, "{text}").context(context)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
