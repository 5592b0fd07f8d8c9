//! `/`: how everything does, with the deliveries of the last hours as a chart.

mod chart;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Extension, RawQuery, State};
use axum::response::Response;
use minijinja::value::Serde;
use minijinja::{Value, context};

use super::phones::{Shown, shown};
use super::rules;
use crate::admin::health::Servers;
use crate::admin::overview::{DEFAULT_PERIOD, Summary};
use crate::admin::page::listing::{self, Filters};
use crate::admin::page::shell::{self, View, Visitor};
use crate::admin::phones;
use crate::admin::state::AppState;
use crate::events::RuleStatus;
use crate::history::{Overview, Percentiles};
use crate::outcome::Status;
use crate::rules::Counters;

/// Handles `GET /`; `hours` is the period of the chart.
pub(super) async fn serve(
    State(state): State<Arc<AppState>>,
    Extension(visitor): Extension<Visitor>,
    RawQuery(query): RawQuery,
) -> Response {
    let filters = Filters::parse(query.as_deref());
    let wanted = filters.get("hours");
    let period = PERIODS
        .into_iter()
        .find(|hours| hours.to_string() == wanted)
        .map_or(DEFAULT_PERIOD, Duration::from_hours);
    let hours = period.as_secs() / 3600;
    let Summary {
        deliveries,
        rules,
        in_flight,
        stored,
        open_circuit_breakers,
    } = Summary::of(&state, period).await;
    let sum = |count: fn(&Counters) -> u64| {
        let counts = rules.iter().map(|rule| count(&rule.counters));
        counts.fold(0, u64::saturating_add)
    };
    let values = context! {
        hours,
        periods => PERIODS.map(|hours| context! { hours, address => filters.address("/", "hours", &hours.to_string()) }),
        servers => Value::from(Serde(Servers::of(&state).with_cures())),
        phones => phones(&state).await,
        chart => chart::render(&deliveries, hours),
        totals => totals(&deliveries, hours),
        total => deliveries.totals.total(),
        vendors => vendors(&deliveries),
        took => deliveries.durations.map(took),
        failures => failures(&deliveries),
        rules => rules.len(),
        fired => sum(|counters| counters.fired),
        failed => sum(|counters| counters.failed.saturating_add(counters.runs_failed)),
        failing => failing(&rules),
        in_flight,
        stored,
        open_circuit_breakers,
    };
    shell::view(
        &state,
        &visitor,
        View::Overview,
        "views/overview.html",
        values,
    )
}

/// Returns how many phones are in each state.
async fn phones(state: &AppState) -> Vec<Value> {
    let (all, _) = phones::known_phones(state).await;
    let shown: Vec<Shown> = all.iter().map(|phone| shown(state, phone)).collect();
    let count = |wanted: Shown| shown.iter().filter(|shown| **shown == wanted).count();
    let tiles = Shown::ALL.into_iter().map(|shown| {
        context! {
            count => count(shown),
            key => shown.key(),
            label => shown.words(),
            address => Filters::default().address("/phones", "state", shown.key()),
        }
    });
    let is_some = |tile: &Value| tile.get_attr("count").is_ok_and(|count| count.is_true());
    tiles.filter(is_some).collect()
}

/// Returns how many deliveries have each status, with the address of their list.
fn totals(overview: &Overview, hours: u64) -> Vec<Value> {
    let since = format!("{hours}h");
    let since = Filters::default().address("/deliveries", "since", &since);
    let total = |(status, count): (Status, u64)| {
        let status = status.word();
        context! { status, count, address => format!("{since}&status={status}") }
    };
    overview.totals.iter().map(total).collect()
}

fn vendors(overview: &Overview) -> Vec<Value> {
    let vendors = overview.vendors.iter().map(|summary| {
        // Rounded down, so that 100 % means all.
        let percent = summary.ok.saturating_mul(100) / summary.total.max(1);
        context! {
            name => summary.vendor.title(),
            ok => summary.ok,
            total => summary.total,
            percent,
            took => summary.durations.map(took),
        }
    });
    vendors.collect()
}

fn took(percentiles: Percentiles) -> Value {
    context! { p50 => listing::took(percentiles.p50), p95 => listing::took(percentiles.p95) }
}

fn failures(overview: &Overview) -> Vec<Value> {
    let failures = overview.failures.iter().map(|record| {
        context! {
            at => listing::time(record.at),
            phone => &record.phone,
            path => listing::segment(&record.phone),
            verb => &record.verb,
            status => record.status.word(),
            reason => record.reason.as_str(),
            address => Filters::default().address("/deliveries", "id", &record.id.to_string()),
        }
    });
    failures.collect()
}

/// Returns the rules that have failed.
fn failing(rules: &[RuleStatus]) -> Vec<Value> {
    let failed = |rule: &&RuleStatus| 0 < rule.counters.failed || 0 < rule.counters.runs_failed;
    let row = |rule: &RuleStatus| {
        context! {
            name => &rule.name,
            path => listing::segment(&rule.name),
            last_fired => rules::last_fired(rule),
        }
    };
    rules.iter().filter(failed).map(row).collect()
}

/// The periods that can be chosen, in hours.
const PERIODS: [u64; 4] = [1, 6, 24, 168];
