//! Phones of which nothing is known yet: Asterisk is asked, and the outcome says what it answered.

use futures_util::future::join_all;
use handset_phones::phone::{
    Endpoint, PhoneEntry, PhoneNames, Registered as _, RegistrationInfo, ServerName, Target,
    Unresolved,
};
use tokio::time::Instant;

use super::{NotFound, PhoneRef, PhoneResolver, Resolution};
use crate::outcome::{Outcome, Status};
use crate::roster::Absence;

impl PhoneResolver {
    /// Asks Asterisk for those of the named phones that only it can know and that are not in the roster,
    /// and waits until `until` for servers whose first reading is not over.
    pub(crate) async fn inquire(
        &self,
        names: &PhoneNames,
        home: Option<&ServerName>,
        until: Instant,
    ) {
        self.search_targets(names, home, until).await;
    }

    /// Returns the phones that `phone=` names, as [`find`](Self::find) does after [`inquire`](Self::inquire).
    pub(crate) async fn search(
        &self,
        names: &PhoneNames,
        home: Option<&ServerName>,
        until: Instant,
    ) -> Vec<Resolution> {
        match self.search_targets(names, home, until).await {
            Some(targets) => self.find_targets(targets),
            None => self.find(names, home),
        }
    }

    /// Asks as [`inquire`](Self::inquire) does. If there was nothing to ask for, returns the targets: for a group
    /// of thousands, finding them again takes long.
    async fn search_targets(
        &self,
        names: &PhoneNames,
        home: Option<&ServerName>,
        until: Instant,
    ) -> Option<Vec<Target>> {
        self.inquire_owners(names, home, until).await;
        let targets = self.targets(names, home);
        let unknown = targets.iter().filter(|target| self.is_to_be_asked(target));
        let unknown: Vec<_> = unknown.collect();
        if unknown.is_empty() {
            return Some(targets);
        }
        join_all(
            unknown
                .into_iter()
                .map(|target| self.ask_for(target, until)),
        )
        .await;
        None
    }

    /// Asks servers whether they have phones of these names, where that decides whose are meant.
    pub(crate) async fn inquire_owners(
        &self,
        names: &PhoneNames,
        home: Option<&ServerName>,
        until: Instant,
    ) {
        if !self.known().directory.has_several_servers() {
            return;
        }
        let targets = self.targets(names, home);
        // More come from a pattern, which stands for registered phones only.
        let entries = targets.iter().take(MAX_INQUIRIES).filter_map(Target::entry);
        let ask = async |entry: &PhoneEntry| {
            let Some(endpoint) = &entry.endpoint else {
                return;
            };
            self.roster.inquire_owners(endpoint, home, until).await;
            let is_of_home = home.is_some_and(|home| self.roster.has(endpoint, home));
            if !is_of_home {
                self.roster.inquire_owners(endpoint, None, until).await;
            }
        };
        join_all(entries.map(ask)).await;
    }

    /// Returns whether only Asterisk can know of a target, and has not reported it.
    fn is_to_be_asked(&self, target: &Target) -> bool {
        match target {
            Target::Listed(entry) | Target::Plain(entry) | Target::Unlisted(entry) => {
                self.unknown_endpoint(entry).is_some()
            }
            Target::Unknown { text, .. } => {
                Self::is_address(text) && self.roster.find(text).is_empty()
            }
            Target::NoMatch(_) => true,
            Target::Ambiguous { .. } | Target::Group(_) | Target::Unplaced { .. } => false,
        }
    }

