//! What phones claim about themselves, and who else claims the same.
//!
//! A hardware address comes from a User-Agent, and the address behind a NAT from a `Via`: anybody with a
//! SIP account can send those of another phone. What two claim therefore belongs to neither. Several lines of
//! one phone claim the same, too, but at one contact: what is sent there reaches the same socket.

use std::collections::HashMap;

use handset_phones::phone::{MacAddress, RegistrationInfo};

use super::PhoneResolver;

/// The phones that claim something.
#[derive(Debug, Default)]
pub(super) struct Claimants {
    /// One for each contact; several lines of one phone are one.
    pub(super) phones: Vec<RegistrationInfo>,
}

impl Claimants {
    /// Takes the registrations that claim it. The first endpoint in alphabetical order stands for a phone
    /// with several lines.
    pub(super) fn of(mut infos: Vec<RegistrationInfo>) -> Self {
        infos.sort_by_cached_key(|info| info.endpoint.as_ref().map(ToString::to_string));
        let mut phones: Vec<RegistrationInfo> = Vec::new();
        for info in infos {
            if !phones.iter().any(|known| known.is_same_phone(&info)) {
                phones.push(info);
            }
        }
        Self { phones }
    }

    /// Returns the endpoints that dispute it, if they are several: `PJSIP/1001 and PJSIP/1002`.
    pub(super) fn dispute(&self) -> Option<String> {
        let mut servers = self.phones.iter().map(|info| info.server.as_ref());
        let first = servers.next().flatten();
        let is_of_one = servers.all(|server| server == first);
        let name = |info: &RegistrationInfo| match (&info.server, info.endpoint.as_ref()?) {
            (Some(server), endpoint) if !is_of_one => Some(server.qualify(endpoint)),
            (_, endpoint) => Some(endpoint.to_string()),
        };
        let mut names: Vec<_> = self.phones.iter().filter_map(name).collect();
        names.dedup();
        let more = names.len().saturating_sub(MAX_NAMED);
        names.truncate(MAX_NAMED);
        match (names.as_slice(), more) {
            ([] | [_], _) => None,
            (names, 0) => Some(names.join(" and ")),
            (names, more) => Some(format!("{} and {more} more", names.join(", "))),
        }
    }
}

/// Returns the MAC addresses that several of `infos` claim, and who they are.
pub(super) fn disputed_macs(infos: &[RegistrationInfo]) -> HashMap<MacAddress, String> {
    let mut claimants: HashMap<MacAddress, Vec<RegistrationInfo>> = HashMap::new();
    for info in infos {
        if let Some(mac) = info.identity.as_ref().and_then(|identity| identity.mac) {
            claimants.entry(mac).or_default().push(info.clone());
        }
    }
    let dispute = |(mac, infos)| Some((mac, Claimants::of(infos).dispute()?));
    claimants.into_iter().filter_map(dispute).collect()
}

impl PhoneResolver {
    /// Returns whether a hardware address that `info` reports is in doubt: another `[[phone]]` has it,
    /// or another phone reports it as well.
    pub(super) fn is_disputed(&self, mac: MacAddress, info: &RegistrationInfo) -> bool {
        let known = self.known();
        let mut entries = known.directory.entries().iter();
        let is_of_another =
            entries.any(|entry| entry.mac == Some(mac) && entry.endpoint != info.endpoint);
        is_of_another || self.claimants(&mac.to_string()).dispute().is_some()
    }

    /// Returns the registered phones with this IP or MAC address.
    pub(super) fn claimants(&self, address: &str) -> Claimants {
        Claimants::of(self.roster.find(address))
    }
}

