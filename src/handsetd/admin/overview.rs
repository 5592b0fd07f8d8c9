//! `GET overview`: how deliveries, rules and phones did in the last hours.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::extract::{RawQuery, State};
use serde_json::json;

use super::query;
use super::reply::Reply;
use super::rules;
use super::state::AppState;
use crate::events::RuleStatus;
use crate::history::Overview;

/// What the overview shows.
#[derive(Debug)]
pub(super) struct Summary {
    pub(super) deliveries: Overview,
    /// In order of the configuration; they count from the start of the daemon.
    pub(super) rules: Vec<RuleStatus>,
    /// Deliveries that are queued, stored or being sent.
    pub(super) in_flight: usize,
    /// Deliveries in the outbox.
    pub(super) stored: usize,
    pub(super) open_circuit_breakers: usize,
}

impl Summary {
    /// Summarizes the last `period`.
    pub(super) async fn of(state: &AppState, period: Duration) -> Self {
        let services = &state.services;
        services.history.loaded().await;
        Self {
            deliveries: services.history.overview(period, SystemTime::now()),
            rules: services.rules.statuses().await,
            in_flight: services.dispatcher.in_flight(),
            stored: services.dispatcher.stored(),
            open_circuit_breakers: services.courier.open_circuit_breakers(),
        }
    }
}

/// Handles `GET overview`.
pub(super) async fn get(State(state): State<Arc<AppState>>, RawQuery(query): RawQuery) -> Reply {
    let period = match parse_period(query.as_deref()) {
        Ok(period) => period,
        Err(reply) => return reply,
    };
    let summary = Summary::of(&state, period).await;
    let mut result = summary.deliveries.to_json();
    result["rules"] = summary.rules.iter().map(rules::to_json).collect();
    result["in_flight"] = json!(summary.in_flight);
    result["stored"] = json!(summary.stored);
    result["open_circuit_breakers"] = json!(summary.open_circuit_breakers);
    Reply::ok(result)
}

/// Parses the query: the period that ends now.
fn parse_period(query: Option<&str>) -> Result<Duration, Reply> {
    let pairs = query::parse(query, &KEYS, &[])?;
    let Some((_, text)) = pairs.first().filter(|(_, text)| !text.is_empty()) else {
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
pub(super) const KEYS: [&str; 1] = ["period"];

/// The period unless the query tells another.
pub(super) const DEFAULT_PERIOD: Duration = Duration::from_hours(24);

const MIN_PERIOD: Duration = Duration::from_mins(1);

/// More than a history usually keeps.
const MAX_PERIOD: Duration = Duration::from_hours(366 * 24);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn period_is_a_duration() {
        let parse = |query| parse_period(query).ok().map(|period| period.as_secs());
        assert_eq!(parse(None), Some(24 * 3600));
        assert_eq!(parse(Some("period=")), Some(24 * 3600));
        assert_eq!(parse(Some("period=1h")), Some(3600));
        for wrong in [
            "period=0s",
            "period=9999d",
            "period=x",
            "hours=1",
            "period=1h&period=2h",
        ] {
            assert_eq!(parse(Some(wrong)), None, "{wrong}");
        }
    }
}
