//! `/health`: what is wrong with the daemons and their surroundings, and what to do about it.

use std::sync::Arc;

use axum::extract::{Extension, RawQuery, State};
use axum::response::Response;
use minijinja::value::Serde;
use minijinja::{Value, context};

use crate::admin::health::{HealthReport, ReportHealth};
use crate::admin::page::listing::{self, Filters};
use crate::admin::page::shell::{self, View, Visitor};
use crate::admin::page::{daemons, last_reload};
use crate::admin::question::LocalQuestion;
use crate::admin::state::AppState;

/// Handles `GET /health`; `daemon` narrows it to one.
pub(super) async fn serve(
    State(state): State<Arc<AppState>>,
    Extension(visitor): Extension<Visitor>,
    RawQuery(query): RawQuery,
) -> Response {
    let services = &state.services;
    let filters = Filters::parse(query.as_deref());
    let wanted = daemons::wanted(services, &filters);
    let health = ReportHealth {}.of(&wanted, services).await;
    let parts = health.parts.iter();
    let reports = parts.map(|part| report(part.daemon.as_deref(), &part.answer));
    let values = context! {
        reports => reports.collect::<Vec<_>>(),
        faults => last_reload::faults(&state, &visitor),
        daemon => daemons::select(services, &filters),
        missing => daemons::banner(&health.missing),
    };
    shell::view(&state, &visitor, View::Health, "views/health.html", values)
}

fn report(daemon: Option<&str>, report: &HealthReport) -> Value {
    let rules = report.rules.iter().map(|rule| {
        let path = format!("/rules/{}", listing::segment(&rule.name));
        context! {
            name => &rule.name,
            address => listing::of_daemon(&path, daemon),
            failed => rule.failed,
            warnings => &rule.warnings,
        }
    });
    let reload = report.reload.as_ref().map(|reload| {
        context! {
            at => listing::short_time(&reload.at),
            faults => reload.faults,
            needs_restart => &reload.needs_restart,
        }
    });
    let unreachable = Filters::of(&[
        ("status", "UNREACHABLE"),
        ("daemon", daemon.unwrap_or_default()),
    ]);
    context! {
        daemon,
        version => &report.version,
        listeners => Value::from(Serde(&report.listeners)),
        servers => Value::from(Serde(&report.servers)),
        cluster => Value::from(Serde(&report.cluster)),
        own_url => Value::from(Serde(&report.own_url)),
        reload,
        rules => rules.collect::<Vec<_>>(),
        in_flight => report.in_flight,
        stored => report.stored,
        open_circuit_breakers => report.open_circuit_breakers,
        unreachable => unreachable.address("/deliveries", "", ""),
        refused => report.refused,
    }
}