/// How many endpoints a reason names.
const MAX_NAMED: usize = 2;

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use handset_net::tasks::Tasks;
    use handset_phones::phone::{Directory, PhoneEntry, VendorDefaultsMap};

    use super::*;
    use crate::outcome::Status;
    use crate::roster::testing::{Session, listen};

    fn info(endpoint: &str, contact: &str) -> RegistrationInfo {
        RegistrationInfo {
            endpoint: endpoint.parse().ok(),
            contact: (!contact.is_empty()).then(|| contact.to_owned()),
            ..RegistrationInfo::default()
        }
    }

    fn claimants(claimants: &[(&str, &str)]) -> (usize, Option<String>) {
        let infos = claimants
            .iter()
            .map(|(endpoint, contact)| info(endpoint, contact));
        let claimants = Claimants::of(infos.collect());
        (claimants.phones.len(), claimants.dispute())
    }

    #[test]
    fn what_two_claim_is_disputed() {
        let one = ("PJSIP/1001", "sip:1001@192.0.2.21:5060");
        let two = ("PJSIP/1002", "sip:1002@192.0.2.66:5060");
        let both = Some("PJSIP/1001 and PJSIP/1002".to_owned());
        assert_eq!(claimants(&[]), (0, None));
        assert_eq!(claimants(&[one]), (1, None));
        assert_eq!(claimants(&[two, one]), (2, both.clone()));
        // Another port is another socket, perhaps behind the same NAT.
        let nat = ("PJSIP/1002", "sip:1002@192.0.2.21:1024");
        assert_eq!(claimants(&[one, nat]), (2, both));
        let three = ("SIP/1003", "");
        let expected = "PJSIP/1001, PJSIP/1002 and 1 more".to_owned();
        assert_eq!(claimants(&[three, two, one]), (3, Some(expected)));
    }

    #[test]
    fn lines_of_one_phone_are_one() {
        let first = ("PJSIP/1001", "sip:1001@192.0.2.21:5060;line=1");
        let second = ("PJSIP/1002", "sip:1002@192.0.2.21");
        assert_eq!(claimants(&[second, first]), (1, None));
        // One endpoint with two contacts is one account.
        let moved = ("PJSIP/1001", "sip:1001@192.0.2.22:5060");
        assert_eq!(claimants(&[first, moved]), (2, None));
    }

    #[tokio::test]
    async fn disputed_hardware_address_finds_and_describes_no_phone() {
        let tasks = Tasks::new();
        let (listener, roster) = listen(&tasks).await;
        let mut arrivals = roster.arrivals();
        let listed = PhoneEntry {
            mac: "00:00:5E:00:53:03".parse().ok(),
            ..PhoneEntry::unlisted("PJSIP/1003".parse().unwrap())
        };
        let directory = Directory::new(vec![listed], HashMap::new(), Vec::new()).unwrap();
        let resolver = PhoneResolver::new(directory, roster, VendorDefaultsMap::new());
        let mut session = Session::accept(&listener).await;
        let phones = [
            ("1001", "192.0.2.21", "snomD785/10.1.1.1 00005E005301"),
            ("1002", "192.0.2.66", "snomD785/10.1.1.1 00005E005301"),
            ("1003", "192.0.2.23", "snomD785/10.1.1.1 00005E005303"),
            ("1004", "192.0.2.67", "snomD785/10.1.1.1 00005E005303"),
            ("1005", "192.0.2.25", "snomD785/10.1.1.1 00005E005305"),
        ];
        session.answer_with_phones(&phones).await;
        arrivals.recv().await.unwrap();
        let mac_of = |name: &str| {
            let phone = resolver.find(&name.into(), None).remove(0).unwrap();
            phone.mac.map(|mac| mac.to_string())
        };
        assert_eq!(mac_of("1001"), None);
        assert_eq!(mac_of("1002"), None);
        assert_eq!(mac_of("1003").as_deref(), Some("00:00:5E:00:53:03"));
        assert_eq!(mac_of("1004"), None, "it is that of a [[phone]]");
        assert_eq!(mac_of("1005").as_deref(), Some("00:00:5E:00:53:05"));

        let disputed = resolver
            .find(&"00005E005301".into(), None)
            .remove(0)
            .unwrap_err();
        assert_eq!(disputed.outcome.status, Status::NotFound);
        assert_eq!(disputed.phone_ref, None);
        assert_eq!(resolver.name_at("00005E005301"), None);
        for (mac, name) in [("00005E005303", "1003"), ("00005E005305", "1005")] {
            let found = resolver.find(&mac.into(), None);
            let names: Vec<_> = found
                .iter()
                .map(|phone| &phone.as_ref().unwrap().name)
                .collect();
            assert_eq!(names, [name], "{mac}");
        }
    }
}
