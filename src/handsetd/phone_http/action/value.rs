//! What phones tell beside the event, under names that are the same for all vendors.
//!
//! Which name a value has is written by whoever wrote the address into the phone, so the vendors' own
//! variables (`csta_id`, `phone_ip`) and the usual short forms are known too. What was told stays as
//! it was told; the common names are added to it.

/// Adds the common names to what was told.
pub(super) fn common(mut values: Vec<(String, String)>) -> Vec<(String, String)> {
    for (name, others) in NAMES {
        if value(&values, name).is_some() {
            continue;
        }
        let found = others.iter().find_map(|other| value(&values, other));
        if let Some(found) = found.map(ToOwned::to_owned) {
            values.push(((*name).to_owned(), found));
        }
    }
    if value(&values, NUMBER).is_none() {
        let number = value(&values, "remote").and_then(number);
        values.extend(number.map(|number| (NUMBER.to_owned(), number)));
    }
    // Snom tells which calls are forwarded, in its own words.
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
    let mut values = values.iter();
    let found = values.find(|(known, value)| known.eq_ignore_ascii_case(name) && !value.is_empty());
    found.map(|(_, value)| value.as_str())
}

/// Returns the number in a SIP address: `"Ada" <sip:201@pbx;user=phone>`, `sip:201@pbx`, `201`.
///
/// Phones don't encode what they put into an address, so a `+` comes as a blank.
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

/// The common names, and what else the same is called.
const NAMES: &[(&str, &[&str])] = &[
    ("call_id", &["callid", "csta", "csta_id"]),
    ("calls", &["n", "nr_ongoing_calls"]),
    ("ip", &["phone_ip"]),
    ("local", &["from", "local_uri"]),
    ("mac", &["mac_address", "macaddress"]),
    ("remote", &["remote_uri", "to"]),
    ("sip_call_id", &["call-id", "cid"]),
];

/// The name of the number at the other end.
const NUMBER: &str = "number";

/// The name of what kind of calls is forwarded.
const KIND: &str = "kind";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn told(query: &str) -> Vec<(String, String)> {
        let pairs = form_urlencoded::parse(query.as_bytes()).into_owned();
        common(pairs.collect())
    }

    #[test]
    fn the_vendors_variables_have_common_names_beside_their_own() {
        let values =
            told("mac=00041300&phone_ip=192.0.2.1&remote=sip:201@pbx&csta_id=-18&call-id=x&n=1");
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
        let values = told("call_id=33093&ip=192.0.2.1&remote=sip:201@pbx&number=9");
        assert_eq!(value(&values, "call_id"), Some("33093"));
        assert_eq!(value(&values, "number"), Some("9"));
        assert_eq!(values.len(), 4);
        assert_eq!(
            value(&told("redirect_event=time"), "kind"),
            Some("noanswer")
        );
    }

    #[test]
    fn a_number_is_found_in_whatever_a_phone_writes() {
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
            let values = told(&format!("remote={remote}"));
            assert_eq!(value(&values, "number"), expected, "{remote}");
        }
    }

    proptest! {
        #[test]
        fn garbage_never_panics(remote in "(<|>|sip:|@|;|\"|\\+|1| |\\PC){0,30}") {
            let _ = common(vec![("remote".to_owned(), remote)]);
        }
    }
}
