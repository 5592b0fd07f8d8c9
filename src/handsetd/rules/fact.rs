//! Facts: events of any source, as a name and a list of values.
//!
//! This module neither interprets facts nor knows who uses them.

mod source;

use std::borrow::Cow;
use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::Arc;

use handset_ami as ami;
use handset_net::excerpt::excerpt;
use handset_phones::phone::{PhoneState, ServerName, endpoint_of_channel, is_device_of_phone};

use super::causes::Causes;
use super::subject::Subject;
use source::{Source, pair_memory};

/// An event from Asterisk, from a phone or of handsetd itself. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Fact {
    /// Its name, unless that is the one of the event of Asterisk.
    name: Option<Arc<str>>,
    source: Source,
    /// The Asterisk server that it came from, or that its phone belongs to.
    server: Option<ServerName>,
    causes: Causes,
    /// What its phone is doing, where the name of the event does not say.
    state: Option<PhoneState>,
}

impl Fact {
    /// Creates an event of handsetd itself, such as `handsetd.gap`.
    pub fn new(name: &str, values: impl IntoIterator<Item = (String, String)>) -> Self {
        let event = ("Event".to_owned(), name.to_owned());
        Self {
            name: Some(name.into()),
            source: Source::Pairs(std::iter::once(event).chain(values).collect()),
            server: None,
            causes: Causes::default(),
            state: None,
        }
    }

    /// Creates `phone.EVENT`, an event raised by a phone. Its value `phone` is the name of the phone; a value
    /// of that name that the phone sent is `claimed_phone`.
    pub fn of_phone(
        event: &str,
        phone: &str,
        values: impl IntoIterator<Item = (String, String)>,
    ) -> Self {
        let phone = ("phone".to_owned(), phone.to_owned());
        Self::new(
            &format!("{PHONE}{event}"),
            std::iter::once(phone).chain(claims(values)),
        )
    }

    /// Creates `phone.unknown`: what was reported as the event `action` of a phone, and by no phone that is
    /// known, for this `reason`. It is about no phone; what it claims follows what is known.
    pub fn of_unknown_phone(
        action: &str,
        peer: IpAddr,
        reason: String,
        claims: impl IntoIterator<Item = (String, String)>,
    ) -> Self {
        let known = [
            ("address", peer.to_string()),
            ("action", action.to_owned()),
            ("reason", reason),
        ];
        let known = known.map(|(name, value)| (name.to_owned(), value));
        Self::new(UNKNOWN_PHONE, known.into_iter().chain(self::claims(claims)))
    }

    /// Returns the event as one of an Asterisk server, or of a phone of that server.
    #[must_use]
    pub(crate) fn of_server(self, server: Option<ServerName>) -> Self {
        Self { server, ..self }
    }

    /// Returns the event with what its phone is doing now.
    #[must_use]
    pub(crate) fn with_state(self, state: PhoneState) -> Self {
        Self {
            state: Some(state),
            ..self
        }
    }

    /// Returns what its phone is doing now, if that is known apart from its name.
    pub(super) fn state(&self) -> Option<PhoneState> {
        self.state
    }

    /// Returns the Asterisk server that it came from, or that its phone belongs to. A name of a phone in
    /// it means the phone of that server.
    pub fn server(&self) -> Option<&ServerName> {
        self.server.as_ref()
    }

    /// Returns the event with the rules that led to it.
    #[must_use]
    pub(crate) fn caused_by(self, causes: Causes) -> Self {
        Self { causes, ..self }
    }

    /// Returns the rules that led to it.
    pub(super) fn causes(&self) -> &Causes {
        &self.causes
    }

    /// Returns the rule whose schedule is due, if that is the event.
    pub(super) fn scheduled_rule(&self) -> Option<&str> {
        let is_due = self.name().eq_ignore_ascii_case(SCHEDULE);
        is_due.then(|| self.value("Rule").unwrap_or_default())
    }

    /// Creates a fact from the headers of an AMI event; `None` without a header `Event`.
    pub fn of_headers(headers: impl IntoIterator<Item = (String, String)>) -> Option<Self> {
        let mut headers: Vec<(String, String)> = headers.into_iter().collect();
        let event = source::find(&headers, "Event")?;
        let name = if event.eq_ignore_ascii_case(USER_EVENT) {
            source::trim_names(&mut headers);
            source::find(&headers, USER_EVENT).map(name_of_user_event)
        } else {
            Some(event.into())
        };
        Some(Self {
            name,
            source: Source::Pairs(headers.into()),
            server: None,
            causes: Causes::default(),
            state: None,
        })
    }

