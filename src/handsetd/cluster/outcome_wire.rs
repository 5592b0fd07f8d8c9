//! Outcomes as JSON, for the requesting daemon.

use std::time::Duration;

use handset_phones::phone::Vendor;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::fleet::PeerReply;
use crate::outcome::{Outcome, Status, StepRecord};

/// The reply to a request.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct ReplyWire {
    /// Whether the daemon had the phone.
    is_here: bool,
    status: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    phone: String,
    #[serde(default)]
    vendor: String,
    #[serde(default)]
    result: Option<Value>,
    #[serde(default)]
    steps: Vec<StepWire>,
}

#[derive(Debug, Deserialize, Serialize)]
struct StepWire {
    way: String,
    sent: String,
    said: String,
    #[serde(with = "humantime_serde")]
    took: Duration,
}

impl From<&PeerReply> for ReplyWire {
    fn from(reply: &PeerReply) -> Self {
        let (is_here, outcome) = match reply {
            PeerReply::Outcome(outcome) => (true, outcome),
            PeerReply::NoSuchPhone(outcome) => (false, outcome),
        };
        let step = |step: &StepRecord| StepWire {
            way: step.transport.to_owned(),
            sent: step.request.clone(),
            said: step.reply.clone(),
            took: step.duration,
        };
        Self {
            is_here,
            status: outcome.status.word().to_owned(),
            reason: outcome.reason.clone(),
            phone: outcome.phone.clone(),
            vendor: outcome.vendor.map_or("", Vendor::name).to_owned(),
            result: outcome.result.clone(),
            steps: outcome.steps.iter().map(step).collect(),
        }
    }
}

impl ReplyWire {
    /// Returns the reply; `None` if its status is unknown to this version.
    pub(super) fn into_reply(self) -> Option<PeerReply> {
        let step = |step: StepWire| StepRecord {
            transport: transport(&step.way),
            request: step.sent,
            reply: step.said,
            duration: step.took,
        };
        let outcome = Box::new(Outcome {
            status: Status::find(&self.status)?,
            reason: self.reason,
            phone: self.phone,
            vendor: self.vendor.parse().ok(),
            result: self.result,
            steps: self.steps.into_iter().map(step).collect(),
            ..Outcome::new(Status::Ok, "")
        });
        Some(if self.is_here {
            PeerReply::Outcome(outcome)
        } else {
            PeerReply::NoSuchPhone(outcome)
        })
    }
}

/// Returns the name of a transport, which may be that of a later version.
fn transport(name: &str) -> &'static str {
    let known = ["http", "notify", "csta", "pbx"];
    known.into_iter().find(|known| *known == name).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn outcome_is_read_as_it_was_written() {
        let outcome = Outcome {
            steps: Box::new([StepRecord {
                transport: "http",
                request: "GET /screen".to_owned(),
                reply: "200".to_owned(),
                duration: Duration::from_millis(1500),
            }]),
            ..Outcome::at("berlin/1001", Some(Vendor::Snom), Status::Rejected, "busy")
        }
        .with_result(Some(json!({"png": "aa"})));
        let constructors: [fn(Box<Outcome>) -> PeerReply; 2] =
            [PeerReply::Outcome, PeerReply::NoSuchPhone];
        for constructor in constructors {
            let reply = constructor(Box::new(outcome.clone()));
            let json = serde_json::to_vec(&ReplyWire::from(&reply)).unwrap();
            let read: ReplyWire = serde_json::from_slice(&json).unwrap();
            assert_eq!(read.into_reply(), Some(reply));
        }
    }

    #[test]
    fn reply_of_another_version_is_read_as_far_as_possible() {
        let read = |json: Value| serde_json::from_value::<ReplyWire>(json).unwrap();
        let newer = json!({"is_here": true, "status": "OK", "vendor": "polycom", "extra": 1});
        let Some(PeerReply::Outcome(outcome)) = read(newer).into_reply() else {
            panic!("not read");
        };
        assert_eq!((outcome.status, outcome.vendor), (Status::Ok, None));
        let unknown = json!({"is_here": true, "status": "MAYBE"});
        assert_eq!(read(unknown).into_reply(), None);
    }
}
