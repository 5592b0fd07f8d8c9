//! The vendor-independent part of a phone: an observable state, a screen that can time out, and an
//! HTTP client.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use handset_net::tasks::Tasks;
use tokio::sync::{broadcast, watch};
use tokio::time::sleep;
use tracing::{debug, info};

use crate::error::Error;
use crate::fetch::{Fetch, FetchError, HttpClient, Resource};
use crate::options::Options;
use crate::state::{Exchange, Screen, State};
use crate::telephony::{Telephony, TelephonyChange};

/// The vendor-independent part of a phone. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Device {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    options: Options,
    mac: String,
    state: watch::Sender<State>,
    /// Whether requests wait.
    held: watch::Sender<bool>,
    telephony: broadcast::Sender<TelephonyChange>,
    http_client: HttpClient,
    tasks: Tasks,
    screen: AtomicU64,
}

impl Device {
    /// Creates an idle device.
    pub(crate) fn new(options: Options, tasks: &Tasks) -> Result<Self, Error> {
        let mac = options
            .mac_digits()
            .ok_or_else(|| Error::Mac(options.mac.clone()))?;
        let http_client = HttpClient::new(options.listen.ip())?;
        Ok(Self {
            inner: Arc::new(Inner {
                options,
                mac,
                state: watch::Sender::new(State::default()),
                held: watch::Sender::new(false),
                telephony: broadcast::Sender::new(MAX_CHANGES),
                http_client,
                tasks: tasks.clone(),
                screen: AtomicU64::new(0),
            }),
        })
    }

    pub(crate) fn options(&self) -> &Options {
        &self.inner.options
    }

    /// Returns the MAC address as twelve digits in upper case.
    pub(crate) fn mac(&self) -> &str {
        &self.inner.mac
    }

    /// Returns the tasks that the phone runs in.
    pub(crate) fn tasks(&self) -> &Tasks {
        &self.inner.tasks
    }

    /// Returns a snapshot.
    pub(crate) fn state(&self) -> State {
        self.inner.state.borrow().clone()
    }

    /// Returns a receiver of every new state.
    pub(crate) fn watch(&self) -> watch::Receiver<State> {
        self.inner.state.subscribe()
    }

    /// Changes the state and notifies all watchers.
    pub(crate) fn change(&self, change: impl FnOnce(&mut State)) {
        let telephony = &self.inner.telephony;
        if telephony.receiver_count() == 0 {
            self.inner.state.send_modify(change);
            return;
        }
        let vendor = self.options().vendor;
        self.inner.state.send_modify(|state| {
            let before = Telephony::of(state, vendor);
            change(state);
            let after = Telephony::of(state, vendor);
            if before != after {
                // Within the change, so that changes are sent in their order. It fails without receivers.
                let _ = telephony.send(TelephonyChange { before, after });
            }
        });
    }

    /// Returns a receiver of every change of calls and features from now on, none skipped.
    pub(crate) fn telephony_changes(&self) -> broadcast::Receiver<TelephonyChange> {
        self.inner.telephony.subscribe()
    }

    /// Lets requests wait from now on, or no longer.
    pub(crate) fn set_held(&self, is_held: bool) {
        self.inner.held.send_replace(is_held);
    }

    /// Waits while requests are to wait; the state counts those that do. Cancel safe.
    pub(crate) async fn until_released(&self) {
        let mut held = self.inner.held.subscribe();
        if !*held.borrow() {
            return;
        }
        let _waiting = Waiting::begin(self);
        // It ends only with the device, whose sender this holds.
        let _ = held.wait_for(|is_held| !is_held).await;
    }

    /// Records an exchange in the state and in the log.
    pub(crate) fn record(&self, exchange: Exchange) {
        let Exchange {
            direction,
            peer,
            method,
            target,
            status,
            refusal,
            ..
        } = &exchange;
        if let Some(reason) = refusal {
            info!(?direction, %peer, %method, %target, ?status, %reason, "A simulated phone refused a request.");
        } else {
            debug!(?direction, %peer, %method, %target, ?status, "A simulated phone accepted a request.");
        }
        self.change(|state| state.log(exchange));
    }

    /// Shows a screen until its timeout or the next screen.
    pub(crate) fn show(&self, screen: Screen) -> ScreenId {
        let id = self.next_screen();
        let timeout = screen.timeout;
        self.change(|state| state.screen = Some(screen));
        if let Some(timeout) = timeout {
            let device = self.clone();
            self.while_shown(id, timeout, async move { device.clear() });
        }
        id
    }

    /// Closes the screen.
    pub(crate) fn clear(&self) {
        self.next_screen();
        self.change(|state| state.screen = None);
    }

    /// Runs `task` after a delay, unless the screen has changed meanwhile.
    pub(crate) fn while_shown<F>(&self, screen: ScreenId, after: Duration, task: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let device = self.clone();
        self.spawn(async move {
            sleep(after).await;
            if device.current_screen() == screen {
                task.await;
            }
        });
    }

    /// Returns the identity of the current screen.
    pub(crate) fn current_screen(&self) -> ScreenId {
        ScreenId(self.inner.screen.load(Ordering::SeqCst))
    }

    /// Spawns a task that ends when the phone stops.
    pub(crate) fn spawn<F>(&self, task: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let stop = self.inner.tasks.stop();
        self.inner.tasks.spawn("phone", async move {
            tokio::select! {
                () = stop.cancelled() => (),
                () = task => (),
            }
        });
    }

    /// Fetches a resource, validates it with `check`, and records the exchange with the result.
    pub(crate) async fn fetch<T>(
        &self,
        fetch: Fetch<'_>,
        check: impl FnOnce(&Resource) -> Result<T, String>,
    ) -> Result<T, FetchError> {
        let (mut exchange, resource) = self.inner.http_client.send(fetch).await;
        let checked = resource.and_then(|resource| check(&resource).map_err(FetchError::Rejected));
        if let Err(failure) = &checked {
            exchange.refusal = Some(failure.to_string());
        }
        self.record(exchange);
        checked
    }

    fn next_screen(&self) -> ScreenId {
        ScreenId(self.inner.screen.fetch_add(1, Ordering::SeqCst) + 1)
    }
}

/// A request that waits. Its connection may be reset meanwhile.
struct Waiting<'a>(&'a Device);

impl<'a> Waiting<'a> {
    fn begin(device: &'a Device) -> Self {
        device.change(|state| state.waiting += 1);
        Self(device)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.change(|state| state.waiting -= 1);
    }
}

/// Identifies a screen of a phone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct ScreenId(u64);

/// Maximum number of changes of calls and features that wait for a slow receiver.
const MAX_CHANGES: usize = 256;
