//! What a phone is, and which lines it has, as it tells by `phonecfg`.

use serde_json::{Map, Value};

use super::handset::{Handset, NO_ANSWER};
use super::phonecfg;
use crate::vendor::{Plan, PlanError, ReplyData, ReplyOutcome};

impl Handset<'_> {
    /// Reads what the phone tells of itself. It tells neither its model nor its hardware address;
    /// those are as its User-Agent or the configuration says.
    pub(super) fn info(&self) -> Result<Plan, PlanError> {
        self.web("info", NO_ANSWER)?;
        let mut known = Map::new();
        if !self.phone.model.is_empty() {
            known.insert("model".to_owned(), self.phone.model.as_str().into());
        }
        if let Some(mac) = self.phone.mac {
            known.insert("mac".to_owned(), mac.to_string().into());
        }
        let step = phonecfg::ask(self.model.action_page(), move |told| {
            let mut object = known.clone();
            object.extend(told.info());
            ReplyOutcome::Data(ReplyData::Value(Value::Object(object)))
        });
        Ok(Plan::new([step]))
    }
}
