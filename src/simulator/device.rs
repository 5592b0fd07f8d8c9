//! What every simulated phone has, whoever made it: a state that can be watched, a screen that
//! can time out, and a way to fetch.
//!
//! It knows no vendor.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;
use tracing::{debug, info};

use super::error::Error;
use super::fetch::{Ask, Browser, Failure, Fetched};
use super::options::Options;
use super::state::{Exchange, Shown, State};
use handset_net::tasks::Tasks;

/// The part of a phone that is the same for all vendors. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Device {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    options: Options,
    mac: String,
    state: watch::Sender<State>,
    browser: Browser,
    tasks: Tasks,
    screen: AtomicU64,
}

impl Device {
    /// Creates an idle phone.
    pub(super) fn new(options: Options, tasks: &Tasks) -> Result<Self, Error> {
        let mac = options
            .mac_digits()
            .ok_or_else(|| Error::Mac(options.mac.clone()))?;
        Ok(Self {
            inner: Arc::new(Inner {
                options,
                mac,
                state: watch::Sender::new(State::default()),
                browser: Browser::new()?,
                tasks: tasks.clone(),
                screen: AtomicU64::new(0),
            }),
        })
    }

    pub(super) fn options(&self) -> &Options {
        &self.inner.options
    }

    /// Returns the hardware address: twelve digits in upper case.
    pub(super) fn mac(&self) -> &str {
        &self.inner.mac
    }

    /// Returns the state as it is now.
    pub(super) fn state(&self) -> State {
        self.inner.state.borrow().clone()
    }

    /// Returns a receiver that is told of every change.
    pub(super) fn watch(&self) -> watch::Receiver<State> {
        self.inner.state.subscribe()
    }

    /// Changes the state; whoever watches is told.
    pub(super) fn change(&self, change: impl FnOnce(&mut State)) {
        self.inner.state.send_modify(change);
    }

    /// Logs an exchange.
    pub(super) fn record(&self, exchange: Exchange) {
        let Exchange {
            direction,
            peer,
            method,
            target,
            status,
            refused,
            ..
        } = &exchange;
        if let Some(reason) = refused {
            info!(?direction, %peer, %method, %target, ?status, %reason, "The phone refused.");
        } else {
            debug!(?direction, %peer, %method, %target, ?status, "The phone agreed.");
        }
        self.change(|state| state.log(exchange));
    }

    /// Shows a screen in place of the one before, for as long as it stays.
    pub(super) fn show(&self, shown: Shown) -> Screen {
        let screen = self.next_screen();
        let stays = shown.stays;
        self.change(|state| state.shown = Some(shown));
        if let Some(stays) = stays {
            let device = self.clone();
            self.while_shown(screen, stays, async move { device.clear() });
        }
        screen
    }

    /// Takes the screen away.
    pub(super) fn clear(&self) {
        self.next_screen();
        self.change(|state| state.shown = None);
    }

    /// Does `task` after some time, unless another screen has come meanwhile.
    pub(super) fn while_shown<F>(&self, screen: Screen, after: Duration, task: F)
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
    pub(super) fn current_screen(&self) -> Screen {
        Screen(self.inner.screen.load(Ordering::SeqCst))
    }

    /// Does `task` beside whatever else the phone does, until it ends or everything stops.
    pub(super) fn spawn<F>(&self, task: F)
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
    pub(super) async fn fetch<T>(
        &self,
        ask: Ask<'_>,
        check: impl FnOnce(&Fetched) -> Result<T, String>,
    ) -> Result<T, Failure> {
        let (mut exchange, fetched) = self.inner.browser.ask(ask).await;
        let checked = fetched.and_then(|fetched| check(&fetched).map_err(Failure::Refused));
        if let Err(failure) = &checked {
            exchange.refused = Some(failure.to_string());
        }
        self.record(exchange);
        checked
    }

    fn next_screen(&self) -> Screen {
        Screen(self.inner.screen.fetch_add(1, Ordering::SeqCst) + 1)
    }
}

/// Tells one screen of a phone from the next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Screen(u64);
