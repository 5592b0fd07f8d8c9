//! The report of a daemon to another one about how a delivery has ended.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::outcome::{Outcome, Status};

/// How a delivery has ended.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct OutcomeReport {
    pub(super) delivery: String,
    status: String,
    reason: String,
    phone: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    vendor: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    result: Option<Value>,
}

impl OutcomeReport {
    pub(super) fn new(delivery: &str, outcome: Outcome) -> Self {
        Self {
            delivery: delivery.to_owned(),
            status: outcome.status.to_string(),
            reason: outcome.reason,
            phone: outcome.phone,
            vendor: outcome.vendor.map(|vendor| vendor.to_string()),
            result: outcome.result,
        }
    }

    /// Returns the outcome; the error is human-readable.
    pub(super) fn outcome(&self) -> Result<Outcome, String> {
        let status = Status::find(&self.status);
        let status = status.ok_or_else(|| format!("unknown status {:?}", self.status))?;
        let vendor = self.vendor.as_ref().and_then(|vendor| vendor.parse().ok());
        let outcome = Outcome::at(&self.phone, vendor, status, self.reason.clone());
        Ok(Outcome {
            result: self.result.clone(),
            ..outcome
        })
    }
}
