//! Why a rule fired, or why it did not.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::concurrency::{Rejection, Run, RunId};
use super::error::Error;
use handset_ami::wire::is_secret;

/// What one rule made of one event.
#[derive(Debug)]
pub struct Trace {
    /// The rule.
    pub rule: Arc<str>,
    /// The event.
    pub event: String,
    /// When it came.
    pub at: Instant,
    /// The values that the condition names.
    pub seen: Vec<Seen>,
    /// What came of it.
    pub verdict: Verdict,
}

/// What came of an event for a rule.
#[derive(Debug)]
#[non_exhaustive]
pub enum Verdict {
    /// The mode leaves no room for another run.
    Rejection {
        /// What is counted apart.
        key: Option<String>,
        /// Why there is no room.
        why: Rejection,
    },
    /// The event follows from what the rule did itself.
    Echo {
        /// What it did.
        verb: &'static str,
        /// To which phone.
        phone: String,
        /// How long such events will be taken for echoes.
        left: Duration,
    },
    /// Something is wrong with the rule, or the event is not what it expects.
    Failed(Error),
    /// It fires now.
    Fired {
        /// What starts.
        run: Run,
        /// What is given up for it.
        cancelled: Vec<RunId>,
    },
    /// It fired too short a time ago.
    Limited {
        /// What is counted apart.
        key: Option<String>,
        /// How long it must still wait.
        left: Duration,
    },
    /// It waits for another event.
    OtherEvent {
        /// Which one.
        wanted: String,
    },
    /// It fires once those before it are done.
    Queued {
        /// What will start.
        run: Run,
        /// Its place among those that wait, counted from 1.
        place: usize,
    },
    /// The condition is not met.
    Unmet {
        /// The condition.
        condition: String,
    },
}

impl Trace {
    /// Returns what it does or would have done, if it fires now or later.
    pub fn run(&self) -> Option<&Run> {
        match &self.verdict {
            Verdict::Fired { run, .. } | Verdict::Queued { run, .. } => Some(run),
            _ => None,
        }
    }
}

impl Verdict {
    /// Returns a word for it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Rejection { .. } => "busy",
            Self::Echo { .. } => "echo",
            Self::Failed(_) => "failed",
            Self::Fired { .. } => "fired",
            Self::Limited { .. } => "limited",
            Self::OtherEvent { .. } => "other-event",
            Self::Queued { .. } => "queued",
            Self::Unmet { .. } => "unmet",
        }
    }
}

/// Says why in a few words. Values of events appear as they are, control characters included.
impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.verdict {
            Verdict::Rejection { key, why } => write!(f, "does not fire{}: {why}", Key(key))?,
            Verdict::Echo { verb, phone, left } => write!(
                f,
                "does not fire: it did {verb} to {phone} itself, and takes this for the echo ({} left)",
                Left(*left)
            )?,
            Verdict::Failed(error) => write!(f, "does not fire: {error}")?,
            Verdict::Fired { run, cancelled } => {
                write!(f, "fires{}", Key(&run.key))?;
                if !cancelled.is_empty() {
                    write!(f, ", and the run before is given up")?;
                }
            }
            Verdict::Limited { key, left } => {
                write!(
                    f,
                    "does not fire{}: its limit has {} left",
                    Key(key),
                    Left(*left)
                )?;
            }
            Verdict::OtherEvent { wanted } => write!(f, "does not fire: it waits for {wanted}")?,
            Verdict::Queued { run, place } => {
                write!(
                    f,
                    "fires{} when its turn comes, as number {place}",
                    Key(&run.key)
                )?;
            }
            Verdict::Unmet { condition } => write!(f, "does not fire: {condition} is not true")?,
        }
        for (index, seen) in self.seen.iter().enumerate() {
            write!(f, "{} {seen}", if index == 0 { ";" } else { "," })?;
        }
        Ok(())
    }
}

/// A value of an event, as a condition saw it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Seen {
    /// The name after `event.`, or the whole of `phone.…`.
    pub name: String,
    /// The value, shortened if it is long; `None` if the event has none.
    pub value: Option<String>,
}

impl Seen {
    pub(super) fn new(name: &str, value: Option<&str>) -> Self {
        let shown = |value: &str| {
            if is_secret(name) {
                return "[redacted]".to_owned();
            }
            let mut letters = value.chars();
            let mut shown: String = letters.by_ref().take(MAX_SHOWN).collect();
            if letters.next().is_some() {
                shown.push('…');
            }
            shown
        };
        Self {
            name: name.to_owned(),
            value: value.map(shown),
        }
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        match &self.value {
            Some(value) if name.starts_with("phone.") => write!(f, "{name} is {value:?}"),
            Some(value) => write!(f, "event.{name} is {value:?}"),
            None => write!(f, "event.{name} is not there"),
        }
    }
}

/// What became of the events that a rule waits for. Each counts once.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counters {
    /// StepRecord for an echo of what the rule did.
    pub echoed: u64,
    /// Failed: a value that is not there, or a request that is refused.
    pub failed: u64,
    /// Fired, at once or in turn.
    pub fired: u64,
    /// Within the limit.
    pub limited: u64,
    /// Skipped by the mode.
    pub skipped: u64,
    /// The condition was not met.
    pub unmet: u64,
}

impl Counters {
    pub(super) fn count(&mut self, verdict: &Verdict) {
        let counter = match verdict {
            Verdict::Rejection { .. } => &mut self.skipped,
            Verdict::Echo { .. } => &mut self.echoed,
            Verdict::Failed(_) => &mut self.failed,
            Verdict::Fired { .. } | Verdict::Queued { .. } => &mut self.fired,
            Verdict::Limited { .. } => &mut self.limited,
            Verdict::OtherEvent { .. } => return,
            Verdict::Unmet { .. } => &mut self.unmet,
        };
        *counter = counter.saturating_add(1);
    }
}

struct Key<'a>(&'a Option<String>);

impl fmt::Display for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(key) => write!(f, " for {key:?}"),
            None => Ok(()),
        }
    }
}

/// A time to wait, not finer than a millisecond.
struct Left(Duration);

impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = Duration::from_nanos(u64::from(self.0.subsec_nanos() % 1_000_000));
        let coarse = self.0.saturating_sub(part);
        humantime::format_duration(coarse.max(Duration::from_millis(1))).fmt(f)
    }
}

/// The longest value that is shown, in letters.
const MAX_SHOWN: usize = 200;
