//! Settings, do not disturb and forwarding by CSTA.

use serde_json::{Map, Value};

use super::calls::{UNVERIFIED, steps};
use super::device::Line;
use super::request::{Dialect, done, step_of_own};
use crate::csta::{Answer, Part, Request, services};
use crate::vendor::{Plan, PlanError, ReplyData, ReplyOutcome};
use crate::verb::{Forward, Settings};

/// Plans to write settings, then to read some.
pub(super) fn plan(settings: &Settings) -> Plan {
    let pairs: Vec<_> = settings
        .set
        .iter()
        .map(|setting| (plain(setting.name.as_str()), setting.value.clone()))
        .collect();
    let mut plan = Plan::default();
    if !pairs.is_empty() {
        plan = set(&pairs);
    }
    if settings.get.is_empty() {
        return plan;
    }
    let names: Vec<_> = settings.get.iter().map(ToString::to_string).collect();
    let parts = names
        .iter()
        .map(|name| Part::parts("Setting", vec![Part::text("name", &plain(name))]));
    let request = Request::new("GetSettings", parts.collect());
    plan.steps
        .push(step_of_own(&request, move |answer| match answer {
            Ok(answer) => ReplyOutcome::Data(ReplyData::Value(requested(&names, &answer))),
            Err(refused) => refused,
        }));
    plan.with_note("unverified on real phones: the CSTA request GetSettings")
}

/// Writes settings.
pub(super) fn set(settings: &[(String, String)]) -> Plan {
    let parts = settings.iter().map(|(name, value)| {
        let parts = vec![Part::text("name", name), Part::text("value", value)];
        Part::parts("Setting", parts)
    });
    let request = Request::new("SetSettings", parts.collect());
    Plan::new([step_of_own(&request, done)])
}

/// Plans to switch do-not-disturb.
pub(super) fn dnd(dialect: Dialect, line: Line, on: bool) -> Result<Plan, PlanError> {
    dialect.check_support("SetDoNotDisturb")?;
    let plan = line.plan(move |device| steps(dialect, &services::set_do_not_disturb(device, on)));
    Ok(plan.with_note(UNVERIFIED))
}

/// Plans to switch forwarding.
pub(super) fn forward(dialect: Dialect, line: Line, forward: &Forward) -> Result<Plan, PlanError> {
    dialect.check_support("SetForwarding")?;
    if forward.after.is_some() {
        return Err(PlanError::unsupported(
            "after: CSTA cannot set the time before forwarding; omit after or via",
        ));
    }
    let forward = forward.clone();
    let plan = line.plan(move |device| steps(dialect, &services::set_forwarding(device, &forward)));
    Ok(plan.with_note(UNVERIFIED))
}

/// Returns the requested values; `null` for those that the phone does not report.
fn requested(names: &[String], answer: &Answer) -> Value {
    let mut settings = Vec::new();
    answer.all("Setting", &mut settings);
    let value = |name: &str| {
        let known = settings
            .iter()
            .find(|setting| setting.text_of("name") == Some(plain(name).as_str()));
        known.and_then(|setting| setting.text_of("value"))
    };
    let pairs = names
        .iter()
        .map(|name| (name.clone(), value(name).map_or(Value::Null, Value::from)));
    pairs.collect::<Map<_, _>>().into()
}

/// Returns a name with its index appended: `user_name1` for `user_name[1]`.
fn plain(name: &str) -> String {
    name.replace(['[', ']'], "")
}
