//! `handsetd phones import`: writes `[[phone]]` sections from a list of phones.
//!
//! A list is foreign text. Its values become typed values, which the `toml` crate writes; what is no
//! name, address or number stays out. Nothing is written unless the whole configuration is valid with
//! the result.

mod entry;
mod listed;
mod pjsip;
mod table;
mod target;

use std::collections::HashSet;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use handset_net::files;
use handset_phones::phone::Directory;
use serde_json::json;

use crate::cli::config_file::ConfigFile;
use crate::config::{Config, Overlay};
use crate::telemetry::{TerminalSafe, TerminalSafeJson};
use entry::File;
use listed::Listed;
use target::Target;

/// Write [[phone]] sections from a list of phones
#[derive(Args, Debug)]
#[command(after_help = HELP)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of the command line"
)]
pub(super) struct Import {
    /// The list; - is standard input
    #[arg(value_name = "FILE")]
    list: PathBuf,
    /// What the list is; by default its first line tells
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Write this file instead of conf.d/phones.toml beside the configuration
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Write the file; without this option, the result is only shown
    #[arg(long, conflicts_with = "dry_run")]
    write: bool,
    /// Show the result and write nothing, which is the default
    #[arg(long)]
    dry_run: bool,
    /// Replace a file that was not written by this command
    #[arg(long, requires = "write")]
    force: bool,
    /// Print the phones and the notes as JSON instead of TOML and text
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    file: ConfigFile,
}

/// The formats of lists.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Format {
    #[expect(clippy::doc_markdown, reason = "users read it")]
    /// A table with a header: separated by commas, semicolons or tabs; also what FreePBX exports
    Csv,
    /// The output of `asterisk -rx 'pjsip show endpoints'`
    Pjsip,
}

