//! Failures: the meaning, cause and remedy of each code.

use std::fmt;

/// A failure reported by the call manager.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fault {
    /// The code, if there is one.
    pub code: Option<u16>,
    text: String,
}

/// The cause of a failure.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Cause {
    /// The service is overloaded and did nothing.
    Busy,
    /// handsetd is not authorized.
    Denied,
    /// A service of the call manager is down.
    Down,
    /// The device, user or profile does not exist.
    NotFound,
    /// The request conflicts with the current state or configuration.
    Other,
}

impl Fault {
    pub(super) fn new(code: Option<u16>, text: &str) -> Self {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        Self {
            code,
            text: text.chars().take(MAX_TEXT).collect(),
        }
    }

    /// Returns the cause.
    pub fn cause(&self) -> Cause {
        self.row().map_or(Cause::Other, |row| row.cause)
    }

    /// Returns whether the call manager does not know the query.
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
            (Some(code), None) => write!(f, "unknown error (code {code}")?,
            (None, _) => f.write_str("no code given (")?,
        }
        if !self.text.is_empty() {
            let comma = if self.code.is_some() { ", " } else { "" };
            write!(f, "{comma}{:?}", self.text)?;
        }
        f.write_str(")")?;
        match self.row().map(|row| row.remedy) {
            Some(remedy) if !remedy.is_empty() => write!(f, "; {remedy}"),
            _ => Ok(()),
        }
    }
}

struct Row {
    code: u16,
    cause: Cause,
    meaning: &'static str,
    remedy: &'static str,
}

const fn row(code: u16, cause: Cause, meaning: &'static str, remedy: &'static str) -> Row {
    Row {
        code,
        cause,
        meaning,
        remedy,
    }
}

const CODES: &[Row] = &[
    row(0, Cause::Other, "an unknown error", "see its log"),
    row(
        1,
        Cause::Other,
        "it could not parse the request",
        "try another cucm.encoding",
    ),
    row(
        2,
        Cause::Denied,
        "it cannot authorize the application user",
        "check cucm.app_id and cucm.password, which must not be empty",
    ),
    row(
        3,
        Cause::Denied,
        "it does not know the application user",
        "check cucm.app_id and cucm.password",
    ),
    row(
        4,
        Cause::Other,
        "its policy forbids it",
        "check the service parameters of Extension Mobility",
    ),
    row(
        5,
        Cause::Other,
        "login is disabled for this device",
        "enable Extension Mobility in the device's settings",
    ),
    row(6, Cause::Down, "a database error", "try again later"),
    row(
        7,
        Cause::Other,
        "it could not log the device out",
        "try again later",
    ),
    row(
        UNKNOWN_QUERY,
        Cause::Other,
        "it does not know this query",
        "",
    ),
    row(
        9,
        Cause::Denied,
        "it cannot read the user from its directory",
        "check that the directory is running and has the user",
    ),
    row(
        10,
        Cause::Denied,
        "the application user may not act for other users",
        "put it into the group Standard EM Authentication Proxy Rights",
    ),
    row(
        11,
        Cause::NotFound,
        "unknown device",
        "check its name, SEP and the MAC address",
    ),
    row(
        12,
        Cause::NotFound,
        "unknown device profile",
        "check profile, or assign one to the user",
    ),
    row(
        18,
        Cause::Other,
        "another user is logged in at the device",
        "log them out first",
    ),
    row(19, Cause::Other, "no user is logged in at the device", ""),
    row(
        20,
        Cause::Other,
        "the hoteling flag of the device forbids it",
        "check its hoteling settings",
    ),
    row(
        21,
        Cause::Other,
        "the hoteling status of the device forbids it",
        "check its hoteling settings",
    ),
    row(
        22,
        Cause::Other,
        "login is disabled for this device",
        "enable Extension Mobility in the device's settings",
    ),
    row(23, Cause::NotFound, "unknown user", "check user"),
    row(
        25,
        Cause::Other,
        "the user is logged in elsewhere",
        "log them out there first",
    ),
    row(BUSY, Cause::Busy, "it is busy", "try again later"),
    row(
        27,
        Cause::Other,
        "the user must change their password first",
        "",
    ),
    row(
        28,
        Cause::Denied,
        "it does not trust the IP address of handsetd",
        "add it to the trusted addresses of Extension Mobility",
    ),
    row(
        29,
        Cause::Down,
        "its RIS Data Collector service is down",
        "start that service",
    ),
    row(
        30,
        Cause::Denied,
        "it does not accept requests through a proxy",
        "allow proxies in the service parameters of Extension Mobility",
    ),
    row(
        47,
        Cause::Other,
        "several users have this number",
        "use the user id",
    ),
];

/// The only failure after which a request may be repeated at once.
const BUSY: u16 = 26;
const UNKNOWN_QUERY: u16 = 8;
const MAX_TEXT: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documented_codes_have_a_meaning() {
        let codes: Vec<u16> = CODES.iter().map(|row| row.code).collect();
        let documented = [
            0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 18, 19, 20, 21, 22, 23, 25, 26, 27, 28, 29,
            30, 47,
        ];
        assert_eq!(codes, documented);
        for row in CODES {
            let fault = Fault::new(Some(row.code), "own  words\n");
            let message = fault.to_string();
            assert!(
                message.contains(&format!("code {}, \"own words\"", row.code)),
                "{message}"
            );
            assert!(message.contains(row.meaning), "{message}");
        }
    }

    #[test]
    fn only_a_busy_service_is_retried() {
        let busy = CODES.iter().filter(|row| row.cause == Cause::Busy);
        assert_eq!(busy.map(|row| row.code).collect::<Vec<_>>(), [26]);
        assert_eq!(Fault::new(Some(99), "").cause(), Cause::Other);
        assert_eq!(
            Fault::new(None, "").to_string(),
            "the call manager refused: no code given ()"
        );
    }
}
