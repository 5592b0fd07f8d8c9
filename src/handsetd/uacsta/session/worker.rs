//! Maintains the session of one phone: sets it up, serves it, and sets it up again.

use std::sync::Arc;
use std::time::Duration;

use handset_net::backoff::Backoff;
use handset_phones::phone::CstaAccount;
use handset_sip::Established;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::Live;
use super::closing::close;
use super::opening::{Callee, invite, monitor, read_do_not_disturb};
use super::place::{Place, direct, moved};
use super::serving::{Reporter, serve};
use super::upkeep::{beat, refresh};
use crate::uacsta::lookup::CstaPhone;
use crate::uacsta::refusal::{Refusal, Refuser};
use crate::uacsta::report::Reported;
use crate::uacsta::shared::Shared;
use crate::uacsta::slot::{Route, Slot, State};

/// Maintains the session of one phone.
#[derive(Debug)]
pub(in crate::uacsta) struct SessionWorker {
    slot: Arc<Slot>,
    shared: Arc<Shared>,
    stop: CancellationToken,
}

/// A session that there was.
#[derive(Clone, Copy, Debug)]
struct Lost {
    at: Instant,
    /// The phone had reported whether do not disturb is on.
    is_dnd_known: bool,
}

/// How an attempt ended.
enum Ended {
    /// The session was up, and is over.
    Lost(String),
    /// It did not come up.
    Refused(Refusal),
    /// The phone is configured differently now.
    Outdated,
    /// It is no longer needed.
    Stopped,
}

impl SessionWorker {
    pub(in crate::uacsta) fn new(
        slot: Arc<Slot>,
        shared: Arc<Shared>,
        stop: CancellationToken,
    ) -> Self {
        Self { slot, shared, stop }
    }

    /// Keeps the session until the phone is removed or the daemon stops; then ends it.
    pub(in crate::uacsta) async fn run(self) {
        let mut routes = self.slot.routes();
        let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
        let mut lost = None;
        loop {
            let Some(place) = self.place(&mut routes).await else {
                break;
            };
            let turn = self.stop.run_until_cancelled(self.shared.pace.turn());
            if turn.await.is_none() {
                break;
            }
            let Some(phone) = self.phone(&place.route) else {
                break;
            };
            let account = self.slot.account();
            match self.attempt(&place, &phone, &mut routes, &mut lost).await {
                Ended::Stopped => break,
                Ended::Outdated => {
                    let password =
                        |account: &CstaAccount| account.credentials().password().to_owned();
                    if password(&account) != password(&self.slot.account()) {
                        // It may be another phone that is called so now.
                        self.slot.unregister();
                    }
                    self.slot.set_session(State {
                        is_expected: true,
                        ..State::default()
                    });
                    continue;
                }
                Ended::Lost(reason) => {
                    backoff.reset();
                    self.lost(&phone, &reason).await;
                }
                Ended::Refused(refusal) => {
                    self.refused(&place, &phone, &refusal);
                    if refusal.is_call() {
                        self.leave_alone(&place, &mut routes).await;
                        backoff.reset();
                        continue;
                    }
                }
            }
            self.pause(backoff.next_delay(), &mut routes).await;
            if self.is_stopped() {
                break;
            }
        }
        self.slot.set_session(State::default());
    }

    fn is_stopped(&self) -> bool {
        self.stop.is_cancelled() || self.slot.removed.is_cancelled()
    }

    /// Waits until it is to stop. Cancel safe.
    async fn stopped(&self) {
        tokio::select! {
            () = self.stop.cancelled() => {}
            () = self.slot.removed.cancelled() => {}
        }
    }

    /// Waits until a reload has changed what a session depends on: name, vendor, edition, device. Cancel safe.
    async fn outdated(&self, phone: &CstaPhone, place: &Place) {
        loop {
            self.slot.reconfigured().await;
            if self.phone(&place.route).as_ref() != Some(phone) {
                return;
            }
        }
    }

