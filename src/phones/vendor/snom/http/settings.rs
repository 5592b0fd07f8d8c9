//! Settings by HTTP: the verb itself, and what is a setting on a Snom phone.
//!
//! Sources: "Can I set or change phone settings via HTTP requests", `mc_address`, and for forwarding
//! the deployment guide (`redirect_…`, one for the phone) and provisioning files in the field
//! (`fwd_…`, one for each identity). Which of the two a phone has, its own settings tell.

use serde_json::{Map, Value};

use super::{settings_page, switch, web};
use crate::vendor::{Plan, PlanError, ReplyData, ReplyOutcome};
use crate::verb::{Forward, ForwardKind, Mode, Settings, Stream};
use settings_page::Dump;

/// Writes settings, then reads some.
pub(super) fn plan(settings: &Settings) -> Plan {
    let mut plan = Plan::default();
    if !settings.set.is_empty() {
        let pairs: Vec<_> = settings
            .set
            .iter()
            .map(|setting| (setting.name.as_str(), setting.value.as_str()))
            .collect();
        plan = web::save(&pairs);
    }
    if settings.get.is_empty() {
        return plan;
    }
    let names: Vec<_> = settings.get.iter().map(ToString::to_string).collect();
    plan.steps.push(settings_page::ask(move |dump| {
        let known = names.iter().map(|name| {
            let value = dump.raw(&name.replace(['[', ']'], ""));
            (name.clone(), value.map_or(Value::Null, Value::from))
        });
        ReplyOutcome::Data(ReplyData::Value(known.collect::<Map<_, _>>().into()))
    }));
    plan
}

/// Forwards calls, or stops that, by the settings that the phone has.
pub(super) fn forward(forward: &Forward) -> Plan {
    let forward = forward.clone();
    Plan::new([settings_page::ask(move |dump| {
        match forwarding(&forward, dump) {
            Some(settings) => ReplyOutcome::Then(super::save(&settings).steps),
            None => ReplyOutcome::Rejected(
                "the phone has neither of the settings fwd_all_enabled1 and redirect_event"
                    .to_owned(),
            ),
        }
    })])
}

fn forwarding(forward: &Forward, dump: &Dump) -> Option<Vec<(String, String)>> {
    let kind = match forward.kind {
        ForwardKind::All => "all",
        ForwardKind::Busy => "busy",
        ForwardKind::NoAnswer => "time",
    };
    let mut settings = Vec::new();
    let mut add = |name: String, value: &str| settings.push((name, value.to_owned()));
    let seconds = forward.after.map(|after| after.as_secs().to_string());
    if dump.has("fwd_all_enabled1") {
        let lines = (1..=12).filter(|line| dump.address(*line).is_some() || *line == 1);
        for line in lines {
            if let Some(number) = &forward.to {
                add(format!("fwd_{kind}_target{line}"), number.as_str());
            }
            if let Some(seconds) = &seconds {
                add(format!("fwd_time_secs{line}"), seconds);
            }
            let on = switch(forward.to.is_some());
            add(format!("fwd_{kind}_enabled{line}"), on);
        }
        return Some(settings);
    }
    let event = dump.raw("redirect_event")?;
    match &forward.to {
        Some(number) => {
            add("redirect_number".to_owned(), number.as_str());
            if let Some(seconds) = &seconds {
                add("redirect_time".to_owned(), seconds);
            }
            add("redirect_event".to_owned(), kind);
        }
        // The phone has one event at a time; another one than this stays.
        None if event == kind || event.is_empty() => add("redirect_event".to_owned(), "none"),
        None => add("redirect_event".to_owned(), event),
    }
    Some(settings)
}

/// Lets the phone play what is sent to a multicast group.
pub(super) fn stream(stream: &Stream) -> Result<Plan, PlanError> {
    if stream.mode != Mode::Receive {
        return Err(PlanError::unsupported(
            "mode: a Snom phone sends no RTP that it is not called for; it receives only",
        ));
    }
    let address = stream.address;
    if !address.ip().is_multicast() {
        return Err(PlanError::unsupported(format!(
            "address: a Snom phone plays RTP of multicast groups only, and {address} is none"
        )));
    }
    let loudest = match stream.volume {
        None => "",
        Some(100) => ",volmax=1",
        Some(_) => {
            return Err(PlanError::unsupported(
                "volume: a Snom phone plays as loud as it is set, or with volume=100 its loudest",
            ));
        }
    };
    let value = format!("{address}{loudest}");
    let plan = multicast(value);
    let plan = plan.with_note("it plays whenever somebody sends there; unproven without a restart");
    Ok(match stream.codec {
        Some(_) => plan.with_note("the RTP itself says how it is encoded"),
        None => plan,
    })
}

/// Ends what [`stream`] began.
pub(super) fn stream_stop() -> Plan {
    multicast(String::new())
}

/// Writes the group, if the phone has room for that many.
fn multicast(value: String) -> Plan {
    Plan::new([settings_page::ask(move |dump| {
        if dump.has(MULTICAST) {
            ReplyOutcome::Then(web::save(&[(MULTICAST, &value)]).steps)
        } else {
            ReplyOutcome::Rejected(format!("the phone has no setting {MULTICAST}"))
        }
    })])
}

/// The multicast group that handsetd writes; others are left to the administrator.
const MULTICAST: &str = "mc_address10";
