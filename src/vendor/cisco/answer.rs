//! What a Cisco phone answers to an Execute, read leniently.
//!
//! Phones send two XML declarations in a row, none at all, an empty encoding, or an unescaped `&`
//! in the address that they repeat; so this looks for the two elements that matter instead of
//! parsing a document. The HTTP status differs between generations and says less than the body.

use crate::vendor::{Reply, Verdict};

/// Says what an answer means.
pub(super) fn read(reply: &Reply) -> Verdict {
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
    let mut items = elements(&body, "ResponseItem");
    let failed =
        items.find(|item| attribute(item, "Status").is_some_and(|status| status.trim() != "0"));
    if let Some(item) = failed {
        let status = attribute(item, "Status").unwrap_or_default();
        let words = attribute(item, "Data").unwrap_or_default();
        return rejected(&format!("it answered status {status}, {words:?}"));
    }
    match reply.status {
        // Multi-platform phones answer with nothing else than the HTTP status.
        200..=299 => Verdict::Done,
        401 => denied("it answered HTTP 401"),
        403 => denied("it answered HTTP 403"),
        404 => rejected("it answered HTTP 404; is its web access on (webAccess in SEP….cnf.xml)?"),
        status => rejected(&format!("it answered HTTP {status}")),
    }
}

fn denied(what: &str) -> Verdict {
    Verdict::Denied(format!(
        "the phone refused the user name and password: {what}; check them, and that its \
         authenticationURL is /cisco/authenticate at handsetd"
    ))
}

fn rejected(what: &str) -> Verdict {
    Verdict::Rejected(format!("the phone refused: {what}"))
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
            Verdict::Done => "done".to_owned(),
            Verdict::Denied(_) => "denied".to_owned(),
            Verdict::Rejected(words) => words,
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
            "the phone refused: it answered status 6, \"Unknown Application ID\""
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

    proptest! {
        #[test]
        fn garbage_never_panics(body in "(<|ResponseItem|CiscoIPPhoneError| Status=|\"|'|>|/|\\PC){0,40}") {
            let _ = check(200, &body);
        }
    }
}