    fn phone(&self, route: &Route) -> Option<CstaPhone> {
        let user = self.slot.account().user().to_owned();
        self.shared.phones.phone(&user, &route.user_agent)
    }

    /// Waits until the phone can be called somewhere; `None` when it is to stop.
    async fn place(&self, routes: &mut watch::Receiver<Option<Route>>) -> Option<Place> {
        loop {
            if self.is_stopped() {
                return None;
            }
            if let Some(route) = routes.borrow_and_update().clone() {
                return Some(Place {
                    route,
                    is_direct: false,
                });
            }
            let why = match direct(&self.slot, &self.shared).await {
                Ok(Some(route)) => {
                    return Some(Place {
                        route,
                        is_direct: true,
                    });
                }
                Ok(None) => "it is not registered with handsetd".to_owned(),
                Err(why) => format!("it is not registered with handsetd, and {why}"),
            };
            self.slot.set_session(State {
                trouble: Some(why),
                ..State::default()
            });
            tokio::select! {
                () = self.stopped() => return None,
                _ = routes.changed() => {}
                () = sleep(LOOK_AGAIN), if self.shared.direct => {}
            }
        }
    }

    async fn attempt(
        &self,
        place: &Place,
        phone: &CstaPhone,
        routes: &mut watch::Receiver<Option<Route>>,
        lost: &mut Option<Lost>,
    ) -> Ended {
        self.slot.set_session(State {
            is_expected: true,
            trouble: self.slot.trouble(),
            ..State::default()
        });
        let callee = Callee {
            flow: place.route.flow.clone(),
            contact: place.route.contact.clone(),
            account: self.slot.account(),
        };
        let invited = tokio::select! {
            invited = invite(&self.shared.agent, &callee) => invited,
            () = self.stopped() => return Ended::Stopped,
            // The phone has restarted or is elsewhere: the other attempt would fail.
            () = moved(routes, place) => {
                return Ended::Lost("the phone has registered again".to_owned());
            }
        };
        match invited {
            Ok(established) => self.serve(established, place, phone, routes, lost).await,
            Err(refusal) => Ended::Refused(refusal),
        }
    }

    /// Serves a session from its INVITE to its end.
    async fn serve(
        &self,
        established: Established,
        place: &Place,
        phone: &CstaPhone,
        routes: &mut watch::Receiver<Option<Route>>,
        lost: &mut Option<Lost>,
    ) -> Ended {
        let Established {
            dialog,
            mut requests,
            ..
        } = established;
        let live = Live::new(
            dialog.clone(),
            &phone.dialect,
            Arc::clone(&self.shared.counters),
            self.shared.tasks.clone(),
        );
        let reporter = Reporter {
            phone: phone.name.clone(),
            server: phone.server.clone(),
            reports: self.shared.reports.clone(),
        };
        let running = async {
            if let Some(refusal) = monitor(&live, &phone.dialect).await? {
                let trouble = refusal.describe(Self::refuser(place, phone));
                info!(
                    phone = phone.name,
                    trouble, "The phone refused a part of CSTA."
                );
                self.up(&live, Some(trouble));
            } else {
                self.up(&live, None);
            }
            debug!(phone = phone.name, "The CSTA session is up.");
            if lost.is_some_and(|lost| lost.is_dnd_known) {
                read_do_not_disturb(&live, &phone.dialect).await?;
            }
            let state = live.known.lock().state();
            let gap = lost.take().map(|lost| lost.at.elapsed());
            reporter.report(Reported::Up(state, gap)).await;
            let reason = tokio::select! {
                reason = beat(&live) => reason,
                reason = refresh(&live) => reason,
            };
            Err::<std::convert::Infallible, String>(reason)
        };
        let ended = tokio::select! {
            reason = serve(&live, &mut requests, &reporter) => Ended::Lost(reason),
            result = running => match result {
                Ok(never) => match never {},
                Err(reason) => Ended::Lost(reason),
            },
            reason = live.ended() => Ended::Lost(reason),
            () = self.stopped() => Ended::Stopped,
            () = self.outdated(phone, place) => Ended::Outdated,
            () = moved(routes, place) => Ended::Lost("the phone has registered again".to_owned()),
        };
        lost.get_or_insert_with(|| Lost {
            at: Instant::now(),
            is_dnd_known: live.known.lock().dnd.is_some(),
        });
        let Ended::Lost(reason) = ended else {
            tokio::select! {
                _ = serve(&live, &mut requests, &reporter) => {}
                () = close(&live, &phone.dialect) => {}
            }
            return ended;
        };
        live.end(reason.clone());
        // Whether a phone that is thought to be gone answers makes no difference.
        if dialog.ended().is_none() {
            drop(requests);
        }
        Ended::Lost(reason)
    }

