//! Replies to an Execute, parsed leniently.
//!
//! Phones send two XML declarations in a row, none at all, an empty encoding, or an unescaped `&`
//! in the URL that they repeat. So this looks for the relevant elements instead of parsing a
//! document. The HTTP status differs between generations and carries less than the body: without an
//! object it is believed only of multiplatform phones, which send nothing else.

use quick_xml::escape::unescape;
use serde_json::{Map, Value};

use super::family::Family;
use crate::phone::Phone;
use crate::vendor::{Reply, ReplyData, ReplyOutcome, lenient_xml};

/// How a phone replies, and where it checks who asks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Replies {
    /// With objects, after it has asked handsetd: enterprise firmware.
    Objects,
    /// With nothing but an HTTP status, after a challenge: multiplatform and small business firmware.
    Status,
}

impl Replies {
    pub(super) fn of(phone: &Phone) -> Self {
        if Family::of(phone).is_multiplatform() {
            Self::Status
        } else {
            Self::Objects
        }
    }

    /// Returns what to check when the phone refuses the credentials.
    fn advice(self) -> &'static str {
        match self {
            Self::Objects => {
                "check them, and that its authenticationURL is /cisco/authenticate at handsetd"
            }
            Self::Status => {
                "check them against its user password, or CISCO XML EXE Auth Mode on its web page"
            }
        }
    }

    /// Returns what to check when the phone has no page for requests.
    fn web_access(self) -> &'static str {
        match self {
            Self::Objects => "is web access enabled (webAccess in SEP….cnf.xml)?",
            Self::Status => "is CISCO XML EXE Enable set to Yes on its web page?",
        }
    }

    fn denied(self, what: &str) -> ReplyOutcome {
        let advice = self.advice();
        ReplyOutcome::Denied(format!("{DENIED}: {what}; {advice}"))
    }

    /// Interprets a reply whose items are not known.
    pub(super) fn parse(self, reply: &Reply) -> ReplyOutcome {
        let body = reply.text();
        if let Some(error) = element(&body, "CiscoIPPhoneError") {
            return match attribute(error, "Number").unwrap_or_default() {
                "4" => self.denied("it answered error 4"),
                "1" => rejected("it could not parse the request, or is busy (error 1)"),
                "2" => rejected("it could not frame its response (error 2)"),
                "3" => rejected("it has an internal file error (error 3)"),
                "6" => rejected("it considers the URL invalid (error 6)"),
                number => rejected(&format!("it answered error {number}")),
            };
        }
        let mut items = elements(&body, "ResponseItem").map(Item::of).peekable();
        let has_object = items.peek().is_some() || element(&body, "CiscoIPPhoneResponse").is_some();
        if let Some(item) = items.find(Item::is_fault) {
            return rejected(&item.description(false));
        }
        match reply.status {
            200..=299 if has_object || self == Self::Status && !is_page(&body) => {
                ReplyOutcome::Done
            }
            200..=299 => ReplyOutcome::Unconfirmed(format!(
                "it answered {}, not a CiscoIPPhoneResponse; is a Cisco phone at this address and port?",
                reply.description()
            )),
            401 => self.denied("it answered HTTP 401"),
            403 => self.denied("it answered HTTP 403"),
            404 => rejected(&format!("it answered HTTP 404; {}", self.web_access())),
            status => rejected(&format!("it answered HTTP {status}")),
        }
    }

    /// Interprets the reply to setBackground and setRingTone, whose object no document describes: any
    /// object is a success.
    pub(super) fn parse_any_object(self, reply: &Reply) -> ReplyOutcome {
        let is_object = || {
            lenient_xml::parse(&reply.body).is_some_and(|root| !is_page(&format!("<{}", root.name)))
        };
        match self.parse(reply) {
            ReplyOutcome::Unconfirmed(_) if is_object() => ReplyOutcome::Done,
            outcome => outcome,
        }
    }

    /// The outcome if the phone has no device information page.
    pub(super) fn no_device_page(self) -> ReplyOutcome {
        rejected(&format!(
            "it has no device information page; {}",
            self.web_access()
        ))
    }
}

/// Returns whether this is a page for people.
fn is_page(body: &str) -> bool {
    let start: String = body.trim_start().chars().take(MAX_START).collect();
    let start = start.to_ascii_lowercase();
    start.starts_with("<html")
        || start.starts_with("<!doctype html")
        || start.starts_with(['{', '['])
}

/// Parses the reply to an Execute of certain URLs.
#[derive(Debug)]
pub(super) struct ExecuteReply {
    replies: Replies,
    urls: Vec<String>,
}

