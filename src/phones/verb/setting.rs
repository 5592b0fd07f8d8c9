//! Settings of a phone, by the names of the vendor.

use std::fmt;
use std::str::FromStr;

use crate::given::Given;
use crate::invalid_value::InvalidValue;

/// Settings to write, then settings to read.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Settings {
    /// The settings to write, in order.
    pub set: Vec<Setting>,
    /// The settings to read.
    pub get: Vec<SettingName>,
}

/// A setting and its new value.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Setting {
    /// The name.
    pub name: SettingName,
    /// The value: one line of text.
    pub value: String,
}

/// The name of a setting: letters, digits and `_ . [ ] -`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SettingName(String);

impl SettingName {
    /// Returns the name as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) const MAX: usize = 128;
}

impl FromStr for SettingName {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let text = text.trim();
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || "_.[]-".contains(c);
        if text.is_empty() || text.len() > Self::MAX || !text.chars().all(is_allowed) {
            let hint = "use letters, digits and _ . [ ] -";
            return Err(InvalidValue::malformed("setting name", text, hint));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for SettingName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Setting {
    /// Parses `NAME=VALUE`.
    pub(super) fn parse(given: Given<'_>) -> Result<Self, InvalidValue> {
        let (name, value) = given
            .split_once('=')
            .ok_or_else(|| InvalidValue::malformed("setting", given.as_str(), "use NAME=VALUE"))?;
        let (name, value) = (name.as_str(), value.as_str());
        if value.len() > MAX_VALUE || value.chars().any(char::is_control) {
            let hint = format!("the value must be one line of up to {MAX_VALUE} bytes");
            return Err(InvalidValue::malformed("value of setting", name, hint));
        }
        Ok(Self {
            name: name.parse()?,
            value: value.to_owned(),
        })
    }
}

/// The longest value of a setting, in bytes.
pub(super) const MAX_VALUE: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Setting, InvalidValue> {
        Setting::parse(Given::written(text))
    }

    #[test]
    fn setting_is_split_at_the_first_equals_sign() {
        let setting = parse("fkey1=url http://192.0.2.1/?a=b&c").unwrap();
        assert_eq!(setting.name.as_str(), "fkey1");
        assert_eq!(setting.value, "url http://192.0.2.1/?a=b&c");
        assert_eq!(parse("a=").unwrap().value, "");
    }

    #[test]
    fn malformed_settings_are_refused() {
        for text in ["", "a", "=1", "a b=1", "a&b=1", "a=1\nb=2", "a=\u{1b}"] {
            assert!(parse(text).is_err(), "{text:?}");
        }
        assert!("user_name[1]".parse::<SettingName>().is_ok());
        assert!("account.1.label".parse::<SettingName>().is_ok());
    }
}
