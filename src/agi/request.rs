//! The environment of a call, which Asterisk sends first.
//!
//! Some values are chosen by the caller and must not be used for authorization;
//! [`environment`](super::environment) describes what can be forged.

use handset_net::text;
use percent_encoding::percent_decode_str;

use super::environment::Environment;
use super::error::{Error, near};

/// The environment of one call.
///
/// ```
/// # use handset_agi::Request;
/// let request = Request::parse(b"agi_network_script: push?text=a+b\nagi_arg_1: 1=1\n\n")?;
/// assert_eq!(request.script(), "push");
/// assert_eq!(request.query(), [("text".to_owned(), "a b".to_owned())]);
/// assert!(request.arguments().eq(["1=1"]));
/// # Ok::<(), handset_agi::Error>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Request {
    script: String,
    query: String,
    environment: Environment,
}

impl Request {
    /// Parses a block of lines. A line that is not UTF-8 is read as [`text::decode`] does. Lines other
    /// than `agi_*` variables are skipped, except those of an argument with line breaks.
    ///
    /// # Errors
    ///
    /// Returns [`Error::NotAgi`] if there is no `agi_*` variable.
    pub fn parse(block: &[u8]) -> Result<Self, Error> {
        let environment = Environment::parse(&text::decode_lines(block));
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

    /// Returns the requested script: the path of the URL, percent-decoded, without leading slashes and
    /// query. Empty if the URL has no path.
    ///
    /// It comes from the dialplan and may contain any characters.
    pub fn script(&self) -> &str {
        &self.script
    }

    /// Returns the key-value pairs of the URL's query in order, including repeated keys.
    ///
    /// `%XX` and `+` are decoded; any other `%` is kept; what is not UTF-8 is read as [`text::decode`]
    /// does; a key without `=` has an empty value.
    pub fn query(&self) -> Vec<(String, String)> {
        text::query(&self.query).collect()
    }

    /// Returns whether a line break in the URL or in an argument makes it uncertain what was meant, so
    /// that the request must be refused.
    pub fn is_ambiguous(&self) -> bool {
        self.environment.is_ambiguous()
    }

    /// Returns `agi_arg_1` and so on in numeric order, including empty ones.
    pub fn arguments(&self) -> impl Iterator<Item = &str> {
        self.environment.arguments()
    }

    /// Returns the name of the channel; empty if it is missing.
    pub fn channel(&self) -> &str {
        self.text("channel")
    }

    /// Returns the technology of the channel, for example `PJSIP`; empty if it is missing.
    pub fn kind(&self) -> &str {
        self.text("type")
    }

    /// Returns the `Uniqueid` of the channel; empty if it is missing.
    pub fn uniqueid(&self) -> &str {
        self.text("uniqueid")
    }

    /// Returns the extension that runs the script; empty if it is missing.
    pub fn extension(&self) -> &str {
        self.text("extension")
    }

    /// Returns the context that runs the script; empty if it is missing.
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

    /// Returns a variable unchanged. The name is given without `agi_` and is case sensitive.
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

/// Returns path and query of the URL.
///
/// Asterisk omits `agi_network_script` if the URL has no path; `agi_request` contains the query then.
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
