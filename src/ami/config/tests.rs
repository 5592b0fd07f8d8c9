use super::*;

fn config() -> Config {
    let address = "127.0.0.1:5038".parse().unwrap();
    Config::new("pbx", address, "handsetd", "hush".into())
}

#[test]
fn unknown_keys_of_tls_are_rejected() {
    let error = toml::from_str::<TlsConfig>("ca = \"x\"").unwrap_err();
    assert!(error.to_string().contains("unknown field"), "{error}");
}

#[test]
fn text_that_cannot_be_sent_is_rejected() {
    let with_secret = Config {
        secret: "a\nb".into(),
        ..config()
    };
    let error = with_secret.connector().err();
    assert!(matches!(error, Some(ConfigError::SecretText)), "{error:?}");
    let with_username = Config {
        username: "a\r\nAction: x".into(),
        ..config()
    };
    let error = with_username.connector().err();
    let Some(ConfigError::Text { key, .. }) = error else {
        panic!("{error:?}")
    };
    assert_eq!(key, "username");
}

#[test]
fn tls_requires_a_ca_or_a_pin() {
    let tls = TlsConfig {
        server_name: Some("pbx".into()),
        ..TlsConfig::default()
    };
    let config = Config {
        tls: Some(tls),
        ..config()
    };
    let error = config.connector().err();
    assert!(
        matches!(error, Some(ConfigError::Tls(TlsError::NoTrustAnchor))),
        "{error:?}"
    );
}

#[test]
fn debug_output_redacts_the_secret() {
    let shown = format!("{:?}", config());
    assert!(!shown.contains("hush"), "{shown}");
}

#[test]
fn configurations_that_differ_in_any_field_are_unequal() {
    assert_eq!(config(), config());
    let base = config();
    let different = [
        Config {
            name: "other".into(),
            ..base.clone()
        },
        Config {
            address: "127.0.0.1:5039".parse().unwrap(),
            ..base.clone()
        },
        Config {
            username: "other".into(),
            ..base.clone()
        },
        Config {
            secret: "other".into(),
            ..base.clone()
        },
        Config {
            login: LoginMethod::Plain,
            ..base.clone()
        },
        Config {
            events: "off".into(),
            ..base.clone()
        },
        Config {
            tls: Some(TlsConfig::default()),
            ..base.clone()
        },
        Config {
            limits: Limits {
                event_bytes: 1,
                ..Limits::default()
            },
            ..base.clone()
        },
    ];
    for config in different {
        assert_ne!(config, base);
    }
}

#[test]
fn limits_that_are_zero_or_excessive_are_rejected() {
    let limits = Limits::default();
    let cases = [
        (
            "ping",
            Limits {
                ping: Duration::ZERO,
                ..limits
            },
        ),
        (
            "retry",
            Limits {
                retry: Duration::from_hours(48),
                ..limits
            },
        ),
        (
            "actions",
            Limits {
                actions: 0,
                ..limits
            },
        ),
        (
            "packet",
            Limits {
                packet: 9_999_999_999,
                ..limits
            },
        ),
    ];
    for (key, limits) in cases {
        let config = Config { limits, ..config() };
        let error = config.connector().err().unwrap();
        assert!(
            error.to_string().starts_with(&format!("limits.{key} ")),
            "{error}"
        );
    }
}
