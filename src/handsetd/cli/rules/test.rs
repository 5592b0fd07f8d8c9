//! `handsetd rules test`: dry runs of the rules on recorded events.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow, ensure};
use clap::Args;
use jiff::Timestamp;
use tokio::time::Instant;

use super::events::{self, Recorded};
use super::show::Show;
use crate::cli::config_file::ConfigFile;
use crate::cli::output_format::OutputFormat;
use crate::daemon::RulePhones;
use crate::rules::{Decision, Engine, Moment, RunId};

/// Show which rules fire on recorded events, and why others do not; nothing is sent
///
/// Events count as simultaneous unless they have a time: that of handsetd events, or a Timestamp
/// (timestampevents in manager.conf). The exit code is 1 if a rule failed, for example because the event
/// lacks a value
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Test {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    file: ConfigFile,
    /// Also show the rules that wait for other events
    #[arg(long)]
    all: bool,
    /// Print JSON, which is the default on a pipe: one object per line for each event and rule
    #[arg(long)]
    json: bool,
    /// Assume this duration of each run, to show the effect of run modes
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = humantime::parse_duration)]
    takes: Duration,
}

#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
struct Source {
    /// Read the events of this file: "Name: value" lines with a blank line between two events, or
    /// JSON objects, such as handsetd events prints; - is standard input
    #[arg(long, value_name = "FILE")]
    event: Option<PathBuf>,
    /// Read the events of this file: the bytes that Asterisk sent over an AMI connection; - is
    /// standard input
    #[arg(long, value_name = "FILE")]
    capture: Option<PathBuf>,
}

impl Test {
    /// Runs the command.
    pub(super) fn run(&self, out: &mut impl Write) -> anyhow::Result<ExitCode> {
        self.run_in(OutputFormat::of_stdout(), out, &mut io::stderr())
    }

    /// Runs the command with this format of output, unless an option requests another one.
    pub(super) fn run_in(
        &self,
        format: OutputFormat,
        out: &mut impl Write,
        notes: &mut impl Write,
    ) -> anyhow::Result<ExitCode> {
        let format = if self.json {
            OutputFormat::Json
        } else {
            format
        };
        let config = self.file.load()?;
        ensure!(
            !config.rules.is_empty(),
            "the configuration has no [[rule]]"
        );
        let engine = Engine::new(&config.rules);
        let engine = engine.map_err(|errors| match errors.into_iter().next() {
            Some(error) => anyhow!(error),
            None => anyhow!("the rules do not compile"),
        })?;
        let engine = engine.with_phones(Arc::new(RulePhones::configured(&config)));
        let mut dry_run = DryRun {
            engine,
            clock: Clock::new(Moment::now()),
            takes: self.takes,
            in_flight: VecDeque::new(),
            show: Show::new(out, format, self.all),
        };
        let mut count: u64 = 0;
        let mut each = |recorded: &Recorded| {
            count = count.saturating_add(1);
            dry_run.event(recorded)
        };
        let path = match (&self.source.event, &self.source.capture) {
            (Some(path), _) => {
                for recorded in &events::read(path)? {
                    each(recorded)?;
                }
                path
            }
            (None, Some(path)) => {
                events::read_capture(path, &mut each)?;
                path
            }
            (None, None) => return Err(anyhow!("name a file with --event or --capture")),
        };
        dry_run.end()?;
        ensure!(count > 0, "{} contains no events", path.display());
        let summary = dry_run.show.into_summary();
        match format {
            OutputFormat::Text => summary.write(out),
            OutputFormat::Json => summary.write(notes),
        }
        .context("cannot write the result")?;
        Ok(if summary.has_failures() {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        })
    }
}

/// The rules, and simulated runs.
struct DryRun<'a, W> {
    engine: Engine,
    clock: Clock,
    takes: Duration,
    /// The runs in flight and when they end, in that order.
    in_flight: VecDeque<(Instant, RunId)>,
    show: Show<'a, W>,
}

impl<W: Write> DryRun<'_, W> {
    fn event(&mut self, recorded: &Recorded) -> anyhow::Result<()> {
        let moment = self.clock.at(recorded.at);
        let now = moment.instant;
        self.finish(|end| end <= now)?;
        let (decisions, traces) = self.engine.explain(&recorded.fact, moment);
        self.show
            .event(&recorded.fact, recorded.position, &traces)
            .context("cannot write the result")?;
        self.start(&decisions, now);
        self.finish(|end| end <= now)
    }

    /// Finishes all runs.
    fn end(&mut self) -> anyhow::Result<()> {
        self.finish(|_| true)
    }

    /// Finishes runs whose end matches `is_over`, and starts the runs that were queued behind them.
    fn finish(&mut self, is_over: impl Fn(Instant) -> bool) -> anyhow::Result<()> {
        while let Some((end, id)) = self.in_flight.front().copied()
            && is_over(end)
        {
            self.in_flight.pop_front();
            let decisions = self.engine.finished(id, end);
            for decision in &decisions {
                if let Decision::Start(run) = decision {
                    self.show.queued(run).context("cannot write the result")?;
                }
            }
            self.start(&decisions, end);
        }
        Ok(())
    }

    fn start(&mut self, decisions: &[Decision], now: Instant) {
        for decision in decisions {
            match decision {
                Decision::Cancel(id) => self.in_flight.retain(|(_, running)| running != id),
                Decision::Start(run) => {
                    let end = now.checked_add(self.takes).unwrap_or(now);
                    self.in_flight.push_back((end, run.id));
                }
            }
        }
    }
}

/// The time of events, which is that of the command for events without one; it never goes backwards.
struct Clock {
    base: Moment,
    first: Option<Timestamp>,
    now: Moment,
}

impl Clock {
    fn new(base: Moment) -> Self {
        Self {
            base,
            first: None,
            now: base,
        }
    }

    /// Returns the time of an event that occurred at `stamp`, if that is known.
    fn at(&mut self, stamp: Option<Timestamp>) -> Moment {
        let Some(clock) = stamp else {
            return self.now;
        };
        let first = *self.first.get_or_insert(clock);
        let passed = Duration::try_from(clock.duration_since(first)).unwrap_or_default();
        if let Some(instant) = self.base.instant.checked_add(passed)
            && instant >= self.now.instant
        {
            self.now = Moment { instant, clock };
        }
        self.now
    }
}

const EXAMPLES: &str = "\
Examples:
  handsetd rules test --event pause.txt
  handsetd rules test --capture monday.ami --json
  echo '{\"Event\": \"phone.dnd_on\", \"phone\": \"1001\"}' | handsetd rules test --event -";
