//! Environment variables that set keys.

use super::*;

#[test]
fn variables_override_files() {
    let folder = Folder::new(&[(
        "handsetd.toml",
        "[vendor.cisco]\nusername = \"push\"\npassword_file = \"missing\"",
    )]);
    let config = folder.load_with(&[
        ("HANDSETD__AGI__LISTEN", "127.0.0.1:5000"),
        ("HANDSETD__AGI__ALLOW", "192.0.2.0/24, 2001:db8::/32"),
        ("HANDSETD__HTTP__MAX_CONNECTIONS", "7"),
        ("HANDSETD__LOG__LEVEL", "trace"),
        ("HANDSETD__VENDOR__CISCO__PASSWORD", "1234"),
        ("HANDSETD__VENDOR__CISCO__AUTH", "digest"),
        ("HANDSETD__PHONES__NETWORKS", "10.1.0.0/16"),
        ("HANDSETD__MEDIA__HOSTS", ""),
        ("HANDSETD_LOG", "debug"),
        ("HANDSETD_SERVICE_HOST", "192.0.2.1"),
    ]);
    let config = config.unwrap();
    assert_eq!(config.agi.listen, "127.0.0.1:5000".parse().unwrap());
    let allow: AllowList = ["192.0.2.0/24", "2001:db8::/32"]
        .map(|network| network.parse().unwrap())
        .into_iter()
        .collect();
    assert_eq!(config.agi.allow, allow);
    assert_eq!(config.http.max_connections, 7);
    assert_eq!(config.log.level, telemetry::Level::Trace);
    let cisco = config.vendors[&Vendor::Cisco].credentials.clone().unwrap();
    assert_eq!(
        (cisco.username.as_str(), cisco.password()),
        ("push", "1234")
    );
    assert_eq!(config.warnings(), []);
}

#[test]
fn invalid_variables_are_named() {
    let folder = Folder::new(&[("handsetd.toml", "")]);
    let check = |name: &str, value: &str, expected: &str| {
        assert_eq!(folder.load_with(&[(name, value)]).unwrap_err(), expected);
    };
    check(
        "HANDSETD_AGI__LISTEN",
        "127.0.0.1:1",
        "HANDSETD_AGI__LISTEN: ignored: HANDSETD must be followed by two underscores; use HANDSETD__AGI__LISTEN",
    );
    check(
        "HANDSETD__AGI__LISTEN",
        "here",
        "HANDSETD__AGI__LISTEN: agi.listen: invalid socket address \"here\"; use an IP address and a port, such as 127.0.0.1:4573 or [::1]:4573",
    );
    check(
        "HANDSETD__AGI__ALLOW",
        "127.0.0.0/8,x",
        "HANDSETD__AGI__ALLOW: agi.allow: invalid network \"x\"; use 192.0.2.0/24, or 192.0.2.7/32 for a single address",
    );
    check(
        "HANDSETD__AGI__BUDGTE",
        "5s",
        "HANDSETD__AGI__BUDGTE: agi.budgte: unknown key; did you mean budget?",
    );
    check(
        "HANDSETD__HTTP__MAX_CONNECTIONS",
        "many",
        "HANDSETD__HTTP__MAX_CONNECTIONS: http.max_connections: expected an integer, found a string",
    );
    check(
        "HANDSETD__PHONE__NAME",
        "1001",
        "HANDSETD__PHONE__NAME: phone: expected a list of tables, found a table; use [[phone]] in a file",
    );
    check(
        "HANDSETD__AGI",
        "x",
        "HANDSETD__AGI: agi: expected a table, found a string; use HANDSETD__AGI__KEY",
    );
    check(
        "HANDSETD__AGI____LISTEN",
        "x",
        "HANDSETD__AGI____LISTEN: agi..listen: empty key; separate keys by exactly two underscores",
    );
}
