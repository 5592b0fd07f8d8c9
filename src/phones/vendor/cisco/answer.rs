//! What a Cisco phone answers to an Execute, read leniently.
//!
//! Phones send two XML declarations in a row, none at all, an empty encoding, or an unescaped `&`
//! in the address that they repeat; so this looks for the two elements that matter instead of
//! parsing a document. The HTTP status differs between generations and says less than the body.

use quick_xml::escape::unescape;
use serde_json::{Map, Value};

use crate::vendor::{Reply, ReplyData, ReplyOutcome};

/// What was asked, and so what the answer is about.
#[derive(Debug)]
pub(super) struct Asked(pub(super) Vec<String>);

impl Asked {
    /// Says what an answer means. Items are told apart by their URLs, since they come in the order
    /// in which they ended.
    pub(super) fn read(&self, reply: &Reply) -> ReplyOutcome {
        let body = reply.text();
        if element(&body, "CiscoIPPhoneError").is_some_and(|error| is_number(error, "4"))
            && self.0.iter().any(|url| url.starts_with("RTP"))
        {
            return ReplyOutcome::Denied(format!(
                "{DENIED}, or it is in a call, in which it starts no stream (error 4); {CURE}"
            ));
        }
        let items: Vec<Item<'_>> = elements(&body, "ResponseItem").map(Item::of).collect();
        if element(&body, "CiscoIPPhoneError").is_some() || items.is_empty() {
            return read(reply);
        }
        let mut faults = Vec::new();
        for item in items.iter().filter(|item| item.is_fault()) {
            faults.push(item.words(self.0.len() > 1));
        }
        let is_told = |url: &&String| items.iter().any(|item| item.url == **url);
        if items.len() < self.0.len() {
            let untold = self.0.iter().filter(|url| !is_told(url));
            faults.extend(untold.map(|url| format!("it says nothing of {url}")));
        }
        if !faults.is_empty() {
            return rejected(&faults.join(", "));
        }
        // What the phone adds to a success: the port of a stream, how a problem report goes on.
        let told: Map<_, _> = items
            .iter()
            .filter(|item| !item.data.is_empty() && !item.data.eq_ignore_ascii_case("success"))
            .map(|item| (item.url.clone(), Value::from(item.data.clone())))
            .collect();
        if told.is_empty() {
            ReplyOutcome::Done
        } else {
            ReplyOutcome::ReplyData(ReplyData::Value(told.into()))
        }
    }
}

/// One item of an answer.
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
            // Some phones repeat a bare `&`; then it is meant as it stands.
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

    fn words(&self, with_url: bool) -> String {
        let Self { status, data, url } = self;
        let what = match *status {
            "1" => "it does not understand that",
            "6" => "it can't do that now",
            _ => "it refuses",
        };
        let of = if with_url {
            format!("{url}: ")
        } else {
            String::new()
        };
        format!("{of}{what} (status {status}, {data:?})")
    }
}

/// Says what an answer means.
pub(super) fn read(reply: &Reply) -> ReplyOutcome {
    let body = reply.text();
    if let Some(error) = element(&body, "CiscoIPPhoneError") {
        return match attribute(error, "Number").unwrap_or_default() {
            "4" => denied("it answered error 4"),
            "1" => rejected("it could not read what was sent, or is busy (error 1)"),
            "2" => rejected("it could not frame its answer (error 2)"),
            "3" => rejected("it has an internal file error (error 3)"),
            "6" => rejected("it calls the address invalid (error 6)"),
            number => rejected(&format!("it answered error {number}")),
        };
    }
    let mut items = elements(&body, "ResponseItem").map(Item::of);
    if let Some(item) = items.find(Item::is_fault) {
        return rejected(&item.words(false));
    }
    match reply.status {
        // Multi-platform phones answer with nothing else than the HTTP status.
        200..=299 => ReplyOutcome::Done,
        401 => denied("it answered HTTP 401"),
        403 => denied("it answered HTTP 403"),
        404 => rejected("it answered HTTP 404; is its web access on (webAccess in SEP….cnf.xml)?"),
        status => rejected(&format!("it answered HTTP {status}")),
    }
}

fn denied(what: &str) -> ReplyOutcome {
    ReplyOutcome::Denied(format!("{DENIED}: {what}; {CURE}"))
}

const DENIED: &str = "the phone refused the user name and password";
const CURE: &str = "check them, and that its authenticationURL is /cisco/authenticate at handsetd";

