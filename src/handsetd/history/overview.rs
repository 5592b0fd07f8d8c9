//! Aggregates of recent deliveries: how many had which status and when, how often each vendor's phones
//! succeeded, how long it took, and the last failures. Pure.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use handset_phones::phone::Vendor;
use serde_json::{Map, Value, json};

use super::record::Record;
use crate::outcome::Status;

/// The aggregates of a period that ends now.
#[derive(Clone, Debug)]
pub(crate) struct Overview {
    /// The length of each bucket.
    pub(crate) bucket_length: Duration,
    /// Consecutive, oldest first; the last one contains the present, and is incomplete.
    pub(crate) buckets: Vec<Bucket>,
    /// All deliveries of the period.
    pub(crate) totals: Counts,
    /// The vendors with deliveries that are over, by name.
    pub(crate) vendors: Vec<VendorSummary>,
    /// Of the deliveries that ended with `OK`; `None` if there are none.
    pub(crate) durations: Option<Percentiles>,
    /// The last deliveries that failed, newest first, up to [`MAX_FAILURES`].
    pub(crate) failures: Vec<Arc<Record>>,
}

/// The deliveries that were requested in a part of the period.
#[derive(Clone, Debug)]
pub(crate) struct Bucket {
    /// When it starts; a multiple of its length since 1970 in UTC.
    pub(crate) at: SystemTime,
    pub(crate) counts: Counts,
}

/// The number of deliveries with each status, in the order of [`Status::ALL`].
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Counts([u64; Status::ALL.len()]);

/// The deliveries to phones of one vendor that are over.
#[derive(Clone, Debug)]
pub(crate) struct VendorSummary {
    pub(crate) vendor: Vendor,
    pub(crate) total: u64,
    /// How many ended with `OK`.
    pub(crate) ok: u64,
    /// Of those; `None` if there are none.
    pub(crate) durations: Option<Percentiles>,
}

/// How long deliveries took, from the request to the result. Those with `keep` are left out, since they
/// may have waited for their phone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Percentiles {
    /// Half of them took no longer.
    pub(crate) p50: Duration,
    /// 95 % of them took no longer.
    pub(crate) p95: Duration,
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
            vendor,
            total: group.total,
            ok: group.ok,
            durations: group.percentiles(),
        });
        Self {
            bucket_length,
            buckets,
            totals,
            vendors: vendors.collect(),
            durations: all.percentiles(),
            failures,
        }
    }

    /// Returns the JSON object of the API.
    pub(crate) fn to_json(&self) -> Value {
        let buckets = self
            .buckets
            .iter()
            .map(|bucket| json!({"at": time(bucket.at), "deliveries": bucket.counts.to_json()}));
        let vendors = self.vendors.iter().map(|summary| {
            json!({
                "vendor": summary.vendor.name(),
                "total": summary.total,
                "ok": summary.ok,
                "took": summary.durations.map(Percentiles::to_json),
            })
        });
        let failures = self.failures.iter().map(|record| {
            json!({
                "number": record.number,
                "id": record.id.to_string(),
                "at": time(record.at),
                "phone": record.phone,
                "verb": record.verb,
                "status": record.status.word(),
                "reason": record.reason.as_str(),
            })
        });
        json!({
            "bucket": self.bucket_length.as_secs(),
            "buckets": buckets.collect::<Vec<_>>(),
            "deliveries": self.totals.to_json(),
            "vendors": vendors.collect::<Vec<_>>(),
            "took": self.durations.map(Percentiles::to_json),
            "failures": failures.collect::<Vec<_>>(),
        })
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

    /// Returns the statuses that occur, and how often.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Status, u64)> {
        let all = Status::ALL.into_iter().zip(self.0);
        all.filter(|(_, count)| *count > 0)
    }

    #[cfg(test)]
    fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    fn to_json(self) -> Value {
        let counts = self
            .iter()
            .map(|(status, count)| (status.word().to_owned(), count.into()));
        Value::Object(counts.collect::<Map<_, _>>())
    }
}

impl Percentiles {
    /// Returns `None` if there are no durations.
    fn of(mut durations: Vec<Duration>) -> Option<Self> {
        durations.sort_unstable();
        let percentile = |percent: usize| {
            let rank = durations.len().saturating_mul(percent).div_ceil(100);
            durations.get(rank.checked_sub(1)?).copied()
        };
        Some(Self {
            p50: percentile(50)?,
            p95: percentile(95)?,
        })
    }