    /// Returns its name: that of the AMI event, `UserEvent.NAME`, `phone.EVENT` or `handsetd.EVENT`.
    pub fn name(&self) -> &str {
        match (&self.name, &self.source) {
            (Some(name), _) => name,
            (None, Source::Ami(event) | Source::UserEvent(event)) => event.name(),
            (None, Source::Pairs(_)) => self.value("Event").unwrap_or_default(),
        }
    }

    /// Returns the names that rules may use in `on`: its name, and for `UserEvent.NAME` also
    /// `UserEvent`.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let name = self.name();
        let is_user = name.contains('.') && self.value(USER_EVENT).is_some();
        let general = self.value("Event").filter(|_| is_user);
        let general = general.filter(|general| *general != name);
        std::iter::once(name).chain(general)
    }

    /// Returns the first value of `name`, compared case-insensitively.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.source.value(name)
    }

    /// Returns all names and values in order, including repeated ones.
    pub fn values(&self) -> Box<dyn Iterator<Item = (&str, &str)> + '_> {
        self.source.values()
    }

    /// Returns the phone that it is about, which is the one for requests that name none: the phone that
    /// raised the event, or the endpoint of its channel; without a channel, the endpoint that it names.
    pub fn phone(&self) -> Option<&str> {
        if self.name() == UNKNOWN_PHONE {
            return None;
        }
        if self.name().starts_with(PHONE) {
            return self.value("phone");
        }
        if let Some(channel) = self.value("Channel") {
            // A channel without a number is one of a technology that no phone is called by.
            let endpoint = || channel.rsplit_once('-').map(|(endpoint, _)| endpoint);
            return endpoint_of_channel(channel)
                .or_else(endpoint)
                .filter(|endpoint| endpoint.contains('/'));
        }
        let mut named = ENDPOINTS.iter().filter_map(|name| self.value(name));
        named.find(|device| is_device_of_phone(device))
    }

    /// Returns the phone that raised the event, and the name of the event there.
    pub(super) fn phone_event(&self) -> Option<(&str, &str)> {
        let event = self.name().strip_prefix(PHONE)?;
        Some((self.phone()?, event))
    }

    /// Returns the device whose state changed, and its state.
    pub(super) fn device_state(&self) -> Option<(&str, &str)> {
        if self.name() != "DeviceStateChange" {
            return None;
        }
        Some((self.value("Device")?, self.value("State")?))
    }

    /// Returns all values that may be the name of a phone.
    pub(super) fn subjects(&self) -> HashSet<Subject> {
        let short = |value: &&str| value.len() <= MAX_NAME;
        let mut subjects = HashSet::new();
        for value in self.values().map(|(_, value)| value).filter(short) {
            if let Some((endpoint, _)) = value.rsplit_once('-') {
                subjects.insert(Subject::new(endpoint, self.server()));
            }
            subjects.insert(Subject::new(value, self.server()));
        }
        subjects
    }

    /// Returns a copy that may be kept: it holds nothing of the connection that it came from.
    #[must_use]
    pub(super) fn detached(&self) -> Self {
        Self {
            source: self.source.detached(),
            ..self.clone()
        }
    }

    /// Returns a copy to keep for display, in which long values are cut, and long lists of values. A short
    /// event of Asterisk is not copied, and still counts among those of its connection.
    #[must_use]
    pub fn excerpt(&self) -> Self {
        let is_short = |(name, value): (&str, &str)| {
            name.len() <= MAX_KEPT_NAME && value.len() <= MAX_KEPT_VALUE
        };
        let source = match self.source.ami() {
            Some(event) if event.packet().len() <= MAX_KEPT_VALUE => self.source.clone(),
            _ if self.memory() > MAX_KEPT || !self.values().all(is_short) => {
                Source::Pairs(self.kept_values().into())
            }
            _ => self.source.detached(),
        };
        let name = match (&self.name, excerpt(self.name(), MAX_KEPT_NAME)) {
            (_, Cow::Owned(cut)) => Some(cut.into()),
            (Some(name), _) => Some(Arc::clone(name)),
            (None, Cow::Borrowed(name)) => match source {
                Source::Ami(_) | Source::UserEvent(_) => None,
                Source::Pairs(_) => Some(name.into()),
            },
        };
        Self {
            name,
            source,
            server: self.server.clone(),
            causes: self.causes.clone(),
            state: self.state,
        }
    }

    /// Returns the values that [`excerpt`](Self::excerpt) keeps; the last one says how many are left out.
    fn kept_values(&self) -> Vec<(String, String)> {
        let mut kept = Vec::new();
        let mut bytes = 0_usize;
        let mut values = self.values();
        while let Some((name, value)) = values.next() {
            let pair = (
                excerpt(name, MAX_KEPT_NAME).into_owned(),
                excerpt(value, MAX_KEPT_VALUE).into_owned(),
            );
            bytes = bytes.saturating_add(pair_memory(&pair));
            if bytes > MAX_KEPT {
                let left_out = values.count().saturating_add(1);
                kept.push(("…".to_owned(), format!("{left_out} more values")));
                break;
            }
            kept.push(pair);
        }
        kept
    }

    /// Returns how much memory the values take, in bytes.
    pub fn memory(&self) -> usize {
        self.source.memory().saturating_add(self.name().len())
    }
}