    /// Returns the endpoint of an entry whose phone only Asterisk can know, and has not reported.
    fn unknown_endpoint<'a>(&self, entry: &'a PhoneEntry) -> Option<&'a Endpoint> {
        let endpoint = entry.endpoint.as_ref()?;
        let is_known = entry.is_complete() || self.on_roster(entry, endpoint).is_some();
        (!is_known).then_some(endpoint)
    }

    async fn ask_for(&self, target: &Target, until: Instant) {
        match target.entry() {
            Some(entry) => self.inquire_entry(entry, until).await,
            None => self.roster.inquire(None, None, until).await,
        }
    }

    /// The same for one phone.
    pub(crate) async fn inquire_entry(&self, entry: &PhoneEntry, until: Instant) {
        if let Some(endpoint) = self.unknown_endpoint(entry) {
            let server = entry.server.as_ref();
            self.roster.inquire(Some(endpoint), server, until).await;
        }
    }

    /// Returns what the account of a connected server lacks, and what to do.
    pub(crate) fn complaint(&self, server: &str) -> Option<String> {
        self.roster.complaint(server)
    }

    /// Returns the outcome for a phone whose kind or address is not known.
    pub(super) fn unresolved(
        &self,
        entry: &PhoneEntry,
        info: &RegistrationInfo,
        unresolved: &Unresolved,
    ) -> NotFound {
        let (endpoint, server) = (entry.endpoint.as_ref(), entry.server.as_ref());
        let name = &self.display_name(&entry.name, server);
        let is_registered = info.address.is_some() || info.contact.is_some();
        // What is registered now may be a softphone; the desk phone may register beside it.
        let awaits_csta = self.awaits_csta(entry);
        let may_register = endpoint.is_some() && self.roster.follows_any() || awaits_csta;
        let (status, reason) = match endpoint {
            Some(endpoint) if !is_registered => {
                let unknown = || {
                    if entry.listing.is_named() {
                        unresolved.to_string()
                    } else {
                        self.unknown(name, endpoint, server, &unresolved.sources)
                    }
                };
                self.absent((endpoint, server), info, unknown)
            }
            _ => (Status::NotFound, unresolved.to_string()),
        };
        let (status, reason) = if status == Status::NotFound && awaits_csta {
            let reason = format!("{name} is not registered with handsetd ([uacsta]); {reason}");
            (Status::Unreachable, reason)
        } else {
            (status, reason)
        };
        NotFound {
            outcome: Outcome::at(name, entry.vendor, status, reason),
            phone_ref: may_register
                .then(|| Box::new(PhoneRef::of_absent(&entry.name, endpoint, server))),
        }
    }

    fn absent(
        &self,
        (endpoint, server): (&Endpoint, Option<&ServerName>),
        info: &RegistrationInfo,
        unknown: impl FnOnce() -> String,
    ) -> (Status, String) {
        let not_registered = || {
            let endpoint = self.display_name(&endpoint.to_string(), server);
            format!("{endpoint} is not registered")
        };
        match self.roster.absence(Some(endpoint), server) {
            _ if info.is_known => (Status::Unreachable, not_registered()),
            Absence::NotRegistered => (Status::Unreachable, not_registered()),
            Absence::Unavailable(server) => (Status::Unreachable, server.to_string()),
            Absence::Unknown => (Status::NotFound, unknown()),
        }
    }

    /// Returns the reason for a phone that neither the configuration nor a server knows; `sources` are
    /// what a call was asked.
    fn unknown(
        &self,
        name: &str,
        endpoint: &Endpoint,
        server: Option<&ServerName>,
        sources: &[String],
    ) -> String {
        let asked = match &*self.roster.server_names(server) {
            [] => "no [[asterisk]] is configured to ask".to_owned(),
            [only] => format!("Asterisk {only} has no endpoint {endpoint}"),
            several => format!(
                "none of Asterisk {} has an endpoint {endpoint}",
                several.join(", ")
            ),
        };
        let mut reason = format!(
            "phone {name} is not known: no [[phone]] or [[group]] of that name, and {asked}"
        );
        if !sources.is_empty() {
            reason.push_str("; tried: ");
            reason.push_str(&sources.join(", "));
        }
        reason
    }

    /// Returns the outcome for a pattern that stands for no phone, as far as is known.
    pub(super) fn no_match(&self, pattern: &str) -> Outcome {
        let known = self.known();
        let (server, _) = known.directory.split_server(pattern);
        match self.roster.absence(None, server) {
            Absence::Unavailable(server) => {
                Outcome::at(pattern, None, Status::Unreachable, server.to_string())
            }
            Absence::NotRegistered | Absence::Unknown => {
                let reason =
                    format!("no desk phone that {pattern} stands for is configured or registered");
                Outcome::at(pattern, None, Status::NotFound, reason)
            }
        }
    }

    /// Returns the outcome for an address at which no phone is registered.
    pub(super) fn no_phone_at(&self, address: &str) -> NotFound {
        let asked = if self.roster.follows_any() {
            "no phone is registered there"
        } else {
            "no [[asterisk]] is configured to ask"
        };
        let reason = format!("no [[phone]] has the name or address {address}, and {asked}");
        if !Self::is_address(address) {
            return Outcome::at(address, None, Status::NotFound, reason).into();
        }
        let (status, reason) = match self.roster.absence(None, None) {
            Absence::Unavailable(server) => (Status::Unreachable, server.to_string()),
            Absence::NotRegistered | Absence::Unknown => (Status::NotFound, reason),
        };
        let may_register = self.roster.follows_any();
        NotFound {
            outcome: Outcome::at(address, None, status, reason),
            phone_ref: may_register.then(|| Box::new(PhoneRef::of_absent(address, None, None))),
        }
    }
}

