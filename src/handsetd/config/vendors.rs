//! The `[vendor.…]` sections: settings for all phones of a vendor.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::num::NonZeroU16;
use std::path::PathBuf;

use handset_phones::phone::{AuthPolicy, Credentials, Vendor, VendorDefaults, VendorDefaultsMap};
use secrecy::SecretString;
use serde::Deserialize;

use super::secret::SecretSource;
use super::setting::Setting;
use super::validator::Validator;

/// A user name, a password or both.
#[derive(Default)]
pub(super) struct Account {
    pub(super) username: Option<String>,
    pub(super) password: Option<SecretString>,
}

impl Account {
    /// Checks the user name and reads the password of the section whose full name is `path`.
    pub(super) fn read(
        section: &Setting,
        path: impl Display,
        username: Option<String>,
        password: SecretSource,
        validator: &mut Validator,
    ) -> Self {
        let is_valid = |name: &str| !name.contains(':') && !name.chars().any(char::is_control);
        if let Some(name) = username.as_deref().filter(|name| !is_valid(name)) {
            let text = format!(
                "{name:?} contains a colon or a control character, which HTTP cannot transmit"
            );
            validator.reject(section, "username", text);
        }
        let takes_credentials = validator.secrets.takes_credentials();
        let credential = takes_credentials.then(|| format!("{path}.{}", password.name));
        Self {
            username,
            password: validator.secret(section, password, credential.as_slice()),
        }
    }

    /// Returns complete credentials, if there are any; a missing half is taken from `other`.
    pub(super) fn join(&self, other: &Self) -> Option<Credentials> {
        let username = self.username.as_ref().or(other.username.as_ref())?;
        let password = self.password.as_ref().or(other.password.as_ref())?;
        Some(Credentials::new(username, password.clone()))
    }

    /// Returns the keys of the half that is set and of the half that is missing, if only one is.
    pub(super) fn half(&self) -> Option<(&'static str, &'static str)> {
        match (&self.username, &self.password) {
            (Some(_), None) => Some(("username", "password")),
            (None, Some(_)) => Some(("password", "username")),
            _ => None,
        }
    }
}

/// The accounts of the sections, for phones that set only one half of theirs.
pub(super) type Accounts = BTreeMap<Vendor, (Account, Setting)>;

/// Reads the sections.
pub(super) fn read(root: &mut Setting, validator: &mut Validator) -> (VendorDefaultsMap, Accounts) {
    let mut table = validator.table(root, "vendor");
    let mut vendors = VendorDefaultsMap::new();
    let mut accounts = Accounts::new();
    for vendor in Vendor::WITH_BACKEND {
        let (raw, section) = validator.section::<Raw>(&mut table, vendor.name());
        let password = SecretSource::new("password", raw.password, raw.password_file);
        let account = Account::read(&section, &section.key, raw.username, password, validator);
        let defaults = VendorDefaults {
            credentials: account.join(&Account::default()),
            auth: raw.auth,
            port: raw.port.map(NonZeroU16::get),
            for_unlisted: false,
        };
        if defaults.credentials.is_some()
            || defaults.port.is_some()
            || defaults.auth != AuthPolicy::default()
        {
            vendors.insert(vendor, defaults);
        }
        accounts.insert(vendor, (account, section));
    }
    for (name, _) in table.children() {
        let text = match name.parse() {
            Ok(Vendor::Generic) => {
                "handsetd sends nothing to the web servers of other vendors' phones; remove the section".to_owned()
            }
            Ok(_) => "unknown key; vendors are written in lower case".to_owned(),
            Err(_) => format!("unknown vendor {name:?}; expected cisco, snom or yealink"),
        };
        validator.reject(&table, name, text);
    }
    (vendors, accounts)
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Raw {
    username: Option<String>,
    password: Option<SecretString>,
    password_file: Option<PathBuf>,
    auth: AuthPolicy,
    port: Option<NonZeroU16>,
}
