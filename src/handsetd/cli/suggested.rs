//! Arguments with suggested values, which shells complete, and which help lists.

use std::collections::BTreeSet;
use std::ffi::OsStr;

use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::{Arg, Command, Error};
use handset_phones::verb::{COMMON, Row, TABLE};

use crate::outcome::Status;

/// Accepts any text and suggests some. The reader of the text reports what is wrong with another one, in the
/// words that the API and the dialplan have for it, too.
#[derive(Clone, Debug)]
pub(super) struct Suggested(Vec<&'static str>);

impl Suggested {
    /// Suggests the verbs.
    pub(super) fn verbs() -> Self {
        Self(TABLE.iter().map(Row::name).collect())
    }

    /// Suggests the keys of all verbs.
    pub(super) fn keys() -> Self {
        let own = TABLE.iter().flat_map(|row| row.keys);
        let keys: BTreeSet<&str> = own.chain(COMMON).map(|key| key.name).collect();
        Self(keys.into_iter().collect())
    }

    /// Suggests the statuses.
    pub(super) fn statuses() -> Self {
        Self(Status::ALL.iter().map(|status| status.word()).collect())
    }
}

impl TypedValueParser for Suggested {
    type Value = String;

    fn parse_ref(
        &self,
        command: &Command,
        argument: Option<&Arg>,
        value: &OsStr,
    ) -> Result<String, Error> {
        StringValueParser::new().parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.0.iter().copied().map(PossibleValue::new)))
    }
}
