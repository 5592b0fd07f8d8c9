//! Aggregates of recent deliveries: how many had which status and when, how often each vendor's phones
//! succeeded, how long it took, and the last failures. Pure.

mod sample;
mod shared;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use handset_phones::phone::Vendor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value, json};

pub(crate) use self::sample::Percentiles;
use self::sample::Sample;
use super::record::Record;
use crate::outcome::Status;

/// The aggregates of a period that ends now.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Overview {
    /// The length of each bucket.
    pub(crate) bucket_length: Duration,
    /// Consecutive, oldest first; the last one contains the present, and is incomplete.
    pub(crate) buckets: Vec<Bucket>,
    /// All deliveries of the period.
    pub(crate) totals: Counts,
    /// The vendors with deliveries that are over, by name.
    pub(crate) vendors: Vec<VendorSummary>,
    /// Of the deliveries that ended with `OK`.
    sample: Sample,
    /// The last deliveries that failed, newest first, up to [`MAX_FAILURES`].
    #[serde(with = "shared")]
    pub(crate) failures: Vec<Arc<Record>>,
}

/// The deliveries that were requested in a part of the period.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Bucket {
    /// When it starts; a multiple of its length since 1970 in UTC.
    pub(crate) at: SystemTime,
    pub(crate) counts: Counts,
}

/// The number of deliveries with each status, in the order of [`Status::ALL`].
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Counts([u64; Status::ALL.len()]);

impl Serialize for Counts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Counts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let by_name = BTreeMap::<String, u64>::deserialize(deserializer)?;
        let count = |status: Status| by_name.get(status.word()).copied().unwrap_or_default();
        Ok(Self(Status::ALL.map(count)))
    }
}

/// The deliveries to phones of one vendor that are over.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct VendorSummary {
    /// The name of the vendor.
    pub(crate) vendor: String,
    pub(crate) total: u64,
    /// How many ended with `OK`.
    pub(crate) ok: u64,
    /// Of those.
    sample: Sample,
}

impl Overview {
    /// Summarizes the records that were requested in the `period` until `now`; other records are
    /// ignored. The records are ordered newest first.
    pub(crate) fn new(records: &[Arc<Record>], period: Duration, now: SystemTime) -> Self {
        let bucket_length = bucket_length(period);
        let end = index(now, bucket_length);
        let count = period.as_secs().div_ceil(bucket_length.as_secs()).max(1);
        let first = end.saturating_add(1).saturating_sub(count);
        let mut buckets: Vec<Bucket> = (first..=end)
            .map(|index| Bucket {
                at: start(index, bucket_length),
                counts: Counts::default(),
            })
            .collect();
        let mut totals = Counts::default();
        let (mut all, mut failures) = (Group::default(), Vec::new());
        let mut vendors: Vec<(Vendor, Group)> = Vec::new();
        for record in records {
            let at = index(record.at, bucket_length);
            let position = at
                .checked_sub(first)
                .and_then(|at| usize::try_from(at).ok());
            let Some(bucket) = position.and_then(|position| buckets.get_mut(position)) else {
                continue;
            };
            bucket.counts.add(record.status);
            totals.add(record.status);
            all.add(record);
            if let Some(vendor) = record.vendor {
                let known = vendors.iter_mut().find(|(known, _)| *known == vendor);
                if let Some((_, group)) = known {
                    group.add(record);
                } else {
                    let mut group = Group::default();
                    group.add(record);
                    vendors.push((vendor, group));
                }
            }
            if is_failure(record.status) && failures.len() < MAX_FAILURES {
                failures.push(Arc::clone(record));
            }
        }
        vendors.retain(|(_, group)| group.total > 0);
        vendors.sort_by_key(|(vendor, _)| vendor.name());
        let vendors = vendors.into_iter().map(|(vendor, group)| VendorSummary {
            vendor: vendor.name().to_owned(),
            total: group.total,
            ok: group.ok,
            sample: Sample::of(group.durations),
        });
        Self {
            bucket_length,
            buckets,
            totals,
            vendors: vendors.collect(),
            sample: Sample::of(all.durations),
            failures,
        }
    }

    /// Adds what happened at another daemon in the same period. The failures stay those of this one.
    pub(crate) fn add(&mut self, other: Self) {
        for bucket in other.buckets {
            // The clock of the other daemon may be ahead.
            let own = self
                .buckets
                .iter_mut()
                .rev()
                .find(|own| own.at <= bucket.at);
            if let Some(own) = own {
                own.counts.add_all(bucket.counts);
            }
        }
        self.totals.add_all(other.totals);
        self.sample.add(other.sample);
        for summary in other.vendors {
            let known = self
                .vendors
                .iter_mut()
                .find(|known| known.vendor == summary.vendor);
            match known {
                Some(known) => {
                    known.total = known.total.saturating_add(summary.total);
                    known.ok = known.ok.saturating_add(summary.ok);
                    known.sample.add(summary.sample);
                }
                None => self.vendors.push(summary),
            }
        }
        self.vendors.sort_by(|a, b| a.vendor.cmp(&b.vendor));
    }

