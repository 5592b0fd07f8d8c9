//! Which ways to a phone work, as `handsetd phones --why` finds out, and whether it fetches what handsetd serves.

use std::time::Duration;

use futures_util::future::join_all;
use handset_phones::phone::Phone;
use serde::{Deserialize, Serialize};

use super::daemons::Question;
use super::fetch_test;
use super::phones::known_phones;
use super::question::LocalQuestion;
use super::state::Services;
use crate::outcome::{Outcome, Status};
use crate::uacsta::SessionStatus;

/// Tries all ways to the phones that a name means. The daemon that asks has made sure that the user may.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TryWays {
    pub(super) name: String,
}

/// What was found.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Tried {
    pub(super) phones: Vec<WaysToPhone>,
    /// Why phones are missing.
    pub(super) reason: String,
}

/// The ways to one phone.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct WaysToPhone {
    pub(super) address: String,
    pub(super) ways: Vec<Way>,
    /// That connections from its address were refused.
    #[serde(default)]
    pub(super) refused: Option<String>,
}

/// A way, and whether it works.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Way {
    pub(super) transport: String,
    pub(super) tried: String,
    pub(super) status: String,
    pub(super) reason: String,
}

impl Question for TryWays {
    const NAME: &'static str = "ways";
    type Answer = Tried;
}

impl LocalQuestion for TryWays {
    async fn here(self, services: &Services) -> Tried {
        let (tested, reason) = match fetch_test::phones(services, &self.name).await {
            Ok((phones, missing)) => (phones, missing.join("; ")),
            Err(refusal) => (Vec::new(), refusal.reason),
        };
        let (known, _) = known_phones(services).await;
        let phones = tested.iter().map(|phone| {
            let summary = known.iter().find(|summary| summary.name == phone.name);
            let session = summary.and_then(|summary| summary.csta.as_ref());
            of_phone(services, phone, session)
        });
        Tried {
            phones: join_all(phones).await,
            reason,
        }
    }
}

async fn of_phone(
    services: &Services,
    phone: &Phone,
    session: Option<&SessionStatus>,
) -> WaysToPhone {
    let courier = &services.courier;
    let probed = courier.probe_transports(phone, true, PROBE_TIMEOUT).await;
    let mut ways: Vec<Way> = probed
        .iter()
        .map(|probed| {
            let status = probed.outcome.status;
            way(
                probed.transport,
                probed.description,
                status,
                &probed.reason(),
            )
        })
        .collect();
    ways.extend(session.map(of_session));
    let test = courier.test_fetch(phone).await;
    let url = test.url.as_ref().map(ToString::to_string);
    let url = url.as_deref().unwrap_or("handsetd");
    let fetched =
        |what: String, outcome: &Outcome| way("fetch", &what, outcome.status, &outcome.reason);
    ways.push(fetched(
        format!("the phone from {url} ({})", test.shows),
        &test.fetched,
    ));
    ways.push(fetched(
        format!("this machine from {url}"),
        &test.own_request,
    ));
    let refused = test.refusals.map(|(ip, refusals)| {
        let last = humantime::format_rfc3339_seconds(refusals.last);
        format!(
            "{ip} was refused {} times by http.allow, last at {last}; add its network there",
            refusals.count
        )
    });
    WaysToPhone {
        address: phone.address.to_string(),
        ways,
        refused,
    }
}

/// Returns the line of the CSTA session over SIP.
fn of_session(session: &SessionStatus) -> Way {
    let since = session.since.map(|since| format!("since {since:.0}"));
    let reason = match &session.last_refusal {
        Some(reason) if !session.session => reason.clone(),
        _ => since.unwrap_or_default(),
    };
    let status = if session.session {
        Status::Ok
    } else {
        Status::Unreachable
    };
    way("csta", "its session with handsetd", status, &reason)
}

fn way(transport: &str, tried: &str, status: Status, reason: &str) -> Way {
    Way {
        transport: transport.to_owned(),
        tried: tried.to_owned(),
        status: status.word().to_owned(),
        reason: reason.to_owned(),
    }
}

/// How long Asterisk may take to report what it could send.
const PROBE_TIMEOUT: Duration = Duration::from_secs(2);
