//! Settings: written with `YealinkIPPhoneConfiguration`, read with `phonecfg`.
//!
//! Any setting of the provisioning file can be written, but only a few can be read. Before V70 the
//! document named files and sections on the phone's own disk instead.

use serde_json::{Map, Value};

use super::handset::{Handset, NO_ANSWER};
use super::phonecfg::{self, PhoneCfg};
use super::{document, tone};
use crate::vendor::{Plan, PlanError, ReplyData, ReplyOutcome};
use crate::verb::{Setting, SettingName, Settings};

impl Handset<'_> {
    /// Plans to write settings with a pushed configuration, then to read some with `phonecfg`.
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
        self.model.require_release(70, "settings by name")?;
        let items: Vec<_> = settings
            .iter()
            .map(|Setting { name, value }| (name.as_str(), value.as_str()))
            .collect();
        let plan = self.push(&document::configuration(&items))?;
        let plan = plan.with_note("the phone does not report whether it accepted the settings");
        // Plain values were observed to work; settings that make the phone fetch a file were not.
        let fetches = items
            .iter()
            .any(|(name, _)| name.rsplit('.').next() == Some("url"));
        Ok(if fetches {
            plan.with_note(tone::UNVERIFIED)
        } else {
            plan
        })
    }

    fn read(&self, names: &[SettingName]) -> Result<Plan, PlanError> {
        self.require_http("get", NO_ANSWER)?;
        let readables = names
            .iter()
            .map(|name| Readable::parse(name).map(|readable| (name.to_string(), readable)))
            .collect::<Result<Vec<_>, _>>()?;
        let step = phonecfg::fetch(self.model.action_pages(), move |config| {
            let mut object = Map::new();
            for (name, readable) in &readables {
                let Some(value) = readable.find(config) else {
                    return ReplyOutcome::Rejected(format!("the phone does not report {name}"));
                };
                object.insert(name.clone(), value);
            }
            ReplyOutcome::Data(ReplyData::Value(Value::Object(object)))
        });
        Ok(Plan::new([step]))
    }
}

/// A readable part of `phonecfg`.
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
                "get: Yealink phones report only {}, not {text}",
                SECTIONS.join(", ")
            )));
        }
        Ok(match value {
            Some(value) => Self::Value(section.to_owned(), value.to_owned()),
            None => Self::Section(section.to_owned()),
        })
    }

    fn find(&self, config: &PhoneCfg) -> Option<Value> {
        match self {
            Self::Section(section) => config.section(section),
            Self::Value(section, name) => config.value(section, name).map(Value::from),
        }
    }
}

/// The sections of `phonecfg`.
const SECTIONS: [&str; 6] = [
    "Status",
    "Accounts",
    "DND",
    "Forward_always",
    "Forward_busy",
    "Forward_noanswer",
];