    fn to_json(self) -> Value {
        json!({"p50": self.p50.as_secs_f64(), "p95": self.p95.as_secs_f64()})
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

    fn percentiles(self) -> Option<Percentiles> {
        Percentiles::of(self.durations)
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
mod tests {
    use super::*;
    use crate::history::{Config, History, RequestInfo, Requester, Search};
    use crate::outcome::Outcome;

    /// Records deliveries of the given age, vendor and status.
    fn records(deliveries: &[(u64, Option<Vendor>, Status)], now: SystemTime) -> Vec<Arc<Record>> {
        let history = History::new(Config::default());
        for (minutes, vendor, status) in deliveries {
            let requester = Requester::Page {
                name: "ann".to_owned(),
            };
            let info = RequestInfo::new(requester, "push", Vec::new());
            let at = now - Duration::from_mins(*minutes);
            let open = history.begin_at(at, &info, "1001", *vendor);
            if *status != Status::Queued {
                history.end(open, &Outcome::at("1001", *vendor, *status, "because"));
            }
        }
        history.find(&Search::default(), usize::MAX)
    }

    fn noon() -> SystemTime {
        humantime::parse_rfc3339("2026-11-29T12:10:00Z").unwrap()
    }

    #[test]
    fn deliveries_are_counted_by_time_and_status() {
        let deliveries = [
            (0, None, Status::Ok),
            (0, None, Status::Queued),
            (9, None, Status::Denied),
            (11, None, Status::Ok),
            (24 * 60, None, Status::Ok),
        ];
        let records = records(&deliveries, noon());
        let overview = Overview::new(&records, Duration::from_hours(24), noon());
        assert_eq!(overview.bucket_length, Duration::from_mins(30));
        assert_eq!(overview.buckets.len(), 48);
        let json = overview.to_json();
        assert_eq!(json["buckets"][47]["at"], "2026-11-29T12:00:00.000Z");
        assert_eq!(
            json["buckets"][47]["deliveries"],
            json!({"OK": 1, "QUEUED": 1, "DENIED": 1})
        );
        assert_eq!(json["buckets"][46]["deliveries"], json!({"OK": 1}));
        assert_eq!(
            json["deliveries"],
            json!({"OK": 2, "QUEUED": 1, "DENIED": 1})
        );
        assert_eq!(overview.totals.total(), 4);
    }

    #[test]
    fn buckets_fit_the_period() {
        for (period, length, count) in [
            (Duration::from_secs(1), 1, 1),
            (Duration::from_hours(1), 5, 12),
            (Duration::from_hours(24), 30, 48),
            (Duration::from_hours(25), 60, 25),
            (Duration::from_hours(7 * 24), 360, 28),
            (Duration::from_hours(365 * 24), 10_950, 48),
        ] {
            let overview = Overview::new(&[], period, noon());
            assert_eq!(overview.bucket_length.as_secs() / 60, length, "{period:?}");
            assert_eq!(overview.buckets.len(), count, "{period:?}");
            let last = overview.buckets.last().unwrap().at;
            assert!(noon().duration_since(last).unwrap() < overview.bucket_length);
        }
    }

    #[test]
    fn success_is_counted_by_vendor() {
        let (snom, yealink) = (Some(Vendor::Snom), Some(Vendor::Yealink));
        let deliveries = [
            (3, yealink, Status::Ok),
            (3, snom, Status::Ok),
            (2, snom, Status::Rejected),
            // Not over, or without a phone.
            (1, snom, Status::Queued),
            (1, None, Status::NotFound),
        ];
        let records = records(&deliveries, noon());
        let overview = Overview::new(&records, Duration::from_hours(1), noon());
        let vendors: Vec<_> = overview
            .vendors
            .iter()
            .map(|summary| (summary.vendor, summary.ok, summary.total))
            .collect();
        assert_eq!(vendors, [(Vendor::Snom, 1, 2), (Vendor::Yealink, 1, 1)]);
        let failures: Vec<_> = overview
            .failures
            .iter()
            .map(|record| record.status)
            .collect();
        assert_eq!(failures, [Status::NotFound, Status::Rejected]);
    }

    #[test]
    fn failures_are_the_last_ones() {
        let deliveries: Vec<_> = (0..30)
            .rev()
            .map(|age| (age, None, Status::Unknown))
            .collect();
        let records = records(&deliveries, noon());
        let overview = Overview::new(&records, Duration::from_hours(1), noon());
        assert_eq!(overview.failures.len(), MAX_FAILURES);
        assert_eq!(overview.failures[0].at, noon());
    }

    #[test]
    fn percentiles_are_values_that_occur() {
        let milliseconds =
            |values: &[u64]| values.iter().copied().map(Duration::from_millis).collect();
        let percentiles = |values: &[u64]| {
            let found = Percentiles::of(milliseconds(values))?;
            Some((found.p50.as_millis(), found.p95.as_millis()))
        };
        assert_eq!(percentiles(&[]), None);
        assert_eq!(percentiles(&[7]), Some((7, 7)));
        assert_eq!(percentiles(&[9, 1]), Some((1, 9)));
        let hundred: Vec<u64> = (1..=100).rev().collect();
        assert_eq!(percentiles(&hundred), Some((50, 95)));
    }
}
