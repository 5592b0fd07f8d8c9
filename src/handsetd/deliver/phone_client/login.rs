//! How a request authenticates to a phone: what is sent unasked, and what answers a challenge.

use std::time::Duration;

use handset_net::digest::Digest;
use handset_net::expiring::ExpiringMap;
use handset_phones::phone::{Address, AuthPolicy, Credentials, Phone, Vendor};
use handset_phones::vendor::{Auth, Request};
use parking_lot::Mutex;
use tokio::time::Instant;

use super::asked_for_digest::{Area, AskedForDigest};
use super::error::Error;
use super::exchange::Message;
use super::nonces::{Kept, Nonces, Server};
use crate::deliver::challenge::{Challenge, Challenges, answer_again, basic};
use crate::deliver::push_credentials::{OpenPush, OpenStep, Password};

/// The credentials for a phone.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::deliver) struct Accounts<'a> {
    /// Those that are configured.
    pub(in crate::deliver) configured: Option<&'a Credentials>,
    /// Those of a push, for a Cisco phone that confirms them with handsetd. They are worth nothing
    /// elsewhere.
    pub(in crate::deliver) push: Option<&'a OpenPush>,
}

impl Accounts<'_> {
    /// Returns whether there are none.
    pub(in crate::deliver) fn is_empty(&self) -> bool {
        self.configured.is_none() && self.push.is_none()
    }
}

/// What is known of how phones ask for passwords.
#[derive(Debug)]
pub(super) struct Logins {
    asked_for_digest: AskedForDigest,
    nonces: Nonces,
    /// Servers that asked for Basic; they get the password with the request.
    wants_basic: Mutex<ExpiringMap<String, ()>>,
    /// Phones that refused the credentials, for [`LOCKOUT`].
    refused: Mutex<ExpiringMap<String, ()>>,
}

impl Default for Logins {
    fn default() -> Self {
        Self {
            asked_for_digest: AskedForDigest::default(),
            nonces: Nonces::default(),
            wants_basic: Mutex::new(ExpiringMap::new(CAPACITY)),
            refused: Mutex::new(ExpiringMap::new(CAPACITY)),
        }
    }
}

impl Logins {
    /// Begins to authenticate a request to the server of `phone` at `address`, unless the phone has just
    /// refused the same credentials.
    pub(super) fn begin<'a>(
        &'a self,
        (phone, address): (&'a Phone, &Address),
        request: &Request,
        accounts: Accounts<'a>,
    ) -> Result<Login<'a>, Error> {
        let account = match accounts.configured {
            Some(credentials) => Some(self.account(credentials, (phone, address), request)?),
            None => None,
        };
        Ok(Login {
            logins: self,
            phone,
            auth: request.auth,
            area: Area::of(phone.vendor, request.method),
            account,
            push: accounts.push,
            sent: Sent::Nothing,
            step: None,
        })
    }

    fn account<'a>(
        &self,
        credentials: &'a Credentials,
        (phone, address): (&Phone, &Address),
        request: &Request,
    ) -> Result<Account<'a>, Error> {
        let refused_key = format!("{} {}", phone.address, credentials.username);
        let remaining = self.refused.lock().remaining(&refused_key, Instant::now());
        if let Some(remaining) = remaining {
            return Err(Error::LockedOut(format!(
                "the phone refused the user name and password {} s ago and locks handsetd out if \
                 that repeats; the next try is possible {} minutes after the refusal, or after a \
                 restart of handsetd",
                LOCKOUT.saturating_sub(remaining).as_secs(),
                LOCKOUT.as_secs() / 60
            )));
        }
        Ok(Account {
            credentials,
            server: Server::of(phone, address.clone(), request),
            // A Yealink phone may ask for Basic for one method and for Digest for the other.
            basic_key: format!("{refused_key} {:?}", request.method),
            refused_key,
        })
    }
}

