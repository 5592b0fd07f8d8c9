//! The value of `phone=`: which phones a request is for.

use std::fmt;

use crate::given::Given;
use crate::invalid_value::InvalidValue;

/// The phones that a request names, in order.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct PhoneNames(Vec<PhoneName>);

/// One name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum PhoneName {
    /// A value of an event, at least in part: it names one phone, never a group.
    Inserted(String),
    /// Written by the author of the request: a phone, a group, an endpoint or an address.
    Written(String),
}

impl PhoneNames {
    /// How many phones a request may name. Each costs a search, a delivery and a line in the log; a
    /// site that has more puts them into a group.
    pub const MAX: usize = 2000;

    /// How many of them may have a `*`. Each is compared with all phones.
    pub const MAX_PATTERNS: usize = 32;

    /// Parses names separated by `&`, as in `Dial()`.
    ///
    /// # Errors
    ///
    /// Returns an error if an inserted part contains `&`, or if there are too many names.
    pub fn parse(text: Given<'_>) -> Result<Self, InvalidValue> {
        let parts = text.split('&').map(Given::trim);
        let parts = parts.filter(|part| !part.as_str().is_empty());
        let names = parts.map(name).collect::<Result<Vec<_>, _>>()?;
        if names.len() > Self::MAX {
            return Err(InvalidValue::TooMany {
                unit: "names",
                count: names.len(),
                max: Self::MAX,
            });
        }
        let is_pattern =
            |name: &&PhoneName| matches!(name, PhoneName::Written(name) if name.contains('*'));
        let patterns = names.iter().filter(is_pattern).count();
        if patterns > Self::MAX_PATTERNS {
            return Err(InvalidValue::TooMany {
                unit: "names with *",
                count: patterns,
                max: Self::MAX_PATTERNS,
            });
        }
        Ok(Self(names))
    }

    /// The name of one phone, from an event.
    pub fn inserted(name: &str) -> Self {
        Self(vec![PhoneName::Inserted(name.to_owned())])
    }

    /// Returns the names.
    pub fn iter(&self) -> impl Iterator<Item = &PhoneName> {
        self.0.iter()
    }
}

fn name(part: Given<'_>) -> Result<PhoneName, InvalidValue> {
    let text = part.as_str();
    if !part.has_inserted() {
        return Ok(PhoneName::Written(text.to_owned()));
    }
    if text.contains('&') {
        let hint = "a value of an event names one phone; write the & itself in the rule";
        return Err(InvalidValue::malformed("name", text, hint));
    }
    Ok(PhoneName::Inserted(text.to_owned()))
}

impl From<&str> for PhoneNames {
    /// Splits written names.
    fn from(text: &str) -> Self {
        let parts = text.split('&').map(str::trim);
        let parts = parts.filter(|part| !part.is_empty());
        Self(
            parts
                .map(|part| PhoneName::Written(part.to_owned()))
                .collect(),
        )
    }
}

impl PhoneName {
    /// Returns the name.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Inserted(name) | Self::Written(name) => name,
        }
    }
}

impl fmt::Display for PhoneNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "&" };
            write!(f, "{separator}{}", name.as_str())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_names_are_separated_by_ampersands() {
        let names = PhoneNames::from(" 1001& boss &");
        assert_eq!(names.to_string(), "1001&boss");
        assert_eq!(
            PhoneNames::parse(Given::written(" 1001& boss &")),
            Ok(names)
        );
        assert_eq!(PhoneNames::from(" & ").iter().count(), 0);
    }

    #[test]
    fn number_of_patterns_is_limited() {
        let names = |count: usize| {
            let names: Vec<_> = (0..count).map(|at| format!("{at}*")).collect();
            PhoneNames::parse(Given::written(&names.join("&")))
        };
        assert!(names(PhoneNames::MAX_PATTERNS).is_ok());
        let error = names(PhoneNames::MAX_PATTERNS + 1).unwrap_err();
        assert!(error.to_string().contains("names with *"), "{error}");
    }

    #[test]
    fn inserted_part_is_one_name() {
        let parse = |inserted: std::ops::Range<usize>| {
            let inserted = std::slice::from_ref(&inserted);
            PhoneNames::parse(Given::with_inserted("1001&boss", inserted))
        };
        let names = parse(5..9).unwrap();
        let expected = [
            PhoneName::Written("1001".into()),
            PhoneName::Inserted("boss".into()),
        ];
        assert!(names.iter().eq(&expected));
        let error = parse(0..9).unwrap_err();
        assert_eq!(
            error.to_string(),
            "invalid name \"1001&boss\"; a value of an event names one phone; write the & itself in the rule"
        );
    }
}
