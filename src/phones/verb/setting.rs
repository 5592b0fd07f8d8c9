//! Settings of a phone, in its own words.

use std::fmt;
use std::str::FromStr;

/// What is written, then what is read.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Settings {
    /// What is written, in order.
    pub set: Vec<Setting>,
    /// What is read.
    pub get: Vec<SettingName>,
}

/// A setting and the value that it shall have.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Setting {
    /// Its name.
    pub name: SettingName,
    /// Its value: one line, any text.
    pub value: String,
}

/// The name of a setting: letters, digits and `_ . [ ] -`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SettingName(String);

impl SettingName {
    /// Returns it as the phone wants it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    const MAX: usize = 128;
}

impl FromStr for SettingName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let fits = |c: char| c.is_ascii_alphanumeric() || "_.[]-".contains(c);
        if text.is_empty() || text.len() > Self::MAX || !text.chars().all(fits) {
            return Err(format!(
                "{text:?} is no name of a setting; a name has letters, digits and _ . [ ] -"
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for SettingName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Setting {
    type Err = String;

    /// Reads `NAME=VALUE`.
    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = text
            .split_once('=')
            .ok_or_else(|| format!("{text:?} is not of the form NAME=VALUE"))?;
        if value.len() > MAX_VALUE || value.chars().any(char::is_control) {
            return Err(format!(
                "the value of {name} must be one line of {MAX_VALUE} bytes at the most"
            ));
        }
        Ok(Self {
            name: name.parse()?,
            value: value.to_owned(),
        })
    }
}

const MAX_VALUE: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_split_at_the_first_equals_sign() {
        let setting: Setting = "fkey1=url http://192.0.2.1/?a=b&c".parse().unwrap();
        assert_eq!(setting.name.as_str(), "fkey1");
        assert_eq!(setting.value, "url http://192.0.2.1/?a=b&c");
        assert_eq!("a=".parse::<Setting>().unwrap().value, "");
    }

    #[test]
    fn what_would_break_a_phones_configuration_is_refused() {
        for text in ["", "a", "=1", "a b=1", "a&b=1", "a=1\nb=2", "a=\u{1b}"] {
            assert!(text.parse::<Setting>().is_err(), "{text:?}");
        }
        assert!("user_name[1]".parse::<SettingName>().is_ok());
        assert!("account.1.label".parse::<SettingName>().is_ok());
    }
}
