//! Phones of several servers that have the same names.

use std::collections::HashMap;

use super::*;
use crate::phone::{NoneRegistered, Registered};

/// Berlin has 1001, 2001 and 3001, Munich 1001, 2002 and 3001, which is one phone.
struct TwoServers;

impl TwoServers {
    const PHONES: [(&str, &str); 6] = [
        ("berlin", "PJSIP/1001"),
        ("munich", "PJSIP/1001"),
        ("berlin", "PJSIP/2001"),
        ("munich", "SIP/2002"),
        ("berlin", "PJSIP/3001"),
        ("munich", "PJSIP/3001"),
    ];
}

impl Registered for TwoServers {
    fn endpoint(&self, name: &str, server: Option<&ServerName>) -> Option<Endpoint> {
        let mut phones = self.desk_phones().into_iter();
        let found = phones.find(|(own, endpoint)| {
            endpoint.name() == name && server.is_none_or(|server| server == own)
        });
        found.map(|(_, endpoint)| endpoint)
    }

    fn desk_phones(&self) -> Vec<(ServerName, Endpoint)> {
        Self::PHONES
            .map(|(server, endpoint)| (server.parse().unwrap(), endpoint.parse().unwrap()))
            .to_vec()
    }

    fn has(&self, endpoint: &Endpoint, server: &ServerName) -> bool {
        let phones = self.desk_phones();
        phones.contains(&(server.clone(), endpoint.clone()))
    }

    fn is_one_phone(&self, endpoint: &Endpoint, servers: [&ServerName; 2]) -> bool {
        endpoint.name() == "3001" && servers[0] != servers[1]
    }
}

fn server(name: &str) -> ServerName {
    name.parse().unwrap()
}

fn directory(entries: Vec<PhoneEntry>) -> Directory {
    let groups = HashMap::from([(
        "night".to_owned(),
        vec!["berlin/1001".to_owned(), "2002".to_owned()],
    )]);
    let servers = vec![server("berlin"), server("munich")];
    Directory::new(entries, groups, servers).unwrap()
}

fn find(directory: &Directory, home: Option<&str>, text: &str) -> Vec<String> {
    let home = home.map(server);
    let targets = directory.find(&text.into(), home.as_ref(), &TwoServers);
    targets.iter().map(describe).collect()
}

fn describe(target: &Target) -> String {
    let entry = |entry: &PhoneEntry| {
        let server = entry.server.as_ref().map_or("-", ServerName::as_str);
        format!("{server} {}", entry.endpoint.as_ref().unwrap())
    };
    match target {
        Target::Listed(listed) => format!("listed {} {}", listed.name, entry(listed)),
        Target::Unlisted(unlisted) => entry(unlisted),
        Target::Plain(plain) => format!("plain {}", entry(plain)),
        Target::Ambiguous { name, servers } => format!("ambiguous {name} {}", servers.len()),
        Target::Unplaced { name, servers } => format!("unplaced {name} {}", servers.len()),
        other => format!("{other:?}"),
    }
}

#[test]
fn name_means_the_phone_of_the_own_server_or_is_ambiguous() {
    let directory = directory(Vec::new());
    for (home, text, expected) in [
        (None, "1001", "ambiguous 1001 2"),
        (None, "PJSIP/1001", "ambiguous PJSIP/1001 2"),
        (Some("berlin"), "1001", "berlin PJSIP/1001"),
        (Some("munich"), "PJSIP/1001", "munich PJSIP/1001"),
        (Some("munich"), "berlin/1001", "berlin PJSIP/1001"),
        (None, "berlin/1001", "berlin PJSIP/1001"),
        (None, "munich/PJSIP/1001", "munich PJSIP/1001"),
        // An event of a server that was removed.
        (Some("rome"), "1001", "ambiguous 1001 2"),
        // Only one has it.
        (None, "2001", "berlin PJSIP/2001"),
        (Some("munich"), "2001", "berlin PJSIP/2001"),
        (None, "2002", "munich SIP/2002"),
        (None, "munich/2001", "plain munich PJSIP/2001"),
        // None has it.
        (None, "9", "plain - PJSIP/9"),
        (Some("munich"), "9", "plain munich PJSIP/9"),
        // One phone at both.
        (None, "3001", "berlin PJSIP/3001"),
        (Some("munich"), "3001", "munich PJSIP/3001"),
        // A slash in the name of an endpoint.
        (None, "rome/1001", "- PJSIP/rome/1001"),
    ] {
        assert_eq!(
            find(&directory, home, text),
            [expected],
            "{text} in {home:?}"
        );
    }
    assert_eq!(
        find(&directory, Some("berlin"), "1001&berlin/1001&PJSIP/1001"),
        ["berlin PJSIP/1001"]
    );
    let night = ["berlin PJSIP/1001", "munich SIP/2002"];
    assert_eq!(find(&directory, None, "night"), night);
}

