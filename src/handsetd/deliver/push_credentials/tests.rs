use handset_phones::phone::Vendor;

use super::*;

const PHONE: &str = "192.0.2.21";
const OTHER: &str = "192.0.2.66";

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn mac(last: u8) -> MacAddress {
    format!("00005E0053{last:02X}").parse().unwrap()
}

fn phone(mac: Option<MacAddress>) -> Phone {
    Phone {
        mac,
        ..Phone::example(Vendor::Cisco, "7970")
    }
}

/// Presents credentials as a phone at `peer` that names itself `mac`.
fn presented<'a>(
    peer: &str,
    mac: Option<MacAddress>,
    (username, password): (&'a str, &'a str),
) -> Presented<'a> {
    Presented {
        peer: ip(peer),
        mac,
        username,
        password,
    }
}

fn redeem(all: &PushCredentials, peer: &str, mac: Option<MacAddress>, pair: &str) -> Redemption {
    all.redeem(&presented(peer, mac, ("handsetd", pair)))
}

#[test]
fn one_time_password_is_valid_once_for_each_step_while_the_phone_has_not_replied() {
    let all = PushCredentials::default();
    let push = all.open(&phone(Some(mac(1))), &[ip(PHONE)]);
    let password = push.one_time().password().to_owned();
    let ask = || redeem(&all, PHONE, Some(mac(1)), &password);
    assert_eq!(ask(), Redemption::Refused(Refusal::NotSent));
    for _ in 0..2 {
        let step = push.begin_step(Password::OneTime);
        assert_eq!(ask(), Redemption::Accepted);
        assert_eq!(ask(), Redemption::Refused(Refusal::Repeated));
        drop(step);
        assert_eq!(ask(), Redemption::Refused(Refusal::NotSent));
    }
    let other = all.open(&phone(None), &[ip(PHONE)]);
    assert_ne!(password, other.one_time().password());
    let _step = push.begin_step(Password::OneTime);
    assert_eq!(redeem(&all, PHONE, None, ""), Redemption::Unknown);
    let wrong_user = presented(PHONE, None, ("push", &password));
    assert_eq!(all.redeem(&wrong_user), Redemption::Unknown);
}

#[test]
fn one_time_password_ends_with_its_push() {
    let all = PushCredentials::default();
    let push = all.open(&phone(None), &[ip(PHONE)]);
    let password = push.one_time().password().to_owned();
    std::mem::forget(push.begin_step(Password::OneTime));
    drop(push);
    assert_eq!(redeem(&all, PHONE, None, &password), Redemption::Unknown);
    assert!(!all.accepts_configured(&presented(PHONE, None, ("handsetd", &password))));
}

#[test]
fn one_time_password_is_valid_for_its_phone_only() {
    let all = PushCredentials::default();
    let push = all.open(&phone(Some(mac(1))), &[ip(PHONE)]);
    let password = push.one_time().password().to_owned();
    let _step = push.begin_step(Password::OneTime);
    let ask = |peer, mac| redeem(&all, peer, mac, &password);
    let elsewhere = Redemption::Refused(Refusal::Address(ip(OTHER)));
    assert_eq!(ask(OTHER, Some(mac(2))), elsewhere);
    assert_eq!(ask(OTHER, Some(mac(1))), elsewhere);
    assert_eq!(ask(OTHER, None), elsewhere);
    let named_otherwise = Redemption::Refused(Refusal::Mac(mac(2)));
    assert_eq!(ask(PHONE, Some(mac(2))), named_otherwise);
    // None of them keeps the phone itself from confirming.
    assert_eq!(ask("::ffff:192.0.2.21", Some(mac(1))), Redemption::Accepted);
}

#[test]
fn address_alone_decides_where_a_hardware_address_is_unknown() {
    let all = PushCredentials::default();
    for (known, named) in [(None, Some(mac(2))), (Some(mac(1)), None), (None, None)] {
        let push = all.open(&phone(known), &[ip(PHONE)]);
        let password = push.one_time().password().to_owned();
        let _step = push.begin_step(Password::OneTime);
        let elsewhere = redeem(&all, OTHER, named, &password);
        assert_eq!(elsewhere, Redemption::Refused(Refusal::Address(ip(OTHER))));
        let own = redeem(&all, PHONE, named, &password);
        assert_eq!(own, Redemption::Accepted, "{known:?} {named:?}");
    }
}

