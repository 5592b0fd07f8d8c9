//! The credentials that Cisco phones present to the authentication URL.
//!
//! A Cisco phone that receives a push takes user name and password from the request and asks the
//! phone-facing server whether they are valid. Each push has a one-time password for phones without
//! a configured one. It is valid for that phone, which is recognized by its address and, if both
//! sides know it, its hardware address; and once for each request of the push, while the phone has
//! not replied to it yet. So a phone that receives a push can do nothing else with its password.
//!
//! Configured credentials are valid at any time, since other programs may push with them as well:
//! those of a vendor for all its phones, those of a `[[phone]]` for that phone. An administrator
//! who restricts a password to Digest expects it never to be seen in clear text, so it is not valid
//! here.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use handset_net::random;
use handset_phones::phone::{AuthPolicy, Credentials, MacAddress, Phone, ServerName};
use parking_lot::Mutex;

/// The valid credentials. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct PushCredentials(Arc<Mutex<Lists>>);

#[derive(Debug, Default)]
struct Lists {
    configured: Vec<ConfiguredCredentials>,
    /// The pushes in progress, by number.
    pushes: HashMap<u64, Push>,
    next_number: u64,
}

/// Configured credentials, and the phones for which they are valid.
#[derive(Clone, Debug)]
pub struct ConfiguredCredentials {
    /// `None` stands for all Cisco phones.
    pub owner: Option<Owner>,
    /// The credentials.
    pub credentials: Credentials,
}

/// The phone that has credentials of its own, as far as it is configured.
#[derive(Clone, Debug)]
pub struct Owner {
    /// Its name.
    pub name: String,
    /// Its server, if the configuration names it.
    pub server: Option<ServerName>,
    /// Its hardware address.
    pub mac: Option<MacAddress>,
    /// Its address, unless that is a host name.
    pub address: Option<IpAddr>,
}

/// A push in progress.
#[derive(Debug)]
struct Push {
    /// The name of the phone, without that of its server.
    phone: String,
    /// The server of the phone, if known.
    server: Option<ServerName>,
    /// The addresses that the phone may have: several only if it is configured by host name.
    addresses: Vec<IpAddr>,
    mac: Option<MacAddress>,
    one_time: Credentials,
    step: Step,
    /// What became of the one-time password.
    history: History,
}

/// What became of a one-time password.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum History {
    NotSent,
    /// No phone has presented it.
    Sent,
    Accepted,
    /// The reason is that of the last time.
    Refused(Refusal),
}

/// The request of a push that a phone may be asking about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Step {
    /// There is none: the phone has replied, or nothing has been sent.
    None,
    /// The phone has not replied to a request with this password.
    Open(Password),
    /// The same for the one-time password, which the phone has presented.
    Confirmed,
}

/// The password of a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Password {
    Configured,
    OneTime,
}

/// What a phone presents to the authentication URL.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Presented<'a> {
    pub(crate) peer: IpAddr,
    /// The hardware address that the phone names; some phones name none.
    pub(crate) mac: Option<MacAddress>,
    pub(crate) username: &'a str,
    pub(crate) password: &'a str,
}

/// The answer about a one-time password.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Redemption {
    Accepted,
    /// It is the password of a push in progress, and not valid for this phone or at this time.
    Refused(Refusal),
    /// It is not the password of a push in progress.
    Unknown,
}

/// Why the password of a push is not valid for a phone.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("it was presented from {0}, which is not the address of the phone")]
    Address(IpAddr),
    #[error("it was presented by the phone {0}, which is not the hardware address of the phone")]
    Mac(MacAddress),
    #[error("it was presented twice for one request")]
    Repeated,
    #[error("it was presented when no request of the push was in progress")]
    NotSent,
}

impl Push {
    fn check(&self, presented: &Presented<'_>) -> Result<(), Refusal> {
        let (peer, device) = (presented.peer.to_canonical(), presented.mac);
        if !self.addresses.contains(&peer) {
            return Err(Refusal::Address(peer));
        }
        if let Some(device) = device.filter(|device| self.mac.is_some_and(|mac| mac != *device)) {
            return Err(Refusal::Mac(device));
        }
        match self.step {
            Step::None | Step::Open(Password::Configured) => Err(Refusal::NotSent),
            Step::Confirmed => Err(Refusal::Repeated),
            Step::Open(Password::OneTime) => Ok(()),
        }
    }
}

impl PushCredentials {
    /// Takes the configured credentials.
    pub fn new(configured: Vec<ConfiguredCredentials>) -> Self {
        let credentials = Self::default();
        credentials.replace(configured);
        credentials
    }

    /// Replaces the configured credentials; those of pushes in progress stay valid.
    pub fn replace(&self, configured: Vec<ConfiguredCredentials>) {
        let may_be_seen =
            |one: &ConfiguredCredentials| one.credentials.policy() != AuthPolicy::Digest;
        self.0.lock().configured = configured.into_iter().filter(may_be_seen).collect();
    }

