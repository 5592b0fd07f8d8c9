//! Settings: written by `YealinkIPPhoneConfiguration`, read by `phonecfg`.
//!
//! A phone takes any setting of its provisioning file so, and tells a handful only. Before V70 the
//! document named files and sections of the phone's own disk instead.

use serde_json::{Map, Value};

use super::handset::{Handset, NO_ANSWER};
use super::phonecfg::{self, PhoneCfg};
use super::{document, tone};
use crate::vendor::{Plan, PlanError, ReplyData, ReplyOutcome};
use crate::verb::{Setting, SettingName, Settings};

impl Handset<'_> {
    /// Writes settings by a pushed configuration, and reads what `phonecfg` tells.
    pub(super) fn settings(&self, settings: &Settings) -> Result<Plan, PlanError> {
        let mut plan = Plan::default();
        if !settings.set.is_empty() {
            plan = plan.then(self.write(&settings.set)?);
        }
        if !settings.get.is_empty() {
            plan = plan.then(self.read(&settings.get)?);
        }
        Ok(plan)
    }

    fn write(&self, settings: &[Setting]) -> Result<Plan, PlanError> {
        self.model.since(70, "settings by name")?;
        let items: Vec<_> = settings
            .iter()
            .map(|Setting { name, value }| (name.as_str(), value.as_str()))
            .collect();
        let plan = self.push(&document::configuration(&items))?;
        let plan = plan.with_note("the phone does not tell which settings it knows and takes");
        // Values are seen to work; what makes the phone fetch a file is not.
        let fetches = items
            .iter()
            .any(|(name, _)| name.rsplit('.').next() == Some("url"));
        Ok(if fetches {
            plan.with_note(tone::UNPROVEN)
        } else {
            plan
        })
    }

    fn read(&self, names: &[SettingName]) -> Result<Plan, PlanError> {
        self.web("get", NO_ANSWER)?;
        let wanted = names
            .iter()
            .map(|name| Readable::parse(name).map(|readable| (name.to_string(), readable)))
            .collect::<Result<Vec<_>, _>>()?;
        let step = phonecfg::ask(self.model.action_page(), move |told| {
            let mut object = Map::new();
            for (name, readable) in &wanted {
                let Some(value) = readable.find(told) else {
                    return ReplyOutcome::Rejected(format!("the phone tells nothing of {name}"));
                };
                object.insert(name.clone(), value);
            }
            ReplyOutcome::Data(ReplyData::Value(Value::Object(object)))
        });
        Ok(Plan::new([step]))
    }
}

/// What `phonecfg` tells of a setting.
#[derive(Clone, Debug)]
enum Readable {
    /// A section of several values, as an object.
    Section(String),
    /// One value of a section.
    Value(String, String),
}

impl Readable {
    fn parse(name: &SettingName) -> Result<Self, PlanError> {
        let text = name.as_str();
        let (section, value) = match text.split_once('.') {
            Some((section, value)) => (section, Some(value)),
            None => (text, None),
        };
        if !SECTIONS
            .iter()
            .any(|known| known.eq_ignore_ascii_case(section))
        {
            return Err(PlanError::Unsupported(format!(
                "get: a Yealink phone tells of {} only, not of {text}",
                SECTIONS.join(", ")
            )));
        }
        Ok(match value {
            Some(value) => Self::Value(section.to_owned(), value.to_owned()),
            None => Self::Section(section.to_owned()),
        })
    }

    fn find(&self, told: &PhoneCfg) -> Option<Value> {
        match self {
            Self::Section(section) => told.section(section),
            Self::Value(section, name) => told.value(section, name).map(Value::from),
        }
    }
}

/// The sections that a phone tells.
const SECTIONS: [&str; 6] = [
    "Status",
    "Accounts",
    "DND",
    "Forward_always",
    "Forward_busy",
    "Forward_noanswer",
];
