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
        .map(|summary| (&*summary.vendor, summary.ok, summary.total))
        .collect();
    assert_eq!(vendors, [("snom", 1, 2), ("yealink", 1, 1)]);
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
    let milliseconds = |values: &[u64]| values.iter().copied().map(Duration::from_millis).collect();
    let percentiles = |values: &[u64]| {
        let found = Sample::of(milliseconds(values)).percentiles()?;
        Some((found.p50.as_millis(), found.p95.as_millis()))
    };
    assert_eq!(percentiles(&[]), None);
    assert_eq!(percentiles(&[7]), Some((7, 7)));
    assert_eq!(percentiles(&[9, 1]), Some((1, 9)));
    let hundred: Vec<u64> = (1..=100).rev().collect();
    assert_eq!(percentiles(&hundred), Some((50, 95)));
}

#[test]
fn daemons_are_added_up() {
    let (snom, yealink) = (Some(Vendor::Snom), Some(Vendor::Yealink));
    let here = records(&[(3, snom, Status::Ok), (2, snom, Status::Denied)], noon());
    let there = records(&[(3, snom, Status::Ok), (1, yealink, Status::Ok)], noon());
    let period = Duration::from_hours(1);
    let mut sum = Overview::new(&here, period, noon());
    let json = serde_json::to_string(&Overview::new(&there, period, noon())).unwrap();
    let other: Overview = serde_json::from_str(&json).unwrap();
    sum.add(other);
    let json = sum.to_json();
    assert_eq!(json["deliveries"], json!({"OK": 3, "DENIED": 1}));
    let buckets = json["buckets"].as_array().unwrap().iter();
    let in_buckets = buckets.map(|bucket| bucket["deliveries"]["OK"].as_u64().unwrap_or(0));
    assert_eq!(in_buckets.sum::<u64>(), 3);
    let vendors = json["vendors"].as_array().unwrap().iter();
    let vendors: Vec<_> = vendors
        .map(|row| {
            (
                row["vendor"].as_str().unwrap(),
                row["total"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(vendors, [("snom", 3), ("yealink", 1)]);
    // The clock of the other daemon is ahead by a bucket, and its history is longer.
    let later = noon() + sum.bucket_length;
    let ahead = records(&[(0, snom, Status::Ok), (90, snom, Status::Ok)], later);
    sum.add(Overview::new(&ahead, Duration::from_hours(2), later));
    assert_eq!(sum.buckets.last().unwrap().counts.total(), 1);
    assert_eq!(sum.totals.total(), 6);
}