    /// Registers a push to `phone`, which connects from one of `addresses`, until the returned value
    /// is dropped.
    pub(crate) fn open(&self, phone: &Phone, addresses: &[IpAddr]) -> OpenPush {
        let password = random::hex_token::<16>();
        let one_time = Credentials::new(ONE_TIME_USERNAME, password.into());
        let addresses = addresses.iter().map(IpAddr::to_canonical).collect();
        let mut lists = self.0.lock();
        let number = lists.next_number;
        lists.next_number = lists.next_number.wrapping_add(1);
        let push = Push {
            phone: phone.plain_name().to_owned(),
            server: phone.server.clone(),
            addresses,
            mac: phone.mac,
            one_time: one_time.clone(),
            step: Step::None,
            history: History::NotSent,
        };
        lists.pushes.insert(number, push);
        OpenPush {
            all: self.clone(),
            number,
            one_time,
        }
    }

    /// Redeems a one-time password. Takes the same time whatever is wrong with it.
    pub(crate) fn redeem(&self, presented: &Presented<'_>) -> Redemption {
        let mut lists = self.0.lock();
        let mut found = None;
        for push in lists.pushes.values_mut() {
            if push
                .one_time
                .matches(presented.username, presented.password)
            {
                found = Some(push);
            }
        }
        let Some(push) = found else {
            return Redemption::Unknown;
        };
        match push.check(presented) {
            Ok(()) => {
                push.step = Step::Confirmed;
                push.history = History::Accepted;
                Redemption::Accepted
            }
            Err(refusal) => {
                push.history = History::Refused(refusal);
                Redemption::Refused(refusal)
            }
        }
    }

    /// Returns whether configured credentials are valid. Takes the same time whatever is wrong with
    /// them.
    pub(crate) fn accepts_configured(&self, presented: &Presented<'_>) -> bool {
        let lists = self.0.lock();
        let valid = lists.configured.iter().filter(|one| {
            let owner = one.owner.as_ref();
            owner.is_none_or(|owner| lists.is_owner(owner, presented))
        });
        valid.fold(false, |found, one| {
            let Presented {
                username, password, ..
            } = presented;
            one.credentials.matches(username, password) | found
        })
    }
}

impl Lists {
    /// Returns whether a phone that presents credentials is their owner. The hardware address decides
    /// if it is known on both sides, otherwise the address; if that is not configured, only a push
    /// in progress shows it.
    fn is_owner(&self, owner: &Owner, presented: &Presented<'_>) -> bool {
        if let (Some(own), Some(named)) = (owner.mac, presented.mac) {
            return own == named;
        }
        let peer = presented.peer.to_canonical();
        let is_pushed_to = |push: &Push| {
            let is_owner =
                push.phone == owner.name && (owner.server.is_none() || owner.server == push.server);
            is_owner && push.step != Step::None && push.addresses.contains(&peer)
        };
        owner.address == Some(peer) || self.pushes.values().any(is_pushed_to)
    }
}

/// A push in progress. Dropping it ends the push.
#[derive(Debug)]
pub(crate) struct OpenPush {
    all: PushCredentials,
    number: u64,
    one_time: Credentials,
}

impl OpenPush {
    /// Returns the one-time user name and password.
    pub(crate) fn one_time(&self) -> &Credentials {
        &self.one_time
    }

    /// Notes that a request with `password` is about to be sent, and that the phone has replied to it
    /// when the returned value is dropped. Until then, the phone may present a one-time password once.
    pub(crate) fn begin_step(&self, password: Password) -> OpenStep<'_> {
        self.change(|push| {
            push.step = Step::Open(password);
            if password == Password::OneTime && push.history == History::NotSent {
                push.history = History::Sent;
            }
        });
        OpenStep(self)
    }

    /// Explains to operators why a phone did not accept the one-time password; `None` if it was not
    /// sent, or handsetd confirmed it.
    pub(crate) fn diagnosis(&self) -> Option<String> {
        let lists = self.all.0.lock();
        let push = lists.pushes.get(&self.number)?;
        match push.history {
            History::NotSent | History::Accepted => None,
            History::Sent => Some("the phone did not ask handsetd about this push".to_owned()),
            History::Refused(refusal @ Refusal::Address(_)) => Some(format!(
                "handsetd refused the password of this push: {refusal}; if NAT or a proxy lies \
                 between the phone and handsetd, configure a user name and password"
            )),
            History::Refused(refusal) => Some(format!(
                "handsetd refused the password of this push: {refusal}"
            )),
        }
    }

    fn change(&self, change: impl FnOnce(&mut Push)) {
        if let Some(push) = self.all.0.lock().pushes.get_mut(&self.number) {
            change(push);
        }
    }
}

impl Drop for OpenPush {
    fn drop(&mut self) {
        self.all.0.lock().pushes.remove(&self.number);
    }
}

/// A request of a push that the phone has not replied to.
#[derive(Debug)]
pub(crate) struct OpenStep<'a>(&'a OpenPush);

impl Drop for OpenStep<'_> {
    fn drop(&mut self) {
        self.0.change(|push| push.step = Step::None);
    }
}

/// The user name of one-time passwords.
const ONE_TIME_USERNAME: &str = "handsetd";

#[cfg(test)]
mod tests;