impl From<ami::Event> for Fact {
    fn from(event: ami::Event) -> Self {
        // Few are user events, and only those have other headers looked at.
        let (name, source) = if event.is(USER_EVENT) {
            let name = event.header(USER_EVENT).map(name_of_user_event);
            (name, Source::UserEvent(event))
        } else {
            (None, Source::Ami(event))
        };
        Self {
            name,
            source,
            server: None,
            causes: Causes::default(),
            state: None,
        }
    }
}

fn name_of_user_event(name: &str) -> Arc<str> {
    format!("{USER_EVENT}.{name}").into()
}

/// Renames what a phone sent as `phone`: only handsetd says which phone it is.
fn claims(
    values: impl IntoIterator<Item = (String, String)>,
) -> impl Iterator<Item = (String, String)> {
    values.into_iter().map(|(name, value)| {
        if name.eq_ignore_ascii_case("phone") {
            ("claimed_phone".to_owned(), value)
        } else {
            (name, value)
        }
    })
}

/// How much of a name is kept for display, in bytes.
const MAX_KEPT_NAME: usize = 256;

/// How much of a value is kept for display, in bytes; those of Asterisk's own events are shorter.
const MAX_KEPT_VALUE: usize = 4096;

/// How much is kept of all values of an event, in bytes.
const MAX_KEPT: usize = 32 * 1024;

/// The event of a rule that is due, which fires no other.
pub(super) const SCHEDULE: &str = "handsetd.schedule";

/// Headers that name an endpoint, in events without a channel: of a member of a queue, a device state, a
/// registration.
const ENDPOINTS: [&str; 4] = ["Interface", "StateInterface", "Device", "Peer"];

/// Prefix of the names of events that phones raise.
const PHONE: &str = "phone.";

/// The event of a dialplan, and the header with its own name.
const USER_EVENT: &str = "UserEvent";

/// The event of what no known phone has reported.
const UNKNOWN_PHONE: &str = "phone.unknown";

