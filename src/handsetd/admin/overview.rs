//! `GET overview`: how deliveries, rules and phones did in the last hours.

use std::cmp::Reverse;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::extract::{RawQuery, State};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::daemons::{Daemons, Missing, Question, Wanted};
use super::deliveries::Delivery;
use super::query;
use super::question::LocalQuestion;
use super::reply::Reply;
use super::rules::RuleRow;
use super::state::{AppState, Services};
use crate::history::Overview;

/// Asks for a summary of a period that ends now.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Summarize {
    pub(super) period: Duration,
}

/// What the overview shows of a daemon.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Summary {
    pub(super) deliveries: Overview,
    /// In order of the configuration; they count from the start of the daemon.
    #[serde(default)]
    pub(super) rules: Vec<RuleRow>,
    /// Deliveries that are queued, stored or being sent.
    #[serde(default)]
    pub(super) in_flight: usize,
    /// Deliveries in the outbox.
    #[serde(default)]
    pub(super) stored: usize,
    #[serde(default)]
    pub(super) open_circuit_breakers: usize,
}

/// What the overview shows of all daemons.
#[derive(Debug)]
pub(super) struct MergedSummary {
    /// The sum; without its failures.
    pub(super) deliveries: Overview,
    /// Newest first.
    pub(super) failures: Vec<Delivery>,
    pub(super) rules: Vec<(Option<Arc<str>>, RuleRow)>,
    pub(super) in_flight: usize,
    pub(super) stored: usize,
    pub(super) open_circuit_breakers: usize,
    pub(super) missing: Vec<Missing>,
}

impl Question for Summarize {
    const NAME: &'static str = "overview";
    type Answer = Summary;
}

impl LocalQuestion for Summarize {
    async fn here(self, services: &Services) -> Summary {
        services.history.loaded().await;
        let rules = services.rules.statuses().await;
        Summary {
            deliveries: services.history.overview(self.period, SystemTime::now()),
            rules: rules.iter().map(RuleRow::of).collect(),
            in_flight: services.dispatcher.in_flight(),
            stored: services.dispatcher.stored(),
            open_circuit_breakers: services.courier.open_circuit_breakers(),
        }
    }
}

impl MergedSummary {
    /// Summarizes the last `period` at the wanted daemons.
    pub(super) async fn of(services: &Services, wanted: &Wanted, period: Duration) -> Self {
        let gathered = Summarize { period }.of(wanted, services).await;
        let mut merged = Self {
            deliveries: Overview::new(&[], period, SystemTime::now()),
            failures: Vec::new(),
            rules: Vec::new(),
            in_flight: 0,
            stored: 0,
            open_circuit_breakers: 0,
            missing: gathered.missing,
        };
        for part in gathered.parts {
            let (daemon, mut summary) = (part.daemon, part.answer);
            let failures = std::mem::take(&mut summary.deliveries.failures).into_iter();
            merged.failures.extend(failures.map(|record| Delivery {
                daemon: daemon.clone(),
                record,
            }));
            merged.deliveries.add(summary.deliveries);
            let rules = summary.rules.into_iter();
            merged
                .rules
                .extend(rules.map(|rule| (daemon.clone(), rule)));
            for (sum, own) in [
                (&mut merged.in_flight, summary.in_flight),
                (&mut merged.stored, summary.stored),
                (
                    &mut merged.open_circuit_breakers,
                    summary.open_circuit_breakers,
                ),
            ] {
                *sum = sum.saturating_add(own);
            }
        }
        // Without daemons, all are equal and stay in their order.
        merged
            .failures
            .sort_by_cached_key(|delivery| Reverse(delivery.position()));
        merged.failures.truncate(MAX_FAILURES);
        merged
    }
}

/// Handles `GET overview`.
pub(super) async fn get(State(state): State<Arc<AppState>>, RawQuery(query): RawQuery) -> Reply {
    let services = &state.services;
    let (period, wanted) = match parse(query.as_deref(), &services.daemons) {
        Ok(parsed) => parsed,
        Err(reply) => return reply,
    };
    let summary = MergedSummary::of(services, &wanted, period).await;
    let mut result = summary.deliveries.to_json();
    result["failures"] = summary.failures.iter().map(failure).collect();
    let rules = summary.rules.iter();
    let rules = rules.map(|(daemon, rule)| rule.to_json(daemon.as_deref()));
    result["rules"] = rules.collect();
    result["in_flight"] = json!(summary.in_flight);
    result["stored"] = json!(summary.stored);
    result["open_circuit_breakers"] = json!(summary.open_circuit_breakers);
    Reply::ok(result).with_missing(&services.daemons, &summary.missing)
}

fn failure(Delivery { daemon, record }: &Delivery) -> Value {
    let mut object = json!({
        "number": record.number,
        "id": record.id.to_string(),
        "at": humantime::format_rfc3339_millis(record.at).to_string(),
        "phone": record.phone,
        "verb": record.verb,
        "status": record.status.word(),
        "reason": record.reason.as_str(),
    });
    if let Some(daemon) = daemon {
        object["daemon"] = json!(**daemon);
    }
    object
}

/// Parses the query: the period that ends now, and the daemons.
fn parse(query: Option<&str>, daemons: &Daemons) -> Result<(Duration, Wanted), Reply> {
    let pairs = query::parse(query, &query::keys(&KEYS, daemons), &[])?;
    let wanted = query::wanted(&pairs, daemons)?;
    Ok((parse_period(&pairs)?, wanted))
}

fn parse_period(pairs: &[(String, String)]) -> Result<Duration, Reply> {
    let is_period = |(key, text): &&(String, String)| key == "period" && !text.is_empty();
    let Some((_, text)) = pairs.iter().find(is_period) else {
        return Ok(DEFAULT_PERIOD);
    };
    humantime::parse_duration(text)
        .ok()
        .filter(|period| (MIN_PERIOD..=MAX_PERIOD).contains(period))
        .ok_or_else(|| {
            Reply::invalid(format!(
                "period: invalid duration {text:?}; use 1h for the last hour, and at most {}",
                humantime::format_duration(MAX_PERIOD)
            ))
        })
}

/// The keys of the query.
pub(super) const KEYS: [&str; 2] = [query::DAEMON, "period"];

/// The period unless the query has another.
pub(super) const DEFAULT_PERIOD: Duration = Duration::from_hours(24);

/// How many of the last failures are listed.
const MAX_FAILURES: usize = 10;

const MIN_PERIOD: Duration = Duration::from_mins(1);

/// More than a history usually keeps.
const MAX_PERIOD: Duration = Duration::from_hours(366 * 24);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn period_is_a_duration() {
        let seconds = |query| {
            let (period, wanted) = parse(query, &Daemons::default()).ok()?;
            assert_eq!(wanted, Wanted::All);
            Some(period.as_secs())
        };
        assert_eq!(seconds(None), Some(24 * 3600));
        assert_eq!(seconds(Some("period=")), Some(24 * 3600));
        assert_eq!(seconds(Some("period=1h")), Some(3600));
        for wrong in [
            "period=0s",
            "period=9999d",
            "period=x",
            "hours=1",
            "daemon=site-a",
            "period=1h&period=2h",
        ] {
            assert_eq!(seconds(Some(wrong)), None, "{wrong}");
        }
    }
}
