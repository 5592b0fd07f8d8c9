//! What every simulated phone has, whoever made it: a state that can be watched, a screen that
//! can time out, and a way to fetch.
//!
//! It knows no vendor.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use handset_net::tasks::Tasks;
use tokio::sync::watch;
use tokio::time::sleep;
use tracing::{debug, info};

use crate::error::Error;
use crate::fetch::{Fetch, FetchError, HttpClient, Resource};
use crate::options::Options;
use crate::state::{Exchange, Screen, State};

/// The part of a phone that is the same for all vendors. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Device {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    options: Options,
    mac: String,
    state: watch::Sender<State>,
    http_client: HttpClient,
    tasks: Tasks,
    screen: AtomicU64,
}

impl Device {
    /// Creates an idle phone.
    pub(crate) fn new(options: Options, tasks: &Tasks) -> Result<Self, Error> {
        let mac = options
            .mac_digits()
            .ok_or_else(|| Error::Mac(options.mac.clone()))?;
        Ok(Self {
            inner: Arc::new(Inner {
                options,
                mac,
                state: watch::Sender::new(State::default()),
                http_client: HttpClient::new()?,
                tasks: tasks.clone(),
                screen: AtomicU64::new(0),
            }),
        })
    }

    pub(crate) fn options(&self) -> &Options {
        &self.inner.options
    }

    /// Returns the hardware address: twelve digits in upper case.
    pub(crate) fn mac(&self) -> &str {
        &self.inner.mac
    }

    /// Returns the state as it is now.
    pub(crate) fn state(&self) -> State {
        self.inner.state.borrow().clone()
    }

    /// Returns a receiver that is told of every change.
    pub(crate) fn watch(&self) -> watch::Receiver<State> {
        self.inner.state.subscribe()
    }

    /// Changes the state; whoever watches is told.
    pub(crate) fn change(&self, change: impl FnOnce(&mut State)) {
        self.inner.state.send_modify(change);
    }

    /// Logs an exchange.
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
            info!(?direction, %peer, %method, %target, ?status, %reason, "The phone refused.");
        } else {
            debug!(?direction, %peer, %method, %target, ?status, "The phone agreed.");
        }
        self.change(|state| state.log(exchange));
    }

    /// Shows a screen in place of the one before, for as long as it stays.
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

    /// Takes the screen away.
    pub(crate) fn clear(&self) {
        self.next_screen();
        self.change(|state| state.screen = None);
    }

    /// Does `task` after some time, unless another screen has come meanwhile.
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

    /// Returns which screen is shown, to tell later whether another one has come.
    pub(crate) fn current_screen(&self) -> ScreenId {
        ScreenId(self.inner.screen.load(Ordering::SeqCst))
    }

    /// Does `task` beside whatever else the phone does, until it ends or everything stops.
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

    /// Fetches something, lets `check` judge it, and logs the exchange with the verdict.
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

/// Tells one screen of a phone from the next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct ScreenId(u64);
