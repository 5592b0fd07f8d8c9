//! The identity that a phone registers with handsetd, for CSTA sessions over SIP.

use std::sync::Arc;

use secrecy::SecretString;

use super::Credentials;
use crate::invalid_value::InvalidValue;

/// The identity that a phone registers with handsetd, for CSTA sessions over SIP. Clones share it, since most
/// phones have none and would keep room for it.
#[derive(Clone, Debug)]
pub struct CstaAccount(Arc<Account>);

#[derive(Clone, Debug)]
struct Account {
    credentials: Credentials,
    device: Option<String>,
}

impl CstaAccount {
    /// Creates an account. The user name becomes the user part of a SIP URI and a value of digest
    /// authentication: it has letters, digits and `- _ . + ~ *` only, which need no escaping in either.
    ///
    /// # Errors
    ///
    /// Returns an error if the user name is empty, too long, or has other characters.
    pub fn new(user: &str, password: SecretString) -> Result<Self, InvalidValue> {
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || "-_.+~*".contains(c);
        if user.is_empty() || user.len() > MAX_USER || !user.chars().all(is_allowed) {
            let hint = "use up to 64 letters, digits and - _ . + ~ *";
            return Err(InvalidValue::malformed("user name", user, hint));
        }
        Ok(Self(Arc::new(Account {
            credentials: Credentials::new(user, password),
            device: None,
        })))
    }

    /// Returns the same account of a phone whose monitored line is `device` in CSTA.
    ///
    /// # Errors
    ///
    /// Returns an error if the device is empty, too long, or has blanks or control characters.
    pub fn with_device(self, device: &str) -> Result<Self, InvalidValue> {
        let is_allowed = |c: char| !c.is_whitespace() && !c.is_control();
        if device.is_empty() || device.len() > MAX_DEVICE || !device.chars().all(is_allowed) {
            let hint = "use a number, or an address such as sip:1001@pbx.example.com";
            return Err(InvalidValue::malformed("CSTA device", device, hint));
        }
        Ok(Self(Arc::new(Account {
            device: Some(device.to_owned()),
            ..Arc::unwrap_or_clone(self.0)
        })))
    }

    /// Returns the user name that the phone registers with.
    pub fn user(&self) -> &str {
        &self.0.credentials.username
    }

    /// Returns user name and password: the phone registers with them, and its own challenges are answered
    /// with them.
    pub fn credentials(&self) -> &Credentials {
        &self.0.credentials
    }

    /// Returns what the phone calls its line in CSTA, if that differs from what its vendor suggests.
    pub fn device(&self) -> Option<&str> {
        self.0.device.as_deref()
    }
}

/// The longest user name, in bytes. Phones have fields of 64 to 128 characters.
const MAX_USER: usize = 64;

/// The longest name of a device, in bytes.
const MAX_DEVICE: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    fn account(user: &str) -> Result<CstaAccount, InvalidValue> {
        CstaAccount::new(user, "s3cret".into())
    }

    #[test]
    fn user_names_need_no_escaping() {
        for user in ["1001-csta", "front.desk", "+49", "a_b~*"] {
            assert_eq!(account(user).unwrap().user(), user);
        }
        for user in [
            "", "a b", "a@b", "a:b", "a\"b", "a\r\nb", "\u{e9}", "a;b", "a%41",
        ] {
            assert!(account(user).is_err(), "{user}");
        }
        assert!(account(&"a".repeat(64)).is_ok());
        assert!(account(&"a".repeat(65)).is_err());
    }

    #[test]
    fn devices_are_numbers_or_addresses() {
        for device in ["1001", "sip:1001@pbx.example.com"] {
            let account = account("a").unwrap().with_device(device).unwrap();
            assert_eq!(account.device(), Some(device));
        }
        for device in ["", "a b", "a\nb"] {
            assert!(
                account("a").unwrap().with_device(device).is_err(),
                "{device}"
            );
        }
    }

    #[test]
    fn debug_output_omits_the_password() {
        assert!(!format!("{:?}", account("a")).contains("s3cret"));
    }
}
