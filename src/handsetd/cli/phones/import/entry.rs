//! A phone of a list, and the file that it is written to.

use handset_phones::media::model;
use handset_phones::phone::{Address, Endpoint, Firmware, MacAddress, Vendor};
use serde::{Serialize, Serializer};

/// A phone of a list. What has a form has been parsed; the rest is text that the serializer quotes.
#[derive(Debug, Serialize)]
pub(super) struct Entry {
    /// The line of the list, counted from 1.
    #[serde(skip)]
    pub(super) line: u64,
    pub(super) name: String,
    #[serde(serialize_with = "shown", skip_serializing_if = "Option::is_none")]
    pub(super) endpoint: Option<Endpoint>,
    #[serde(serialize_with = "shown", skip_serializing_if = "Option::is_none")]
    pub(super) vendor: Option<Vendor>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) model: Option<String>,
    #[serde(serialize_with = "firmware", skip_serializing_if = "Option::is_none")]
    pub(super) firmware: Option<Firmware>,
    #[serde(serialize_with = "shown", skip_serializing_if = "Option::is_none")]
    pub(super) address: Option<Address>,
    #[serde(serialize_with = "shown", skip_serializing_if = "Option::is_none")]
    pub(super) mac: Option<MacAddress>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) password_file: Option<String>,
}

/// The file.
#[derive(Debug, Serialize)]
pub(super) struct File<'a> {
    pub(super) phone: &'a [Entry],
}

impl Entry {
    /// Returns what is missing, and who may know it.
    pub(super) fn missing(&self) -> Vec<String> {
        let mut missing = Vec::new();
        match (self.vendor, &self.model) {
            (None, None) => missing.push("no vendor and no model".to_owned()),
            (None, Some(model)) => missing.push(format!("unknown model {model:?} and no vendor")),
            (Some(_), None) => missing.push("no model".to_owned()),
            (Some(vendor), Some(name)) => {
                if !model::Model::find(vendor, name).known {
                    missing.push(format!(
                        "unknown model {name:?}; pictures and tones are made as for others of {vendor}"
                    ));
                }
            }
        }
        if self.mac.is_none() {
            missing.push("no MAC address".to_owned());
        }
        if self.address.is_none() {
            missing.push("no address".to_owned());
        }
        if !missing.is_empty() && self.endpoint.is_some() {
            missing.push("Asterisk reports the rest once it is registered".to_owned());
        }
        missing
    }
}

/// Returns the text of the file.
pub(super) fn to_toml(file: &File<'_>) -> Result<String, toml::ser::Error> {
    Ok(format!("{MARK}\n\n{}", toml::to_string(file)?))
}

#[expect(clippy::ref_option, reason = "serde passes a reference")]
fn shown<T: ToString, S: Serializer>(value: &Option<T>, serializer: S) -> Result<S::Ok, S::Error> {
    let text = value.as_ref().map(ToString::to_string);
    text.serialize(serializer)
}

#[expect(clippy::ref_option, reason = "serde passes a reference")]
fn firmware<S: Serializer>(value: &Option<Firmware>, serializer: S) -> Result<S::Ok, S::Error> {
    let text = value.as_ref().map(Firmware::as_str);
    text.serialize(serializer)
}

/// The first line of every file that the command has written.
pub(super) const MARK: &str = "# Written by handsetd phones import, which replaces this file.";
