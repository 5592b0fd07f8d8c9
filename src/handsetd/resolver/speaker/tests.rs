use std::collections::HashMap;

use handset_net::tasks::Tasks;
use handset_phones::phone::{Directory, PhoneEntry, VendorDefaultsMap};

use super::*;
use crate::roster::testing::{Session, listen};

const DESK: &str = "00:00:5E:00:53:01";
const WALL: &str = "00:00:5E:00:53:02";
const LAB: &str = "00:04:13:00:00:0A";
const NOBODY: &str = "00:00:5E:00:53:99";

/// A registration of PJSIP as Asterisk lists it.
fn contact(endpoint: &str, ip: &str, via: &str, user_agent: &str) -> String {
    contact_at(endpoint, ip, 5060, via, user_agent)
}

fn contact_at(endpoint: &str, ip: &str, port: u16, via: &str, user_agent: &str) -> String {
    format!(
        "Event: ContactList\nActionID: @ID@\nObjectName: {endpoint};@1\nUri: sip:{endpoint}@{ip}:{port};x=y\n\
         ViaAddr: {via}\nUserAgent: {user_agent}\nEndpoint: {endpoint}\n\n"
    )
}

/// Phones: `desk` and `wall` have configured addresses, `roaming` and the others register.
async fn resolver(tasks: &Tasks) -> (PhoneResolver, Session) {
    let (listener, roster) = listen(tasks).await;
    let mut arrivals = roster.arrivals();
    let mut session = Session::accept(&listener).await;
    session
        .answer("ListCommands", "PJSIPShowContacts: Lists.\n", "")
        .await;
    let contacts = [
        contact("1001", "198.51.100.66", "198.51.100.66", "Thief/1.0"),
        contact("1003", "192.0.2.23", "192.0.2.23", "snomD785/10.1.1.1"),
        contact(
            "1010",
            "192.0.2.30",
            "192.0.2.30",
            "snomD785/10.1.1.1 00041300000A",
        ),
        // Two lines of one phone.
        contact(
            "1011",
            "192.0.2.31",
            "192.0.2.31",
            "snomD785/10.1.1.1 00041300000B",
        ),
        contact(
            "1012",
            "192.0.2.31",
            "192.0.2.31",
            "snomD785/10.1.1.1 00041300000B",
        ),
        contact(
            "1042",
            "192.0.2.41",
            "192.0.2.41",
            "Yealink SIP-T46G 28.83.0.50",
        ),
        contact(
            "1041",
            "192.0.2.41",
            "192.0.2.41",
            "Yealink SIP-T46G 28.83.0.50",
        ),
        // Two phones behind one NAT, at home with the same private address.
        contact(
            "1021",
            "203.0.113.5",
            "192.0.2.66",
            "snomD785/10.1.1.1 00041300000C",
        ),
        contact_at(
            "1022",
            "203.0.113.5",
            1024,
            "192.0.2.66",
            "snomD785/10.1.1.1 00041300000D",
        ),
    ];
    let list = contacts.concat()
        + "Event: ContactListComplete\nActionID: @ID@\nEventList: Complete\nListItems: 9\n\n";
    session
        .answer("PJSIPShowContacts", "EventList: start\n", &list)
        .await;
    arrivals.recv().await.unwrap();
    let entry = |name: &str, endpoint: &str, address: Option<&str>, mac: Option<&str>| PhoneEntry {
        name: name.into(),
        address: address.map(|address| address.parse().unwrap()),
        mac: mac.map(|mac| mac.parse().unwrap()),
        ..PhoneEntry::unlisted(endpoint.parse().unwrap())
    };
    let entries = vec![
        entry("desk", "PJSIP/1001", Some("192.0.2.21:8080"), Some(DESK)),
        entry("wall", "PJSIP/1002", Some("192.0.2.22"), Some(WALL)),
        entry("roaming", "PJSIP/1003", None, None),
    ];
    let groups = HashMap::from([("all".to_owned(), vec!["desk".to_owned()])]);
    let directory = Directory::new(entries, groups, Vec::new()).unwrap();
    let resolver = PhoneResolver::new(directory, roster, VendorDefaultsMap::new());
    (resolver, session)
}

fn mac(mac: &str) -> Claims<'_> {
    Claims {
        mac: Some(mac),
        ..Claims::default()
    }
}

fn local(local: &str) -> Claims<'_> {
    Claims {
        local: Some(local),
        ..Claims::default()
    }
}

