//! The user names and passwords that a Cisco phone may bring back to our authentication URL.
//!
//! A Cisco phone that we push to takes user name and password from our request and asks our own
//! door whether they are good. Those that the configuration names are always good. Where it names
//! none, each push has a password of its own that is good while the push is open.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use handset_phones::phone::{Credentials, MacAddress};

/// All that are good at the moment. Cheap to clone; all clones are one list.
#[derive(Clone, Debug, Default)]
pub struct PushCredentials(Arc<Mutex<Lists>>);

#[derive(Debug, Default)]
struct Lists {
    /// Those of the configuration; with the phone they belong to, if they belong to one.
    fixed: Vec<(Option<MacAddress>, Credentials)>,
    /// Those of open pushes, by number.
    open: HashMap<u64, Credentials>,
    next: u64,
}

impl PushCredentials {
    /// Creates the list from what the configuration says: pairs that are good for one phone, and
    /// pairs that are good for all.
    pub fn new(fixed: Vec<(Option<MacAddress>, Credentials)>) -> Self {
        Self(Arc::new(Mutex::new(Lists {
            fixed,
            ..Lists::default()
        })))
    }

    /// Goes on with other pairs of the configuration; those of open pushes stay good.
    pub fn replace(&self, fixed: Vec<(Option<MacAddress>, Credentials)>) {
        self.lock().fixed = fixed;
    }

    /// Makes up a pair that is good until the returned value is dropped.
    pub fn open(&self) -> OneTimeCredentials {
        let password = handset_net::random::hex_token::<16>();
        let credentials = Credentials::new(ONE_PUSH, password.into());
        let mut lists = self.lock();
        let number = lists.next;
        lists.next = lists.next.wrapping_add(1);
        lists.open.insert(number, credentials.clone());
        OneTimeCredentials {
            logins: self.clone(),
            number,
            credentials,
        }
    }

    /// Returns whether a phone may do what it was asked with this pair. Takes the same time
    /// whatever is wrong with it.
    pub fn are_good(&self, device: Option<MacAddress>, username: &str, password: &str) -> bool {
        let lists = self.lock();
        let fixed = lists
            .fixed
            .iter()
            .filter(|(owner, _)| owner.is_none() || device.is_none() || *owner == device);
        let all = fixed
            .map(|(_, credentials)| credentials)
            .chain(lists.open.values());
        // No short cut: each pair is compared.
        all.fold(false, |good, credentials| {
            credentials.matches(username, password) | good
        })
    }

    /// Returns whether this is the pair of an open push, of whatever phone.
    pub fn are_open(&self, username: &str, password: &str) -> bool {
        let lists = self.lock();
        let open = lists.open.values();
        open.fold(false, |good, credentials| {
            credentials.matches(username, password) | good
        })
    }

    fn lock(&self) -> MutexGuard<'_, Lists> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A pair that is good for one push.
#[derive(Debug)]
pub struct OneTimeCredentials {
    logins: PushCredentials,
    number: u64,
    credentials: Credentials,
}

impl OneTimeCredentials {
    /// Returns the pair.
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }
}

impl Drop for OneTimeCredentials {
    fn drop(&mut self) {
        self.logins.lock().open.remove(&self.number);
    }
}

/// The user name of passwords that are good for one push.
const ONE_PUSH: &str = "handsetd";

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(username: &str) -> Credentials {
        Credentials::new(username, "secret".into())
    }

    #[test]
    fn a_made_up_password_is_good_while_its_push_is_open() {
        let logins = PushCredentials::default();
        let login = logins.open();
        let other = logins.open();
        let password = login.credentials().password().to_owned();
        assert_ne!(password, other.credentials().password());
        assert!(logins.are_good(None, "handsetd", &password));
        assert!(logins.are_open("handsetd", &password) && !logins.are_open("handsetd", ""));
        drop(login);
        assert!(!logins.are_open("handsetd", &password));
        assert!(!logins.are_good(None, "handsetd", &password));
    }

    #[test]
    fn a_phones_own_pair_is_good_for_no_other_phone() {
        let mac = |last: u8| format!("00005E0053{last:02X}").parse().ok();
        let logins = PushCredentials::new(vec![(None, pair("all")), (mac(1), pair("one"))]);
        assert!(
            logins.are_good(mac(1), "one", "secret") && logins.are_good(mac(1), "all", "secret")
        );
        assert!(!logins.are_good(mac(2), "one", "secret"));
        assert!(
            logins.are_good(None, "one", "secret"),
            "some phones do not say who they are"
        );
        assert!(!logins.are_good(None, "one", "wrong") && !logins.are_good(None, "", ""));
    }
}
