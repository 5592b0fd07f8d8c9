//! How long deliveries took.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};

/// Durations with their weights, shortest first. Those of another daemon may stand for several.
#[derive(Clone, Debug, Default)]
pub(super) struct Sample(Vec<(Duration, u64)>);

/// How long deliveries took, from the request to the result. Those with `keep` are left out, since they
/// may have waited for their phone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Percentiles {
    /// Half of them took no longer.
    pub(crate) p50: Duration,
    /// 95 % of them took no longer.
    pub(crate) p95: Duration,
}

impl Percentiles {
    pub(super) fn to_json(self) -> Value {
        json!({"p50": self.p50.as_secs_f64(), "p95": self.p95.as_secs_f64()})
    }
}

impl Sample {
    pub(super) fn of(mut durations: Vec<Duration>) -> Self {
        durations.sort_unstable();
        Self(durations.into_iter().map(|one| (one, 1)).collect())
    }

    pub(super) fn add(&mut self, other: Self) {
        self.0.extend(other.0);
        self.0.sort_unstable();
    }

    /// Returns `None` if there are no durations.
    pub(super) fn percentiles(&self) -> Option<Percentiles> {
        let weights = self.0.iter().map(|(_, weight)| *weight);
        let total = weights.fold(0, u64::saturating_add);
        let percentile = |percent: u64| {
            let mut sum: u64 = 0;
            let wanted = total.saturating_mul(percent);
            let mut sorted = self.0.iter();
            let found = sorted.find(|(_, weight)| {
                sum = sum.saturating_add(*weight);
                sum.saturating_mul(100) >= wanted
            });
            found.map(|(duration, _)| *duration)
        };
        Some(Percentiles {
            p50: percentile(50)?,
            p95: percentile(95)?,
        })
    }

    /// Returns up to [`MAX_VALUES`] of the durations, in microseconds; each stands for some around it.
    fn excerpt(&self) -> Vec<(u64, u64)> {
        let size = self.0.len().div_ceil(MAX_VALUES).max(1);
        let groups = self.0.chunks(size);
        let excerpt = groups.filter_map(|group| {
            let (middle, _) = group.get(group.len() / 2)?;
            let weights = group.iter().map(|(_, weight)| *weight);
            let microseconds = u64::try_from(middle.as_micros()).unwrap_or(u64::MAX);
            Some((microseconds, weights.fold(0, u64::saturating_add)))
        });
        excerpt.collect()
    }
}

impl Serialize for Sample {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.excerpt().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Sample {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let excerpt = Vec::<(u64, u64)>::deserialize(deserializer)?;
        let mut sample: Vec<_> = excerpt
            .into_iter()
            .take(MAX_VALUES)
            .map(|(microseconds, weight)| (Duration::from_micros(microseconds), weight))
            .collect();
        sample.sort_unstable();
        Ok(Self(sample))
    }
}

/// How many durations one daemon sends to another: enough for percentiles.
const MAX_VALUES: usize = 500;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_of_an_excerpt_are_near_those_of_all() {
        let all = Sample::of((1..=10_000).map(Duration::from_millis).collect());
        let json = serde_json::to_string(&all).unwrap();
        let excerpt: Sample = serde_json::from_str(&json).unwrap();
        assert_eq!(excerpt.0.len(), MAX_VALUES);
        let near = |a: Duration, b: Duration| a.abs_diff(b) <= Duration::from_millis(20);
        let (all, excerpt) = (all.percentiles().unwrap(), excerpt.percentiles().unwrap());
        assert!(
            near(all.p50, excerpt.p50) && near(all.p95, excerpt.p95),
            "{excerpt:?}"
        );
        // What makes no sense is harmless.
        let hostile: Sample =
            serde_json::from_str("[[18446744073709551615, 18446744073709551615], [1, 0]]").unwrap();
        assert!(hostile.percentiles().is_some());
    }
}
