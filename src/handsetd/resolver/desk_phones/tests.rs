use handset_phones::phone::{Directory, Vendor, VendorDefaultsMap};

use super::*;
use crate::roster::Roster;

fn resolver() -> PhoneResolver {
    PhoneResolver::new(
        Directory::default(),
        Roster::default(),
        VendorDefaultsMap::new(),
    )
}

fn info(ip: &str, user_agent: &str) -> RegistrationInfo {
    let mut info = RegistrationInfo {
        endpoint: "PJSIP/1001".parse().ok(),
        address: ip.parse().ok(),
        ..RegistrationInfo::default()
    };
    info.record_user_agent("User-Agent", user_agent);
    info
}

fn unlisted() -> PhoneEntry {
    PhoneEntry::unlisted("PJSIP/1001".parse().unwrap())
}

/// Returns address and what was left out of each phone, or the reason of the only failure.
fn found(
    entry: &PhoneEntry,
    infos: &[RegistrationInfo],
) -> Result<Vec<(String, Vec<String>)>, String> {
    let found = resolver().desk_phones(entry, infos);
    if let [Err(not_found)] = found.as_slice() {
        return Err(not_found.outcome.reason.clone());
    }
    let phones = found.into_iter().map(Result::unwrap);
    let text = |phone: handset_phones::phone::Phone| (phone.address.to_string(), phone.left_out);
    Ok(phones.map(text).collect())
}

const SNOM: &str = "snomD785/10.1.1.1";
const LINPHONE: &str = "Linphone-Desktop/5.2.6 (belle-sip)";

#[test]
fn contacts_that_are_no_desk_phones_do_not_count_beside_one() {
    let infos = [
        info("192.0.2.1", LINPHONE),
        info("192.0.2.2", SNOM),
        info("192.0.2.3", ""),
        info("192.0.2.4", "Yealink SIP-T46G 28.83.0.50"),
        info("192.0.2.5", &"x".repeat(500)),
        info("192.0.2.6", "JsSIP 3.10"),
    ];
    let phones = found(&unlisted(), &infos).unwrap();
    let quoted = format!("\"{}…\"", "x".repeat(MAX_USER_AGENT));
    let left_out = [
        format!("{LINPHONE:?}"),
        "a contact at 192.0.2.3 without a User-Agent".to_owned(),
        quoted,
        "and 1 more".to_owned(),
    ];
    assert_eq!(
        phones,
        [
            ("192.0.2.2".to_owned(), left_out.to_vec()),
            ("192.0.2.4".to_owned(), Vec::new())
        ]
    );
}

#[test]
fn endpoint_of_softphones_has_one_reason_that_names_each() {
    let infos = [
        info("192.0.2.1", LINPHONE),
        info("192.0.2.2", "Zoiper v2.10"),
    ];
    let reason = found(&unlisted(), &infos).unwrap_err();
    assert!(
        reason.contains("Linphone") && reason.contains("Zoiper"),
        "{reason}"
    );
}

#[test]
fn configured_vendor_counts_where_no_contact_says_more() {
    let entry = PhoneEntry {
        vendor: Some(Vendor::Snom),
        ..unlisted()
    };
    let strange = info("192.0.2.1", "behind an SBC");
    let phones = found(&entry, std::slice::from_ref(&strange)).unwrap();
    assert_eq!(phones, [("192.0.2.1".to_owned(), Vec::new())]);
    let phones = found(&entry, &[strange, info("192.0.2.2", SNOM)]).unwrap();
    let left_out = vec!["\"behind an SBC\"".to_owned()];
    assert_eq!(phones, [("192.0.2.2".to_owned(), left_out)]);
}

#[test]
fn configured_address_is_one_phone_with_the_contact_there() {
    let entry = PhoneEntry {
        address: Some("192.0.2.9:8080".parse().unwrap()),
        ..unlisted()
    };
    let infos = [info("192.0.2.1", LINPHONE), info("192.0.2.2", SNOM)];
    let phones = found(&entry, &infos).unwrap();
    assert_eq!(phones, [("192.0.2.9:8080".to_owned(), Vec::new())]);
    let resolve = |infos: &[RegistrationInfo]| {
        let mut found = resolver().desk_phones(&entry, infos);
        assert_eq!(found.len(), 1);
        found.remove(0).unwrap()
    };
    let yealink = info("192.0.2.9", "Yealink SIP-T46G 28.83.0.50");
    assert_eq!(resolve(&infos).vendor, Vendor::Snom);
    let [linphone, snom] = infos;
    assert_eq!(resolve(&[linphone, snom, yealink]).vendor, Vendor::Yealink);
}

#[test]
fn phone_that_registered_from_several_ports_is_one() {
    let contact = |ip, user_agent, contact: &str| RegistrationInfo {
        contact: Some(contact.to_owned()),
        ..info(ip, user_agent)
    };
    let infos = [
        contact("192.0.2.1", SNOM, "sip:1001@192.0.2.1:41000;transport=tcp"),
        contact("192.0.2.2", SNOM, "sip:1001@192.0.2.2:5060"),
        contact("192.0.2.1", SNOM, "sip:1001@192.0.2.1:42000;transport=tcp"),
        // Behind one NAT device, of which only the private addresses differ.
        RegistrationInfo {
            behind_nat: "10.0.0.1".parse().ok(),
            ..contact("198.51.100.1", SNOM, "sip:1001@198.51.100.1:5060")
        },
        RegistrationInfo {
            behind_nat: "10.0.0.2".parse().ok(),
            ..contact("198.51.100.1", SNOM, "sip:1001@198.51.100.1:5061")
        },
    ];
    let found = resolver().desk_phones(&unlisted(), &infos);
    let contacts = found
        .into_iter()
        .map(|found| found.unwrap().contact.unwrap());
    let expected = [
        "sip:1001@192.0.2.2:5060",
        "sip:1001@192.0.2.1:42000;transport=tcp",
        "sip:1001@198.51.100.1:5060",
        "sip:1001@198.51.100.1:5061",
    ];
    assert!(contacts.eq(expected));
}
