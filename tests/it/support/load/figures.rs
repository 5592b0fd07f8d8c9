//! Measurements and their evaluation.

use std::fmt;
use std::time::Duration;

/// A snapshot of the daemon.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    pub(super) at: Duration,
    /// Resident memory in kB.
    pub(super) memory: u64,
    pub(super) descriptors: usize,
    /// CPU time since the previous sample, in hundredths of a second.
    pub(super) cpu: u64,
    pub(super) sent: u64,
    pub(super) handled: u64,
    pub(super) lost: u64,
    pub(super) calls: u64,
    pub(super) open: u64,
}

/// Latencies: median, 95th percentile and maximum.
#[derive(Clone, Copy, Debug)]
pub(super) struct Latencies {
    pub(super) ping: [Duration; 3],
    /// Without the response time of the phone.
    pub(super) push: [Duration; 3],
}

/// All measurements of a run.
#[derive(Debug)]
pub(super) struct Measurements {
    pub(super) samples: Vec<Sample>,
    pub(super) before: Latencies,
    pub(super) after: Latencies,
    /// Open before and after the load.
    pub(super) descriptors: (usize, usize),
    /// Sent and handled.
    pub(super) events: (u64, u64),
    pub(super) lost: u64,
    /// Sent, and evaluated by the rule.
    pub(super) pauses: (u64, u64),
    pub(super) fired: u64,
    pub(super) failed: u64,
    pub(super) calls: u64,
}

impl Measurements {
    /// Returns which guarantees are violated.
    pub(super) fn violations(&self) -> Vec<String> {
        let (second, last) = self.memory();
        let guarantees = [
            (last <= second + second / 20 + SLACK, "memory is not flat"),
            (self.descriptors.1 <= self.descriptors.0, "descriptors leak"),
            (self.events.0 == self.events.1, "events did not arrive"),
            (self.lost == 0, "events were lost"),
            (self.pauses.0 == self.pauses.1, "events were not evaluated"),
            (self.fired > 0, "no rule fired"),
            (self.failed == 0, "calls failed"),
            (self.calls > 0, "no calls"),
        ];
        let violated = guarantees.iter().filter(|(kept, _)| !kept);
        violated.map(|(_, words)| (*words).to_owned()).collect()
    }

    /// Returns the mean memory in the second and in the last third of the run, in kB.
    fn memory(&self) -> (u64, u64) {
        let third = self.samples.len() / 3;
        let mean = |samples: &[Sample]| {
            let sum: u64 = samples.iter().map(|sample| sample.memory).sum();
            sum / (samples.len() as u64).max(1)
        };
        let (early, last) = self.samples.split_at(self.samples.len() - third);
        (mean(&early[third..]), mean(last))
    }
}

impl fmt::Display for Measurements {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (second, last) = self.memory();
        writeln!(
            f,
            "memory: {second} kB in the second third, {last} kB in the last third"
        )?;
        let (before, after) = self.descriptors;
        writeln!(f, "descriptors: {before} before, {after} after")?;
        let ((sent, handled), lost) = (self.events, self.lost);
        writeln!(f, "events: {sent} sent, {handled} handled, {lost} lost")?;
        let ((pauses, evaluated), fired) = (self.pauses, self.fired);
        writeln!(
            f,
            "rule: {pauses} events for it, {evaluated} evaluated, fired {fired} times"
        )?;
        writeln!(f, "calls: {}, {} of them failed", self.calls, self.failed)?;
        writeln!(f, "latency before: {}", self.before)?;
        write!(f, "latency after: {}", self.after)
    }
}

impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            memory,
            descriptors,
            cpu,
            sent,
            handled,
            lost,
            calls,
            open,
            ..
        } = self;
        write!(
            f,
            "{:4} s: {memory} kB, {descriptors} descriptors, {cpu} cs of CPU; events {sent} sent, \
             {handled} handled, {lost} lost; calls {calls} done, {open} open",
            self.at.as_secs()
        )
    }
}

impl fmt::Display for Latencies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [half, most, longest] = self.ping;
        write!(f, "ping {half:.1?} / {most:.1?} / {longest:.1?}, ")?;
        let [half, most, longest] = self.push;
        write!(
            f,
            "push {half:.1?} / {most:.1?} / {longest:.1?} (p50 / p95 / max)"
        )
    }
}

/// Returns median, 95th percentile and maximum.
pub(super) fn percentiles(mut times: Vec<Duration>) -> [Duration; 3] {
    times.sort_unstable();
    let last = times.len() - 1;
    [times[last / 2], times[last * 95 / 100], times[last]]
}

/// Returns the sum of a metric over all of its labels.
pub(crate) fn total(metrics: &str, name: &str) -> u64 {
    let lines = metrics.lines().filter_map(|line| line.strip_prefix(name));
    let values = lines.filter(|rest| rest.starts_with([' ', '{']));
    values
        .map(|rest| rest.rsplit(' ').next().unwrap().parse::<u64>().unwrap())
        .sum()
}

/// Allowed fluctuation of memory in kB.
const SLACK: u64 = 4096;
