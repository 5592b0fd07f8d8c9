use super::*;

fn destinations(networks: &[&str]) -> Destinations {
    let networks: AllowList = networks.iter().map(|net| net.parse().unwrap()).collect();
    Destinations::new(&networks)
}

/// Checks an address on a machine with the address 10.0.0.1.
fn check(destinations: &Destinations, address: &str) -> Result<(), Forbidden> {
    let own: IpAddr = "10.0.0.1".parse().unwrap();
    let checked = destinations.check_with(address.parse().unwrap(), |ip| Ok(ip == own));
    checked.map(|_| ())
}

/// Addresses of special ranges in every form, and an entry that permits each.
const SPECIAL: [(&str, &str); 19] = [
    ("127.0.0.1", "127.0.0.0/8"),
    ("127.255.255.254", "127.0.0.0/8"),
    ("::1", "::1/128"),
    ("::ffff:127.0.0.1", "127.0.0.1/32"),
    ("169.254.0.1", "169.254.0.0/16"),
    ("169.254.169.254", "169.254.169.254/32"),
    ("0.0.0.0", "0.0.0.0/32"),
    ("0.1.2.3", "0.0.0.0/8"),
    ("224.0.0.1", "224.0.0.0/4"),
    ("255.255.255.255", "255.255.255.255/32"),
    ("100.100.100.200", "100.100.100.200/32"),
    ("168.63.129.16", "168.63.129.16/32"),
    ("fe80::1", "fe80::/10"),
    ("ff02::1", "ff00::/8"),
    ("::", "::/128"),
    ("fd00:ec2::254", "fd00:ec2::254/128"),
    ("::169.254.0.1", "::169.254.0.1/128"),
    ("64:ff9b::127.0.0.1", "64:ff9b::127.0.0.1/128"),
    ("2002:7f00:1::1", "2002:7f00::/24"),
];

#[test]
fn special_addresses_need_an_entry_within_their_range() {
    let catch_all = [
        "0.0.0.0/0",
        "::/0",
        "126.0.0.0/7",
        "169.254.0.0/15",
        "fc00::/7",
    ];
    for (address, entry) in SPECIAL {
        let error = check(&destinations(&catch_all), address).unwrap_err();
        assert!(matches!(error, Forbidden::Special(_)), "{address}: {error}");
        assert_eq!(check(&destinations(&[entry]), address), Ok(()), "{address}");
    }
}

#[test]
fn metadata_services_are_not_permitted_with_the_range_around_them() {
    let error = check(&destinations(&["169.254.0.0/16"]), "169.254.169.254").unwrap_err();
    assert_eq!(error, Forbidden::Special(SpecialRange::Metadata));
}

#[test]
fn ordinary_addresses_must_be_in_a_network() {
    let own = destinations(&["192.0.2.0/24", "2001:db8::/32"]);
    for address in ["192.0.2.1", "::ffff:192.0.2.1", "2001:db8::1"] {
        assert_eq!(check(&own, address), Ok(()), "{address}");
    }
    for address in ["198.51.100.7", "::ffff:198.51.100.7", "2001:db9::1"] {
        assert_eq!(check(&own, address), Err(Forbidden::Elsewhere), "{address}");
    }
    assert_eq!(
        check(&destinations(&[]), "192.0.2.1"),
        Err(Forbidden::Elsewhere)
    );
}

#[test]
fn addresses_of_this_machine_need_an_entry_of_their_own() {
    for networks in [["10.0.0.0/8"], ["0.0.0.0/0"], ["10.0.0.0/31"]] {
        let networks = destinations(&networks);
        for address in ["10.0.0.1", "::ffff:10.0.0.1"] {
            assert_eq!(check(&networks, address), Err(Forbidden::Own), "{address}");
        }
    }
    assert_eq!(check(&destinations(&["10.0.0.1/32"]), "10.0.0.1"), Ok(()));
    assert_eq!(check(&Destinations::any_host(), "10.0.0.1"), Ok(()));
}

#[test]
fn addresses_of_this_machine_are_those_of_its_interfaces() {
    let interfaces = if_addrs::get_if_addrs().unwrap();
    assert!(!interfaces.is_empty());
    let everywhere = destinations(&["0.0.0.0/0", "::/0"]);
    for interface in interfaces {
        assert!(everywhere.check(interface.ip()).is_err(), "{interface:?}");
    }
    assert!(everywhere.check("192.0.2.1".parse().unwrap()).is_ok());
}

#[test]
fn hosts_that_an_administrator_named_are_all_but_special_ones() {
    let hosts = Destinations::any_host();
    for (address, _) in SPECIAL {
        let is_loopback = SpecialRange::of(address.parse::<IpAddr>().unwrap().to_canonical())
            == Some(SpecialRange::Loopback);
        let is_plain = ["127.", "::1", "::ffff:127."]
            .iter()
            .any(|start| address.starts_with(start));
        assert_eq!(
            check(&hosts, address).is_ok(),
            is_loopback && is_plain,
            "{address}"
        );
    }
    for address in ["10.0.0.2", "192.0.2.1", "fd00::1", "64:ff9b::192.0.2.1"] {
        assert_eq!(check(&hosts, address), Ok(()), "{address}");
    }
}
