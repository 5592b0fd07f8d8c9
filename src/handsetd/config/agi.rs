//! The `[agi]` section: the FastAGI server, and how long it may hold a call.

use std::net::SocketAddr;
use std::time::Duration;

use handset_agi as agi;
use handset_net::allow_list::AllowList;
use serde::Deserialize;

use super::setting::Setting;
use super::validator::Validator;
use crate::dialplan;

/// Reads the section.
pub(super) fn read(
    root: &mut Setting,
    validator: &mut Validator,
) -> (agi::Config, dialplan::Config) {
    let (raw, section) = validator.section::<Raw>(root, "agi");
    let durations = [
        ("budget", raw.budget),
        ("environment_timeout", raw.environment_timeout),
        ("reply_timeout", raw.reply_timeout),
        ("session_timeout", raw.session_timeout),
    ];
    for (name, duration) in durations {
        validator.check_duration(&section, name, duration);
    }
    validator.check_count(&section, "max_sessions", raw.max_sessions);
    validator.check_listen(&section, raw.listen);
    if raw.session_timeout < raw.budget {
        let [session, budget] = [raw.session_timeout, raw.budget].map(humantime::format_duration);
        let text = format!("{session} is shorter than agi.budget ({budget})");
        validator.reject(&section, "session_timeout", text);
    }
    let server = agi::Config {
        listen: raw.listen,
        allow: raw.allow,
        max_sessions: raw.max_sessions,
        environment_timeout: raw.environment_timeout,
        reply_timeout: raw.reply_timeout,
        session_timeout: raw.session_timeout,
    };
    let budget = raw.budget;
    (server, dialplan::Config { budget })
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Raw {
    listen: SocketAddr,
    allow: AllowList,
    #[serde(with = "humantime_serde")]
    budget: Duration,
    max_sessions: usize,
    #[serde(with = "humantime_serde")]
    environment_timeout: Duration,
    #[serde(with = "humantime_serde")]
    reply_timeout: Duration,
    #[serde(with = "humantime_serde")]
    session_timeout: Duration,
}

impl Default for Raw {
    fn default() -> Self {
        let server = agi::Config::default();
        Self {
            listen: server.listen,
            allow: server.allow,
            budget: dialplan::Config::default().budget,
            max_sessions: server.max_sessions,
            environment_timeout: server.environment_timeout,
            reply_timeout: server.reply_timeout,
            session_timeout: server.session_timeout,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_section_gives_the_defaults() {
        let raw: Raw = toml::from_str("").unwrap();
        assert_eq!(raw.listen, agi::Config::default().listen);
        assert_eq!(raw.budget, Duration::from_secs(5));
    }

    #[test]
    fn every_key_can_be_set() {
        let raw: Raw = toml::from_str(
            r#"
            listen = "[::]:4574"
            allow = ["192.0.2.0/24", "2001:db8::/32"]
            budget = "1s"
            max_sessions = 7
            environment_timeout = "2s"
            reply_timeout = "300ms"
            session_timeout = "2m"
            "#,
        )
        .unwrap();
        assert_eq!(raw.listen, "[::]:4574".parse().unwrap());
        assert_eq!(raw.reply_timeout, Duration::from_millis(300));
        assert_eq!(raw.session_timeout, Duration::from_mins(2));
        assert!(raw.allow.contains("192.0.2.7".parse().unwrap()));
        assert!(!raw.allow.contains("127.0.0.1".parse().unwrap()));
    }

    #[test]
    fn unknown_keys_are_rejected() {
        let error = toml::from_str::<Raw>("budgte = \"1s\"").err().unwrap();
        assert!(error.to_string().contains("budgte"), "{error}");
    }
}
