use std::collections::HashMap;

use handset_net::tasks::Tasks;
use handset_phones::phone::{Directory, PhoneEntry, Vendor, VendorDefaultsMap};

use super::*;
use crate::roster::Roster;
use crate::roster::testing::{Session, listen};

fn resolver(roster: Roster) -> PhoneResolver {
    let listed = PhoneEntry {
        name: "boss".to_owned(),
        vendor: Some(Vendor::Snom),
        model: Some("D785".to_owned()),
        address: Some("192.0.2.9".parse().unwrap()),
        ..PhoneEntry::unlisted("PJSIP/1009".parse().unwrap())
    };
    let directory = Directory::new(vec![listed], HashMap::new(), Vec::new());
    PhoneResolver::new(directory.unwrap(), roster, VendorDefaultsMap::new())
}

fn phone() -> Phone {
    Phone {
        endpoint: "SIP/1001".parse().ok(),
        ..Phone::example(Vendor::Yealink, "T46G")
    }
}

#[test]
fn phone_known_only_from_a_call_is_resolved_as_last_seen() {
    let resolver = resolver(Roster::default());
    let phone_ref = resolver.phone_ref(&phone());
    let text = serde_json::to_string(&phone_ref).unwrap();
    let phone_ref: PhoneRef = serde_json::from_str(&text).unwrap();
    assert_eq!(phone_ref.key(), "SIP/1001");
    let again = resolver.resolve_ref(&phone_ref).unwrap();
    assert_eq!(
        (again.vendor, again.model.as_str()),
        (Vendor::Yealink, "T46G")
    );
    assert_eq!(again.address.to_string(), "192.0.2.21");
}

#[test]
fn listed_phone_has_its_configured_address() {
    let resolver = resolver(Roster::default());
    let found = resolver.find(&"boss".into(), None).remove(0).unwrap();
    let again = resolver.resolve_ref(&resolver.phone_ref(&found)).unwrap();
    assert_eq!(again.address.to_string(), "192.0.2.9");
    let absent = resolver.find(&"1002".into(), None).remove(0).unwrap_err();
    assert_eq!(absent.phone_ref, None, "no server could register it");
}

#[tokio::test]
async fn registrations_override_the_last_seen_address() {
    let tasks = Tasks::new();
    let (listener, roster) = listen(&tasks).await;
    let resolver = resolver(roster.clone());
    let mut arrivals = roster.arrivals();
    let absent = resolver
        .find(&"PJSIP/1001".into(), None)
        .remove(0)
        .unwrap_err();
    let absent = *absent.phone_ref.unwrap();
    // Another phone may have this address by now.
    let moved = Phone {
        endpoint: "PJSIP/1001".parse().ok(),
        mac: None,
        address: "192.0.2.77".parse().unwrap(),
        ..phone()
    };
    let seen = PhoneRef::new("PJSIP/1001".to_owned(), &moved);
    assert_eq!(
        resolver.resolve_ref(&seen).unwrap_err().status,
        Status::Unreachable
    );
    let mut session = Session::accept(&listener).await;
    session.answer_with_phone("192.0.2.21").await;
    arrivals.recv().await.unwrap();
    for phone_ref in [&absent, &seen] {
        let again = resolver.resolve_ref(phone_ref).unwrap();
        assert_eq!(again.address.to_string(), "192.0.2.21");
    }
    let other = PhoneEntry::unlisted("PJSIP/1002".parse().unwrap());
    let resolve = |info: &RegistrationInfo| resolver.resolve(&other, info).unwrap_err();
    assert!(resolve(&RegistrationInfo::default()).phone_ref.is_some());
    let soft_phone = RegistrationInfo {
        address: "192.0.2.22".parse().ok(),
        ..RegistrationInfo::default()
    };
    // The desk phone may register beside it.
    assert!(resolve(&soft_phone).phone_ref.is_some());
}

fn resolver_of(servers: &[&str]) -> PhoneResolver {
    let servers = servers.iter().map(|name| name.parse().unwrap()).collect();
    let directory = Directory::new(Vec::new(), HashMap::new(), servers).unwrap();
    PhoneResolver::new(directory, Roster::default(), VendorDefaultsMap::new())
}

#[test]
fn references_of_several_servers_are_apart() {
    let of = |server: &str| Phone {
        server: server.parse().ok(),
        endpoint: "PJSIP/1001".parse().ok(),
        ..phone()
    };
    let resolver = resolver_of(&["berlin", "munich"]);
    let berlin = resolver.phone_ref(&of("berlin"));
    let munich = resolver.phone_ref(&of("munich"));
    let keys = [berlin.key(), munich.key()];
    assert_eq!(keys, ["berlin/PJSIP/1001", "munich/PJSIP/1001"]);
    let endpoint = "PJSIP/1001".parse().unwrap();
    assert!(keys.iter().all(|key| PhoneRef::may_be_of(key, &endpoint)));
    assert!(!PhoneRef::may_be_of("berlin/PJSIP/21001", &endpoint));
    // A server that was removed, and one that was renamed.
    let removed = resolver_of(&["rome", "paris"]);
    let outcome = removed.resolve_ref(&berlin).unwrap_err();
    assert_eq!(outcome.status, Status::NotFound);
    assert!(
        outcome
            .reason
            .contains("no [[asterisk]] is named \"berlin\"")
    );
    assert!(resolver_of(&["rome"]).resolve_ref(&berlin).is_ok());
}

#[test]
fn references_of_earlier_versions_have_no_server() {
    let json =
        r#"{"text":"PJSIP/1001","endpoint":"PJSIP/1001","mac":null,"ip":"192.0.2.21","seen":null}"#;
    let old: PhoneRef = serde_json::from_str(json).unwrap();
    assert_eq!(old.key(), "PJSIP/1001");
    let only = resolver_of(&["pbx"]).with_server(old.clone());
    assert_eq!(only.key(), "pbx/PJSIP/1001");
    let several = resolver_of(&["berlin", "munich"]).with_server(old);
    assert_eq!(several.key(), "PJSIP/1001");
}
