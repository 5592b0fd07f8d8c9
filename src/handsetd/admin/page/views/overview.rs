//! `/`: how everything does, with the deliveries of the last hours as a chart.

mod chart;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Extension, RawQuery, State};
use axum::response::Response;
use handset_phones::phone::Vendor;
use minijinja::value::Serde;
use minijinja::{Value, context};

use super::rules;
use crate::admin::daemons::Gathered;
use crate::admin::deliveries::Delivery;
use crate::admin::health::{HealthReport, ReportHealth};
use crate::admin::overview::{DEFAULT_PERIOD, MergedSummary};
use crate::admin::page::daemons;
use crate::admin::page::listing::{self, Filters};
use crate::admin::page::shell::{self, View, Visitor};
use crate::admin::phones::{self, ListPhones, Shown, Summary};
use crate::admin::question::LocalQuestion;
use crate::admin::rules::RuleRow;
use crate::admin::state::AppState;
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
    let services = &state.services;
    let wanted = daemons::wanted(services, &filters);
    let summary = MergedSummary::of(services, &wanted, period);
    let none = ListPhones {
        limit: Some(0),
        ..ListPhones::default()
    };
    let phones = phones::merged(services, &wanted, none);
    let health = ReportHealth {}.of(&wanted, services);
    let (summary, phones, health) = tokio::join!(summary, phones, health);
    let sum = |count: fn(&Counters) -> u64| {
        let counts = summary.rules.iter().map(|(_, rule)| count(&rule.counters));
        counts.fold(0, u64::saturating_add)
    };
    let deliveries = &summary.deliveries;
    let values = context! {
        hours,
        daemon => daemons::select(services, &filters),
        missing => daemons::banner(&summary.missing),
        periods => PERIODS.map(|hours| context! { hours, address => filters.address("/", "hours", &hours.to_string()) }),
        servers => servers(&health),
        phones => states(&phones.summary, &filters),
        chart => chart::render(deliveries, hours),
        totals => totals(deliveries, &filters, hours),
        total => deliveries.totals.total(),
        vendors => vendors(deliveries),
        took => deliveries.durations().map(took),
        failures => failures(&summary.failures),
        rules => summary.rules.len(),
        fired => sum(|counters| counters.fired),
        failed => sum(Counters::failures),
        failing => failing(&summary.rules),
        in_flight => summary.in_flight,
        stored => summary.stored,
        open_circuit_breakers => summary.open_circuit_breakers,
    };
    shell::view(
        &state,
        &visitor,
        View::Overview,
        "views/overview.html",
        values,
    )
}

/// Returns the Asterisk servers, each with the daemon that is connected to it.
fn servers(health: &Gathered<HealthReport>) -> Vec<Value> {
    let servers = health.parts.iter().flat_map(|part| {
        let servers = part.answer.servers.iter();
        servers.map(|server| {
            let server = Value::from(Serde(server));
            context! { daemon => part.daemon.as_deref(), ..server }
        })
    });
    servers.collect()
}

/// Returns how many phones are in each state.
fn states(summary: &Summary, filters: &Filters) -> Vec<Value> {
    let tiles = Shown::ALL.into_iter().map(|shown| {
        context! {
            count => summary.count(shown),
            key => shown.key(),
            label => shown.words(),
            address => of_daemon(filters).address("/phones", "state", shown.key()),
        }
    });
    let is_some = |tile: &Value| tile.get_attr("count").is_ok_and(|count| count.is_true());
    tiles.filter(is_some).collect()
}

/// Returns the filter for the daemon alone.
fn of_daemon(filters: &Filters) -> Filters {
    Filters::of(&[("daemon", filters.get("daemon"))])
}

/// Returns how many deliveries have each status, with the address of their list.
fn totals(overview: &Overview, filters: &Filters, hours: u64) -> Vec<Value> {
    let since = format!("{hours}h");
    let since = Filters::of(&[("daemon", filters.get("daemon")), ("since", &since)]);
    let total = |(status, count): (Status, u64)| {
        let status = status.word();
        context! { status, count, address => since.address("/deliveries", "status", status) }
    };
    overview.totals.iter().map(total).collect()
}

fn vendors(overview: &Overview) -> Vec<Value> {
    let vendors = overview.vendors.iter().map(|summary| {
        // Rounded down, so that 100 % means all.
        let percent = summary.ok.saturating_mul(100) / summary.total.max(1);
        context! {
            name => match summary.vendor.parse::<Vendor>() {
                Ok(vendor) => vendor.title(),
                Err(_) => summary.vendor.as_str(),
            },
            ok => summary.ok,
            total => summary.total,
            percent,
            took => summary.durations().map(took),
        }
    });
    vendors.collect()
}

fn took(percentiles: Percentiles) -> Value {
    context! { p50 => listing::took(percentiles.p50), p95 => listing::took(percentiles.p95) }
}

fn failures(failures: &[Delivery]) -> Vec<Value> {
    let failures = failures.iter().map(|Delivery { daemon, record }| {
        context! {
            daemon => daemon.as_deref(),
            at => listing::time(record.at),
            phone => &record.phone,
            phone_address => listing::phone_address(&record.phone, daemon.as_deref()),
            verb => &record.verb,
            status => record.status.word(),
            reason => record.reason.as_str(),
            address => Filters::default().address("/deliveries", "id", &record.id.to_string()),
        }
    });
    failures.collect()
}

/// Returns the rules that have failed.
fn failing(rules: &[(Option<Arc<str>>, RuleRow)]) -> Vec<Value> {
    let failed = |(_, rule): &&(Option<Arc<str>>, RuleRow)| 0 < rule.counters.failures();
    let row = |(daemon, rule): &(Option<Arc<str>>, RuleRow)| {
        let path = format!("/rules/{}", listing::segment(&rule.name));
        context! {
            name => &rule.name,
            address => listing::of_daemon(&path, daemon.as_deref()),
            last_fired => rules::last_fired(rule),
        }
    };
    rules.iter().filter(failed).map(row).collect()
}

/// The periods that can be chosen, in hours.
const PERIODS: [u64; 4] = [1, 6, 24, 168];
