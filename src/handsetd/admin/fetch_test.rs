//! `POST phones/NAME/fetch-test`: whether phones fetch what handsetd serves, tested by the daemon that has them.
//! For `handsetd phones --why`.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Extension, State};
use axum::http::StatusCode;
use futures_util::future::join_all;
use handset_phones::Given;
use handset_phones::phone::{Phone, PhoneNames};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::accounts::Principal;
use super::body::NoKeys;
use super::daemons::{Question, Wanted};
use super::path::Path;
use super::phones::{FindPhone, locate};
use super::query::NoQuery;
use super::question::LocalQuestion;
use super::reply::Reply;
use super::role::Role;
use super::state::{AppState, Services};
use crate::deliver::FetchTest;
use crate::outcome::{Outcome, Status};

/// Handles `POST phones/NAME/fetch-test`. The result is a list with one element for each phone.
pub(super) async fn post(
    State(state): State<Arc<AppState>>,
    Extension(principal): Extension<Principal>,
    Path(name): Path<String>,
    _: NoQuery,
    _: NoKeys,
) -> Reply {
    // The document of the test may close what a phone shows.
    if let Err(reply) = principal.require(Role::Send, "fetch-test") {
        return reply;
    }
    let services = &state.services;
    let daemon = daemon_of(services, &name).await;
    let tested = TestFetch { name }
        .at(&daemon, DAEMON_TIMEOUT, services)
        .await;
    match tested {
        Ok(Tested {
            refusal: Some(refusal),
            ..
        }) => {
            if refusal.is_invalid {
                Reply::invalid(refusal.reason)
            } else {
                Reply::not_found(refusal.reason)
            }
        }
        Ok(tested) => Reply::ok(json!(tested.results)).with("reason", tested.missing.join("; ")),
        Err(error) => {
            let reason = format!("{daemon}: {error}");
            Reply::new(
                StatusCode::SERVICE_UNAVAILABLE,
                Status::Unreachable,
                reason,
                Value::Null,
            )
        }
    }
}

/// Returns the daemon that has a phone; empty for this one, and for several phones.
pub(super) async fn daemon_of(services: &Services, name: &str) -> String {
    if services.daemons.own().is_none() {
        return String::new();
    }
    let question = FindPhone {
        name: name.to_owned(),
        is_exact: false,
    };
    let located = locate(services, &Wanted::All, question).await;
    let daemon = located.ok().and_then(|(daemon, _)| daemon);
    daemon.map(|daemon| daemon.to_string()).unwrap_or_default()
}

/// Makes the phones that a name means fetch a document. The daemon that asks has made sure that the user may.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TestFetch {
    name: String,
}

/// What has come of the tests.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct Tested {
    results: Vec<TestRow>,
    /// Why phones were not found.
    missing: Vec<String>,
    /// Why none was tested.
    refusal: Option<Refusal>,
}

/// Why no phone is tested.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Refusal {
    /// Whether the request is wrong; else no phone was found.
    is_invalid: bool,
    pub(super) reason: String,
}

/// The test of one phone, as the API has it.
#[derive(Debug, Deserialize, Serialize)]
struct TestRow {
    phone: String,
    vendor: String,
    address: String,
    url: Option<String>,
    shows: String,
    fetched: OutcomeRow,
    own_request: OutcomeRow,
    refused: Option<RefusedRow>,
}

#[derive(Debug, Deserialize, Serialize)]
struct OutcomeRow {
    status: String,
    reason: String,
}

/// Connections from the address of the phone that were refused.
#[derive(Debug, Deserialize, Serialize)]
struct RefusedRow {
    address: String,
    count: u64,
    last: String,
}

impl Question for TestFetch {
    const NAME: &'static str = "fetch-test";
    type Answer = Tested;
}

impl LocalQuestion for TestFetch {
    async fn here(self, services: &Services) -> Tested {
        let (phones, missing) = match phones(services, &self.name).await {
            Ok(found) => found,
            Err(refusal) => {
                return Tested {
                    refusal: Some(refusal),
                    ..Tested::default()
                };
            }
        };
        let courier = &services.courier;
        let tests = phones.iter().map(|phone| courier.test_fetch(phone));
        let tests = join_all(tests).await;
        let results = phones.iter().zip(&tests);
        Tested {
            results: results.map(|(phone, test)| row(phone, test)).collect(),
            missing,
            refusal: None,
        }
    }
}

/// Returns the phones that `name` names, and why others are missing; or why none can be tested.
pub(super) async fn phones(
    services: &Services,
    name: &str,
) -> Result<(Vec<Phone>, Vec<String>), Refusal> {
    let refusal = |is_invalid, reason| Refusal { is_invalid, reason };
    let names = match PhoneNames::parse(Given::written(name)) {
        Ok(names) => names,
        Err(error) => return Err(refusal(true, error.to_string())),
    };
    let resolver = &services.resolver;
    let until = Instant::now() + LOOK_UP_TIMEOUT;
    let (mut phones, mut missing) = (Vec::new(), Vec::new());
    for found in resolver.search(&names, None, until).await {
        match found {
            Ok(phone) => phones.push(phone),
            Err(not_found) => missing.push(not_found.outcome.reason),
        }
    }
    if phones.is_empty() {
        return Err(refusal(false, missing.join("; ")));
    }
    if MAX_PHONES < phones.len() {
        let count = phones.len();
        let reason = format!("{name:?} names {count} phones; test at most {MAX_PHONES} at once");
        return Err(refusal(true, reason));
    }
    Ok((phones, missing))
}

fn row(phone: &Phone, test: &FetchTest) -> TestRow {
    let outcome = |outcome: &Outcome| OutcomeRow {
        status: outcome.status.word().to_owned(),
        reason: outcome.reason.clone(),
    };
    TestRow {
        phone: phone.name.clone(),
        vendor: phone.vendor.to_string(),
        address: phone.address.to_string(),
        url: test.url.as_ref().map(ToString::to_string),
        shows: test.shows.to_string(),
        fetched: outcome(&test.fetched),
        own_request: outcome(&test.own_request),
        refused: test.refusals.map(|(ip, refusals)| RefusedRow {
            address: ip.to_string(),
            count: refusals.count,
            last: humantime::format_rfc3339_seconds(refusals.last).to_string(),
        }),
    }
}

/// How long another daemon may take for a test: longer than a phone may.
pub(super) const DAEMON_TIMEOUT: Duration = Duration::from_secs(30);

/// How long Asterisk may take to report which phones are meant.
const LOOK_UP_TIMEOUT: Duration = Duration::from_secs(2);

/// How many phones are tested at once.
const MAX_PHONES: usize = 16;
