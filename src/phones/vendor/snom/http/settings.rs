//! Settings over HTTP: the verb itself, forwarding and multicast streams.
//!
//! Sources: "Can I set or change phone settings via HTTP requests", `mc_address`, and for forwarding
//! the deployment guide (`redirect_…`, one per phone) and provisioning files seen in the field
//! (`fwd_…`, one per identity). The settings of a phone show which of the two it has.

use serde_json::{Map, Value};

use super::super::settings_page;
use super::super::web::{self, switch};
use crate::vendor::{Plan, PlanError, ReplyData, ReplyOutcome};
use crate::verb::{Forward, ForwardKind, Mode, Settings, Stream};
use settings_page::SettingsDump;

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
    plan.steps.push(settings_page::fetch(move |dump| {
        let known = names.iter().map(|name| {
            let value = dump.raw(&name.replace(['[', ']'], ""));
            (name.clone(), value.map_or(Value::Null, Value::from))
        });
        ReplyOutcome::Data(ReplyData::Value(known.collect::<Map<_, _>>().into()))
    }));
    plan
}

/// Plans to switch forwarding with the settings that the phone has.
pub(super) fn forward(forward: &Forward) -> Plan {
    let forward = forward.clone();
    Plan::new([settings_page::fetch(move |dump| {
        match forwarding(&forward, dump) {
            Some(settings) => ReplyOutcome::Then(web::save_all(&settings).steps),
            None => ReplyOutcome::Rejected(
                "the phone has neither the setting fwd_all_enabled1 nor redirect_event".to_owned(),
            ),
        }
    })])
}

fn forwarding(forward: &Forward, dump: &SettingsDump) -> Option<Vec<(String, String)>> {
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
        // The phone forwards on one event at a time; keep it if it is another one.
        None if event == kind || event.is_empty() => add("redirect_event".to_owned(), "none"),
        None => add("redirect_event".to_owned(), event),
    }
    Some(settings)
}

/// Plans to play a multicast group.
pub(super) fn stream(stream: &Stream) -> Result<Plan, PlanError> {
    if stream.mode != Mode::Receive {
        return Err(PlanError::unsupported(
            "mode: Snom phones only receive RTP outside calls; use mode=receive",
        ));
    }
    let address = stream.address;
    if !address.ip().is_multicast() {
        return Err(PlanError::unsupported(format!(
            "address: Snom phones play RTP only from multicast groups, not from {address}"
        )));
    }
    let volume = match stream.volume {
        None => "",
        Some(100) => ",volmax=1",
        Some(_) => {
            return Err(PlanError::unsupported(
                "volume: Snom phones play streams at their own volume, or at the maximum with volume=100",
            ));
        }
    };
    let value = format!("{address}{volume}");
    let plan = multicast(value);
    let plan = plan.with_note("the phone plays whatever is sent to the group; unverified on real phones: effect without a restart");
    Ok(match stream.codec {
        Some(_) => plan.with_note("codec has no effect; the RTP packets name it"),
        None => plan,
    })
}

/// Plans to undo [`stream`].
pub(super) fn stream_stop() -> Plan {
    multicast(String::new())
}

/// Plans to write the multicast group, if the phone has the setting.
fn multicast(value: String) -> Plan {
    Plan::new([settings_page::fetch(move |dump| {
        if dump.has(MULTICAST) {
            ReplyOutcome::Then(web::save(&[(MULTICAST, &value)]).steps)
        } else {
            ReplyOutcome::Rejected(format!("the phone has no setting {MULTICAST}"))
        }
    })])
}

/// The multicast setting used by handsetd; the others are left to the administrator.
const MULTICAST: &str = "mc_address10";
