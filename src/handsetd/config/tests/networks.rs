//! Networks of the phones, and what follows from them.

use super::*;

#[test]
fn phone_server_accepts_the_networks_of_the_phones_by_default() {
    let load = |text: &str| {
        let config = load_text(text).unwrap();
        let warnings = config.warnings().iter().map(ToString::to_string);
        (config.http.allow.clone(), warnings.collect::<Vec<_>>())
    };
    let contains = |allow: &AllowList, ip: &str| allow.contains(ip.parse().unwrap());
    let (allow, _) = load("");
    assert!(contains(&allow, "10.0.0.1") && !contains(&allow, "127.0.0.1"));
    assert!(!contains(&allow, "198.51.100.7"));

    let phones = "[phones]\nnetworks = ['192.0.2.0/24']\n";
    let listed = "[[phone]]\nname = '1001'\naddress = '198.51.100.7:80'\n";
    let (allow, warnings) = load(&format!("{phones}{listed}"));
    assert!(contains(&allow, "192.0.2.1") && contains(&allow, "198.51.100.7"));
    assert!(!contains(&allow, "10.0.0.1") && !contains(&allow, "198.51.100.8"));
    assert!(warnings.is_empty(), "{warnings:?}");

    let written = "[http]\nallow = ['192.0.2.0/25']\n";
    let (allow, warnings) = load(&format!("{phones}{written}{listed}"));
    assert!(!contains(&allow, "192.0.2.200") && !contains(&allow, "198.51.100.7"));
    let expected = "phone 1001 at 198.51.100.7 may not fetch: its address is not in http.allow";
    assert_eq!(warnings, [expected]);
}

#[test]
fn url_that_leads_phones_to_themselves_is_noticed() {
    let warnings = |text: &str| {
        let config = load_text(text).unwrap();
        let warnings = config.warnings().iter().map(ToString::to_string);
        warnings
            .filter(|warning| warning.starts_with("http.url"))
            .count()
    };
    let url = |host: &str| format!("[http]\nurl = 'http://{host}:8090'\n");
    for host in ["127.0.0.1", "LocalHost", "[::1]"] {
        assert_eq!(warnings(&url(host)), 1, "{host}");
        let only_simulated = format!("{}[phones]\nnetworks = ['127.0.0.0/8']\n", url(host));
        assert_eq!(warnings(&only_simulated), 0, "{host}");
    }
    assert_eq!(warnings(&url("192.0.2.10")), 0);
}

#[test]
fn password_of_a_vendor_is_kept_for_listed_phones_unless_networks_are_written() {
    let vendor = "[vendor.snom]\nusername = 'u'\npassword = 'p'\n";
    let load = |text: &str| {
        let config = load_text(text).unwrap();
        let warnings = config.warnings().iter().map(ToString::to_string);
        let about = warnings.filter(|warning| warning.contains("vendor.snom.password"));
        let about: Vec<_> = about.collect();
        (config.vendors[&Vendor::Snom].for_unlisted, about)
    };
    let expected = "vendor.snom.password is sent only to phones that a [[phone]] lists: \
                    phones.networks is not set";
    assert_eq!(load(vendor), (false, vec![expected.to_owned()]));
    let networks = "[phones]\nnetworks = ['10.0.0.0/8']\n";
    let expected = "any SIP account that registers from phones.networks can learn \
                    vendor.snom.password; auth = \"digest\" prevents it";
    let shared = load(&format!("{networks}{vendor}"));
    assert_eq!(shared, (true, vec![expected.to_owned()]));
    let digest = load(&format!("{networks}{vendor}auth = 'digest'\n"));
    assert_eq!(digest, (true, Vec::new()));
    // No host is there.
    let none = load(&format!("[phones]\nnetworks = []\n{vendor}"));
    assert_eq!(none, (true, Vec::new()));
}

#[test]
fn lists_that_admit_no_address_are_reported() {
    let warnings = |text: &str| {
        let config = load_text(text).unwrap();
        let warnings = config.warnings().iter().map(ToString::to_string);
        let empty = warnings.filter(|warning| warning.contains(" is empty: "));
        empty.collect::<Vec<_>>()
    };
    assert!(warnings("").is_empty());
    for (section, key) in [
        ("phones", "networks"),
        ("agi", "allow"),
        ("http", "allow"),
        ("admin", "allow"),
    ] {
        let found = warnings(&format!("[{section}]\n{key} = []\n"));
        let start = format!("{section}.{key} is empty: ");
        assert!(
            found.len() == 1 && found[0].starts_with(&start),
            "{found:?}"
        );
        let found = warnings(&format!("[{section}]\n{key} = ['192.0.2.0/24']\n"));
        assert!(found.is_empty(), "{found:?}");
    }
}
