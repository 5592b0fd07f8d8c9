//! `handsetd ami`: tools for Asterisk's manager interface.

mod send;
mod server;
mod tail;

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Subcommand};
use handset_ami::decode;

/// Inspect and use Asterisk's manager interface (AMI)
#[derive(Args, Debug)]
pub(super) struct Ami {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Decode(Decode),
    Send(send::Send),
    Tail(tail::Tail),
}

/// Decode the bytes that Asterisk sent over a connection, one JSON object per line
#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  \
    handsetd ami decode capture.bin | jq -c 'select(.type == \"event\")'\n  \
    nc 192.0.2.10 5038 | handsetd ami decode")]
struct Decode {
    /// Read this file instead of standard input
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

impl Ami {
    /// Runs the subcommand.
    pub(super) fn run(&self, out: &mut impl Write) -> anyhow::Result<ExitCode> {
        let decode = match &self.command {
            Command::Decode(decode) => decode,
            Command::Send(send) => return send.run(out),
            Command::Tail(tail) => return tail.run(out),
        };
        match decode.file.as_deref() {
            Some(path) if path != Path::new("-") => {
                let file =
                    File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
                write(file, out, &path.display().to_string())
            }
            _ => write(io::stdin(), out, "standard input"),
        }
    }
}

fn write(
    input: impl Read + Send + 'static,
    out: &mut impl Write,
    name: &str,
) -> anyhow::Result<ExitCode> {
    match decode::run(input, out) {
        // The reader has closed the pipe.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        decoded => {
            decoded.with_context(|| format!("cannot decode {name}"))?;
            Ok(ExitCode::SUCCESS)
        }
    }
}
