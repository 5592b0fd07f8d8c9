//! The `csta` table of phones: the identity that a phone registers with handsetd.

use std::path::PathBuf;

use handset_phones::phone::CstaAccount;
use secrecy::SecretString;
use serde::Deserialize;

use super::secret::SecretSource;
use super::setting::Setting;
use super::unique_names::UniqueNames;
use super::validator::Validator;

/// The identity that a phone registers with handsetd, for CSTA sessions over SIP.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Csta {
    user: String,
    password: Option<SecretString>,
    password_file: Option<PathBuf>,
    device: Option<String>,
}

impl Csta {
    /// Returns the account of the phone called `name`, whose section is `phone`; `users` are those of other
    /// phones. Reports what is wrong with it.
    pub(super) fn account(
        &self,
        name: &str,
        phone: &Setting,
        users: &mut UniqueNames,
        validator: &mut Validator,
    ) -> Option<CstaAccount> {
        let section = phone.copy().take("csta")?;
        let is_new = users.register_value(None, &section, "user", &self.user, validator);
        let source = SecretSource::new(
            "password",
            self.password.clone(),
            self.password_file.clone(),
        );
        let credential = format!("phone.{name}.csta.password");
        let password = validator.secret(&section, source, &[credential]);
        if password.is_none()
            && !["password", "password_file"]
                .iter()
                .any(|key| section.mentions(key))
        {
            let text = "requires password, which the phone registers with";
            validator.reject(&section, "user", text);
        }
        let account = CstaAccount::new(&self.user, password?);
        let account = match account {
            Ok(account) => account,
            Err(error) => {
                validator.reject(&section, "user", error.to_string());
                return None;
            }
        };
        let account = match self
            .device
            .as_deref()
            .map(|device| account.clone().with_device(device))
        {
            None => account,
            Some(Ok(account)) => account,
            Some(Err(error)) => {
                validator.reject(&section, "device", error.to_string());
                return None;
            }
        };
        is_new.then_some(account)
    }
}