#[test]
fn inserted_name_may_have_a_server() {
    let directory = directory(Vec::new());
    let find = |home: &str, name: &str| {
        let (home, names) = (server(home), PhoneNames::inserted(name));
        describe(&directory.find(&names, Some(&home), &TwoServers)[0])
    };
    assert_eq!(find("berlin", "PJSIP/1001"), "berlin PJSIP/1001");
    assert_eq!(find("berlin", "munich/1001"), "munich PJSIP/1001");
    assert_eq!(find("berlin", "munich/*"), "plain munich PJSIP/*");
}

#[test]
fn patterns_stand_for_phones_of_a_server() {
    let directory = directory(Vec::new());
    let of_berlin = [
        "berlin PJSIP/1001",
        "berlin PJSIP/2001",
        "berlin PJSIP/3001",
    ];
    for (home, text) in [
        (Some("berlin"), "all"),
        (None, "berlin/all"),
        (None, "berlin/*"),
        (Some("munich"), "berlin/PJSIP/*"),
    ] {
        assert_eq!(find(&directory, home, text), of_berlin, "{text}");
    }
    let all = [
        "berlin PJSIP/1001",
        "munich PJSIP/1001",
        "berlin PJSIP/2001",
        "munich SIP/2002",
        "berlin PJSIP/3001",
    ];
    assert_eq!(find(&directory, None, "all"), all);
    assert_eq!(find(&directory, None, "1*"), all[..2]);
    assert_eq!(find(&directory, None, "munich/2*"), ["munich SIP/2002"]);
}

fn entry(name: &str, endpoint: &str, of: Option<&str>) -> PhoneEntry {
    PhoneEntry {
        name: name.to_owned(),
        server: of.map(server),
        ..PhoneEntry::unlisted(endpoint.parse().unwrap())
    }
}

#[test]
fn configured_phones_are_those_of_a_server_or_of_each() {
    let of_each = directory(vec![entry("desk", "PJSIP/1001", None)]);
    assert_eq!(find(&of_each, None, "desk"), ["ambiguous desk 2"]);
    let desk = ["listed desk munich PJSIP/1001"];
    assert_eq!(find(&of_each, Some("munich"), "desk"), desk);
    assert_eq!(find(&of_each, None, "munich/1001"), desk);

    let of_berlin = directory(vec![entry("boss", "PJSIP/1001", Some("berlin"))]);
    let boss = ["listed boss berlin PJSIP/1001"];
    for (home, text) in [
        (None, "boss"),
        (Some("munich"), "boss"),
        (None, "berlin/1001"),
        (Some("berlin"), "1001"),
    ] {
        assert_eq!(find(&of_berlin, home, text), boss, "{text}");
    }
    assert_eq!(
        find(&of_berlin, Some("munich"), "1001"),
        ["munich PJSIP/1001"]
    );

    let both = directory(vec![
        entry("1001", "PJSIP/1001", Some("berlin")),
        entry("1001", "PJSIP/1001", Some("munich")),
    ]);
    assert_eq!(find(&both, None, "1001"), ["ambiguous 1001 2"]);
    assert_eq!(
        find(&both, None, "1*"),
        [
            "listed 1001 berlin PJSIP/1001",
            "listed 1001 munich PJSIP/1001"
        ]
    );
}

#[test]
fn configured_address_is_that_of_one_phone() {
    let with_address = |of: Option<&str>| {
        directory(vec![PhoneEntry {
            address: Some("192.0.2.21".parse().unwrap()),
            ..entry("1001", "PJSIP/1001", of)
        }])
    };
    let doubtful = with_address(None);
    for text in ["berlin/1001", "munich/1001", "PJSIP/1001"] {
        let found = find(&doubtful, Some("berlin"), text);
        assert_eq!(found, ["unplaced 1001 2"], "{text}");
    }
    let placed = with_address(Some("berlin"));
    let listed = ["listed 1001 berlin PJSIP/1001"];
    assert_eq!(find(&placed, None, "berlin/1001"), listed);
    assert_eq!(find(&placed, Some("munich"), "1001"), ["munich PJSIP/1001"]);
}

#[test]
fn namesakes_are_other_phones_of_the_name() {
    let directory = directory(Vec::new());
    let namesakes = |name: &str, of: &str| directory.namesakes(name, &server(of), &TwoServers);
    assert_eq!(namesakes("1001", "berlin"), [server("munich")]);
    assert_eq!(namesakes("2001", "berlin"), []);
    assert_eq!(namesakes("2001", "munich"), [server("berlin")]);
    assert_eq!(namesakes("3001", "munich"), []);
    assert_eq!(
        directory.namesakes("1001", &server("berlin"), &NoneRegistered),
        []
    );
}

#[test]
fn channel_means_the_phone_of_its_server() {
    let directory = directory(Vec::new());
    for (home, text, expected) in [
        (Some("berlin"), "PJSIP/1001-0000001a", "berlin PJSIP/1001"),
        (Some("munich"), "PJSIP/1001-0000001a", "munich PJSIP/1001"),
        (None, "munich/PJSIP/1001-0000001a", "munich PJSIP/1001"),
        (None, "SIP/2002-0000001a", "munich SIP/2002"),
        (
            None,
            "PJSIP/1001-0000001a",
            "ambiguous PJSIP/1001-0000001a 2",
        ),
    ] {
        assert_eq!(find(&directory, home, text), [expected], "{home:?} {text}");
    }
}
