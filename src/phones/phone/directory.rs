//! Configured phones and groups, and the expansion of `phone=`.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::pattern::Pattern;
use super::{
    Address, Endpoint, Listing, MacAddress, PhoneEntry, PhoneName, PhoneNames, Registered,
    Technology,
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
    /// A pattern, or `all`, that stands for no phone.
    NoMatch(String),
    /// A name without a technology that is neither configured nor registered; its endpoint is that of
    /// PJSIP, and may turn out to be another.
    Plain(PhoneEntry),
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

    /// Returns the targets of `phone=`: groups replaced by their members, `all` and patterns by the
    /// phones that they stand for, each phone once.
    pub fn find(&self, names: &PhoneNames, registered: &impl Registered) -> Vec<Target> {
        let mut search = Search {
            directory: self,
            registered,
            seen: BTreeSet::new(),
            desk_phones: None,
            targets: Vec::new(),
        };
        for name in names.iter() {
            match name {
                PhoneName::Inserted(name) => search.targets.push(search.single(name)),
                PhoneName::Written(name) => search.expand(name),
            }
        }
        let mut phones = BTreeSet::new();
        let mut targets = search.targets;
        targets.retain(|target| phones.insert(target.identity()));
        targets
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

/// A search for the targets of `phone=`.
struct Search<'a, R> {
    directory: &'a Directory,
    registered: &'a R,
    /// The names that were expanded.
    seen: BTreeSet<&'a str>,
    /// The registered desk phones, once they are needed.
    desk_phones: Option<Vec<Endpoint>>,
    targets: Vec<Target>,
}

impl<'a, R: Registered> Search<'a, R> {
    /// Adds the targets of a written name.
    fn expand(&mut self, name: &'a str) {
        // Visiting each name once also terminates for a group that contains itself.
        if !self.seen.insert(name) {
            return;
        }
        let directory = self.directory;
        if let Some(members) = directory.groups.get(name) {
            return members.iter().for_each(|member| self.expand(member));
        }
        let target = self.target(name);
        match Pattern::find(name) {
            Some(pattern) if matches!(target, Target::Plain(_) | Target::Unknown(_)) => {
                self.expand_pattern(pattern, name);
            }
            Some(pattern) if pattern.has_technology() => self.expand_pattern(pattern, name),
            _ => self.targets.push(target),
        }
    }

    /// Adds the configured phones that a pattern stands for, then the registered ones.
    fn expand_pattern(&mut self, pattern: Pattern<'_>, text: &str) {
        let before = self.targets.len();
        let is_meant = |name: &str, endpoint: Option<&Endpoint>| {
            if pattern.has_technology() {
                endpoint.is_some_and(|endpoint| pattern.matches(&endpoint.to_string()))
            } else {
                pattern.matches(name)
            }
        };
        let entries = self.directory.entries.iter();
        let configured = entries.filter(|entry| is_meant(&entry.name, entry.endpoint.as_ref()));
        self.targets.extend(configured.cloned().map(Target::Listed));
        let registered = self.registered;
        let desk_phones = self
            .desk_phones
            .get_or_insert_with(|| registered.desk_phones());
        let listed: HashSet<_> = self
            .directory
            .entries
            .iter()
            .filter_map(|entry| entry.endpoint.as_ref())
            .collect();
        let unlisted = desk_phones
            .iter()
            .filter(|endpoint| !listed.contains(endpoint))
            .filter(|endpoint| is_meant(endpoint.name(), Some(endpoint)))
            .map(|endpoint| Target::Unlisted(PhoneEntry::unlisted(endpoint.clone())));
        self.targets.extend(unlisted);
        if self.targets.len() == before {
            self.targets.push(Target::NoMatch(text.to_owned()));
        }
    }

    /// Returns the target of a name that must be that of one phone.
    fn single(&self, name: &str) -> Target {
        if self.directory.groups.contains_key(name) {
            return Target::Group(name.to_owned());
        }
        self.target(name)
    }

    fn target(&self, text: &str) -> Target {
        let directory = self.directory;
        let known = directory
            .by_name(text)
            .or_else(|| directory.by_address(text));
        if let Some(entry) = known {
            return Target::Listed(entry.clone());
        }
        let is_address =
            text.parse::<std::net::IpAddr>().is_ok() || text.parse::<MacAddress>().is_ok();
        // A slash may belong to the name, as in `a/b`; an `&` separates names.
        let endpoint = text
            .parse::<Endpoint>()
            .or_else(|_| Endpoint::new(Technology::Pjsip, text));
        let is_endpoint = !is_address && !text.contains('&');
        let Some(endpoint) = endpoint.ok().filter(|_| is_endpoint) else {
            return Target::Unknown(text.to_owned());
        };
        let entry = |endpoint: &Endpoint| directory.of_endpoint(endpoint);
        let found = |entry: PhoneEntry| {
            if entry.listing.is_named() {
                Target::Listed(entry)
            } else {
                Target::Unlisted(entry)
            }
        };
        if text.contains('/') {
            return found(entry(&endpoint));
        }
        let default = entry(&endpoint);
        match self.registered.endpoint(text) {
            _ if default.listing.is_named() => Target::Listed(default),
            Some(registered) => found(entry(&registered)),
            None => Target::Plain(default),
        }
    }
}

impl Target {
    /// Returns its name.
    pub fn name(&self) -> &str {
        match self {
            Self::Listed(entry) | Self::Plain(entry) | Self::Unlisted(entry) => &entry.name,
            Self::Group(name) | Self::NoMatch(name) | Self::Unknown(name) => name,
        }
    }

    /// Returns a unique key. The name of an unlisted phone is not: endpoints of several technologies may
    /// share it.
    fn identity(&self) -> String {
        match self {
            Self::Plain(PhoneEntry {
                endpoint: Some(endpoint),
                ..
            })
            | Self::Unlisted(PhoneEntry {
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
            (
                "everybody".to_owned(),
                list(&["reception", "1003", "everybody"]),
            ),
        ]);
        Directory::new(entries, groups).unwrap()
    }

    fn names(text: &str) -> Vec<String> {
        targets(&text.into())
    }

    /// Registered: another phone of 1003, phones that are not configured, and a softphone.
    struct TestRoster;

    impl Registered for TestRoster {
        fn endpoint(&self, name: &str) -> Option<Endpoint> {
            let known = ["PJSIP/1003", "SIP/2001", "SIP/2002", "SIP/soft"];
            let mut known = known.into_iter().map(|text| text.parse().unwrap());
            known.find(|endpoint: &Endpoint| endpoint.name() == name)
        }

        fn desk_phones(&self) -> Vec<Endpoint> {
            let known = ["SIP/1003", "SIP/2001", "SIP/2002"];
            known.map(|text| text.parse().unwrap()).to_vec()
        }
    }

    fn targets(names: &PhoneNames) -> Vec<String> {
        let kind = |target: &Target| match target {
            Target::Listed(entry) => format!("listed {}", entry.name),
            Target::NoMatch(text) => format!("no match {text}"),
            Target::Plain(entry) => format!("plain {}", entry.endpoint.as_ref().unwrap()),
            Target::Unlisted(entry) => format!("unlisted {}", entry.endpoint.as_ref().unwrap()),
            Target::Group(name) => format!("group {name}"),
            Target::Unknown(text) => format!("unknown {text}"),
        };
        directory()
            .find(names, &TestRoster)
            .iter()
            .map(kind)
            .collect()
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
            names("everybody"),
            [
                "listed 1001",
                "listed boss",
                "plain PJSIP/1009",
                "listed 1003"
            ]
        );
    }

    #[test]
    fn endpoints_are_unlisted_and_addresses_unknown() {
        assert_eq!(names("1007"), ["plain PJSIP/1007"]);
        assert_eq!(names("SIP/1007"), ["unlisted SIP/1007"]);
        assert_eq!(names("192.0.2.99"), ["unknown 192.0.2.99"]);
        assert_eq!(names("00:00:5E:00:53:99"), ["unknown 00:00:5E:00:53:99"]);
        assert_eq!(names("a b"), ["plain PJSIP/a b"]);
        assert_eq!(names("PJSIP/a b"), ["unlisted PJSIP/a b"]);
        assert_eq!(names("a/b"), ["unlisted PJSIP/a/b"]);
        assert_eq!(names("(a)"), ["unknown (a)"]);
        assert!(names(" & ").is_empty());
        let both = ["plain PJSIP/1007", "unlisted SIP/1007"];
        assert_eq!(names("1007&SIP/1007&PJSIP/1007"), both);
    }

    #[test]
    fn plain_name_is_that_of_the_registered_endpoint() {
        assert_eq!(names("2001"), ["unlisted SIP/2001"]);
        assert_eq!(names("PJSIP/2001"), ["unlisted PJSIP/2001"]);
        // The configuration wins.
        assert_eq!(names("1003"), ["listed 1003"]);
        assert_eq!(names("PJSIP/1003"), ["unlisted PJSIP/1003"]);
        assert_eq!(names("1002"), ["listed boss"]);
    }

    #[test]
    fn all_and_stars_are_desk_phones_configured_or_registered() {
        let everybody = [
            "listed 1001",
            "listed boss",
            "listed 1003",
            "unlisted SIP/2001",
            "unlisted SIP/2002",
        ];
        for text in ["all", "*", "all&2*&boss&*"] {
            assert_eq!(names(text), everybody, "{text}");
        }
        assert_eq!(names("10*"), ["listed 1001", "listed 1003"]);
        assert_eq!(names("b*s"), ["listed boss"]);
        let of_sip = ["listed 1003", "unlisted SIP/2001", "unlisted SIP/2002"];
        assert_eq!(names("SIP/*"), of_sip);
        assert_eq!(names("*/*2"), ["listed boss", "unlisted SIP/2002"]);
        assert_eq!(names("9*&SIP/9*"), ["no match 9*", "no match SIP/9*"]);
    }

    #[test]
    fn phone_or_group_called_all_is_that_one() {
        let find = |directory: &Directory| {
            let targets = directory.find(&"all".into(), &TestRoster);
            targets
                .iter()
                .map(|target| target.name().to_owned())
                .collect::<Vec<_>>()
        };
        let entry = |name: &str| PhoneEntry {
            name: name.into(),
            ..PhoneEntry::unlisted("PJSIP/1001".parse().unwrap())
        };
        let phone = Directory::new(vec![entry("all"), entry("1002")], HashMap::new());
        assert_eq!(find(&phone.unwrap()), ["all"]);
        let groups = HashMap::from([("all".to_owned(), vec!["2*".to_owned()])]);
        let group = Directory::new(vec![entry("1002")], groups).unwrap();
        assert_eq!(find(&group), ["2001", "2002"]);
    }

    #[test]
    fn inserted_name_is_that_of_one_phone() {
        let inserted = |name: &str| targets(&PhoneNames::inserted(name));
        assert_eq!(inserted("reception"), ["group reception"]);
        assert_eq!(inserted("everybody"), ["group everybody"]);
        assert_eq!(inserted("all"), ["plain PJSIP/all"]);
        assert_eq!(inserted("boss"), ["listed boss"]);
        assert_eq!(inserted("192.0.2.21"), ["listed 1001"]);
        assert_eq!(inserted("1007"), ["plain PJSIP/1007"]);
        for pattern in ["10*", "*"] {
            let literal = format!("plain PJSIP/{pattern}");
            assert_eq!(inserted(pattern), [literal], "a star is a letter");
        }
        assert_eq!(inserted("SIP/*"), ["unlisted SIP/*"]);
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
