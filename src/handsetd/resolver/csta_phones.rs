//! Phones that register with handsetd itself, for CSTA sessions over SIP.

use handset_phones::phone::{PhoneEntry, RegistrationInfo};

use super::PhoneResolver;
use crate::uacsta::{SessionStatus, SessionTotals};

impl PhoneResolver {
    /// Returns the phone with this `csta` user; the first, if several have it.
    pub(crate) fn of_csta(&self, user: &str) -> Option<PhoneEntry> {
        let known = self.known();
        let mut entries = known.directory.entries().iter();
        let is_it =
            |entry: &&PhoneEntry| entry.csta.as_ref().is_some_and(|csta| csta.user() == user);
        entries.find(is_it).cloned()
    }

    /// Adds what the registration of a phone with handsetd shows where Asterisk knows no address: the last
    /// source, for a phone may have no other, as behind NAT.
    pub(super) fn with_csta_registration(
        &self,
        entry: &PhoneEntry,
        info: &RegistrationInfo,
    ) -> RegistrationInfo {
        let mut info = info.clone();
        let is_known = info.address.is_some() || info.contact.is_some() || entry.address.is_some();
        let account = entry.csta.as_ref().filter(|_| !is_known);
        if let Some((ip, user_agent)) = account.and_then(|csta| self.sessions.seen(csta.user())) {
            info.record_address("its CSTA registration", &ip.to_string());
            if info.identity.is_none() {
                info.record_user_agent("its User-Agent there", &user_agent);
            }
        }
        info
    }

    /// Returns the session of a phone; `None` if it can have none.
    pub(super) fn csta_status(&self, entry: &PhoneEntry) -> Option<SessionStatus> {
        self.sessions.status(entry.csta.as_ref()?.user())
    }

    /// Returns whether a phone can register with handsetd, and has not.
    pub(super) fn awaits_csta(&self, entry: &PhoneEntry) -> bool {
        let status = self.csta_status(entry);
        status.is_some_and(|status| status.registered.is_none())
    }

    /// Returns what was counted of sessions; `None` without `[uacsta]`.
    pub(crate) fn session_totals(&self) -> Option<SessionTotals> {
        self.sessions.totals()
    }
}
