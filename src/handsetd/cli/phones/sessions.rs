//! The CSTA sessions over SIP, of which only the running daemon knows.

use serde_json::Value;

use crate::cli::admin_client::AdminClient;
use crate::config::Config;

/// What the running daemon says of its phones.
#[derive(Debug)]
pub(super) struct ShownSessions(Value);

impl ShownSessions {
    /// Asks the running daemon for the sessions of its phones. Empty without a daemon, and without `[uacsta]`.
    pub(super) async fn load(config: &Config) -> Self {
        if config.uacsta.is_none() {
            return Self(Value::Null);
        }
        let Ok(client) = AdminClient::new(config) else {
            return Self(Value::Null);
        };
        Self(client.get("/api/v1/phones").await.unwrap_or_default())
    }

    /// Returns the session of the phone with this name, as the API has it, if it can have one.
    pub(super) fn of(&self, name: &str) -> Option<&Value> {
        let mut phones = self.0.as_array().into_iter().flatten();
        let phone = phones.find(|phone| phone["name"].as_str() == Some(name))?;
        Some(&phone["csta"]).filter(|csta| csta.is_object())
    }
}