#[test]
fn one_time_password_that_was_not_sent_is_not_valid() {
    let all = PushCredentials::default();
    let push = all.open(&phone(None), &[ip(PHONE)]);
    let _step = push.begin_step(Password::Configured);
    let redemption = redeem(&all, PHONE, None, push.one_time().password());
    assert_eq!(redemption, Redemption::Refused(Refusal::NotSent));
}

#[test]
fn refusals_are_explained() {
    let all = PushCredentials::default();
    let push = all.open(&phone(None), &[ip(PHONE)]);
    let password = push.one_time().password().to_owned();
    let _step = push.begin_step(Password::OneTime);
    let explained = || push.diagnosis().unwrap();
    assert_eq!(
        explained(),
        "the phone did not ask handsetd about this push"
    );
    redeem(&all, OTHER, None, &password);
    assert!(explained().contains("from 192.0.2.66"), "{}", explained());
}

fn configured(owner: Option<Owner>, username: &str) -> ConfiguredCredentials {
    ConfiguredCredentials {
        owner,
        credentials: Credentials::new(username, "secret".into()),
    }
}

fn owner(mac: Option<MacAddress>, address: Option<&str>) -> Owner {
    Owner {
        name: "1001".to_owned(),
        server: None,
        mac,
        address: address.map(ip),
    }
}

#[test]
fn credentials_of_a_phone_are_valid_for_no_other_phone() {
    let accepts = |own: Option<Owner>, peer, mac| {
        let all = PushCredentials::new(vec![configured(None, "all"), configured(own, "one")]);
        let ask = |username| all.accepts_configured(&presented(peer, mac, (username, "secret")));
        assert!(ask("all"), "the vendor's are valid for each");
        assert!(!ask(""));
        ask("one")
    };
    let known_mac = || Some(owner(Some(mac(1)), None));
    assert!(accepts(known_mac(), PHONE, Some(mac(1))));
    assert!(!accepts(known_mac(), PHONE, Some(mac(2))));
    let both = || Some(owner(Some(mac(1)), Some(PHONE)));
    assert!(accepts(both(), OTHER, Some(mac(1))));
    assert!(!accepts(both(), PHONE, Some(mac(2))));
    // Phones that do not identify themselves are recognized by their address.
    assert!(accepts(both(), PHONE, None));
    assert!(!accepts(both(), OTHER, None));
    assert!(!accepts(known_mac(), PHONE, None));
    let known_address = || Some(owner(None, Some(PHONE)));
    assert!(accepts(known_address(), PHONE, Some(mac(2))));
    assert!(!accepts(known_address(), OTHER, Some(mac(2))));
    assert!(!accepts(Some(owner(None, None)), PHONE, Some(mac(1))));
}

#[test]
fn phone_without_a_configured_address_is_recognized_during_its_pushes() {
    let all = PushCredentials::new(vec![configured(Some(owner(None, None)), "one")]);
    let accepts = |peer| all.accepts_configured(&presented(peer, None, ("one", "secret")));
    let push = all.open(&phone(None), &[ip(PHONE)]);
    assert!(!accepts(PHONE));
    let step = push.begin_step(Password::Configured);
    assert!(accepts(PHONE) && accepts(PHONE) && !accepts(OTHER));
    drop(step);
    assert!(!accepts(PHONE));
    let other = Phone {
        name: "1002".to_owned(),
        ..phone(None)
    };
    let push = all.open(&other, &[ip(PHONE)]);
    let _step = push.begin_step(Password::OneTime);
    assert!(!accepts(PHONE), "a push to another phone");
}

#[test]
fn passwords_for_digest_are_not_valid_in_clear_text() {
    let mut one = configured(None, "all");
    one.credentials = one.credentials.with_policy(AuthPolicy::Digest);
    let all = PushCredentials::new(vec![one]);
    assert!(!all.accepts_configured(&presented(PHONE, None, ("all", "secret"))));
}