impl ExecuteReply {
    pub(super) fn new(replies: Replies, urls: Vec<String>) -> Self {
        Self { replies, urls }
    }

    /// Interprets a reply. Items are matched by URL, since they come in order of completion.
    pub(super) fn parse(&self, reply: &Reply) -> ReplyOutcome {
        let body = reply.text();
        if element(&body, "CiscoIPPhoneError").is_some_and(|error| is_number(error, "4"))
            && self.urls.iter().any(|url| url.starts_with("RTP"))
        {
            return ReplyOutcome::Denied(format!(
                "{DENIED}, or it is in a call and cannot start a stream (error 4); {}",
                self.replies.advice()
            ));
        }
        let items: Vec<Item<'_>> = elements(&body, "ResponseItem").map(Item::of).collect();
        if element(&body, "CiscoIPPhoneError").is_some() || items.is_empty() {
            return self.replies.parse(reply);
        }
        let mut faults = Vec::new();
        for item in items.iter().filter(|item| item.is_fault()) {
            faults.push(item.description(self.urls.len() > 1));
        }
        if items.len() < self.urls.len() {
            let is_reported = |url: &&String| items.iter().any(|item| item.url == **url);
            let missing = self.urls.iter().filter(|url| !is_reported(url));
            faults.extend(missing.map(|url| format!("it did not report on {url}")));
        }
        if !faults.is_empty() {
            return rejected(&faults.join(", "));
        }
        // Data that comes with a success: the port of a stream, the state of a problem report.
        let data: Map<_, _> = items
            .iter()
            .filter(|item| !item.data.is_empty() && !item.data.eq_ignore_ascii_case("success"))
            .map(|item| (item.url.clone(), Value::from(item.data.clone())))
            .collect();
        if data.is_empty() {
            ReplyOutcome::Done
        } else {
            ReplyOutcome::Data(ReplyData::Value(data.into()))
        }
    }
}

/// An item of a reply.
#[derive(Debug)]
struct Item<'a> {
    status: &'a str,
    data: String,
    url: String,
}

impl<'a> Item<'a> {
    fn of(attributes: &'a str) -> Self {
        let text = |name| {
            let raw = attribute(attributes, name).unwrap_or_default();
            // Some phones repeat an unescaped `&`; it is taken literally.
            let text = unescape(raw).map_or_else(|_| raw.to_owned(), Into::into);
            text.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        Self {
            status: attribute(attributes, "Status").unwrap_or("0").trim(),
            data: text("Data").chars().take(MAX_DATA).collect(),
            url: text("URL"),
        }
    }

    fn is_fault(&self) -> bool {
        self.status != "0"
    }

    fn description(&self, with_url: bool) -> String {
        let Self { status, data, url } = self;
        let what = match *status {
            "1" => "it does not understand the request",
            "6" => "it cannot do that now",
            _ => "it refuses",
        };
        let prefix = if with_url {
            format!("{url}: ")
        } else {
            String::new()
        };
        format!("{prefix}{what} (status {status}, {data:?})")
    }
}

const DENIED: &str = "the phone refused the user name and password";

/// How much of a body shows whether it is a page, in characters.
const MAX_START: usize = 16;

/// The longest data of an item that is reported, in characters.
const MAX_DATA: usize = 512;

fn is_number(error: &str, number: &str) -> bool {
    attribute(error, "Number") == Some(number)
}

pub(super) fn rejected(what: &str) -> ReplyOutcome {
    ReplyOutcome::Rejected(format!("the phone refused: {what}"))
}

/// Returns the attributes of the first element of that name.
fn element<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    elements(text, name).next()
}

/// Returns the attributes of all elements of that name, in order.
fn elements<'a>(text: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    text.split('<').skip(1).filter_map(move |tag| {
        // Some write a namespace prefix.
        let rest = tag.strip_prefix(name).or_else(|| {
            let (prefix, rest) = tag.split_once(':')?;
            let is_prefix = prefix
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'));
            rest.strip_prefix(name).filter(|_| is_prefix)
        })?;
        let is_whole_name = rest.starts_with(|c: char| c.is_whitespace() || matches!(c, '/' | '>'));
        // An attribute may hold a `>`, so the tag extends to the next `<`.
        is_whole_name.then_some(rest)
    })
}

/// Returns the value of an attribute, in double or single quotes.
fn attribute<'a>(attributes: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = attributes;
    loop {
        let (before, after) = rest.split_once('=')?;
        let after = after.trim_start();
        let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let (value, next) = after.get(1..)?.split_once(quote)?;
        if before.trim().rsplit(char::is_whitespace).next() == Some(name) {
            return Some(value);
        }
        rest = next;
    }
}

#[cfg(test)]
mod tests;
