//! `handsetd rules`: dry runs of the rules.

mod events;
mod show;

use std::collections::VecDeque;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, anyhow, ensure};
use clap::{Args, Subcommand};
use tokio::time::Instant;

use super::config_file::ConfigFile;
use crate::rules::{Decision, Engine, Fact, RunId};
use events::Origin;
use show::Show;

/// Test the rules of the configuration
#[derive(Args, Debug)]
pub(super) struct Rules {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Test(Test),
}

/// Show which rules fire on events, and why the others do not; nothing is sent
///
/// Events are taken as simultaneous unless they have a Timestamp (timestampevents in manager.conf)
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
struct Test {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    file: ConfigFile,
    /// Print JSON, one object per line for each event and rule
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
    /// JSON objects; - is standard input
    #[arg(long, value_name = "FILE")]
    event: Option<PathBuf>,
    /// Read the events of this file: the bytes that Asterisk sent over an AMI connection; - is
    /// standard input
    #[arg(long, value_name = "FILE")]
    capture: Option<PathBuf>,
}

impl Rules {
    /// Does what is asked.
    pub(super) fn run(&self, out: &mut impl Write) -> anyhow::Result<ExitCode> {
        match &self.command {
            Command::Test(test) => test.run(out),
        }
    }
}

impl Test {
    fn run(&self, out: &mut impl Write) -> anyhow::Result<ExitCode> {
        let config = self.file.load()?;
        ensure!(
            !config.rules.is_empty(),
            "the configuration has no [[rule]]"
        );
        let engine = Engine::new(&config.rules);
        let engine = engine.map_err(|faults| match faults.into_iter().next() {
            Some(fault) => anyhow!(fault),
            None => anyhow!("the rules do not compile"),
        })?;
        let mut rehearsal = Rehearsal {
            engine,
            clock: Clock::new(Instant::now()),
            takes: self.takes,
            in_flight: VecDeque::new(),
            show: Show::new(out, self.json),
        };
        let mut count: u64 = 0;
        let mut each = |fact: &Fact, origin: Origin| {
            count = count.saturating_add(1);
            rehearsal.event(fact, origin)
        };
        let path = match (&self.source.event, &self.source.capture) {
            (Some(path), _) => {
                for (fact, origin) in events::read(path)? {
                    each(&fact, origin)?;
                }
                path
            }
            (None, Some(path)) => {
                events::read_capture(path, &mut each)?;
                path
            }
            (None, None) => return Err(anyhow!("name a file with --event or --capture")),
        };
        rehearsal.end()?;
        ensure!(count > 0, "{} holds no event", path.display());
        Ok(ExitCode::SUCCESS)
    }
}

/// The rules, and runs that only seem to happen.
struct Rehearsal<'a, W> {
    engine: Engine,
    clock: Clock,
    takes: Duration,
    /// What is under way, and when it is over, the first one first.
    in_flight: VecDeque<(Instant, RunId)>,
    show: Show<'a, W>,
}

impl<W: Write> Rehearsal<'_, W> {
    fn event(&mut self, fact: &Fact, origin: Origin) -> anyhow::Result<()> {
        let now = self.clock.at(fact);
        self.finish(|over| over <= now)?;
        let (decisions, traces) = self.engine.explain(fact, now);
        self.show
            .event(fact, origin, &traces)
            .context("cannot write the result")?;
        self.start(&decisions, now);
        self.finish(|over| over <= now)
    }

    /// Lets everything come to its end.
    fn end(&mut self) -> anyhow::Result<()> {
        self.finish(|_| true)
    }

    fn finish(&mut self, is_over: impl Fn(Instant) -> bool) -> anyhow::Result<()> {
        while let Some((over, id)) = self.in_flight.front().copied()
            && is_over(over)
        {
            self.in_flight.pop_front();
            let decisions = self.engine.finished(id, over);
            for decision in &decisions {
                if let Decision::Start(run) = decision {
                    self.show.turn(run).context("cannot write the result")?;
                }
            }
            self.start(&decisions, over);
        }
        Ok(())
    }

    fn start(&mut self, decisions: &[Decision], now: Instant) {
        for decision in decisions {
            match decision {
                Decision::Cancel(id) => self.in_flight.retain(|(_, running)| running != id),
                Decision::Start(run) => {
                    let over = now.checked_add(self.takes).unwrap_or(now);
                    self.in_flight.push_back((over, run.id));
                }
            }
        }
    }
}

/// The time of events, which never runs backwards.
struct Clock {
    base: Instant,
    first: Option<Duration>,
    now: Instant,
}

impl Clock {
    fn new(base: Instant) -> Self {
        Self {
            base,
            first: None,
            now: base,
        }
    }

    fn at(&mut self, fact: &Fact) -> Instant {
        let stamp = fact.value("Timestamp").and_then(|stamp| stamp.parse().ok());
        let stamp = stamp.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        if let Some(stamp) = stamp {
            let first = *self.first.get_or_insert(stamp);
            let then = self.base.checked_add(stamp.saturating_sub(first));
            self.now = then.map_or(self.now, |then| then.max(self.now));
        }
        self.now
    }
}

const EXAMPLES: &str = "\
Examples:
  handsetd rules test --event pause.txt
  handsetd rules test --capture monday.ami --json
  echo '{\"Event\": \"phone.dnd_on\", \"phone\": \"1001\"}' | handsetd rules test --event -";

#[cfg(test)]
mod tests;
