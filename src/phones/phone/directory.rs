//! Configured phones and groups, and the expansion of `phone=`.

use std::collections::{BTreeSet, HashMap};

use super::{
    Address, Endpoint, Listing, MacAddress, PhoneEntry, PhoneName, PhoneNames, Technology,
};

/// The configured phones and groups.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    entries: Vec<PhoneEntry>,
    groups: HashMap<String, Vec<String>>,
}

/// The target that a part of `phone=` names.
#[derive(Clone, Debug)]
pub enum Target {
    /// A configured phone.
    Listed(PhoneEntry),
    /// A group that a value of an event names, which must name one phone.
    Group(String),
    /// An endpoint that is not configured; Asterisk may know it.
    Unlisted(PhoneEntry),
    /// A MAC or IP address that is not configured, or an invalid name.
    Unknown(String),
}

impl Directory {
    /// Creates a directory. Its entries are listed.
    ///
    /// A group may contain itself, also indirectly; it has each of its phones once.
    ///
    /// # Errors
    ///
    /// Returns an error if a member of a group is not a phone, a group or an endpoint.
    pub fn new(
        mut entries: Vec<PhoneEntry>,
        groups: HashMap<String, Vec<String>>,
    ) -> Result<Self, UnknownMember> {
        for entry in &mut entries {
            entry.listing = Listing::Listed;
        }
        let directory = Self { entries, groups };
        for (group, members) in &directory.groups {
            for member in members {
                let known = directory.groups.contains_key(member)
                    || directory.by_name(member).is_some()
                    || is_endpoint(member);
                if !known {
                    return Err(UnknownMember {
                        group: group.clone(),
                        member: member.clone(),
                    });
                }
            }
        }
        Ok(directory)
    }

    /// Returns the entries, in the order of the configuration.
    pub fn entries(&self) -> &[PhoneEntry] {
        &self.entries
    }

    /// Returns the names of the groups, unordered.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.groups.keys().map(String::as_str)
    }

    /// Returns the targets of `phone=`: groups replaced by their members, each phone once.
    pub fn find(&self, names: &PhoneNames) -> Vec<Target> {
        let mut seen = BTreeSet::new();
        let mut targets = Vec::new();
        for name in names.iter() {
            match name {
                PhoneName::Inserted(name) => targets.push(self.single_target(name)),
                PhoneName::Written(name) => self.expand(name, &mut seen, &mut targets),
            }
        }
        let mut phones = BTreeSet::new();
        targets.retain(|target| phones.insert(target.identity()));
        targets
    }

    /// Returns the target of a name that must be that of one phone.
    fn single_target(&self, name: &str) -> Target {
        if self.groups.contains_key(name) {
            return Target::Group(name.to_owned());
        }
        self.target(name)
    }

    /// Returns the entry of `endpoint`, or an unlisted one.
    pub fn of_endpoint(&self, endpoint: &Endpoint) -> PhoneEntry {
        let known = self
            .entries
            .iter()
            .find(|entry| entry.endpoint.as_ref() == Some(endpoint));
        known
            .cloned()
            .unwrap_or_else(|| PhoneEntry::unlisted(endpoint.clone()))
    }

    fn expand<'a>(
        &'a self,
        name: &'a str,
        seen: &mut BTreeSet<&'a str>,
        targets: &mut Vec<Target>,
    ) {
        // Visiting each name once also terminates for a group that contains itself.
        if !seen.insert(name) {
            return;
        }
        match self.groups.get(name) {
            Some(members) => members
                .iter()
                .for_each(|member| self.expand(member, seen, targets)),
            None => targets.push(self.target(name)),
        }
    }

    fn target(&self, text: &str) -> Target {
        if let Some(entry) = self.by_name(text).or_else(|| self.by_address(text)) {
            return Target::Listed(entry.clone());
        }
        let is_address =
            text.parse::<std::net::IpAddr>().is_ok() || text.parse::<MacAddress>().is_ok();
        // A slash may belong to the name, as in `a/b`; an `&` separates names.
        let endpoint = text
            .parse::<Endpoint>()
            .or_else(|_| Endpoint::new(Technology::Pjsip, text));
        match endpoint {
            Ok(endpoint) if !is_address && !text.contains('&') => {
                let known = self
                    .entries
                    .iter()
                    .find(|e| e.endpoint.as_ref() == Some(&endpoint));
                match known {
                    Some(entry) => Target::Listed(entry.clone()),
                    None => Target::Unlisted(PhoneEntry::unlisted(endpoint)),
                }
            }
            _ => Target::Unknown(text.to_owned()),
        }
    }

    fn by_name(&self, name: &str) -> Option<&PhoneEntry> {
        self.entries.iter().find(|entry| entry.name == name)
    }

    fn by_address(&self, text: &str) -> Option<&PhoneEntry> {
        if let Ok(mac) = text.parse::<MacAddress>() {
            return self.entries.iter().find(|entry| entry.mac == Some(mac));
        }
        let address: Address = text.parse().ok()?;
        address.ip()?;
        self.entries.iter().find(|entry| {
            entry.address.as_ref().is_some_and(|own| {
                own.host == address.host && (address.port.is_none() || own.port == address.port)
            })
        })
    }
}

impl Target {
    /// Returns its name.
    pub fn name(&self) -> &str {
        match self {
            Self::Listed(entry) | Self::Unlisted(entry) => &entry.name,
            Self::Group(name) | Self::Unknown(name) => name,
        }
    }