/// The most characters of an item's data that are told.
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
        let rest = tag.strip_prefix(name)?;
        let ends = rest.starts_with(|c: char| c.is_whitespace() || matches!(c, '/' | '>'));
        // An attribute may hold a `>`, so the rest is taken whole: the next `<` ends it.
        ends.then_some(rest)
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
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(status: u16, body: &str) -> String {
        match read(&Reply {
            status,
            body: body.to_owned().into(),
            ..Reply::default()
        }) {
            ReplyOutcome::Done => "done".to_owned(),
            ReplyOutcome::Denied(_) => "denied".to_owned(),
            ReplyOutcome::Rejected(words) => words,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn success_is_told_by_the_items() {
        let items = r#"<CiscoIPPhoneResponse><ResponseItem Status="0" Data="Success" URL="Key:Soft1"/>
            <ResponseItem URL="http://192.0.2.1/?a=1&b=2" Data="" Status='0' /></CiscoIPPhoneResponse>"#;
        assert_eq!(check(200, items), "done");
    }

    #[test]
    fn a_failed_item_is_found_wherever_it_stands() {
        let items = r#"<?xml version="1.0" encoding=""?><?xml version="1.0"?><CiscoIPPhoneResponse>
            <ResponseItem Status="0" Data="Success" URL="a"/>
            <ResponseItem URL="App:Close:0:60:x/y" Data="Unknown Application ID" Status="6"/>"#;
        assert_eq!(
            check(200, items),
            "the phone refused: it can't do that now (status 6, \"Unknown Application ID\")"
        );
    }

    #[test]
    fn wrong_credentials_come_in_two_forms() {
        assert_eq!(check(401, ""), "denied");
        assert_eq!(check(200, "<CiscoIPPhoneError Number=\"4\" />"), "denied");
        assert_eq!(
            check(
                500,
                "<CiscoIPPhoneError Number=\"4\">auth</CiscoIPPhoneError>"
            ),
            "denied"
        );
    }

    fn asked(urls: &[&str], body: &str) -> String {
        let asked = Asked(urls.iter().map(ToString::to_string).collect());
        match asked.read(&Reply {
            status: 200,
            body: body.to_owned().into(),
            ..Reply::default()
        }) {
            ReplyOutcome::Done => "done".to_owned(),
            ReplyOutcome::ReplyData(ReplyData::Value(value)) => value.to_string(),
            ReplyOutcome::Denied(words) | ReplyOutcome::Rejected(words) => words,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn items_are_told_apart_by_their_urls() {
        let body = r#"<ResponseItem URL="Key:Soft2" Data="Success" Status="0"/>
            <ResponseItem Status="1" URL="http://h/?a=1&amp;b=2" Data="Invalid URI"/>"#;
        assert_eq!(
            asked(&["http://h/?a=1&b=2", "Key:Soft2"], body),
            "the phone refused: http://h/?a=1&b=2: it does not understand that (status 1, \"Invalid URI\")"
        );
        let body = body
            .replace("Status=\"1\"", "Status=\"0\"")
            .replace("Invalid URI", "");
        assert_eq!(asked(&["http://h/?a=1&b=2", "Key:Soft2"], &body), "done");
        let silent = asked(&["http://h/?a=1&b=2", "Key:Soft2", "Key:Soft3"], &body);
        assert_eq!(silent, "the phone refused: it says nothing of Key:Soft3");
        assert_eq!(asked(&["Key:Soft3"], ""), "done");
    }

    #[test]
    fn what_a_phone_adds_to_success_is_told() {
        let body = r#"<ResponseItem URL="Device:PRTStatus" Data="Generated PRT at
            https://h/prt.tar.gz" Status="0"/>"#;
        assert_eq!(
            asked(&["Device:PRTStatus"], body),
            r#"{"Device:PRTStatus":"Generated PRT at https://h/prt.tar.gz"}"#
        );
    }

    #[test]
    fn error_4_of_a_stream_may_be_a_call() {
        let told = asked(
            &["RTPTx:192.0.2.1:20480"],
            "<CiscoIPPhoneError Number=\"4\" />",
        );
        assert!(told.contains("in a call"), "{told}");
        let told = asked(&["Key:Soft1"], "<CiscoIPPhoneError Number=\"4\" />");
        assert!(!told.contains("in a call"), "{told}");
    }

    #[test]
    fn other_errors_are_refusals_in_words() {
        assert!(check(200, "<CiscoIPPhoneError Number=\"1\" />").contains("error 1"));
        assert!(check(400, "<CiscoIPPhoneError Number=\"77\"/>").contains("error 77"));
        assert!(check(404, "<html>").contains("HTTP 404"));
        assert!(check(302, "").contains("HTTP 302"));
    }

    #[test]
    fn a_phone_that_answers_with_a_status_alone_is_believed() {
        assert_eq!(check(200, ""), "done");
        assert_eq!(check(204, ""), "done");
    }

    #[test]
    fn recorded_answers_are_read() {
        for (file, words) in [
            ("error-1-observed.xml", "error 1"),
            ("error-2-observed.xml", "error 2"),
            ("error-3-observed.xml", "error 3"),
            ("error-4-observed.xml", "denied"),
            ("execute-ok-generateprt.xml", "done"),
            (
                "execute-status6-generateprt-pending.xml",
                "There is pending PRT",
            ),
            ("execute-status6-prtstatus-none.xml", "no pending PRT"),
        ] {
            let Some(bytes) = crate::vendor::testing::recorded(&format!("responses/{file}")) else {
                continue;
            };
            let told = check(200, &String::from_utf8(bytes).unwrap());
            assert!(told.contains(words), "{file}: {told}");
        }
    }

    proptest! {
        #[test]
        fn garbage_never_panics(body in "(<|ResponseItem|CiscoIPPhoneError| Status=|\"|'|>|/|\\PC){0,40}") {
            let _ = check(200, &body);
            let _ = asked(&["Key:Soft1", "a"], &body);
        }
    }
}