impl Import {
    /// Runs the command.
    pub(super) fn run(&self, out: &mut impl Write) -> anyhow::Result<ExitCode> {
        let text = self.read()?;
        let format = self.format.unwrap_or_else(|| Format::of(&text));
        let mut listed = match format {
            Format::Csv => table::read(&text)?,
            Format::Pjsip => pjsip::read(&text),
        };
        let path = match &self.output {
            Some(path) => path.clone(),
            None => self
                .file
                .path()
                .with_file_name("conf.d")
                .join("phones.toml"),
        };
        let target = Target::new(path)?;
        // What the file has now is replaced, so it is no obstacle.
        let overlay = |text: &str| Overlay {
            path: target.path().to_owned(),
            text: text.to_owned(),
        };
        let others = self.file.load_with(&overlay(""))?;
        drop_known(&mut listed, &others.directory);
        if listed.entries.is_empty() {
            report(&listed, None)?;
            bail!("{} has no phone to import", self.list.display());
        }
        let text = entry::to_toml(&File {
            phone: &listed.entries,
        })
        .context("cannot write TOML")?;
        let config: Config = self.file.load_with(&overlay(&text))?;
        for entry in &listed.entries {
            let missing = entry.missing();
            if !missing.is_empty() {
                let missing = missing.join(", ");
                let (line, name) = (entry.line, &entry.name);
                listed.notes.push(format!("line {line}: {name}: {missing}"));
            }
        }
        let is_written = self.write && !self.dry_run;
        if is_written {
            target.write(&text, self.file.path(), self.force)?;
        }
        let written = is_written.then(|| target.path());
        if self.json {
            let result = json!({
                "phones": listed.entries,
                "notes": listed.notes,
                "left_out": listed.left_out,
                "written": written.map(|path| path.display().to_string()),
            });
            writeln!(out, "{:#}", TerminalSafeJson(result)).context("cannot write the result")?;
        } else {
            if !is_written {
                write!(out, "{text}").context("cannot write the result")?;
            }
            report(&listed, written)?;
        }
        if !is_written {
            return Ok(ExitCode::SUCCESS);
        }
        for warning in config.warnings() {
            writeln!(io::stderr(), "warning: {}", TerminalSafe(warning))?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn read(&self) -> anyhow::Result<String> {
        let path = self.list.display();
        let bytes = if self.list.as_os_str() == "-" {
            let mut bytes = Vec::new();
            let mut input = io::stdin().lock().take(MAX_LIST + 1);
            input
                .read_to_end(&mut bytes)
                .context("cannot read standard input")?;
            if MAX_LIST < u64::try_from(bytes.len()).unwrap_or(u64::MAX) {
                bail!("standard input is longer than {MAX_LIST} bytes");
            }
            bytes
        } else {
            // It may be a pipe, such as <(asterisk -rx …) of a shell.
            let file = std::fs::File::open(&self.list);
            let read = file.and_then(|file| files::read_opened(file, MAX_LIST));
            read.with_context(|| format!("cannot read {path}"))?
        };
        let text = String::from_utf8(bytes);
        let text =
            text.with_context(|| format!("{path} is not UTF-8; save it in that encoding"))?;
        Ok(text.trim_start_matches('\u{feff}').to_owned())
    }
}

impl Format {
    /// Guesses the format of a list.
    fn of(text: &str) -> Self {
        let is_endpoint = |line: &str| line.trim_start().starts_with("Endpoint:");
        if text.lines().any(is_endpoint) {
            Self::Pjsip
        } else {
            Self::Csv
        }
    }
}

/// Prints the notes and the sum on standard error.
fn report(listed: &Listed, written: Option<&Path>) -> io::Result<()> {
    let mut err = io::stderr().lock();
    for note in &listed.notes {
        writeln!(err, "{}", TerminalSafe(note))?;
    }
    let phones = match listed.entries.len() {
        1 => "1 phone".to_owned(),
        count => format!("{count} phones"),
    };
    let left_out = listed.left_out;
    match written {
        Some(path) => {
            let path = path.display().to_string();
            let path = TerminalSafe(path);
            writeln!(
                err,
                "{phones} written to {path}, {left_out} left out. To apply: systemctl reload handsetd"
            )
        }
        None => writeln!(
            err,
            "{phones}, {left_out} left out. Nothing was written; add --write to do that."
        ),
    }
}

/// Leaves out phones that the other files have, or an earlier line of the list.
fn drop_known(listed: &mut Listed, directory: &Directory) {
    let (mut names, mut endpoints, mut macs) = (HashSet::new(), HashSet::new(), HashSet::new());
    for entry in directory.entries() {
        names.insert(entry.name.clone());
        endpoints.extend(entry.endpoint.as_ref().map(ToString::to_string));
        macs.extend(entry.mac);
    }
    names.extend(directory.groups().map(ToOwned::to_owned));
    for entry in std::mem::take(&mut listed.entries) {
        let (line, name) = (entry.line, &entry.name);
        let endpoint = entry.endpoint.as_ref().map(ToString::to_string);
        let known = if names.contains(name) {
            Some(format!("{name} is a [[phone]] or [[group]] already"))
        } else if let Some(endpoint) = endpoint.filter(|own| endpoints.contains(own)) {
            Some(format!(
                "{name}: another [[phone]] has the endpoint {endpoint}"
            ))
        } else {
            let mac = entry.mac.filter(|mac| macs.contains(mac));
            mac.map(|mac| format!("{name}: another [[phone]] has the MAC address {mac}"))
        };
        if let Some(reason) = known {
            listed.leave_out(line, &reason);
            continue;
        }
        names.insert(name.clone());
        endpoints.extend(entry.endpoint.as_ref().map(ToString::to_string));
        macs.extend(entry.mac);
        listed.entries.push(entry);
    }
}

/// The longest list, in bytes: about 100,000 phones.
const MAX_LIST: u64 = 16 * 1024 * 1024;

const HELP: &str = "\
A table begins with a line of names: name (or extension), mac, vendor (or brand), model, address (or ip),
endpoint, firmware, username, password_file; other columns are ignored. Passwords stay in files of their
own. Without a column endpoint, the endpoint is PJSIP/ and the name; a column tech with sip makes it SIP/.

Examples:
  handsetd phones import phones.csv
  handsetd phones import --write phones.csv
  asterisk -rx 'pjsip show endpoints' | handsetd phones import -";
