//! Failures: what each code means, whose doing it is, and what helps.

use std::fmt;

/// A failure, as the call manager tells it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fault {
    /// Its number, where there is one.
    pub code: Option<u16>,
    words: String,
}

/// What a failure is owed to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Blame {
    /// The service has too much to do at the moment, and has done nothing.
    Busy,
    /// We may not ask that.
    Denied,
    /// A part of the call manager does not run.
    Down,
    /// The device, user or profile is not there.
    NotFound,
    /// What is asked can't be done as things documents.
    PlanError,
}

impl Fault {
    pub(super) fn new(code: Option<u16>, words: &str) -> Self {
        let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
        Self {
            code,
            words: words.chars().take(MAX_WORDS).collect(),
        }
    }

    /// Says what it is owed to.
    pub fn blame(&self) -> Blame {
        self.row().map_or(Blame::PlanError, |row| row.blame)
    }

    /// Returns whether the query's name was not understood.
    pub fn is_unknown_query(&self) -> bool {
        self.code == Some(UNKNOWN_QUERY)
    }

    fn row(&self) -> Option<&'static Row> {
        CODES.iter().find(|row| Some(row.code) == self.code)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the call manager refused: ")?;
        match (self.code, self.row()) {
            (_, Some(row)) => write!(f, "{} (code {}", row.meaning, row.code)?,
            (Some(code), None) => write!(f, "it has no more to say (code {code}")?,
            (None, _) => f.write_str("it gives no code (")?,
        }
        if !self.words.is_empty() {
            let comma = if self.code.is_some() { ", " } else { "" };
            write!(f, "{comma}{:?}", self.words)?;
        }
        f.write_str(")")?;
        match self.row().map(|row| row.cure) {
            Some(cure) if !cure.is_empty() => write!(f, "; {cure}"),
            _ => Ok(()),
        }
    }
}

struct Row {
    code: u16,
    blame: Blame,
    meaning: &'static str,
    cure: &'static str,
}

const fn row(code: u16, blame: Blame, meaning: &'static str, cure: &'static str) -> Row {
    Row {
        code,
        blame,
        meaning,
        cure,
    }
}

const CODES: &[Row] = &[
    row(
        0,
        Blame::PlanError,
        "an unknown error",
        "its own log says more",
    ),
    row(
        1,
        Blame::PlanError,
        "it could not parse the request",
        "try another cucm.encoding",
    ),
    row(
        2,
        Blame::Denied,
        "it can't authorise the application user",
        "check cucm.app_id and cucm.password, which may not be empty",
    ),
    row(
        3,
        Blame::Denied,
        "it does not know the application user",
        "check cucm.app_id and cucm.password",
    ),
    row(
        4,
        Blame::PlanError,
        "its policy forbids it",
        "check the service parameters of Extension Mobility",
    ),
    row(
        5,
        Blame::PlanError,
        "nobody can log in at this device",
        "enable Extension Mobility in the device's settings",
    ),
    row(
        6,
        Blame::Down,
        "an error of its database",
        "try again later",
    ),
    row(
        7,
        Blame::PlanError,
        "it could not log the device out",
        "try again later",
    ),
    row(
        UNKNOWN_QUERY,
        Blame::PlanError,
        "it does not know this query",
        "",
    ),
    row(
        9,
        Blame::Denied,
        "its directory does not let it read the user",
        "check that the directory runs and knows the user",
    ),
    row(
        10,
        Blame::Denied,
        "the application user may not do this for others",
        "put it into the group Standard EM Authentication Proxy Rights",
    ),
    row(
        11,
        Blame::NotFound,
        "there is no such device",
        "check its name, SEP and the hardware address",
    ),
    row(
        12,
        Blame::NotFound,
        "there is no such device profile",
        "check profile, or give the user one",
    ),
    row(
        18,
        Blame::PlanError,
        "another user is logged in there",
        "log them out first",
    ),
    row(19, Blame::PlanError, "nobody is logged in there", ""),
    row(
        20,
        Blame::PlanError,
        "the device's hoteling flag forbids it",
        "check its hoteling settings",
    ),
    row(
        21,
        Blame::PlanError,
        "the device's hoteling status forbids it",
        "check its hoteling settings",
    ),
    row(
        22,
        Blame::PlanError,
        "nobody can log in at this device",
        "enable Extension Mobility in the device's settings",
    ),
    row(23, Blame::NotFound, "there is no such user", "check user"),
    row(
        25,
        Blame::PlanError,
        "the user is logged in elsewhere",
        "log them out there first",
    ),
    row(BUSY, Blame::Busy, "it is busy", "try again later"),
    row(
        27,
        Blame::PlanError,
        "the user must change their password first",
        "",
    ),
    row(
        28,
        Blame::Denied,
        "it does not trust our IP address",
        "add it to the trusted addresses of Extension Mobility",
    ),
    row(
        29,
        Blame::Down,
        "its service RIS Data Collector is down",
        "start that service",
    ),
    row(
        30,
        Blame::Denied,
        "it takes no requests by a proxy",
        "allow proxies in the service parameters of Extension Mobility",
    ),
    row(
        47,
        Blame::PlanError,
        "several users have this number",
        "name the user by their id",
    ),
];

/// The only failure after which the same may be asked again at once.
const BUSY: u16 = 26;
const UNKNOWN_QUERY: u16 = 8;
const MAX_WORDS: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_the_book_has_a_meaning() {
        let codes: Vec<u16> = CODES.iter().map(|row| row.code).collect();
        let wanted = [
            0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 18, 19, 20, 21, 22, 23, 25, 26, 27, 28, 29,
            30, 47,
        ];
        assert_eq!(codes, wanted);
        for row in CODES {
            let fault = Fault::new(Some(row.code), "own  words\n");
            let told = fault.to_string();
            assert!(
                told.contains(&format!("code {}, \"own words\"", row.code)),
                "{told}"
            );
            assert!(told.contains(row.meaning), "{told}");
        }
    }

    #[test]
    fn only_a_busy_service_is_asked_again() {
        let busy = CODES.iter().filter(|row| row.blame == Blame::Busy);
        assert_eq!(busy.map(|row| row.code).collect::<Vec<_>>(), [26]);
        assert_eq!(Fault::new(Some(99), "").blame(), Blame::PlanError);
        assert_eq!(
            Fault::new(None, "").to_string(),
            "the call manager refused: it gives no code ()"
        );
    }
}
