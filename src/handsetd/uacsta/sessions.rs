//! The handle for those that send requests over sessions.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use handset_phones::csta::{Message, Reply, SessionDialect};
use handset_phones::phone::{CstaAccount, Phone};
use parking_lot::RwLock;
use tokio::time::{Instant, timeout_at};

use super::counters::{Counters, SessionTotals};
use super::request_error::RequestError;
use super::session::SessionWorker;
use super::shared::Shared;
use super::slot::Slot;
use super::status::SessionStatus;
use crate::commit_point::CommitPoint;

/// The sessions of all phones. Cheap to clone; clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sessions(Option<Arc<Inner>>);

#[derive(Debug)]
struct Inner {
    /// By user.
    slots: RwLock<BTreeMap<String, Arc<Slot>>>,
    counters: Arc<Counters>,
    /// Set when the daemon starts.
    shared: OnceLock<Arc<Shared>>,
}

impl Sessions {
    /// Creates the sessions of phones with these accounts, which do not begin before
    /// [`start`](Self::start).
    pub(crate) fn new(accounts: impl IntoIterator<Item = CstaAccount>) -> Self {
        let sessions = Self(Some(Arc::new(Inner {
            slots: RwLock::default(),
            counters: Arc::default(),
            shared: OnceLock::new(),
        })));
        sessions.replace(accounts);
        sessions
    }

    /// Replaces the accounts. Sessions of phones without one end, and restart where a phone is spoken to
    /// differently now or has another name; other passwords count from the next registration on.
    pub(crate) fn replace(&self, accounts: impl IntoIterator<Item = CstaAccount>) {
        let Some(inner) = &self.0 else {
            return;
        };
        let mut slots = inner.slots.write();
        let mut old = std::mem::take(&mut *slots);
        for account in accounts {
            let user = account.user().to_owned();
            // The first phone of a user has it.
            if slots.contains_key(&user) {
                continue;
            }
            let slot = if let Some(slot) = old.remove(&user) {
                slot.reconfigure(account);
                slot
            } else {
                let slot = Arc::new(Slot::new(account));
                inner.keep(&slot);
                slot
            };
            slots.insert(user, slot);
        }
        for slot in old.values() {
            slot.removed.cancel();
        }
    }

    pub(super) fn counters(&self) -> Arc<Counters> {
        let inner = self.0.as_ref();
        inner.map_or_else(Arc::default, |inner| Arc::clone(&inner.counters))
    }

    /// Begins to keep sessions.
    pub(super) fn start(&self, shared: Arc<Shared>) {
        let Some(inner) = &self.0 else {
            return;
        };
        let slots = inner.slots.read();
        if inner.shared.set(shared).is_ok() {
            slots.values().for_each(|slot| inner.keep(slot));
        }
    }

    pub(super) fn slot(&self, user: &str) -> Option<Arc<Slot>> {
        self.0.as_ref()?.slots.read().get(user).cloned()
    }

    /// Returns whether the phone has a session, or is expected to have one soon: it is registered here,
    /// or is called directly.
    pub(crate) fn is_expected(&self, phone: &Phone) -> bool {
        self.of(phone).is_some_and(|slot| slot.is_expected())
    }

    /// Returns how the phone is spoken to, with its own names for its ends of calls; `None` if it has no
    /// account for sessions.
    pub(crate) fn dialect(&self, phone: &Phone) -> Option<SessionDialect> {
        let mut dialect = SessionDialect::of(phone)?;
        dialect.ends = self.of(phone).map(|slot| slot.ends()).unwrap_or_default();
        Some(dialect)
    }

    fn of(&self, phone: &Phone) -> Option<Arc<Slot>> {
        self.slot(phone.csta.as_ref()?.user())
    }

    /// Sends a request over the session of the phone, and waits for the answer until `until`. Where
    /// the session is being set up, it waits for that first, for at most half of the time.
    pub(crate) async fn request(
        &self,
        phone: &Phone,
        message: Message,
        until: Instant,
        commit_point: &CommitPoint,
    ) -> Result<Reply, RequestError> {
        let not_sent =
            |why: &str| RequestError::NotSent(format!("no CSTA session over SIP: {why}"));
        if self.0.is_none() {
            return Err(not_sent("[uacsta] is not configured"));
        }
        let Some(slot) = self.of(phone) else {
            return Err(not_sent("its [[phone]] has no csta"));
        };
        let now = Instant::now();
        let half = now + until.saturating_duration_since(now) / 2;
        let live = slot.live(half).await.map_err(|why| not_sent(&why))?;
        let Ok(turn) = timeout_at(until, live.turn()).await else {
            let why = "an earlier request is still in progress";
            return Err(RequestError::NotSent(why.to_owned()));
        };
        if let Some(reason) = live.over() {
            return Err(not_sent(&reason));
        }
        commit_point.commit().await?;
        let time_limit = until.saturating_duration_since(Instant::now());
        let name = message.name().to_owned();
        // The answer may come in an INFO after the response, which is waited for beyond the deadline: until then
        // no other request is sent, whose answer it could be taken for.
        let answered = match timeout_at(until, live.send(turn, message, time_limit)).await {
            Ok(Ok(answered)) => answered,
            Ok(Err(_)) => {
                let why = format!("handsetd stopped before the answer to {name}");
                Err(RequestError::NoAnswer(why))
            }
            Err(_) => Err(RequestError::NoAnswer(format!("no answer to {name}"))),
        };
        if matches!(answered, Err(RequestError::NotSent(_))) {
            commit_point.reset();
        }
        answered
    }

    /// Returns the session of the phone with this `csta` user; `None` if there is no such phone.
    pub(crate) fn status(&self, user: &str) -> Option<SessionStatus> {
        self.slot(user).map(|slot| slot.status())
    }

    /// Returns address and User-Agent of the phone with this user, if it is registered.
    pub(crate) fn seen(&self, user: &str) -> Option<(IpAddr, String)> {
        self.slot(user)?.seen()
    }

    /// Returns what was counted; `None` without `[uacsta]`.
    pub(crate) fn totals(&self) -> Option<SessionTotals> {
        let inner = self.0.as_ref()?;
        let slots = inner.slots.read();
        let count = |is: fn(&Slot) -> bool| {
            let number = slots.values().filter(|slot| is(slot)).count();
            u64::try_from(number).unwrap_or(u64::MAX)
        };
        Some(SessionTotals {
            registered: count(Slot::is_registered),
            up: count(Slot::is_up),
            ..inner.counters.totals()
        })
    }
}

impl Inner {
    /// Begins to keep the session of a phone, if the daemon has started.
    fn keep(&self, slot: &Arc<Slot>) {
        let Some(shared) = self.shared.get() else {
            return;
        };
        let stop = shared.tasks.stop();
        let worker = SessionWorker::new(Arc::clone(slot), Arc::clone(shared), stop);
        shared.tasks.spawn("csta session", worker.run());
    }
}
