//! The `[agi]` section: the server that dialplans call, and how long it may hold a call.

use std::net::SocketAddr;
use std::time::Duration;

use handset_agi as agi;
use handset_net::allow_list::AllowList;
use serde::Deserialize;

use super::check::Check;
use super::tree::Node;
use crate::dialplan;

/// Reads the section.
pub(super) fn read(root: &mut Node, check: &mut Check) -> (agi::Config, dialplan::Config) {
    let (section, node) = check.section::<Section>(root, "agi");
    let durations = [
        ("budget", section.budget),
        ("environment_timeout", section.environment_timeout),
        ("reply_timeout", section.reply_timeout),
        ("session_timeout", section.session_timeout),
    ];
    for (name, duration) in durations {
        check.duration(&node, name, duration);
    }
    check.count(&node, "max_sessions", section.max_sessions);
    check.door(&node, section.listen);
    if section.session_timeout < section.budget {
        let [session, budget] =
            [section.session_timeout, section.budget].map(humantime::format_duration);
        let text = format!("{session} is shorter than agi.budget, which is {budget}");
        check.fault(&node, "session_timeout", text);
    }
    let server = agi::Config {
        listen: section.listen,
        allow: section.allow,
        max_sessions: section.max_sessions,
        environment_timeout: section.environment_timeout,
        reply_timeout: section.reply_timeout,
        session_timeout: section.session_timeout,
    };
    let budget = section.budget;
    (server, dialplan::Config { budget })
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Section {
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

impl Default for Section {
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
        let section: Section = toml::from_str("").unwrap();
        assert_eq!(section.listen, agi::Config::default().listen);
        assert_eq!(section.budget, Duration::from_secs(5));
    }

    #[test]
    fn every_key_can_be_set() {
        let section: Section = toml::from_str(
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
        assert_eq!(section.listen, "[::]:4574".parse().unwrap());
        assert_eq!(section.reply_timeout, Duration::from_millis(300));
        assert_eq!(section.session_timeout, Duration::from_mins(2));
        assert!(section.allow.contains("192.0.2.7".parse().unwrap()));
        assert!(!section.allow.contains("127.0.0.1".parse().unwrap()));
    }

    #[test]
    fn unknown_keys_are_rejected() {
        let error = toml::from_str::<Section>("budgte = \"1s\"").err().unwrap();
        assert!(error.to_string().contains("budgte"), "{error}");
    }
}