/// For how many phones of a request servers are asked whose they are.
const MAX_INQUIRIES: usize = 16;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use handset_net::tasks::Tasks;
    use handset_phones::phone::{Directory, VendorDefaultsMap};

    use super::*;
    use crate::roster::Roster;
    use crate::roster::testing::{Session, listen, soon};

    fn resolver(roster: &Roster) -> PhoneResolver {
        let directory = Directory::default();
        PhoneResolver::new(directory, roster.clone(), VendorDefaultsMap::default())
    }

    async fn ask(resolver: &PhoneResolver, name: &str) -> Resolution {
        resolver.search(&name.into(), None, soon()).await.remove(0)
    }

    fn outcome(resolution: Resolution) -> (Status, String) {
        let Outcome { status, reason, .. } = resolution.unwrap_err().outcome;
        (status, reason)
    }

    #[tokio::test]
    async fn phones_are_waited_for_until_the_first_reading_is_over() {
        let tasks = Tasks::new();
        let (listener, roster) = listen(&tasks).await;
        let resolver = resolver(&roster);
        let (status, reason) = outcome(resolver.find(&"1001".into(), None).remove(0));
        assert_eq!(status, Status::Unreachable);
        assert!(reason.starts_with("Asterisk pbx is not "), "{reason}");
        let server = async {
            let mut session = Session::accept(&listener).await;
            session.answer_with_phone("192.0.2.21").await;
            session
        };
        let (by_name, by_address, session) =
            tokio::join!(ask(&resolver, "1001"), ask(&resolver, "192.0.2.21"), server);
        for found in [by_name, by_address] {
            assert_eq!(found.unwrap().address.to_string(), "192.0.2.21");
        }
        drop(session);
        tasks.shut_down(Duration::from_secs(5)).await;
    }

    #[tokio::test]
    async fn nothing_is_said_of_the_phones_of_a_server_that_is_away() {
        let tasks = Tasks::new();
        let (listener, roster) = listen(&tasks).await;
        let resolver = resolver(&roster);
        for pattern in ["all", "10*", "pbx/all"] {
            let (status, reason) = outcome(resolver.find(&pattern.into(), None).remove(0));
            assert_eq!(status, Status::Unreachable, "{pattern}: {reason}");
            assert!(
                reason.starts_with("Asterisk pbx is not "),
                "{pattern}: {reason}"
            );
        }
        let mut session = Session::accept(&listener).await;
        session.answer_with_phone("192.0.2.21").await;
        assert!(ask(&resolver, "10*").await.is_ok());
        let (status, reason) = outcome(ask(&resolver, "20*").await);
        assert_eq!(status, Status::NotFound, "{reason}");
        tasks.shut_down(Duration::from_secs(5)).await;
    }

    #[tokio::test]
    async fn outcome_says_what_asterisk_answered() {
        let tasks = Tasks::new();
        let (listener, roster) = listen(&tasks).await;
        let resolver = resolver(&roster);
        let mut session = Session::accept(&listener).await;
        session.answer_with_phone("192.0.2.21").await;
        let known = "Response: Success\nEventList: start\nMessage: Following are Events\n";
        let list = "Event: EndpointDetail\nObjectName: 1002\n";
        for (answer, status, words) in [
            (
                "Response: Error\nMessage: Unable to retrieve endpoint 1002\n",
                Status::NotFound,
                "phone 1002 is not known: no [[phone]] or [[group]] of that name, and Asterisk pbx has no \
                 endpoint PJSIP/1002",
            ),
            (
                "Response: Error\nMessage: Permission denied\n",
                Status::Unreachable,
                "Asterisk pbx does not say: it says \"Permission denied\"; the account needs",
            ),
            (known, Status::Unreachable, "PJSIP/1002 is not registered"),
        ] {
            let server = async {
                let id = session.hear("PJSIPShowEndpoint").await;
                let mut text = format!("{answer}ActionID: {id}\n\n");
                if answer == known {
                    let list = format!(
                        "{list}ActionID: {id}\n\nEvent: EndpointDetailComplete\n\
                         EventList: Complete\nActionID: {id}\n\n"
                    );
                    text.push_str(&list);
                }
                session.say(&text.replace('\n', "\r\n")).await;
            };
            let (found, ()) = tokio::join!(ask(&resolver, "1002"), server);
            let (found, reason) = outcome(found);
            assert_eq!(found, status, "{reason}");
            assert!(reason.starts_with(words), "{reason}");
        }
        tasks.shut_down(Duration::from_secs(5)).await;
    }

    #[tokio::test]
    async fn sccp_phone_is_found_by_its_line_and_listed_once() {
        let tasks = Tasks::new();
        let (listener, roster) = listen(&tasks).await;
        let resolver = resolver(&roster);
        let mut session = Session::accept(&listener).await;
        let server = async {
            let commands = "SCCPListDevices: List SCCP devices\nSCCPShowLines: show lines\n";
            session.answer("ListCommands", commands, "").await;
            let devices = "Event: DeviceEntry\nActionID: @ID@\nChannelType: SCCP\n\
                ObjectId: SEP00005E005301\nIPaddress: 192.0.2.21:51010\n\n\
                Event: SCCPListDevicesComplete\nEventList: Complete\n\n";
            let start = "EventList: start\n";
            session.answer("SCCPListDevices", start, devices).await;
            let line = |name: &str, device: &str| {
                format!("Event: SCCPLineEntry\nActionId: @ID@\nExten: {name}\nDevice: {device}\n\n")
            };
            let lines = [
                ("200", "SEP00005E005301"),
                ("201", "SEP00005E005301"),
                ("202", "(null)"),
            ];
            let lines: String = lines
                .iter()
                .map(|(name, device)| line(name, device))
                .collect();
            let end = "Event: SCCPShowLinesComplete\nEventList: Complete\nActionID: @ID@\n\n";
            let all = lines + end;
            session.answer("SCCPShowLines", start, &all).await;
            session.answer("Getvar", "Value: Cisco 7970\n", "").await;
            // The line is asked for, with the devices first.
            session.answer("SCCPListDevices", start, devices).await;
            session.answer("SCCPShowLines", start, &all).await;
            session.answer("Getvar", "Value: Cisco 7970\n", "").await;
        };
        let (absent, ()) = tokio::join!(ask(&resolver, "SCCP/202"), server);
        let expected = (Status::Unreachable, "SCCP/202 is not registered".to_owned());
        assert_eq!(outcome(absent), expected);
        for name in ["200", "201", "SCCP/200", "SEP00005E005301", "00005E005301"] {
            let phone = resolver.find(&name.into(), None).remove(0).unwrap();
            assert_eq!(phone.model, "7970", "{name}");
            assert_eq!(phone.mac, "00005E005301".parse().ok(), "{name}");
        }
        let all = resolver.find(&"all".into(), None);
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].as_ref().unwrap().name, "200");
        tasks.shut_down(Duration::from_secs(5)).await;
    }
}
