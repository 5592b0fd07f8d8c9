//! Destination and format of log lines.
//!
//! Lines go to standard error, never to a file: the journal and containers store them from there. Nothing
//! waits until they are written. Values come from phones and callers, so terminal control characters are
//! escaped, and what they cause again and again is counted instead of written.

mod cut;
mod escape;
mod line;
mod output;
mod panics;
mod throttle;

pub(crate) use escape::{TerminalSafe, TerminalSafeJson};
pub(crate) use output::lines_left_out;

use std::ffi::OsStr;
use std::io::{self, IsTerminal};
use std::os::unix::fs::MetadataExt;

use serde::Deserialize;
use tracing::level_filters::LevelFilter;
use tracing::{Subscriber, warn};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry};

use line::{PlainText, TerminalSafeFormat, TextFields};
use output::Output;
use throttle::Throttle;

/// The `[log]` section.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The lowest level that is written.
    pub level: Level,
    /// The format of a line.
    pub format: Format,
}

/// The severity of a log line.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// An administrator must act.
    Error,
    /// A delivery failed, or something unexpected was handled.
    Warn,
    /// A delivery or an action of an operator succeeded.
    #[default]
    Info,
    /// A line per call.
    Debug,
    /// Everything, down to the bytes.
    Trace,
}

impl Level {
    /// Returns the filter of this level. Other crates log little of use below warnings.
    fn targets(self) -> Targets {
        let own = match self {
            Self::Error => {
                return Targets::new()
                    .with_default(LevelFilter::ERROR)
                    .with_target(NATS_TARGETS, LevelFilter::OFF);
            }
            Self::Warn => LevelFilter::WARN,
            Self::Info => LevelFilter::INFO,
            Self::Debug => LevelFilter::DEBUG,
            Self::Trace => LevelFilter::TRACE,
        };
        Targets::new()
            .with_default(LevelFilter::WARN)
            .with_target(OWN_TARGETS, own)
            .with_target(NATS_TARGETS, LevelFilter::OFF)
    }
}

/// The format of log lines.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// A line of text.
    #[default]
    Text,
    /// A JSON object on a line.
    Json,
}

/// The log of this process. Dropping it writes what is left.
#[derive(Debug)]
pub(crate) struct Log {
    throttle: Throttle,
    output: Output,
}

impl Log {
    /// Writes at the end of each minute how many lines were left out as repetitions; never returns.
    pub(crate) async fn report_repetitions(&self) {
        self.throttle.report().await;
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.throttle.flush();
        self.output.flush();
        // What the first one found out to be missing.
        self.output.flush();
    }
}

/// Starts logging for the whole process; writes nothing if a subscriber is set already.
///
/// `HANDSETD_LOG`, or else `RUST_LOG`, overrides the level.
pub(crate) fn start(config: Config) -> io::Result<Log> {
    let throttle = Throttle::default();
    let output = Output::start()?;
    let (filter, rejected) = filter(config.level, |name| std::env::var(name).ok());
    let destination = Destination::of_stderr();
    let layers = (filter, throttle.clone());
    let subscriber = subscriber(config.format, destination, layers, output.clone());
    // This fails if another subscriber is installed, which then receives the lines.
    let _ = subscriber.try_init();
    panics::log_to(output.clone());
    if let Some((variable, error)) = rejected {
        warn!(%variable, %error, "Ignored an invalid log filter.");
    }
    Ok(Log { throttle, output })
}

/// The destination of lines.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Destination {
    /// A file or a pipe.
    File,
    /// The journal, which records the time itself and reads the priority from the line.
    Journal,
    /// A terminal.
    Terminal,
}

impl Destination {
    fn of_stderr() -> Self {
        let journal = std::env::var_os("JOURNAL_STREAM");
        if journal.is_some_and(|stream| is_stderr(&stream)) {
            Self::Journal
        } else if io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none() {
            Self::Terminal
        } else {
            Self::File
        }
    }
}

/// Returns whether `stream`, a device and an inode, is the standard error of this process.
///
/// The variable is inherited by children of a service, even if their output is redirected.
fn is_stderr(stream: &OsStr) -> bool {
    let metadata = std::fs::metadata("/proc/self/fd/2");
    metadata.is_ok_and(|own| stream == format!("{}:{}", own.dev(), own.ino()).as_str())
}

/// Returns the filter; also the name of a variable that is not a valid filter, and why.
fn filter(
    level: Level,
    variable: impl Fn(&str) -> Option<String>,
) -> (Targets, Option<(&'static str, String)>) {
    let named = ["HANDSETD_LOG", "RUST_LOG"]
        .into_iter()
        .find_map(|name| variable(name).map(|value| (name, value)));
    match named {
        Some((name, value)) if !value.trim().is_empty() => match value.parse() {
            Ok(filter) => (filter, None),
            Err(error) => (level.targets(), Some((name, format!("{error}")))),
        },
        _ => (level.targets(), None),
    }
}

fn subscriber<W>(
    format: Format,
    destination: Destination,
    (filter, throttle): (Targets, Throttle),
    writer: W,
) -> Box<dyn Subscriber + Send + Sync>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    // Of the crate `log`, too, whose lines would otherwise reach the filter one by one.
    let max_level = Layer::<Registry>::max_level_hint(&filter).unwrap_or(LevelFilter::TRACE);
    let builder = tracing_subscriber::fmt()
        .with_max_level(max_level)
        .with_writer(writer)
        .with_ansi(destination == Destination::Terminal);
    match (format, destination) {
        (Format::Json, _) => Box::new(
            builder
                .json()
                .flatten_event(true)
                .map_event_format(TerminalSafeFormat)
                .finish()
                .with(filter)
                .with(throttle),
        ),
        (Format::Text, Destination::Terminal) => Box::new(
            builder
                .fmt_fields(TextFields)
                .finish()
                .with(filter)
                .with(throttle),
        ),
        (Format::Text, Destination::File | Destination::Journal) => {
            let format = if destination == Destination::Journal {
                PlainText::Prioritized
            } else {
                PlainText::Timed
            };
            Box::new(
                builder
                    .fmt_fields(TextFields)
                    .event_format(format)
                    .finish()
                    .with(filter)
                    .with(throttle),
            )
        }
    }
}

/// The NATS client, which logs each attempt to connect as an error; whether the cluster is there is said once.
const NATS_TARGETS: &str = "async_nats";

/// The common prefix of this workspace's targets: `handsetd`, `handset_ami`, `handset_agi`, …
const OWN_TARGETS: &str = "handset";

#[cfg(test)]
mod tests;
