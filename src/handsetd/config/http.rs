//! The `[http]` section: the phone-facing server.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use handset_net::allow_list::AllowList;
use secrecy::SecretString;
use serde::{Deserialize, Deserializer};
use url::Url;

use super::secret::SecretSource;
use super::setting::Setting;
use super::validator::Validator;
use crate::phone_http::{ActionKey, Config};

/// Reads the section; also returns `allow` if it is written.
pub(super) fn read(root: &mut Setting, validator: &mut Validator) -> (Config, Option<AllowList>) {
    let (raw, section) = validator.section::<Raw>(root, "http");
    let source = SecretSource::new("action_key", raw.action_key, raw.action_key_file);
    let credentials = ["http.action_key".to_owned()];
    let http = Config {
        listen: raw.listen,
        url: raw.url,
        allow: raw.allow,
        action_key: validator.parsed_secret(&section, source, &credentials, ActionKey::parse),
        screen_lifetime: raw.screen_lifetime,
        media_lifetime: raw.media_lifetime,
        max_connections: raw.max_connections,
        max_connections_each: raw.max_connections_each,
    };
    validator.check_duration(&section, "screen_lifetime", http.screen_lifetime);
    validator.check_duration(&section, "media_lifetime", http.media_lifetime);
    validator.check_count(&section, "max_connections", http.max_connections);
    validator.check_count(&section, "max_connections_each", http.max_connections_each);
    validator.check_listen(&section, http.listen);
    let allow = section.get("allow").map(|_| http.allow.clone());
    (http, allow)
}

#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Raw {
    listen: SocketAddr,
    #[serde(deserialize_with = "base")]
    url: Option<Url>,
    allow: AllowList,
    action_key: Option<SecretString>,
    action_key_file: Option<PathBuf>,
    #[serde(with = "humantime_serde")]
    screen_lifetime: Duration,
    #[serde(with = "humantime_serde")]
    media_lifetime: Duration,
    max_connections: usize,
    max_connections_each: usize,
}

impl Default for Raw {
    fn default() -> Self {
        let Config {
            listen,
            url,
            allow,
            action_key: _,
            screen_lifetime,
            media_lifetime,
            max_connections,
            max_connections_each,
        } = Config::default();
        Self {
            listen,
            url,
            allow,
            action_key: None,
            action_key_file: None,
            screen_lifetime,
            media_lifetime,
            max_connections,
            max_connections_each,
        }
    }
}

/// Deserializes a URL to which paths can be appended and from which phones can fetch.
fn base<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Url>, D::Error> {
    use serde::de::Error;
    let text = String::deserialize(deserializer)?;
    let invalid = |reason: &str| {
        D::Error::custom(format!(
            "invalid base URL {text:?}: {reason}; write it as http://192.0.2.10:8090"
        ))
    };
    let url = Url::parse(&text).map_err(|error| invalid(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(invalid("the scheme must be http or https"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(invalid("it has a query or a fragment"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid("it has a user name"));
    }
    Ok(Some(url))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_networks_are_allowed_unless_others_are_named() {
        let raw = Raw::default();
        assert!(raw.allow.contains("192.168.0.1".parse().unwrap()));
        assert!(raw.allow.contains("fd00::1".parse().unwrap()));
        assert!(!raw.allow.contains("192.0.2.1".parse().unwrap()));
        assert!(!raw.allow.contains("2001:db8::1".parse().unwrap()));
        let raw: Raw = toml::from_str("allow = [\"192.0.2.0/24\"]").unwrap();
        assert!(raw.allow.contains("::ffff:192.0.2.1".parse().unwrap()));
        assert!(!raw.allow.contains("198.51.100.1".parse().unwrap()));
    }

    #[test]
    fn base_url_must_be_fetchable_by_phones() {
        let url = |url: &str| toml::from_str::<Raw>(&format!("url = {url:?}"));
        assert!(url("http://192.0.2.10:8090").is_ok());
        assert!(url("https://phones.example.com/handsetd").is_ok());
        for bad in [
            "192.0.2.10:8090",
            "phones",
            "ftp://192.0.2.10",
            "http://192.0.2.10/?a=b",
            "http://u:p@192.0.2.10",
        ] {
            assert!(url(bad).is_err(), "{bad}");
        }
    }
}
