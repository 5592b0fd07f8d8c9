//! Do not disturb, forwarding, and what a phone reports about itself in a session.

use serde_json::{Map, Value, json};

use super::session::{Session, UNVERIFIED};
use crate::csta::{Answer, Call, Part, Request, services};
use crate::vendor::{Plan, PlanError, ReplyData, ReplyOutcome, Step};
use crate::verb::Forward;

/// Switches do not disturb.
pub(super) fn dnd(session: &Session, on: bool) -> Result<Plan, PlanError> {
    let request = services::set_do_not_disturb(session.device(), on);
    Ok(Plan::new([session.step(&request, done)?]).with_note(UNVERIFIED))
}

/// Switches forwarding.
pub(super) fn forward(session: &Session, forward: &Forward) -> Result<Plan, PlanError> {
    if forward.after.is_some() {
        return Err(PlanError::unsupported(
            "after: CSTA cannot set the time before forwarding; omit after",
        ));
    }
    let request = services::set_forwarding(session.device(), forward);
    Ok(Plan::new([session.step(&request, done)?]).with_note(UNVERIFIED))
}

fn done(answer: Result<Answer, ReplyOutcome>) -> ReplyOutcome {
    match answer {
        Ok(_) => ReplyOutcome::Done,
        Err(refused) => refused,
    }
}

/// Reads the status of the phone, and of its line what it reports: calls, do not disturb and forwarding. What it
/// refuses to report is missing in the result.
pub(super) fn info(session: &Session) -> Result<Plan, PlanError> {
    let status = Request::new("RequestSystemStatus", Vec::new());
    let status = session.step(&status, |answer| match answer {
        Ok(answer) => of_status(&answer),
        Err(refused) => refused,
    })?;
    let device = || vec![Part::text("device", session.device())];
    let steps = [
        optional(session, &services::snapshot(session.device()), of_calls)?,
        optional(session, &Request::new("GetDoNotDisturb", device()), of_dnd)?,
        optional(
            session,
            &Request::new("GetForwarding", device()),
            of_forwarding,
        )?,
    ];
    Ok(Plan::new([status].into_iter().chain(steps)))
}

/// Returns the step of a request that the phone may refuse.
fn optional(
    session: &Session,
    request: &Request,
    read: fn(&Answer) -> ReplyOutcome,
) -> Result<Step, PlanError> {
    session.step_or(request, move |answer| {
        answer.map_or(ReplyOutcome::Done, |answer| read(&answer))
    })
}

fn of_status(answer: &Answer) -> ReplyOutcome {
    data("status", answer.text_of("systemStatus").map(Value::from))
}

fn of_calls(answer: &Answer) -> ReplyOutcome {
    let call = |call: Call| json!({ "id": call.id().as_str(), "state": call.state() });
    data(
        "calls",
        Some(Call::all(answer).into_iter().map(call).collect()),
    )
}

fn of_dnd(answer: &Answer) -> ReplyOutcome {
    data("dnd", answer.flag_of("doNotDisturbOn").map(Value::from))
}

fn of_forwarding(answer: &Answer) -> ReplyOutcome {
    let mut items = Vec::new();
    answer.all("forwardListItem", &mut items);
    let item = |item: &Answer| {
        let pairs = [
            ("kind", item.text_of("forwardingType").map(Value::from)),
            ("on", item.flag_of("forwardStatus").map(Value::from)),
            ("number", item.text_of("forwardDN").map(Value::from)),
        ];
        let known = pairs
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)));
        Value::from(known.collect::<Map<_, _>>())
    };
    data(
        "forwarding",
        Some(items.into_iter().take(MAX_ITEMS).map(item).collect()),
    )
}

fn data(name: &str, value: Option<Value>) -> ReplyOutcome {
    match value {
        Some(value) => ReplyOutcome::Data(ReplyData::Value(json!({ name: value }))),
        None => ReplyOutcome::Done,
    }
}

/// The most kinds of forwarding that are reported; ECMA-269 has nine.
const MAX_ITEMS: usize = 16;