#[tokio::test]
async fn phone_speaks_for_itself_from_its_own_address_only() {
    let tasks = Tasks::new();
    let (resolver, _session) = resolver(&tasks).await;
    let speaker = |peer: &str, claims| resolver.speaker(peer.parse().unwrap(), claims);
    for (peer, claims, name) in [
        // Configured, also in the form of an IPv6 socket.
        ("192.0.2.21", Claims::default(), "desk"),
        ("::ffff:192.0.2.21", mac(DESK), "desk"),
        // Registered.
        ("192.0.2.23", mac(NOBODY), "roaming"),
        ("192.0.2.30", Claims::default(), "PJSIP/1010"),
        ("192.0.2.30", mac("00041300000a"), "PJSIP/1010"),
        // What is not a hardware address says nothing.
        ("192.0.2.30", mac("$mac"), "PJSIP/1010"),
        // Several lines of a phone.
        ("192.0.2.31", mac("00041300000b"), "PJSIP/1011"),
        ("192.0.2.31", Claims::default(), "PJSIP/1011"),
        ("192.0.2.31", local("sip:1012@pbx"), "PJSIP/1012"),
        // The same, of a phone that does not report its hardware address.
        ("192.0.2.41", mac(NOBODY), "PJSIP/1041"),
        ("192.0.2.41", local("sip:1042@pbx"), "PJSIP/1042"),
        ("192.0.2.31", local("1012"), "PJSIP/1012"),
        // Several phones behind one NAT.
        ("203.0.113.5", mac("00041300000c"), "PJSIP/1021"),
        ("203.0.113.5", mac("00041300000d"), "PJSIP/1022"),
    ] {
        assert_eq!(
            speaker(peer, claims).map(|phone| phone.name).as_deref(),
            Ok(name),
            "{peer} {claims:?}"
        );
    }
    for (peer, claims, reason) in [
        ("198.51.100.9", mac(DESK), "no phone is known at"),
        ("198.51.100.9", Claims::default(), "no phone is known at"),
        // The configured address overrules where an account of its endpoint has registered.
        ("198.51.100.66", mac(DESK), "no phone is known at"),
        // The private address of a phone behind NAT may be that of anybody here.
        ("192.0.2.66", mac("00041300000c"), "no phone is known at"),
        // Another phone's hardware address, from an address of its own.
        ("192.0.2.22", mac(DESK), "is the hardware address of desk"),
        (
            "192.0.2.22",
            mac(LAB),
            "is the hardware address of PJSIP/1010",
        ),
        (
            "192.0.2.22",
            mac(NOBODY),
            "is not the hardware address of wall",
        ),
        ("203.0.113.5", mac(NOBODY), "none of the phones at"),
        (
            "203.0.113.5",
            Claims::default(),
            "several phones are known at",
        ),
        (
            "203.0.113.5",
            local("sip:1001@pbx"),
            "several phones are known at",
        ),
    ] {
        let error = speaker(peer, claims).unwrap_err();
        assert!(error.contains(reason), "{peer} {claims:?}: {error}");
    }
}

#[tokio::test]
async fn url_with_the_key_speaks_for_the_phone_that_it_names() {
    let tasks = Tasks::new();
    let (resolver, _session) = resolver(&tasks).await;
    let speaker = |claims| resolver.speaker_with_key("198.51.100.9".parse().unwrap(), claims);
    let phone = |name| Claims {
        phone: Some(name),
        ..Claims::default()
    };
    for (claims, name) in [
        (mac("00-00-5e-00-53-01"), "desk"),
        (mac(LAB), "PJSIP/1010"),
        (phone("desk"), "desk"),
        (phone("PJSIP/1001"), "desk"),
        (phone("1010"), "PJSIP/1010"),
        (phone("192.0.2.22"), "wall"),
        (phone(LAB), "PJSIP/1010"),
    ] {
        let found = speaker(claims).map(|phone| phone.name);
        assert_eq!(found.as_deref(), Ok(name), "{claims:?}");
    }
    for claims in [
        mac(NOBODY),
        phone("1099"),
        phone("all"),
        phone("desk&wall"),
        phone(""),
        Claims::default(),
        mac("$mac"),
    ] {
        speaker(claims).unwrap_err();
    }
    // Without a claim, the address counts.
    let own = resolver.speaker_with_key("192.0.2.22".parse().unwrap(), Claims::default());
    assert_eq!(own.unwrap().name, "wall");
}
