//! Who calls and what is asked for: the environment that Asterisk sends first.
//!
//! The values are what Asterisk said, and some of them are what a caller chose. They are no base
//! for deciding who may do what; [`environment`](super::environment) says what can be forged.

use percent_encoding::percent_decode_str;

use super::environment::Environment;
use super::error::{Error, near};

/// The environment of one call.
///
/// ```
/// # use handsetd::agi::Request;
/// let request = Request::parse(b"agi_network_script: push?text=a+b\nagi_arg_1: 1=1\n\n")?;
/// assert_eq!(request.script(), "push");
/// assert_eq!(request.query(), [("text".to_owned(), "a b".to_owned())]);
/// assert!(request.arguments().eq(["1=1"]));
/// # Ok::<(), handsetd::agi::Error>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Request {
    script: String,
    query: String,
    environment: Environment,
}

impl Request {
    /// Reads a block of lines. Bytes that are not UTF-8 are replaced, not refused.
    ///
    /// Lines that are no `agi_*` variables are left out; a block of nothing else is refused.
    pub fn parse(block: &[u8]) -> Result<Self, Error> {
        let environment = Environment::parse(&String::from_utf8_lossy(block));
        if environment.is_empty() {
            return Err(Error::NotAgi { near: near(block) });
        }
        let (path, query) = target(&environment);
        let script = percent_decode_str(path.trim_start_matches('/')).decode_utf8_lossy();
        Ok(Self {
            script: script.into_owned(),
            query: query.to_owned(),
            environment,
        })
    }

    /// Returns what to run: the path of the URL, percent-decoded, without leading slashes and
    /// without the query. Empty if the URL has no path.
    ///
    /// It comes from the dialplan and may hold anything.
    pub fn script(&self) -> &str {
        &self.script
    }

    /// Returns the pairs of the URL's query in order, repeated keys kept.
    ///
    /// `%XX` and `+` are decoded; a `%` that begins no such pair stays; bytes that are not UTF-8
    /// become U+FFFD; a key without `=` has an empty value.
    pub fn query(&self) -> Vec<(String, String)> {
        let pairs = form_urlencoded::parse(self.query.as_bytes());
        pairs
            .map(|(key, value)| (key.into_owned(), value.into_owned()))
            .collect()
    }

    /// Returns `agi_arg_1` and so on, in the order of their numbers, empty ones kept.
    pub fn arguments(&self) -> impl Iterator<Item = &str> {
        self.environment.arguments()
    }

    /// Returns the name of the channel, or nothing if there was none.
    pub fn channel(&self) -> &str {
        self.text("channel")
    }

    /// Returns the technology of the channel (`PJSIP`, `SCCP`).
    pub fn kind(&self) -> &str {
        self.text("type")
    }

    /// Returns the channel's `Uniqueid`, an opaque text.
    pub fn uniqueid(&self) -> &str {
        self.text("uniqueid")
    }

    /// Returns the extension that runs the script.
    pub fn extension(&self) -> &str {
        self.text("extension")
    }

    /// Returns the context that runs the script.
    pub fn context(&self) -> &str {
        self.text("context")
    }

    /// Returns the caller's number, unless it is missing, empty or `unknown`.
    pub fn caller_id(&self) -> Option<&str> {
        self.known("callerid")
    }

    /// Returns the caller's name, unless it is missing, empty or `unknown`.
    pub fn caller_name(&self) -> Option<&str> {
        self.known("calleridname")
    }

    /// Returns any variable as it was sent. The name is without `agi_`, and its case matters.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.environment.variable(name)
    }

    fn text(&self, name: &str) -> &str {
        self.variable(name).unwrap_or_default()
    }

    fn known(&self, name: &str) -> Option<&str> {
        self.variable(name)
            .filter(|value| !matches!(*value, "" | "unknown"))
    }
}

/// Returns path and query of what was asked for.
///
/// Asterisk leaves `agi_network_script` out when the URL has no path, and `agi_request` tells then.
fn target(environment: &Environment) -> (&str, &str) {
    let target = environment
        .variable("network_script")
        .or_else(|| environment.variable("request").map(path_of))
        .unwrap_or_default();
    target.split_once('?').unwrap_or((target, ""))
}

/// `request = [ scheme "://" authority ] [ "/" path ] [ "?" query ]`
fn path_of(request: &str) -> &str {
    let Some((_, rest)) = request.split_once("://") else {
        return request;
    };
    let authority = rest.find(['/', '?']).unwrap_or(rest.len());
    rest.get(authority..).unwrap_or_default()
}

#[cfg(test)]
mod tests;
