//! What conditions and templates can refer to: an event, the time, and phones.
//!
//! All of it is an argument of the engine, so that a dry run, a test and the daemon evaluate alike.

use std::fmt;
use std::sync::Arc;

use handset_phones::phone::{Endpoint, PhoneState, ServerName, States};
use jiff::{Timestamp, Zoned};
use tokio::time::Instant;

use super::fact::Fact;
use super::step::StepResults;

/// What an evaluation can refer to. Cheap to clone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context<'a> {
    /// The event.
    pub(super) fact: &'a Fact,
    /// The time, in the time zone of the rule.
    pub(super) now: &'a Zoned,
    /// All phones.
    pub(super) phones: &'a PhoneTable,
    /// What a page was requested with; empty in rules, which cannot name it.
    pub(super) query: &'a [(String, String)],
    /// The results of the steps that the run has taken.
    pub(super) steps: &'a StepResults,
}

impl Context<'_> {
    /// Returns a name that the event mentions, with the server of the event where several servers may
    /// have the same names.
    pub(super) fn of_its_server(&self, name: String) -> String {
        match self.fact.server() {
            Some(server) if self.phones.phones.have_several_servers() => server.qualify(name),
            _ => name,
        }
    }
}

/// The time of an evaluation.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// For durations: limits, loops.
    pub instant: Instant,
    /// For the names `now` and what is derived from it.
    pub clock: Timestamp,
}

impl Moment {
    /// Reads both clocks.
    pub fn now() -> Self {
        Self {
            instant: Instant::now(),
            clock: Timestamp::now(),
        }
    }
}

/// Tests that do not concern the time of day have a fixed one.
#[cfg(test)]
impl From<Instant> for Moment {
    fn from(instant: Instant) -> Self {
        let clock = Timestamp::constant(1_790_000_000, 0);
        Self { instant, clock }
    }
}

/// Describes phones that are configured or registered. No I/O: called for each `phones["…"]` of an
/// evaluation.
pub trait Phones: fmt::Debug + Send + Sync {
    /// Returns the phone that `name` means as `phone=` does in an event of the server `home`; `None` if
    /// none or several are known.
    fn describe(&self, name: &str, home: Option<&ServerName>) -> Option<PhoneDescription>;

    /// Returns whether phones of several servers may have the same names.
    fn have_several_servers(&self) -> bool {
        false
    }
}

/// A phone as rules see it, without its state. Unknown values are empty.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct PhoneDescription {
    /// Its name, as `handsetd phones` shows it.
    pub name: String,
    /// Its vendor, in lower case.
    pub vendor: String,
    /// Its model.
    pub model: String,
    /// The IP address of its web server.
    pub address: String,
    /// Its endpoint in Asterisk, with technology.
    pub endpoint: String,
    /// The Asterisk server of its endpoint, if known.
    pub server: Option<ServerName>,
}

/// Phones with their states. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct PhoneTable {
    pub(super) phones: Arc<dyn Phones>,
    pub(super) states: States,
}

impl PhoneTable {
    /// Returns a phone as an event of the server `home` names it; `None` if it is unknown.
    pub(super) fn find(&self, name: &str, home: Option<&ServerName>) -> Option<PhoneView> {
        let phone = self.phones.describe(name, home)?;
        let state = self.states.of(phone.server.as_ref(), key(&phone));
        Some(PhoneView { phone, state })
    }

    /// Returns the phone that `fact` is about; without values if it is about none.
    pub(super) fn of_event(&self, fact: &Fact) -> PhoneView {
        let Some(name) = fact.phone() else {
            return PhoneView::default();
        };
        let server = fact.server();
        self.find(name, server).unwrap_or_else(|| PhoneView {
            phone: PhoneDescription {
                // The name that the phone would have if it were known.
                name: plain_name(name),
                ..PhoneDescription::default()
            },
            state: self.states.of(server, name),
        })
    }

    /// Records what an event says about the state of a phone.
    pub(super) fn record(&self, fact: &Fact) {
        let server = fact.server();
        if let Some((phone, event)) = fact.phone_event() {
            let known = self.phones.describe(phone, server);
            let name = known.as_ref().map_or(phone, key);
            let own = known.as_ref().and_then(|known| known.server.as_ref());
            self.states.note_event(own.or(server), name, event);
            if let Some(state) = fact.state() {
                self.states.note_state(own.or(server), name, state);
            }
        } else if let Some((device, state)) = fact.device_state() {
            self.states.note_device(server, device, state);
        }
    }

    /// Returns a copy whose states can change without affecting this one.
    pub(super) fn detached(&self) -> Self {
        Self {
            phones: Arc::clone(&self.phones),
            states: self.states.detached(),
        }
    }
}

/// A phone and its state.
#[derive(Clone, Debug, Default)]
pub(super) struct PhoneView {
    phone: PhoneDescription,
    state: PhoneState,
}

impl PhoneView {
    /// Returns an attribute.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        Some(match name {
            "activity" => self.state.activity(),
            "address" => &self.phone.address,
            "dnd" => self.state.dnd(),
            "hook" => self.state.hook(),
            "model" => &self.phone.model,
            "name" => &self.phone.name,
            "vendor" => &self.phone.vendor,
            _ => return None,
        })
    }
}

/// Returns the name under which the state of a phone is kept: that of its endpoint, which Asterisk uses.
fn key(phone: &PhoneDescription) -> &str {
    match &*phone.endpoint {
        "" => &phone.name,
        endpoint => endpoint,
    }
}

/// Returns the name of an endpoint without its technology.
fn plain_name(name: &str) -> String {
    let endpoint = name.parse::<Endpoint>();
    endpoint.map_or_else(|_| name.to_owned(), |endpoint| endpoint.name().to_owned())
}

impl Default for PhoneTable {
    fn default() -> Self {
        Self {
            phones: Arc::new(NoPhones),
            states: States::default(),
        }
    }
}

/// Knows no phone.
#[derive(Debug)]
struct NoPhones;

impl Phones for NoPhones {
    fn describe(&self, _: &str, _: Option<&ServerName>) -> Option<PhoneDescription> {
        None
    }
}

#[cfg(test)]
pub(super) mod testing {
    use std::sync::LazyLock;

    use super::*;

    /// Returns a context of `fact`, with no phones.
    pub(in crate::rules) fn of(fact: &Fact) -> Context<'_> {
        static NOW: LazyLock<Zoned> = LazyLock::new(|| {
            let moment = Moment::from(Instant::now());
            moment.clock.to_zoned(jiff::tz::TimeZone::UTC)
        });
        static PHONES: LazyLock<PhoneTable> = LazyLock::new(PhoneTable::default);
        static STEPS: LazyLock<StepResults> = LazyLock::new(StepResults::default);
        Context {
            fact,
            now: &NOW,
            phones: &PHONES,
            query: &[],
            steps: &STEPS,
        }
    }
}
