use std::net::IpAddr;

use handset_phones::phone::Vendor;

use super::*;
use crate::deliver::look_up::look_up;
use crate::phone_networks::Config;

fn networks(networks: &[&str]) -> PhoneNetworks {
    let networks = networks.iter().map(|network| network.parse().unwrap());
    PhoneNetworks::new(&Config {
        networks: Some(networks.collect()),
    })
}

async fn check_at(
    host: &str,
    listing: Listing,
    networks: &PhoneNetworks,
    look_up: LookUp,
) -> Result<String, Failure> {
    let phone = Phone {
        address: Address {
            host: host.to_owned(),
            port: Some(8080),
        },
        listing,
        ..Phone::example(Vendor::Snom, "D785")
    };
    let checked = Contactable::check(&phone, networks, look_up).await;
    checked.map(|phone| phone.address.to_string())
}

#[tokio::test]
async fn unlisted_phone_must_be_in_the_networks_however_its_address_is_written() {
    let everywhere = networks(&["0.0.0.0/0", "::/0"]);
    for host in [
        "127.0.0.1",
        "localhost",
        "0",
        "0.0.0.0",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
        "::1",
        "::ffff:127.0.0.1",
        "169.254.169.254",
        "2852039166",
        "224.0.0.1",
        "255.255.255.255",
        "fe80::1",
        "fd00:ec2::254",
        "100.100.100.200",
    ] {
        let checked = check_at(host, Listing::Unlisted, &everywhere, look_up).await;
        let failure = checked.unwrap_err();
        assert_eq!(failure.status, Status::Denied, "{host}: {failure:?}");
        assert!(failure.reason.contains(host), "{failure:?}");
        assert!(failure.reason.contains("phones.networks"), "{failure:?}");
        assert!(failure.reason.chars().count() <= 200, "{failure:?}");
    }
}

#[tokio::test]
async fn refusal_names_the_phone_and_its_address() {
    let here = networks(&["192.0.2.0/24"]);
    let checked = check_at("198.51.100.7", Listing::Unlisted, &here, look_up).await;
    assert_eq!(
        checked.unwrap_err().reason,
        "1001 is at 198.51.100.7, which is not in phones.networks; add its network there, or a \
         [[phone]] with its address"
    );
}

#[tokio::test]
async fn phone_with_a_configured_address_may_be_anywhere() {
    let here = networks(&["192.0.2.0/24"]);
    for host in ["198.51.100.7", "127.0.0.1", "phone.example.com"] {
        let checked = check_at(host, Listing::Listed, &here, look_up).await;
        assert_eq!(checked.unwrap(), format!("{host}:8080"));
    }
}

#[tokio::test]
async fn named_phone_may_be_at_any_ordinary_host() {
    let here = networks(&["192.0.2.0/24"]);
    for host in ["198.51.100.7", "192.0.2.7", "2001:db8::7"] {
        let checked = check_at(host, Listing::Named, &here, look_up).await;
        assert!(checked.is_ok(), "{host}: {checked:?}");
    }
    for host in [
        "127.0.0.1",
        "localhost",
        "0",
        "2130706433",
        "169.254.169.254",
        "224.0.0.1",
    ] {
        let checked = check_at(host, Listing::Named, &here, look_up).await;
        let failure = checked.unwrap_err();
        assert_eq!(failure.status, Status::Denied, "{host}: {failure:?}");
        assert!(failure.reason.contains("phones.networks"), "{failure:?}");
    }
    let loopback = networks(&["127.0.0.0/8"]);
    let checked = check_at("127.0.0.1", Listing::Named, &loopback, look_up).await;
    assert!(checked.is_ok(), "{checked:?}");
}

#[tokio::test]
async fn name_is_replaced_by_the_address_that_was_checked() {
    let here = networks(&["192.0.2.0/24"]);
    let both: LookUp = |_| {
        let found: [IpAddr; 3] = [
            [127, 0, 0, 1].into(),
            [192, 0, 2, 21].into(),
            [169, 254, 169, 254].into(),
        ];
        Box::pin(std::future::ready(Ok(found.to_vec())))
    };
    let checked = check_at("phone.example.com", Listing::Unlisted, &here, both).await;
    assert_eq!(checked.unwrap(), "192.0.2.21:8080");
    let inside: LookUp = |_| Box::pin(std::future::ready(Ok(vec![[127, 0, 0, 1].into()])));
    let checked = check_at("phone.example.com", Listing::Unlisted, &here, inside).await;
    let failure = checked.unwrap_err();
    assert_eq!(failure.status, Status::Denied);
    assert!(
        failure
            .reason
            .starts_with("1001 is at phone.example.com (127.0.0.1), a loopback"),
        "{failure:?}"
    );
}

#[tokio::test]
async fn name_without_an_address_is_unreachable() {
    let here = networks(&["192.0.2.0/24"]);
    let none: LookUp = |_| Box::pin(std::future::ready(Ok(Vec::new())));
    let checked = check_at("phone.example.com", Listing::Unlisted, &here, none).await;
    assert_eq!(checked.unwrap_err().status, Status::Unreachable);
}
