use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use handset_phones::phone::Vendor;

use super::*;
use crate::fleet::Membership;
use crate::outcome::Status;
use crate::rules::Counters;

/// Returns the names of all series and of their families, as Prometheus sees them.
fn names() -> (BTreeSet<String>, BTreeSet<String>) {
    let metrics = DeliveryMetrics::default();
    metrics.delivered(Some(Vendor::Snom), "push", Status::Ok, Duration::ZERO);
    let snapshot = Snapshot {
        servers: vec![ServerStatus {
            name: "pbx".to_owned(),
            is_connected: true,
            totals: Totals::default(),
        }],
        rules: vec![RuleStatus {
            name: "rule".to_owned(),
            on: Vec::new(),
            schedule: None,
            counters: Counters::default(),
            last_fired: None,
            traces: Vec::new(),
            warnings: Vec::new(),
            description: None,
        }],
        sessions: Some(SessionTotals::default()),
        cluster: Some(ClusterState {
            name: "site-a".to_owned(),
            membership: Membership::Joined,
            since: SystemTime::UNIX_EPOCH,
            reason: String::new(),
            daemons: Vec::new(),
            lost_events: 0,
            requests: [("answered", 1), ("not_sent", 0), ("unanswered", 0)],
            leads: Vec::new(),
        }),
        ..Snapshot::default()
    };
    let text = encode_all(&metrics, &snapshot).unwrap();
    let (mut series, mut families) = (BTreeSet::new(), BTreeSet::new());
    for line in text.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let (name, kind) = line.split_once(' ').unwrap();
        families.insert(name.to_owned());
        let suffixes: &[&str] = match kind {
            "counter" => &["_total"],
            "histogram" => &["_bucket", "_sum", "_count"],
            "info" => &["_info"],
            _ => &[""],
        };
        series.extend(suffixes.iter().map(|suffix| format!("{name}{suffix}")));
    }
    (series, families)
}

fn packaged(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("packaging")
        .join(name);
    fs::read_to_string(path).unwrap()
}

/// Returns the metrics of handsetd that a text mentions.
fn mentioned(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let names = words.filter(|word| word.starts_with("handsetd_"));
    names.map(ToOwned::to_owned).collect()
}

#[test]
fn dashboard_shows_every_metric_and_no_other() {
    let text = packaged("grafana/handsetd.json");
    let dashboard: serde_json::Value = serde_json::from_str(&text).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels
        .iter()
        .flat_map(|panel| panel["targets"].as_array().unwrap());
    let queries: String = targets
        .map(|target| target["expr"].as_str().unwrap())
        .collect::<Vec<_>>()
        .join(" ");
    let (series, families) = names();
    let shown = mentioned(&queries);
    assert!(!shown.is_empty());
    let unknown: Vec<_> = shown.difference(&series).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
    let missing: Vec<_> = families
        .iter()
        .filter(|family| !shown.iter().any(|name| name.starts_with(family.as_str())))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn alerts_use_existing_metrics() {
    let text = packaged("prometheus/alerts.yml");
    let (series, _) = names();
    let queries: Vec<&str> = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("expr: "))
        .collect();
    assert_eq!(queries.len(), text.matches("- alert: ").count());
    assert!(queries.len() >= 5);
    for query in queries {
        let names = mentioned(query);
        assert!(!names.is_empty(), "{query}");
        let unknown: Vec<_> = names.difference(&series).collect();
        assert!(unknown.is_empty(), "{query}: {unknown:?}");
    }
}
