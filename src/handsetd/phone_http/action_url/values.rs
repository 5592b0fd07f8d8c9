//! The values of an event, under common names for all vendors.
//!
//! The provisioned URL determines the names in a query, so the vendors' own variables
//! (`csta_id`, `phone_ip`) and common short forms are recognized as well. Reported values stay
//! unchanged; those under common names are added.

use percent_encoding::percent_decode;

/// Parses up to `most` parameters of a query.
///
/// Phones insert values such as SIP addresses without encoding them, so parsing is lenient. Text that is
/// not UTF-8 is ISO 8859-1, as older phones send it.
pub(in crate::phone_http) fn parse(query: &str, most: usize) -> Vec<(String, String)> {
    let decoded = |text: &str| {
        let text = text.replace('+', " ");
        let bytes: Vec<u8> = percent_decode(text.as_bytes()).collect();
        String::from_utf8(bytes).unwrap_or_else(|error| {
            error
                .as_bytes()
                .iter()
                .map(|byte| char::from(*byte))
                .collect()
        })
    };
    query
        .split('&')
        .filter(|part| !part.is_empty())
        .take(most)
        .map(|part| part.split_once('=').unwrap_or((part, "")))
        .map(|(name, value)| (decoded(name), decoded(value)))
        .collect()
}

/// Adds the values under their common names, unless the phone reported them.
pub(super) fn with_common_names(mut values: Vec<(String, String)>) -> Vec<(String, String)> {
    for (name, aliases) in ALIASES {
        if value(&values, name).is_some() {
            continue;
        }
        let found = aliases.iter().find_map(|alias| value(&values, alias));
        if let Some(found) = found.map(ToOwned::to_owned) {
            values.push(((*name).to_owned(), found));
        }
    }
    if value(&values, NUMBER).is_none() {
        let number = value(&values, "remote").and_then(number);
        values.extend(number.map(|number| (NUMBER.to_owned(), number)));
    }
    // Snom has its own words for the calls that are forwarded.
    if value(&values, KIND).is_none() {
        let kind = match value(&values, "redirect_event") {
            Some("all") => Some("all"),
            Some("busy") => Some("busy"),
            Some("time") => Some("noanswer"),
            _ => None,
        };
        values.extend(kind.map(|kind| (KIND.to_owned(), kind.to_owned())));
    }
    values
}

fn value<'a>(values: &'a [(String, String)], name: &str) -> Option<&'a str> {
    values
        .iter()
        .find(|(known, value)| known.eq_ignore_ascii_case(name) && !value.is_empty())
        .map(|(_, value)| value.as_str())
}

/// Returns the number in a SIP address: `"Ada" <sip:201@pbx;user=phone>`, `sip:201@pbx`, `201`.
///
/// Phones do not encode values in a query, so a `+` arrives as a space.
fn number(remote: &str) -> Option<String> {
    let address = match remote.split_once('<') {
        Some((_, rest)) => rest.split('>').next().unwrap_or_default(),
        None => remote,
    };
    let address = match address.split_once(':') {
        Some((scheme, rest)) if is_scheme(scheme) => rest,
        _ => address,
    };
    let user = address.split(['@', ';']).next().unwrap_or_default();
    let user = match user.strip_prefix(' ') {
        Some(rest) => format!("+{rest}"),
        None => user.to_owned(),
    };
    let user = user.trim();
    (!user.is_empty()).then(|| user.to_owned())
}

fn is_scheme(text: &str) -> bool {
    ["sip", "sips", "tel"]
        .iter()
        .any(|scheme| text.trim().eq_ignore_ascii_case(scheme))
}

/// The common names, each with its aliases.
const ALIASES: &[(&str, &[&str])] = &[
    ("call_id", &["callid", "csta", "csta_id"]),
    ("calls", &["n", "nr_ongoing_calls"]),
    ("ip", &["phone_ip"]),
    ("local", &["from", "local_uri"]),
    ("mac", &["mac_address", "macaddress"]),
    ("remote", &["remote_uri", "to"]),
    ("sip_call_id", &["call-id", "cid"]),
];

/// The common name of the remote party's number.
const NUMBER: &str = "number";

/// The common name of the kind of forwarding.
const KIND: &str = "kind";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(query: &str) -> Vec<(String, String)> {
        with_common_names(super::parse(query, 64))
    }

    #[test]
    fn queries_are_decoded() {
        let values = super::parse(
            "a=b+c%20d&&e&f=%&g=%zz&h=Zo%C3%AB&i=Zo%EB&j=Zo\u{eb}&k=l=m",
            9,
        );
        let expected = [
            ("a", "b c d"),
            ("e", ""),
            ("f", "%"),
            ("g", "%zz"),
            ("h", "Zo\u{eb}"),
            ("i", "Zo\u{eb}"),
            ("j", "Zo\u{eb}"),
            ("k", "l=m"),
        ];
        assert_eq!(
            values,
            expected.map(|(name, value)| (name.to_owned(), value.to_owned()))
        );
        assert_eq!(super::parse("a&b&c", 2).len(), 2);
    }

    proptest! {
        /// What is well-formed is read as other parsers read it.
        #[test]
        fn queries_are_read_as_forms(text in "[a-z=&+%0-9]{0,30}") {
            let form: Vec<_> = form_urlencoded::parse(text.as_bytes()).into_owned().collect();
            prop_assume!(form.iter().all(|(name, value)| !(name.clone() + value).contains('\u{fffd}')));
            prop_assert_eq!(super::parse(&text, 100), form);
        }
    }

    #[test]
    fn variables_of_vendors_are_added_under_common_names() {
        let values =
            parse("mac=00041300&phone_ip=192.0.2.1&remote=sip:201@pbx&csta_id=-18&call-id=x&n=1");
        for (name, expected) in [
            ("csta_id", "-18"),
            ("call_id", "-18"),
            ("ip", "192.0.2.1"),
            ("number", "201"),
            ("sip_call_id", "x"),
            ("calls", "1"),
        ] {
            assert_eq!(value(&values, name), Some(expected), "{name}");
        }
        let values = parse("call_id=33093&ip=192.0.2.1&remote=sip:201@pbx&number=9");
        assert_eq!(value(&values, "call_id"), Some("33093"));
        assert_eq!(value(&values, "number"), Some("9"));
        assert_eq!(values.len(), 4);
        assert_eq!(
            value(&parse("redirect_event=time"), "kind"),
            Some("noanswer")
        );
    }

    #[test]
    fn number_is_extracted_from_sip_addresses() {
        for (remote, expected) in [
            ("sip:201@pbx.example", Some("201")),
            ("sip:+49301@pbx;user=phone", Some("+49301")),
            ("\"Ada\" <sips:201@pbx>;tag=1", Some("201")),
            ("<tel:+4930>", Some("+4930")),
            ("201", Some("201")),
            ("201@[2001:db8::1]", Some("201")),
            ("", None),
            ("sip:@pbx", None),
            ("<>", None),
        ] {
            let values = parse(&format!("remote={remote}"));
            assert_eq!(value(&values, "number"), expected, "{remote}");
        }
    }

    proptest! {
        #[test]
        fn garbage_never_panics(remote in "(<|>|sip:|@|;|\"|\\+|1| |\\PC){0,30}") {
            let _ = with_common_names(vec![("remote".to_owned(), remote)]);
        }
    }
}
