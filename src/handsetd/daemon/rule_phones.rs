//! The phones that rules refer to, as the resolver knows them.

use std::sync::Arc;

use handset_phones::phone::ServerName;

use crate::config::Config;
use crate::resolver::PhoneResolver;
use crate::roster::Roster;
use crate::rules::{PhoneDescription, Phones};

/// Looks up `phone` and `phones["…"]`.
#[derive(Debug)]
pub(crate) struct RulePhones(pub(super) PhoneResolver);

impl RulePhones {
    /// Knows only the configured phones, for a dry run without a daemon.
    pub(crate) fn configured(config: &Config) -> Self {
        Self(PhoneResolver::new(
            Arc::clone(&config.directory),
            Roster::default(),
            config.vendors.clone(),
        ))
    }
}

impl Phones for RulePhones {
    fn describe(&self, name: &str, home: Option<&ServerName>) -> Option<PhoneDescription> {
        let phone = self.0.describe(name, home)?;
        Some(PhoneDescription {
            name: phone.name,
            vendor: phone.vendor,
            model: phone.model,
            address: phone.address,
            endpoint: phone.endpoint,
            server: phone.server.parse().ok(),
        })
    }

    fn have_several_servers(&self) -> bool {
        self.0.has_several_servers()
    }
}
