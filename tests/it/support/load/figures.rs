//! What was measured, and what it says.

use std::fmt;
use std::time::Duration;

/// The daemon at one moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    pub(super) at: Duration,
    /// Resident, in kB.
    pub(super) memory: u64,
    pub(super) descriptors: usize,
    /// Hundredths of a second since the last one.
    pub(super) cpu: u64,
    pub(super) sent: u64,
    pub(super) handled: u64,
    pub(super) lost: u64,
    pub(super) calls: u64,
    pub(super) open: u64,
}

/// How long things take: the middle, nineteen of twenty, and the longest.
#[derive(Clone, Copy, Debug)]
pub(super) struct Latencies {
    pub(super) ping: [Duration; 3],
    /// Beyond what the phone itself takes.
    pub(super) push: [Duration; 3],
}

/// All of it.
#[derive(Debug)]
pub(super) struct Verdict {
    pub(super) samples: Vec<Sample>,
    pub(super) before: Latencies,
    pub(super) after: Latencies,
    /// Before, and after.
    pub(super) descriptors: (usize, usize),
    /// Sent, and handled.
    pub(super) events: (u64, u64),
    pub(super) lost: u64,
    /// Sent, and judged by the rule.
    pub(super) pauses: (u64, u64),
    pub(super) fired: u64,
    pub(super) failed: u64,
    pub(super) calls: u64,
}

impl Verdict {
    /// Returns which promises are broken.
    pub(super) fn broken(&self) -> Vec<String> {
        let (second, last) = self.memory();
        let promises = [
            (last <= second + second / 20 + SLACK, "memory is not flat"),
            (self.descriptors.1 <= self.descriptors.0, "descriptors leak"),
            (self.events.0 == self.events.1, "events did not arrive"),
            (self.lost == 0, "events were lost"),
            (self.pauses.0 == self.pauses.1, "events were not judged"),
            (self.fired > 0, "no rule fired"),
            (self.failed == 0, "calls failed"),
            (self.calls > 0, "no call was made"),
        ];
        let broken = promises.iter().filter(|(kept, _)| !kept);
        broken.map(|(_, words)| (*words).to_owned()).collect()
    }

    /// Returns the mean of memory in the second third and in the last one, in kB.
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

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (second, last) = self.memory();
        writeln!(
            f,
            "memory: {second} kB in the second third, {last} kB in the last one"
        )?;
        let (before, after) = self.descriptors;
        writeln!(f, "descriptors: {before} before, {after} after")?;
        let ((sent, handled), lost) = (self.events, self.lost);
        writeln!(f, "events: {sent} sent, {handled} handled, {lost} lost")?;
        let ((pauses, judged), fired) = (self.pauses, self.fired);
        writeln!(
            f,
            "rule: {pauses} events for it, {judged} judged, {fired} times fired"
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

/// Returns the middle, the 95th percentile and the longest.
pub(super) fn percentiles(mut times: Vec<Duration>) -> [Duration; 3] {
    times.sort_unstable();
    let last = times.len() - 1;
    [times[last / 2], times[last * 95 / 100], times[last]]
}

/// Returns the sum of a metric over all of its labels.
pub(super) fn total(metrics: &str, name: &str) -> u64 {
    let lines = metrics.lines().filter_map(|line| line.strip_prefix(name));
    let values = lines.filter(|rest| rest.starts_with([' ', '{']));
    values
        .map(|rest| rest.rsplit(' ').next().unwrap().parse::<u64>().unwrap())
        .sum()
}

/// How much memory may differ for no reason, in kB.
const SLACK: u64 = 4096;
