//! The credentials that Cisco phones present to the authentication URL.
//!
//! A Cisco phone that receives a push takes user name and password from the request and asks the
//! phone-facing server whether they are valid. Configured credentials are always valid. If none are
//! configured, each push has a one-time password, which is valid while the push is in progress.

use std::collections::HashMap;
use std::sync::Arc;

use handset_net::random;
use handset_phones::phone::{Credentials, MacAddress};
use parking_lot::Mutex;

/// The valid credentials. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct PushCredentials(Arc<Mutex<Lists>>);

#[derive(Debug, Default)]
struct Lists {
    /// The configured credentials, each with the phone for which it is valid; `None` for all.
    configured: Vec<(Option<MacAddress>, Credentials)>,
    /// The credentials of pushes in progress, by number.
    one_time: HashMap<u64, Credentials>,
    next_number: u64,
}

impl PushCredentials {
    /// Takes the configured credentials, each with the phone for which it is valid; `None` for all.
    pub fn new(configured: Vec<(Option<MacAddress>, Credentials)>) -> Self {
        Self(Arc::new(Mutex::new(Lists {
            configured,
            ..Lists::default()
        })))
    }

    /// Replaces the configured credentials; those of pushes in progress stay valid.
    pub fn replace(&self, configured: Vec<(Option<MacAddress>, Credentials)>) {
        self.0.lock().configured = configured;
    }

    /// Generates credentials that are valid until the returned value is dropped.
    pub fn open(&self) -> OneTimeCredentials {
        let password = random::hex_token::<16>();
        let credentials = Credentials::new(ONE_TIME_USERNAME, password.into());
        let mut lists = self.0.lock();
        let number = lists.next_number;
        lists.next_number = lists.next_number.wrapping_add(1);
        lists.one_time.insert(number, credentials.clone());
        OneTimeCredentials {
            all: self.clone(),
            number,
            credentials,
        }
    }

    /// Returns whether the credentials are valid for `phone`, or for any if it is unknown. Takes the
    /// same time whatever is wrong with them.
    pub fn accepts(&self, phone: Option<MacAddress>, username: &str, password: &str) -> bool {
        let lists = self.0.lock();
        let configured = lists
            .configured
            .iter()
            .filter(|(owner, _)| owner.is_none() || phone.is_none() || *owner == phone)
            .map(|(_, credentials)| credentials);
        matches_any(
            configured.chain(lists.one_time.values()),
            username,
            password,
        )
    }

    /// Returns whether the credentials are those of a push in progress, to any phone.
    pub fn accepts_one_time(&self, username: &str, password: &str) -> bool {
        matches_any(self.0.lock().one_time.values(), username, password)
    }
}

/// Compares with every element, so that the time does not reveal which one matches.
fn matches_any<'a>(
    credentials: impl Iterator<Item = &'a Credentials>,
    username: &str,
    password: &str,
) -> bool {
    credentials.fold(false, |found, credentials| {
        credentials.matches(username, password) | found
    })
}

/// Credentials that are valid for one push.
#[derive(Debug)]
pub struct OneTimeCredentials {
    all: PushCredentials,
    number: u64,
    credentials: Credentials,
}

impl OneTimeCredentials {
    /// Returns the user name and the password.
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }
}

impl Drop for OneTimeCredentials {
    fn drop(&mut self) {
        self.all.0.lock().one_time.remove(&self.number);
    }
}

/// The user name of one-time passwords.
const ONE_TIME_USERNAME: &str = "handsetd";

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials(username: &str) -> Credentials {
        Credentials::new(username, "secret".into())
    }

    #[test]
    fn one_time_password_is_valid_while_its_push_is_in_progress() {
        let all = PushCredentials::default();
        let (first, second) = (all.open(), all.open());
        let password = first.credentials().password().to_owned();
        assert_ne!(password, second.credentials().password());
        assert!(all.accepts(None, "handsetd", &password));
        assert!(all.accepts_one_time("handsetd", &password));
        assert!(!all.accepts_one_time("handsetd", ""));
        drop(first);
        assert!(!all.accepts_one_time("handsetd", &password));
        assert!(!all.accepts(None, "handsetd", &password));
    }

    #[test]
    fn credentials_of_a_phone_are_valid_for_no_other_phone() {
        let mac = |last: u8| format!("00005E0053{last:02X}").parse().ok();
        let configured = vec![(None, credentials("all")), (mac(1), credentials("one"))];
        let all = PushCredentials::new(configured);
        assert!(all.accepts(mac(1), "one", "secret") && all.accepts(mac(1), "all", "secret"));
        assert!(!all.accepts(mac(2), "one", "secret"));
        assert!(
            all.accepts(None, "one", "secret"),
            "some phones do not identify themselves"
        );
        assert!(!all.accepts(None, "one", "wrong") && !all.accepts(None, "", ""));
    }
}
