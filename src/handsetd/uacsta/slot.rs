//! One phone with an account: where it is registered, and its session.

use std::net::IpAddr;
use std::sync::Arc;

use handset_phones::phone::CstaAccount;
use handset_sip::Flow;
use jiff::Timestamp;
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use super::session::Live;
use super::status::SessionStatus;

/// One phone with an account.
#[derive(Debug)]
pub(super) struct Slot {
    /// Replaced by a reload that changes the password.
    account: Mutex<CstaAccount>,
    /// Where it is registered. Marked as changed only if the phone has restarted or is elsewhere.
    route: watch::Sender<Option<Route>>,
    /// Wakes the task of the session: the phone has been heard of.
    heard: Notify,
    /// Wakes the task of the session: the configuration may be another one.
    reconfigured: Notify,
    session: watch::Sender<State>,
    registered: Mutex<Option<Registered>>,
    /// Ends the task of the session.
    pub(super) removed: CancellationToken,
}

/// A registration.
#[derive(Clone, Debug)]
struct Registered {
    at: Timestamp,
    ip: IpAddr,
    user_agent: String,
}

/// Where a phone is registered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Route {
    pub(super) flow: Flow,
    /// The URI of its contact.
    pub(super) contact: String,
    /// Distinguishes registrations before and after a restart of the phone.
    pub(super) call_id: String,
    pub(super) user_agent: String,
}

/// The session of a phone.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    /// The session, if it is up.
    pub(super) live: Option<Arc<Live>>,
    /// Since when it is up, or down.
    pub(super) since: Option<Timestamp>,
    /// Whether it is being set up, or will be tried again by itself.
    pub(super) is_expected: bool,
    /// What is wrong, and what to change.
    pub(super) trouble: Option<String>,
}

impl Slot {
    pub(super) fn new(account: CstaAccount) -> Self {
        Self {
            account: Mutex::new(account),
            route: watch::Sender::new(None),
            heard: Notify::new(),
            reconfigured: Notify::new(),
            session: watch::Sender::new(State::default()),
            registered: Mutex::new(None),
            removed: CancellationToken::new(),
        }
    }

    pub(super) fn account(&self) -> CstaAccount {
        self.account.lock().clone()
    }

    /// Replaces the account, after a reload that may have changed more of the phone than that.
    pub(super) fn reconfigure(&self, account: CstaAccount) {
        *self.account.lock() = account;
        self.reconfigured.notify_one();
    }

    /// Records a registration; `is_changed` if the phone has restarted or is elsewhere.
    pub(super) fn register(&self, route: Route, is_changed: bool, at: Timestamp) {
        self.remember(at, route.flow.target().address.ip(), &route.user_agent);
        self.route.send_if_modified(|known| {
            let is_changed = is_changed || known.as_ref() != Some(&route);
            *known = Some(route);
            is_changed
        });
        self.heard.notify_one();
    }

    /// Records a registration of before a restart of handsetd, whose connection is gone.
    pub(super) fn remember(&self, at: Timestamp, ip: IpAddr, user_agent: &str) {
        *self.registered.lock() = Some(Registered {
            at,
            ip,
            user_agent: user_agent.to_owned(),
        });
    }

    /// Returns address and User-Agent of its registration.
    pub(super) fn seen(&self) -> Option<(IpAddr, String)> {
        let registered = self.registered.lock();
        let registered = registered.as_ref()?;
        Some((registered.ip, registered.user_agent.clone()))
    }

    /// Records that the phone is not registered any more.
    pub(super) fn unregister(&self) {
        *self.registered.lock() = None;
        self.route.send_if_modified(|known| known.take().is_some());
    }

    pub(super) fn is_registered(&self) -> bool {
        self.registered.lock().is_some()
    }

    pub(super) fn routes(&self) -> watch::Receiver<Option<Route>> {
        self.route.subscribe()
    }

    /// Waits until the phone has been heard of. Cancel safe.
    pub(super) async fn heard(&self) {
        self.heard.notified().await;
    }

    /// Waits until the configuration may be another one. Cancel safe.
    pub(super) async fn reconfigured(&self) {
        self.reconfigured.notified().await;
    }

    /// Replaces the state of the session; its time changes only if it comes up or goes down.
    pub(super) fn set_session(&self, new: State) {
        self.session.send_modify(|state| {
            let is_same = state.live.is_some() == new.live.is_some();
            let since = if is_same { state.since } else { None };
            *state = State {
                since: since.or_else(|| Some(Timestamp::now())),
                ..new
            };
        });
    }

    /// Returns what is wrong.
    pub(super) fn trouble(&self) -> Option<String> {
        self.session.borrow().trouble.clone()
    }

    pub(super) fn is_up(&self) -> bool {
        self.session.borrow().live.is_some()
    }

    /// Returns whether there is a session, or will be one without anybody's doing.
    pub(super) fn is_expected(&self) -> bool {
        let state = self.session.borrow();
        state.live.is_some() || state.is_expected
    }

    /// Returns the phone's own names for its ends of calls, as the session has them.
    pub(super) fn ends(&self) -> Vec<(String, String)> {
        let live = self.session.borrow().live.clone();
        live.map(|live| live.ends()).unwrap_or_default()
    }

    /// Returns the session, for which it waits until `until` while it is being set up; otherwise why there
    /// is none.
    pub(super) async fn live(&self, until: Instant) -> Result<Arc<Live>, String> {
        let mut states = self.session.subscribe();
        let settled = states.wait_for(|state| state.live.is_some() || !state.is_expected);
        if let Ok(Ok(state)) = timeout_at(until, settled).await
            && let Some(live) = &state.live
        {
            return Ok(Arc::clone(live));
        }
        let state = states.borrow();
        Err(match &state.trouble {
            Some(trouble) => trouble.clone(),
            None => "it is being set up".to_owned(),
        })
    }

    pub(super) fn status(&self) -> SessionStatus {
        let state = self.session.borrow();
        SessionStatus {
            registered: self
                .registered
                .lock()
                .as_ref()
                .map(|registered| registered.at),
            session: state.live.is_some(),
            since: state.since,
            last_refusal: state.trouble.clone(),
        }
    }
}