    /// Returns a unique key. The name of an unlisted phone is not: endpoints of several technologies may
    /// share it.
    fn identity(&self) -> String {
        match self {
            Self::Unlisted(PhoneEntry {
                endpoint: Some(endpoint),
                ..
            }) => endpoint.to_string(),
            other => other.name().to_owned(),
        }
    }
}

/// Returns whether a member of a group may be an endpoint. One with blanks is more likely a misspelt
/// name, unless its technology is written.
fn is_endpoint(member: &str) -> bool {
    let is_plain = member.contains('/') || !member.contains(char::is_whitespace);
    is_plain && member.parse::<Endpoint>().is_ok()
}

/// A group with an unknown member.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "unknown member {member:?} of group {group:?}; use a [[phone]], a [[group]] or an endpoint"
)]
pub struct UnknownMember {
    /// The group.
    pub group: String,
    /// Its member.
    pub member: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory() -> Directory {
        let entry = |name: &str, endpoint: &str, address: Option<&str>| PhoneEntry {
            name: name.into(),
            address: address.map(|address| address.parse().unwrap()),
            mac: (name == "1001").then(|| "00:00:5E:00:53:01".parse().unwrap()),
            ..PhoneEntry::unlisted(endpoint.parse().unwrap())
        };
        let entries = vec![
            entry("1001", "PJSIP/1001", Some("192.0.2.21")),
            entry("boss", "PJSIP/1002", Some("192.0.2.22:8080")),
            entry("1003", "SIP/1003", None),
        ];
        let list = |names: &[&str]| names.iter().map(ToString::to_string).collect();
        let groups = HashMap::from([
            ("reception".to_owned(), list(&["1001", "boss", "1009"])),
            ("all".to_owned(), list(&["reception", "1003", "all"])),
        ]);
        Directory::new(entries, groups).unwrap()
    }

    fn names(text: &str) -> Vec<String> {
        targets(&text.into())
    }

    fn targets(names: &PhoneNames) -> Vec<String> {
        let kind = |target: &Target| match target {
            Target::Listed(entry) => format!("listed {}", entry.name),
            Target::Unlisted(entry) => format!("unlisted {}", entry.endpoint.as_ref().unwrap()),
            Target::Group(name) => format!("group {name}"),
            Target::Unknown(text) => format!("unknown {text}"),
        };
        directory().find(names).iter().map(kind).collect()
    }

    #[test]
    fn phones_are_found_by_name_endpoint_mac_address_and_ip_address() {
        for text in ["boss", "PJSIP/1002", "192.0.2.22", "192.0.2.22:8080"] {
            assert_eq!(names(text), ["listed boss"], "{text}");
        }
        assert_eq!(names("00005e005301"), ["listed 1001"]);
    }

    #[test]
    fn phones_of_joined_groups_are_found_once() {
        assert_eq!(names("boss&1001&boss"), ["listed boss", "listed 1001"]);
        assert_eq!(
            names("all"),
            [
                "listed 1001",
                "listed boss",
                "unlisted PJSIP/1009",
                "listed 1003"
            ]
        );
    }

    #[test]
    fn endpoints_are_unlisted_and_addresses_unknown() {
        assert_eq!(names("1007"), ["unlisted PJSIP/1007"]);
        assert_eq!(names("SIP/1007"), ["unlisted SIP/1007"]);
        assert_eq!(names("192.0.2.99"), ["unknown 192.0.2.99"]);
        assert_eq!(names("00:00:5E:00:53:99"), ["unknown 00:00:5E:00:53:99"]);
        assert_eq!(names("a b"), ["unlisted PJSIP/a b"]);
        assert_eq!(names("PJSIP/a b"), ["unlisted PJSIP/a b"]);
        assert_eq!(names("a/b"), ["unlisted PJSIP/a/b"]);
        assert_eq!(names("(a)"), ["unknown (a)"]);
        assert!(names(" & ").is_empty());
        let both = ["unlisted PJSIP/1007", "unlisted SIP/1007"];
        assert_eq!(names("1007&SIP/1007&PJSIP/1007"), both);
    }

    #[test]
    fn inserted_name_is_that_of_one_phone() {
        let inserted = |name: &str| targets(&PhoneNames::inserted(name));
        assert_eq!(inserted("reception"), ["group reception"]);
        assert_eq!(inserted("all"), ["group all"]);
        assert_eq!(inserted("boss"), ["listed boss"]);
        assert_eq!(inserted("192.0.2.21"), ["listed 1001"]);
        assert_eq!(inserted("1007"), ["unlisted PJSIP/1007"]);
        assert_eq!(
            inserted("10*"),
            ["unlisted PJSIP/10*"],
            "a star is a letter"
        );
        for name in ["1001&boss", "", "1001 & boss"] {
            assert_eq!(inserted(name), [format!("unknown {name}")]);
        }
    }

    #[test]
    fn unknown_member_of_a_group_is_refused() {
        let groups = HashMap::from([("night".to_owned(), vec!["the guard".to_owned()])]);
        let error = Directory::new(Vec::new(), groups).unwrap_err();
        assert_eq!(
            error.to_string(),
            "unknown member \"the guard\" of group \"night\"; use a [[phone]], a [[group]] or an endpoint"
        );
    }
}