/// The authentication of one request.
#[derive(Debug)]
pub(super) struct Login<'a> {
    logins: &'a Logins,
    phone: &'a Phone,
    auth: Auth,
    area: Area,
    /// That of the configured credentials.
    account: Option<Account<'a>>,
    push: Option<&'a OpenPush>,
    sent: Sent,
    /// Open until the login is dropped.
    step: Option<OpenStep<'a>>,
}

/// The configured credentials, and what is remembered of them by these keys.
#[derive(Debug)]
struct Account<'a> {
    credentials: &'a Credentials,
    server: Server,
    basic_key: String,
    refused_key: String,
}

/// What has been sent to authenticate.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Sent {
    Nothing,
    /// The password of the push, unasked.
    OneTime,
    /// The password, unasked.
    UnaskedBasic,
    /// The password, when the phone asked for it.
    Basic,
    /// Another answer to a Digest challenge of an earlier request.
    KeptDigest(Digest, u32),
    /// The first answer to a Digest challenge.
    Digest {
        challenge: Digest,
        renewals: u8,
    },
}

impl Login<'_> {
    /// Returns the value of `Authorization` for the first attempt, if any.
    pub(super) fn first(&mut self, message: &Message<'_>) -> Option<String> {
        match self.auth {
            Auth::None => None,
            Auth::OnChallenge => {
                if let Some(answer) = self.answer_kept(message) {
                    return Some(answer);
                }
                let key = &self.account.as_ref()?.basic_key;
                let wants_basic = self.logins.wants_basic.lock();
                if !wants_basic.contains(key, Instant::now()) {
                    return None;
                }
                drop(wants_basic);
                let unasked = self.configured_basic()?;
                self.sent = Sent::UnaskedBasic;
                Some(unasked)
            }
            Auth::PreemptiveBasic => {
                let configured = self.configured_basic();
                let push = self.push;
                if configured.is_some() {
                    self.step = push.map(|push| push.begin_step(Password::Configured));
                    self.sent = Sent::UnaskedBasic;
                    return configured;
                }
                let push = push?;
                self.step = Some(push.begin_step(Password::OneTime));
                self.sent = Sent::OneTime;
                basic(push.one_time())
            }
        }
    }

    /// Answers the challenge of an earlier request again, if one is kept.
    fn answer_kept(&mut self, message: &Message<'_>) -> Option<String> {
        let Account {
            credentials: configured,
            server,
            ..
        } = self.account.as_ref()?;
        let Kept {
            challenge, count, ..
        } = self.logins.nonces.take(server, configured)?;
        let count = count.checked_add(1)?;
        let request = (message.method(), message.target());
        let answer = answer_again(&challenge, configured, request, count);
        self.sent = Sent::KeptDigest(challenge, count);
        Some(answer)
    }

    /// Returns the configured credentials for Basic, if the phone may have them.
    fn configured_basic(&self) -> Option<String> {
        let configured = self.account.as_ref()?.credentials;
        let asked_for_digest =
            self.logins
                .asked_for_digest
                .contains(self.phone, self.area, Some(configured));
        if asked_for_digest {
            return None;
        }
        basic(configured)
    }

    /// Takes note of a reply; returns the value of `Authorization` for the next attempt, or `None` if
    /// the reply is final. Fails if the phone asks for the password in clear text and must not get
    /// it.
    pub(super) fn next<'f>(
        &mut self,
        status: u16,
        challenges: impl Iterator<Item = &'f str>,
        message: &Message<'_>,
    ) -> Result<Option<String>, Error> {
        if status != 401 {
            self.record_success();
            return Ok(None);
        }
        let challenges = Challenges::read(challenges);
        if challenges.ask_for_digest() {
            let memory = &self.logins.asked_for_digest;
            let configured = self.account.as_ref().map(|account| account.credentials);
            memory.record(self.phone, self.area, configured);
        }
        let Some(account) = self.account.as_ref().filter(|_| self.auth != Auth::None) else {
            return Ok(None);
        };
        let configured = account.credentials;
        let renewals = match (&self.sent, &challenges.strongest) {
            (Sent::Nothing | Sent::OneTime | Sent::UnaskedBasic, Some(Challenge::Digest(_))) => 0,
            (Sent::Nothing, Some(Challenge::Basic)) => {
                let answer = self.configured_basic();
                let answer = answer.ok_or_else(|| self.basic_refused(configured))?;
                self.sent = Sent::Basic;
                return Ok(Some(answer));
            }
            (Sent::Nothing | Sent::OneTime, _) => return Ok(None),
            (Sent::KeptDigest(kept, _), Some(Challenge::Digest(digest))) => {
                if !digest.is_renewal_of(kept.nonce()) {
                    self.logins.nonces.refused(&account.server);
                }
                0
            }
            (
                Sent::Digest {
                    challenge,
                    renewals,
                },
                Some(Challenge::Digest(digest)),
            ) if digest.is_renewal_of(challenge.nonce()) => {
                if *renewals == MAX_RENEWALS {
                    return Ok(None);
                }
                renewals.saturating_add(1)
            }
            (Sent::Digest { .. } | Sent::KeptDigest(..), Some(Challenge::Basic)) => {
                self.record_refusal(account);
                return Err(self.basic_refused(configured));
            }
            // A phone that refused the password does not get it again.
            (Sent::Basic | Sent::UnaskedBasic | Sent::Digest { .. } | Sent::KeptDigest(..), _) => {
                self.record_refusal(account);
                return Ok(None);
            }
        };
        let Some(challenge @ Challenge::Digest(digest)) = &challenges.strongest else {
            return Ok(None);
        };
        self.sent = Sent::Digest {
            challenge: digest.clone(),
            renewals,
        };
        Ok(challenge.answer(configured, message.method(), message.target()))
    }

    fn basic_refused(&self, configured: &Credentials) -> Error {
        let Phone {
            address, vendor, ..
        } = self.phone;
        Error::BasicRefused(if configured.policy() == AuthPolicy::Digest {
            format!(
                "{address} asks for Basic, which reveals the password; auth = \"digest\" \
                 ([vendor.{vendor}] or [[phone]]) forbids that; switch the phone to Digest"
            )
        } else {
            format!(
                "{address} asks for Basic after Digest, so it may not be the phone and did not get \
                 the password; if the phone was switched to Basic, restart handsetd"
            )
        })
    }

    /// Remembers what the phone has accepted.
    fn record_success(&self) {
        let Some(account) = &self.account else { return };
        let (challenge, count) = match &self.sent {
            Sent::Basic => {
                let (mut wants_basic, now) = (self.logins.wants_basic.lock(), Instant::now());
                wants_basic.insert(account.basic_key.clone(), (), BASIC_LIFETIME, now);
                return;
            }
            Sent::KeptDigest(challenge, count) => (challenge, *count),
            Sent::Digest { challenge, .. } => (challenge, 1),
            Sent::Nothing | Sent::OneTime | Sent::UnaskedBasic => return,
        };
        let nonces = &self.logins.nonces;
        nonces.keep(&account.server, challenge, count, account.credentials);
    }

    fn record_refusal(&self, account: &Account<'_>) {
        let now = Instant::now();
        let wants_basic = &self.logins.wants_basic;
        wants_basic.lock().remove(&account.basic_key, now);
        if self.phone.vendor == Vendor::Yealink {
            let key = account.refused_key.clone();
            self.logins.refused.lock().insert(key, (), LOCKOUT, now);
        }
    }
}

/// How long a Yealink phone that refused the credentials gets no request: it locks a client out
/// that fails three times within ten minutes.
const LOCKOUT: Duration = Duration::from_mins(10);

/// How long a server that asked for Basic gets the password without asking.
const BASIC_LIFETIME: Duration = Duration::from_hours(24);

/// How many servers and phones are remembered.
const CAPACITY: usize = 20_000;

/// How often an answer to Digest is repeated with a new nonce, if the phone calls the last one stale.
const MAX_RENEWALS: u8 = 2;
