use super::*;
use crate::phone::{PhoneNames, Registered};

fn directory() -> Directory {
    let entry = |name: &str, endpoint: &str, address: Option<&str>| PhoneEntry {
        name: name.into(),
        address: address.map(|address| address.parse().unwrap()),
        mac: (name == "1001").then(|| "00:00:5E:00:53:01".parse().unwrap()),
        ..PhoneEntry::unlisted(endpoint.parse().unwrap())
    };
    let entries = vec![
        entry("1001", "PJSIP/1001", Some("192.0.2.21")),
        entry("boss", "PJSIP/1002", Some("192.0.2.22:8080")),
        entry("1003", "SIP/1003", None),
    ];
    let list = |names: &[&str]| names.iter().map(ToString::to_string).collect();
    let groups = HashMap::from([
        ("reception".to_owned(), list(&["1001", "boss", "1009"])),
        (
            "everybody".to_owned(),
            list(&["reception", "1003", "everybody"]),
        ),
    ]);
    Directory::new(entries, groups, Vec::new()).unwrap()
}

fn names(text: &str) -> Vec<String> {
    targets(&text.into())
}

/// Registered: another phone of 1003, phones that are not configured, and a softphone.
struct TestRoster;

impl Registered for TestRoster {
    fn endpoint(&self, name: &str, _: Option<&ServerName>) -> Option<Endpoint> {
        let known = ["PJSIP/1003", "SIP/2001", "SIP/2002", "SIP/soft"];
        let mut known = known.into_iter().map(|text| text.parse().unwrap());
        known.find(|endpoint: &Endpoint| endpoint.name() == name)
    }

    fn desk_phones(&self) -> Vec<(ServerName, Endpoint)> {
        let known = ["SIP/1003", "SIP/2001", "SIP/2002"];
        let pbx: ServerName = "pbx".parse().unwrap();
        known
            .map(|text| (pbx.clone(), text.parse().unwrap()))
            .to_vec()
    }

    fn has(&self, endpoint: &Endpoint, _: &ServerName) -> bool {
        self.endpoint(endpoint.name(), None).as_ref() == Some(endpoint)
    }

    fn is_one_phone(&self, _: &Endpoint, _: [&ServerName; 2]) -> bool {
        false
    }
}

fn targets(names: &PhoneNames) -> Vec<String> {
    let kind = |target: &Target| match target {
        Target::Listed(entry) => format!("listed {}", entry.name),
        Target::NoMatch(text) => format!("no match {text}"),
        Target::Plain(entry) => format!("plain {}", entry.endpoint.as_ref().unwrap()),
        Target::Unlisted(entry) => format!("unlisted {}", entry.endpoint.as_ref().unwrap()),
        Target::Group(name) => format!("group {name}"),
        Target::Unknown { text, .. } => format!("unknown {text}"),
        other @ (Target::Ambiguous { .. } | Target::Unplaced { .. }) => format!("{other:?}"),
    };
    directory()
        .find(names, None, &TestRoster)
        .iter()
        .map(kind)
        .collect()
}

#[test]
fn phones_are_found_by_name_endpoint_mac_address_and_ip_address() {
    for text in ["boss", "PJSIP/1002", "192.0.2.22", "192.0.2.22:8080"] {
        assert_eq!(names(text), ["listed boss"], "{text}");
    }
    assert_eq!(names("00005e005301"), ["listed 1001"]);
}

#[test]
fn phones_of_joined_groups_are_found_once() {
    assert_eq!(names("boss&1001&boss"), ["listed boss", "listed 1001"]);
    assert_eq!(
        names("everybody"),
        [
            "listed 1001",
            "listed boss",
            "plain PJSIP/1009",
            "listed 1003"
        ]
    );
}

#[test]
fn endpoints_are_unlisted_and_addresses_unknown() {
    assert_eq!(names("1007"), ["plain PJSIP/1007"]);
    assert_eq!(names("SIP/1007"), ["unlisted SIP/1007"]);
    assert_eq!(names("192.0.2.99"), ["unknown 192.0.2.99"]);
    assert_eq!(names("00:00:5E:00:53:99"), ["unknown 00:00:5E:00:53:99"]);
    assert_eq!(names("a b"), ["plain PJSIP/a b"]);
    assert_eq!(names("PJSIP/a b"), ["unlisted PJSIP/a b"]);
    assert_eq!(names("a/b"), ["unlisted PJSIP/a/b"]);
    assert_eq!(names("(a)"), ["unknown (a)"]);
    assert!(names(" & ").is_empty());
    let both = ["plain PJSIP/1007", "unlisted SIP/1007"];
    assert_eq!(names("1007&SIP/1007&PJSIP/1007"), both);
}

#[test]
fn plain_name_is_that_of_the_registered_endpoint() {
    assert_eq!(names("2001"), ["unlisted SIP/2001"]);
    assert_eq!(names("PJSIP/2001"), ["unlisted PJSIP/2001"]);
    // The configuration wins.
    assert_eq!(names("1003"), ["listed 1003"]);
    assert_eq!(names("PJSIP/1003"), ["unlisted PJSIP/1003"]);
    assert_eq!(names("1002"), ["listed boss"]);
}

