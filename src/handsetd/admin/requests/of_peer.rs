//! A request that a user of one daemon makes at another, which has the phone that its names mean.

use std::time::Duration;

use handset_phones::verb::Request;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::Instant;

use super::deliver::{MAX_WAIT, deliver};
use crate::admin::daemons::Question;
use crate::admin::question::LocalQuestion;
use crate::admin::state::Services;
use crate::fleet::QueryError;
use crate::history::{RequestInfo, Requester};
use crate::outcome::{DeliveryId, Report, Status};

/// Makes a request. The daemon that asks has made sure that the user may.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::admin) struct MakeRequest {
    id: String,
    requester: Requester,
    verb: String,
    keys: Vec<(String, String)>,
}

/// What has come of a request.
#[derive(Debug, Deserialize, Serialize)]
pub(in crate::admin) struct Made {
    status: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    phone: String,
    #[serde(default)]
    vendor: String,
    #[serde(default)]
    result: Option<Value>,
}

impl Question for MakeRequest {
    const NAME: &'static str = "request";
    type Answer = Made;
}

impl LocalQuestion for MakeRequest {
    async fn here(self, services: &Services) -> Made {
        let dispatcher = &services.dispatcher;
        let id = DeliveryId::given(self.id);
        let info = RequestInfo::stored(id, self.requester, self.verb.clone(), self.keys);
        let keys = info.keys.iter().map(|(key, value)| (key, value));
        let report = match Request::parse(&self.verb, keys) {
            Ok(request) => deliver(dispatcher, request, &info).await,
            Err(refusal) => dispatcher.refuse(&info, refusal.to_string()),
        };
        Made {
            status: report.status.word().to_owned(),
            reason: report.reason,
            phone: report.phone,
            vendor: report.vendor,
            result: report.result,
        }
    }
}

/// Makes a request at `daemon`.
pub(super) async fn make(services: &Services, daemon: &str, info: &RequestInfo) -> Report {
    let question = MakeRequest {
        id: info.id.to_string(),
        requester: info.requester.clone(),
        verb: info.verb.clone(),
        keys: info.keys.to_vec(),
    };
    let until = Instant::now() + MAX_WAIT + GRACE;
    let (status, error) = match services.daemons.ask(daemon, &question, until).await {
        Ok((made, _)) => {
            return Report {
                status: Status::find(&made.status).unwrap_or(Status::Unknown),
                reason: made.reason,
                phone: made.phone,
                vendor: made.vendor,
                result: made.result,
            };
        }
        Err(error @ QueryError::NotSent(_)) => (Status::Unreachable, error),
        Err(error @ QueryError::Unanswered(_)) => (Status::Unknown, error),
    };
    Report {
        status,
        reason: format!("{daemon}: {error}"),
        phone: String::new(),
        vendor: String::new(),
        result: None,
    }
}

/// How much longer than the other daemon waits for the phone its answer is waited for.
const GRACE: Duration = Duration::from_secs(2);
