use super::*;

const PHONE: &str = "[[phone]]\nname = \"1001\"\nvendor = \"snom\"\naddress = \"203.0.113.21\"\n\
                     csta = { user = \"a\", password = \"b\" }\n";

fn warnings(text: &str) -> Vec<String> {
    let config = load_text(text).unwrap_or_else(|error| panic!("{error}"));
    let warnings = config.warnings().iter().map(ToString::to_string);
    // The file of the test is readable by all users.
    warnings
        .filter(|text| !text.contains("world-readable"))
        .collect()
}

#[test]
fn section_is_off_unless_it_is_there() {
    assert!(load_text("").unwrap().uacsta.is_none());
    let config = load_text("[uacsta]").unwrap().uacsta.unwrap();
    let listen: Vec<_> = config.listen.iter().map(ToString::to_string).collect();
    assert_eq!(listen, ["udp:0.0.0.0:6060", "tcp:0.0.0.0:6060"]);
    assert!(!config.direct && config.address.is_none());
}

#[test]
fn networks_of_phones_may_register_unless_others_are_written() {
    let allows = |text: &str, address: &str| {
        let config = load_text(&format!("{text}\n{PHONE}")).unwrap();
        config
            .uacsta
            .unwrap()
            .allow
            .contains(address.parse().unwrap())
    };
    assert!(allows("[uacsta]", "192.168.1.7"));
    assert!(
        allows("[uacsta]", "203.0.113.21"),
        "the address of a [[phone]]"
    );
    assert!(!allows("[uacsta]", "203.0.113.22"));
    let networks = "[phones]\nnetworks = [\"198.51.100.0/24\"]\n[uacsta]";
    assert!(allows(networks, "198.51.100.7") && !allows(networks, "192.168.1.7"));
    let own = "[uacsta]\nallow = [\"192.0.2.0/24\"]";
    assert!(allows(own, "192.0.2.7") && !allows(own, "203.0.113.21"));
}

#[test]
fn own_address_is_the_host_of_the_url_unless_it_is_written() {
    let address = |text: &str| {
        let config = load_text(text).unwrap().uacsta.unwrap();
        config.address.map(|address| address.to_string())
    };
    let url = |host: &str| format!("[http]\nurl = \"http://{host}:8090\"\n[uacsta]");
    assert_eq!(address(&url("192.0.2.10")).as_deref(), Some("192.0.2.10"));
    assert_eq!(
        address(&url("[2001:db8::1]")).as_deref(),
        Some("2001:db8::1")
    );
    assert_eq!(address(&url("pbx.example.com")), None);
    let own = format!("{}\naddress = \"192.0.2.11\"", url("192.0.2.10"));
    assert_eq!(address(&own).as_deref(), Some("192.0.2.11"));
}

#[test]
fn phones_that_contradict_the_section_are_reported() {
    let another = PHONE.replace("1001", "1002").replace("\"a\"", "\"c\"");
    assert_eq!(
        warnings(&format!("{PHONE}{another}")),
        ["[[phone]] 1001 and 1 more: csta has no effect, since [uacsta] is missing"]
    );
    assert_eq!(
        warnings("[uacsta]"),
        ["[uacsta] has no effect: no [[phone]] has csta, so none may register or is called"]
    );
    assert_eq!(warnings(&format!("[uacsta]\n{PHONE}")), [""; 0]);
    assert_eq!(
        warnings(&format!("[uacsta]\n{}", PHONE.replace("snom", "cisco"))),
        ["[[phone]] 1001: csta: no Cisco phone is known to speak uaCSTA"]
    );
    let tls = "tls = { certificate_file = \"/a\", key_file = \"/b\" }";
    assert_eq!(
        warnings(&format!("[uacsta]\nallow = []\n{tls}\n{PHONE}")),
        [
            "uacsta.tls has no effect: uacsta.listen has no tls: address",
            "uacsta.allow is empty: no phone can register for CSTA",
        ]
    );
}