/// The longest value that is taken for the name of a phone, in bytes.
const MAX_NAME: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        pairs.iter().map(own).collect()
    }

    #[test]
    fn ami_events_keep_their_name_and_headers() {
        let event =
            ami::Event::parse(b"Event: Hangup\r\nChannel: PJSIP/1001-0000000a\r\n").unwrap();
        let fact = Fact::from(event);
        assert_eq!(fact.name(), "Hangup");
        assert_eq!(fact.value("channel"), Some("PJSIP/1001-0000000a"));
        assert_eq!(fact.phone(), Some("PJSIP/1001"));
        assert!(fact.subjects().contains(&Subject::new("1001", None)));
        assert_eq!(fact.names().collect::<Vec<_>>(), ["Hangup"]);
    }

    #[test]
    fn user_events_have_a_specific_and_a_general_name() {
        let headers = pairs(&[("Event", "UserEvent"), ("UserEvent", "Door"), ("a", "b")]);
        let fact = Fact::of_headers(headers).unwrap();
        assert_eq!(fact.name(), "UserEvent.Door");
        assert_eq!(
            fact.names().collect::<Vec<_>>(),
            ["UserEvent.Door", "UserEvent"]
        );
    }

    #[test]
    fn blanks_around_names_of_user_events_are_dropped() {
        // UserEvent(Door, Place: east,  Level:  2) of Asterisk 22.
        let packet =
            b"Event: UserEvent\r\nPrivilege: user,all\r\nUserEvent: Door\r\n Place: east\r\n\
                       \x20 Level:  2\r\n";
        let event = ami::Event::parse(packet).unwrap();
        let headers = event.headers();
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let expected = pairs(&[
            ("Event", "UserEvent"),
            ("Privilege", "user,all"),
            ("UserEvent", "Door"),
            ("Place", "east"),
            ("Level", " 2"),
        ]);
        for fact in [
            Fact::of_headers(headers.collect::<Vec<_>>()).unwrap(),
            Fact::from(event.clone()),
            Fact::from(event.clone()).detached(),
            Fact::from(event).excerpt(),
        ] {
            assert_eq!(fact.name(), "UserEvent.Door");
            assert_eq!(fact.value("place"), Some("east"));
            let values = fact.values();
            assert!(values.eq(expected.iter().map(|(name, value)| (&**name, &**value))));
        }
        // Asterisk writes the names of all other events.
        let other = ami::Event::parse(b"Event: Hangup\r\n Cause: 16\r\n").unwrap();
        assert_eq!(Fact::from(other).value("Cause"), None);
    }

    #[test]
    fn phone_events_are_about_the_phone_that_raised_them() {
        let fact = Fact::of_phone("dnd_on", "1001", pairs(&[("phone", "9"), ("line", "2")]));
        assert_eq!((fact.name(), fact.phone()), ("phone.dnd_on", Some("1001")));
        assert_eq!(fact.value("line"), Some("2"));
        assert_eq!(fact.value("claimed_phone"), Some("9"));
        assert!(Fact::of_headers(pairs(&[("a", "b")])).is_none());
        assert_eq!(Fact::new("handsetd.gap", []).phone(), None);
    }

    #[test]
    fn events_of_unknown_phones_are_about_none() {
        let claims = pairs(&[
            ("mac", "00005e005301"),
            ("PHONE", "1001"),
            ("Device", "PJSIP/1001"),
            ("address", "192.0.2.1"),
            ("Event", "DeviceStateChange"),
        ]);
        let peer = "192.0.2.9".parse().unwrap();
        let fact = Fact::of_unknown_phone("dnd_on", peer, "why".to_owned(), claims);
        assert_eq!((fact.name(), fact.phone()), ("phone.unknown", None));
        for (name, value) in [
            ("event", "phone.unknown"),
            ("address", "192.0.2.9"),
            ("action", "dnd_on"),
            ("reason", "why"),
            ("mac", "00005e005301"),
            ("claimed_phone", "1001"),
        ] {
            assert_eq!(fact.value(name), Some(value));
        }
        assert_eq!(fact.value("phone"), None);
    }

    #[test]
    fn channels_without_an_endpoint_name_no_phone() {
        for channel in ["Local", "a-b", ""] {
            let fact = Fact::of_headers(pairs(&[("Event", "Hangup"), ("Channel", channel)]));
            assert_eq!(fact.unwrap().phone(), None, "{channel}");
        }
    }

    #[test]
    fn excerpts_keep_what_fits_and_say_what_was_cut() {
        let short = Fact::new("a", pairs(&[("b", "c")]));
        assert!(short.excerpt().values().eq(short.values()));

        let long = Fact::new("a", pairs(&[("b", &"x".repeat(31_000)), ("c", "d")]));
        let kept = long.excerpt();
        assert!(kept.value("b").unwrap().ends_with("x… (31,000 bytes)"));
        assert_eq!(kept.value("c"), Some("d"));

        let block = "a: b\r\n".repeat(20_000);
        let event = ami::Event::parse(format!("Event: Many\r\n{block}").as_bytes()).unwrap();
        let many = Fact::from(event);
        let kept = many.excerpt();
        let (name, note) = kept.values().last().unwrap();
        let shown = kept.values().count() - 1;
        assert_eq!(
            (name, note),
            ("…", format!("{} more values", 20_001 - shown).as_str())
        );
        assert!((100..1000).contains(&shown), "{shown}");
        assert_eq!(kept.name(), "Many");

        let name = "n".repeat(1_000_000);
        let kept = Fact::new(&name, pairs(&[(&name, &name)])).excerpt();
        assert!(kept.memory() < MAX_KEPT, "{}", kept.memory());
    }
}