#[test]
fn all_and_stars_are_desk_phones_configured_or_registered() {
    let everybody = [
        "listed 1001",
        "listed boss",
        "listed 1003",
        "unlisted SIP/2001",
        "unlisted SIP/2002",
    ];
    for text in ["all", "*", "all&2*&boss&*"] {
        assert_eq!(names(text), everybody, "{text}");
    }
    assert_eq!(names("10*"), ["listed 1001", "listed 1003"]);
    assert_eq!(names("b*s"), ["listed boss"]);
    let of_sip = ["listed 1003", "unlisted SIP/2001", "unlisted SIP/2002"];
    assert_eq!(names("SIP/*"), of_sip);
    assert_eq!(names("*/*2"), ["listed boss", "unlisted SIP/2002"]);
    assert_eq!(names("9*&SIP/9*"), ["no match 9*", "no match SIP/9*"]);
}

#[test]
fn phone_or_group_called_all_is_that_one() {
    let find = |directory: &Directory| {
        let targets = directory.find(&"all".into(), None, &TestRoster);
        targets
            .iter()
            .map(|target| target.name().to_owned())
            .collect::<Vec<_>>()
    };
    let entry = |name: &str| PhoneEntry {
        name: name.into(),
        ..PhoneEntry::unlisted("PJSIP/1001".parse().unwrap())
    };
    let phone = Directory::new(
        vec![entry("all"), entry("1002")],
        HashMap::new(),
        Vec::new(),
    );
    assert_eq!(find(&phone.unwrap()), ["all"]);
    let groups = HashMap::from([("all".to_owned(), vec!["2*".to_owned()])]);
    let group = Directory::new(vec![entry("1002")], groups, Vec::new()).unwrap();
    assert_eq!(find(&group), ["2001", "2002"]);
}

#[test]
fn channel_means_its_endpoint() {
    for (channel, target) in [
        ("PJSIP/1002-0000001a", "listed boss"),
        ("SIP/1007-0000001a", "unlisted SIP/1007"),
        ("PJSIP/door-front-0000001a", "unlisted PJSIP/door-front"),
        ("PJSIP/door-front", "unlisted PJSIP/door-front"),
        ("PJSIP/door-facade", "unlisted PJSIP/door-facade"),
    ] {
        assert_eq!(names(channel), [target], "{channel}");
        assert_eq!(
            targets(&PhoneNames::inserted(channel)),
            [target],
            "{channel}"
        );
    }
    let odd = PhoneEntry {
        name: "odd".into(),
        ..PhoneEntry::unlisted("PJSIP/1001-0000001a".parse().unwrap())
    };
    let directory = Directory::new(vec![odd], HashMap::new(), Vec::new()).unwrap();
    let found = directory.find(&"PJSIP/1001-0000001a".into(), None, &TestRoster);
    assert_eq!(
        found[0].name(),
        "odd",
        "an endpoint that is called like a channel"
    );
}

#[test]
fn inserted_name_is_that_of_one_phone() {
    let inserted = |name: &str| targets(&PhoneNames::inserted(name));
    assert_eq!(inserted("reception"), ["group reception"]);
    assert_eq!(inserted("everybody"), ["group everybody"]);
    assert_eq!(inserted("all"), ["plain PJSIP/all"]);
    assert_eq!(inserted("boss"), ["listed boss"]);
    assert_eq!(inserted("192.0.2.21"), ["listed 1001"]);
    assert_eq!(inserted("1007"), ["plain PJSIP/1007"]);
    for pattern in ["10*", "*"] {
        let literal = format!("plain PJSIP/{pattern}");
        assert_eq!(inserted(pattern), [literal], "a star is a letter");
    }
    assert_eq!(inserted("SIP/*"), ["unlisted SIP/*"]);
    // As a stored reference to it.
    assert_eq!(inserted("PJSIP/R&D"), ["unlisted PJSIP/R&D"]);
    for name in ["1001&boss", "", "1001 & boss"] {
        assert_eq!(inserted(name), [format!("unknown {name}")]);
    }
}

#[test]
fn unknown_member_of_a_group_is_refused() {
    let groups = HashMap::from([("night".to_owned(), vec!["the guard".to_owned()])]);
    let error = Directory::new(Vec::new(), groups, Vec::new()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "unknown member \"the guard\" of group \"night\"; use a [[phone]], a [[group]] or an endpoint"
    );
}

#[test]
fn member_of_a_group_may_be_known_to_another_daemon_only() {
    let members = [
        "1001",
        "munich/1001",
        "munich/PJSIP/1001",
        "munich/*",
        "the guard",
        "munich/the guard",
        "",
        "a & b",
        "/1001",
        "munich/",
        " guard",
        "gu\nard",
    ];
    let members: Vec<String> = members.iter().map(|member| (*member).to_owned()).collect();
    let groups = HashMap::from([("night".to_owned(), members.clone())]);
    let (directory, unknown) = Directory::one_of_several(Vec::new(), groups, Vec::new());
    assert_eq!(directory.members("night"), Some(&members[..6]));
    let mut unknown: Vec<_> = unknown.into_iter().map(|error| error.member).collect();
    let mut expected = members[6..].to_vec();
    unknown.sort();
    expected.sort();
    assert_eq!(unknown, expected);
}

mod servers;
