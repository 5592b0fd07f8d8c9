use std::io::Write as _;

use super::*;

fn config(more: &str) -> Result<Config, toml::de::Error> {
    toml::from_str(&format!(
        "name = \"pbx\"\naddress = \"127.0.0.1:5038\"\nusername = \"handsetd\"\n{more}"
    ))
}

#[test]
fn few_keys_suffice_and_unknown_ones_are_errors() {
    let config = config("secret = \"hush\"").unwrap();
    assert_eq!(config.limits, Limits::default());
    assert_eq!((config.login, config.events.as_str()), (Login::Auto, "on"));
    for unknown in ["colour = 1", "[limits]\npnig = \"3s\"", "[tls]\nca = \"x\""] {
        assert!(
            self::config(unknown)
                .unwrap_err()
                .to_string()
                .contains("unknown field")
        );
    }
}

#[test]
fn limits_are_durations_and_sizes() {
    let config = config("[limits]\nping = \"10s\"\nlist_items = 5").unwrap();
    assert_eq!(config.limits.ping, Duration::from_secs(10));
    assert_eq!(config.limits.list_items, 5);
    assert_eq!(config.limits.pong, Limits::default().pong);
}

#[test]
fn address_is_host_and_port_in_any_form() {
    for (text, host, port) in [
        ("127.0.0.1:5038", "127.0.0.1", 5038),
        ("pbx.example.com", "pbx.example.com", 5038),
        ("[2001:db8::1]:1", "2001:db8::1", 1),
        ("[2001:db8::1]", "2001:db8::1", 5038),
        ("2001:db8::1", "2001:db8::1", 5038),
    ] {
        let address: Address = text.parse().unwrap();
        assert_eq!(
            (address.host(), address.port(false)),
            (host, port),
            "{text}"
        );
        assert_eq!(address.to_string().parse(), Ok(address));
    }
    assert_eq!("pbx".parse::<Address>().unwrap().port(true), 5039);
    for text in [
        "", ":5038", "a:b", "a:0", "a:65536", "a b", "http://a", "[::1", "[::1]5", "[x]:1",
    ] {
        assert!(text.parse::<Address>().is_err(), "{text}");
    }
}

#[test]
fn secret_comes_from_the_key_a_file_or_the_credentials() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pbx");
    std::fs::File::create(&path)
        .unwrap()
        .write_all(b"from file \r\n")
        .unwrap();
    let secret = |config: &Config, credentials: Option<&Path>| {
        config
            .checked(credentials)
            .map(|checked| checked.secret.expose_secret().to_owned())
    };
    let inline = config("secret = \"hush\"").unwrap();
    assert_eq!(secret(&inline, None).unwrap(), "hush");
    let none = config("").unwrap();
    assert!(matches!(secret(&none, None), Err(ConfigError::NoSecret)));
    assert_eq!(secret(&none, Some(folder.path())).unwrap(), "from file ");
    let file = Config {
        secret_file: Some(path),
        ..none
    };
    assert_eq!(secret(&file, None).unwrap(), "from file ");
    let two = Config {
        secret: Some("hush".into()),
        ..file
    };
    assert!(matches!(secret(&two, None), Err(ConfigError::TwoSecrets)));
}

#[test]
fn what_asterisk_cannot_be_told_is_refused() {
    let config = config("secret = \"a\\nb\"").unwrap();
    assert!(matches!(config.checked(None), Err(ConfigError::SecretText)));
    let config = Config {
        username: "a\r\nAction: x".into(),
        secret: Some("a".into()),
        ..config
    };
    assert!(matches!(
        config.checked(None),
        Err(ConfigError::Text {
            key: "username",
            ..
        })
    ));
}

#[test]
fn tls_needs_something_to_trust() {
    let config = config("secret = \"x\"\n[tls]\nserver_name = \"pbx\"").unwrap();
    assert!(matches!(
        config.checked(None),
        Err(ConfigError::Tls(TlsError::NothingToTrust))
    ));
}

#[test]
fn secrets_do_not_show() {
    let config = config("secret = \"hush\"").unwrap();
    let shown = format!("{config:?} {:?}", config.checked(None).unwrap());
    assert!(!shown.contains("hush"), "{shown}");
}

#[test]
fn limits_that_never_wait_or_never_end_are_refused() {
    for line in [
        "ping = \"0s\"",
        "retry = \"2days\"",
        "actions = 0",
        "packet = 9999999999",
    ] {
        let config = config(&format!("secret = \"x\"\n[limits]\n{line}")).unwrap();
        let key = line.split(' ').next().unwrap();
        let refused = config.checked(None).unwrap_err();
        assert!(
            refused.to_string().starts_with(&format!("limits.{key} ")),
            "{refused}"
        );
    }
}
