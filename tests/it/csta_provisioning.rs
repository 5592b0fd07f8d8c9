//! The provisioning files with which phones open CSTA sessions.

use std::fs;
use std::path::Path;

/// A file, the setting that turns CSTA on in it, and those of the registration: address, port, user, password.
type Sample = (
    &'static str,
    (&'static str, &'static str),
    [&'static str; 4],
);

const SAMPLES: &[Sample] = &[
    (
        "snom-csta.xml",
        ("csta_control", "on"),
        ["user_host", "user_outbound", "user_name", "user_pass"],
    ),
    (
        "yealink-csta.cfg",
        ("features.csta_control.enable", "1"),
        [
            "account.2.sip_server.1.address",
            "account.2.sip_server.1.port",
            "account.2.auth_name",
            "account.2.password",
        ],
    ),
    (
        "fanvil-csta.xml",
        ("CSTAEnable", "1"),
        [
            "RegisterAddr",
            "RegisterPort",
            "RegisterUser",
            "RegisterPswd",
        ],
    ),
    (
        "poly-csta.cfg",
        ("voIpProt.SIP.csta", "1"),
        [
            "reg.2.server.1.address",
            "reg.2.server.1.port",
            "reg.2.auth.userId",
            "reg.2.auth.password",
        ],
    ),
    ("grandstream-csta.xml", ("P32053", "1"), [""; 4]),
    (
        "mitel-csta.cfg",
        ("CSTA", "1"),
        ["CSTA proxy", "CSTA port", "CSTA username", "CSTA password"],
    ),
    (
        "panasonic-csta.cfg",
        ("UACSTA_ENABLE_1", "Y"),
        [
            "CSTA_RGSTR_ADDR",
            "CSTA_RGSTR_PORT",
            "CSTA_RGSTR_AUTHID",
            "CSTA_RGSTR_PASS",
        ],
    ),
    // The pair is that of a handset.
    (
        "gigaset-dect-csta.cfg",
        ("SipProvider.0.CSTA_IsActive", "1"),
        [
            "SipProvider.0.CSTA_Address",
            "SipProvider.0.CSTA_Port",
            "",
            "",
        ],
    ),
];

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/etc/provisioning"))
}

fn text_of(name: &str) -> String {
    fs::read_to_string(folder().join(name)).unwrap()
}

/// Returns the comment at the start of a file in one line, and its settings in order.
fn parsed(text: &str) -> (String, Vec<(String, String)>) {
    if !text.starts_with("<?xml") {
        let explained = text.lines().filter_map(|line| line.strip_prefix('#'));
        let explained = in_one_line(&explained.collect::<String>());
        let lines = text.lines();
        let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        let settings = lines.map(|line| {
            let (name, value) = line.split_once(['=', ':']).unwrap();
            let value = value.trim().trim_matches('"');
            (name.trim().to_owned(), value.to_owned())
        });
        return (explained, settings.collect());
    }
    let document = roxmltree::Document::parse(text).unwrap();
    let comment = document.root().first_child().unwrap();
    assert!(comment.is_comment());
    let mut settings = Vec::new();
    for node in document.descendants().filter(roxmltree::Node::is_element) {
        for attribute in node.attributes() {
            settings.push((attribute.name().to_owned(), attribute.value().to_owned()));
        }
        let value = node.text().map(str::trim).unwrap_or_default();
        if !value.is_empty() {
            settings.push((node.tag_name().name().to_owned(), value.to_owned()));
        }
    }
    (in_one_line(comment.text().unwrap()), settings)
}

fn in_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn files_turn_csta_on_and_register_with_handsetd() {
    for (file, (switch, on), [address, port, user, password]) in SAMPLES {
        let (_, settings) = parsed(&text_of(file));
        let value = |name: &str| {
            let mut all = settings.iter().filter(|(other, _)| other == name);
            let value = all.next().map(|(_, value)| value.as_str());
            assert!(all.next().is_none(), "{file}: {name} is there twice");
            value
        };
        assert_eq!(value(switch), Some(*on), "{file}: {switch}");
        for (name, expected) in [
            (address, "HANDSETD_ADDRESS"),
            (port, "6060"),
            (user, "CSTA_USER"),
            (password, "CSTA_PASSWORD"),
        ] {
            if name.is_empty() {
                continue;
            }
            // Snom phones have the port behind the address.
            let value = value(name).map(|value| match name {
                &"user_outbound" => value.trim_start_matches("HANDSETD_ADDRESS:"),
                _ => value,
            });
            assert_eq!(value, Some(expected), "{file}: {name}");
        }
    }
}

#[test]
fn files_explain_what_to_replace_and_what_is_unverified() {
    for (file, ..) in SAMPLES {
        let (explained, settings) = parsed(&text_of(file));
        assert!(explained.contains("Unverified on real phones"), "{file}");
        assert!(explained.contains("[uacsta]"), "{file}");
        for (name, value) in settings {
            for word in ["HANDSETD_ADDRESS", "CSTA_USER", "CSTA_PASSWORD"] {
                let is_explained = !value.contains(word) || explained.contains(word);
                assert!(is_explained, "{file}: {name} = {value}");
            }
        }
    }
}

#[test]
fn every_file_is_checked() {
    let names = fs::read_dir(folder()).unwrap().map(|entry| {
        let name = entry.unwrap().file_name();
        name.into_string().unwrap()
    });
    for name in names.filter(|name| name.contains("-csta")) {
        assert!(SAMPLES.iter().any(|(file, ..)| *file == name), "{name}");
    }
}

#[test]
fn their_port_is_the_default_of_the_section() {
    let example = text_of("../handsetd.toml");
    assert!(example.contains("# listen = [\"udp:0.0.0.0:6060\", \"tcp:0.0.0.0:6060\"]"));
}