    fn up(&self, live: &Arc<Live>, trouble: Option<String>) {
        self.slot.set_session(State {
            live: Some(Arc::clone(live)),
            is_expected: true,
            trouble,
            ..State::default()
        });
    }

    fn refuser<'a>(place: &'a Place, phone: &CstaPhone) -> Refuser<'a> {
        Refuser {
            vendor: phone.vendor,
            user_agent: &place.route.user_agent,
            is_direct: place.is_direct,
        }
    }

    async fn lost(&self, phone: &CstaPhone, reason: &str) {
        let was_up = self.slot.is_up();
        self.slot.set_session(State {
            is_expected: true,
            trouble: Some(format!("the session is lost: {reason}")),
            ..State::default()
        });
        if !was_up {
            return;
        }
        self.shared.counters.lost();
        info!(phone = phone.name, reason, "A CSTA session is lost.");
        let reporter = Reporter {
            phone: phone.name.clone(),
            server: phone.server.clone(),
            reports: self.shared.reports.clone(),
        };
        reporter.report(Reported::Lost(reason.to_owned())).await;
    }

    fn refused(&self, place: &Place, phone: &CstaPhone, refusal: &Refusal) {
        let trouble = refusal.describe(Self::refuser(place, phone));
        let is_new = self.slot.trouble().as_ref() != Some(&trouble);
        if is_new {
            warn!(phone = phone.name, trouble, "Cannot open a CSTA session.");
        }
        self.slot.set_session(State {
            // What it refuses now, it refuses again.
            is_expected: matches!(
                refusal,
                Refusal::NotSent(_) | Refusal::Silent | Refusal::Unready(_)
            ),
            trouble: Some(trouble),
            ..State::default()
        });
    }

    /// Waits until the phone has restarted or is elsewhere.
    async fn leave_alone(&self, place: &Place, routes: &mut watch::Receiver<Option<Route>>) {
        loop {
            tokio::select! {
                () = self.stopped() => return,
                () = moved(routes, place) => return,
                () = sleep(LOOK_AGAIN), if place.is_direct => {
                    let user = self.slot.account().user().to_owned();
                    let contact = self.shared.phones.contact(&user);
                    if contact.is_ok_and(|contact| contact.uri != place.route.contact) {
                        return;
                    }
                }
            }
        }
    }

    /// Waits before the next attempt, unless the phone is heard of.
    async fn pause(&self, pause: Duration, routes: &mut watch::Receiver<Option<Route>>) {
        tokio::select! {
            () = self.stopped() => {}
            () = sleep(pause) => {}
            () = async {
                sleep(FIRST_PAUSE.min(pause)).await;
                self.slot.heard().await;
            } => {}
            _ = routes.changed() => routes.mark_changed(),
        }
    }
}

/// The pause before the second attempt.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The longest pause between attempts: a phone that answers again has its session after it.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How often to look whether Asterisk knows a contact of a phone that is to be called directly.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