    /// Returns how long the deliveries took that ended with `OK`; `None` if there are none.
    pub(crate) fn durations(&self) -> Option<Percentiles> {
        self.sample.percentiles()
    }

    /// Returns the JSON object of the API, without the failures.
    pub(crate) fn to_json(&self) -> Value {
        let buckets = self
            .buckets
            .iter()
            .map(|bucket| json!({"at": time(bucket.at), "deliveries": bucket.counts.to_json()}));
        let vendors = self.vendors.iter().map(|summary| {
            json!({
                "vendor": summary.vendor,
                "total": summary.total,
                "ok": summary.ok,
                "took": summary.durations().map(Percentiles::to_json),
            })
        });
        json!({
            "bucket": self.bucket_length.as_secs(),
            "buckets": buckets.collect::<Vec<_>>(),
            "deliveries": self.totals.to_json(),
            "vendors": vendors.collect::<Vec<_>>(),
            "took": self.durations().map(Percentiles::to_json),
        })
    }
}

impl VendorSummary {
    /// Returns how long the deliveries took that ended with `OK`; `None` if there are none.
    pub(crate) fn durations(&self) -> Option<Percentiles> {
        self.sample.percentiles()
    }
}

impl Counts {
    fn add(&mut self, status: Status) {
        for (known, count) in Status::ALL.iter().zip(&mut self.0) {
            if *known == status {
                *count = count.saturating_add(1);
            }
        }
    }

    fn add_all(&mut self, other: Self) {
        for (own, other) in self.0.iter_mut().zip(other.0) {
            *own = own.saturating_add(other);
        }
    }

    /// Returns the statuses that occur, and how often.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Status, u64)> {
        let all = Status::ALL.into_iter().zip(self.0);
        all.filter(|(_, count)| *count > 0)
    }

    pub(crate) fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    fn to_json(self) -> Value {
        let counts = self
            .iter()
            .map(|(status, count)| (status.word().to_owned(), count.into()));
        Value::Object(counts.collect::<Map<_, _>>())
    }
}

/// Deliveries that are over.
#[derive(Debug, Default)]
struct Group {
    total: u64,
    ok: u64,
    /// Of those that succeeded and did not wait for their phone.
    durations: Vec<Duration>,
}

impl Group {
    fn add(&mut self, record: &Record) {
        let Some(duration) = record.duration else {
            return;
        };
        self.total = self.total.saturating_add(1);
        if record.status == Status::Ok {
            self.ok = self.ok.saturating_add(1);
            if record.keys.iter().all(|(key, _)| key != "keep") {
                self.durations.push(duration);
            }
        }
    }
}

fn is_failure(status: Status) -> bool {
    !matches!(status, Status::Ok | Status::Queued)
}

/// Returns the shortest length of buckets of which few enough make up the period.
fn bucket_length(period: Duration) -> Duration {
    let minutes = BUCKET_MINUTES.map(Duration::from_mins);
    let fits = |length: &Duration| period.as_secs() <= length.as_secs().saturating_mul(MAX_BUCKETS);
    let fitting = minutes.iter().copied().find(fits);
    fitting.unwrap_or_else(|| Duration::from_secs(period.as_secs().div_ceil(MAX_BUCKETS)))
}

/// Returns the number of the bucket of a time, counted from 1970.
fn index(at: SystemTime, length: Duration) -> u64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_secs() / length.as_secs().max(1)
}

fn start(index: u64, length: Duration) -> SystemTime {
    let seconds = index.saturating_mul(length.as_secs());
    let start = UNIX_EPOCH.checked_add(Duration::from_secs(seconds));
    start.unwrap_or(UNIX_EPOCH)
}

fn time(at: SystemTime) -> String {
    humantime::format_rfc3339_millis(at).to_string()
}

/// The lengths that buckets may have, in minutes.
const BUCKET_MINUTES: [u64; 10] = [1, 5, 15, 30, 60, 180, 360, 720, 1440, 10_080];

/// The most buckets of a period: as many bars as fit next to each other on a phone's screen.
const MAX_BUCKETS: u64 = 48;

/// How many of the last failures are listed.
const MAX_FAILURES: usize = 10;

#[cfg(test)]
mod tests;
