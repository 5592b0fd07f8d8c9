//! Device information, from `phonecfg`.

use serde_json::{Map, Value};

use super::handset::{Handset, NO_ANSWER};
use super::phonecfg;
use crate::vendor::{Plan, PlanError, ReplyData, ReplyOutcome};

impl Handset<'_> {
    /// Plans to read device information. Model and MAC address are not part of it; they come from the
    /// User-Agent or the configuration.
    pub(super) fn info(&self) -> Result<Plan, PlanError> {
        self.require_http("info", NO_ANSWER)?;
        let mut known = Map::new();
        if !self.phone.model.is_empty() {
            known.insert("model".to_owned(), self.phone.model.as_str().into());
        }
        if let Some(mac) = self.phone.mac {
            known.insert("mac".to_owned(), mac.to_string().into());
        }
        let step = phonecfg::fetch(self.model.action_pages(), move |config| {
            let mut object = known.clone();
            object.extend(config.info());
            ReplyOutcome::Data(ReplyData::Value(Value::Object(object)))
        });
        Ok(Plan::new([step]))
    }
}
