//! The stored deliveries for one phone, in order.

use std::collections::VecDeque;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::pending_delivery::PendingDelivery;

/// The stored deliveries for one phone, without the one being attempted.
#[derive(Debug, Default)]
pub(super) struct PhoneBacklog {
    state: Mutex<State>,
    /// Notified when an attempt may succeed: there is another delivery, or the phone has registered.
    pub(super) wake: Notify,
}

#[derive(Debug, Default)]
struct State {
    deliveries: VecDeque<PendingDelivery>,
    /// Why the phone is unreachable; `None` if it is not known to be.
    unreachable: Option<String>,
}

/// The next delivery of a backlog.
#[derive(Debug)]
pub(super) enum Next {
    Attempt(Box<PendingDelivery>),
    /// There are deliveries, and none may be attempted at present.
    Refused(String),
    Empty,
}

impl PhoneBacklog {
    /// Inserts a delivery. While the phone is unreachable it counts as attempted, and is passed to
    /// `notify_queued`.
    pub(super) fn insert(
        &self,
        mut delivery: PendingDelivery,
        notify_queued: impl FnOnce(&mut PendingDelivery),
    ) {
        let mut state = self.state.lock();
        if let Some(why) = &state.unreachable
            && delivery.unreachable_because.is_empty()
        {
            delivery.unreachable_because.clone_from(why);
            notify_queued(&mut delivery);
        }
        state.insert(delivery);
        drop(state);
        self.wake.notify_one();
    }

    /// Inserts a delivery again whose attempt failed; that does not wake the worker.
    pub(super) fn reinsert(&self, delivery: PendingDelivery) {
        self.state.lock().insert(delivery);
    }

    /// Records that the phone is unreachable, and passes each delivery that was not attempted before
    /// to `notify_queued`.
    pub(super) fn mark_unreachable(
        &self,
        why: &str,
        mut notify_queued: impl FnMut(&mut PendingDelivery),
    ) {
        let mut state = self.state.lock();
        state.unreachable = Some(why.to_owned());
        for delivery in &mut state.deliveries {
            let is_new = delivery.unreachable_because.is_empty();
            why.clone_into(&mut delivery.unreachable_because);
            if is_new {
                notify_queued(delivery);
            }
        }
    }

    /// Records that the phone has responded.
    pub(super) fn mark_reachable(&self) {
        self.state.lock().unreachable = None;
    }

    /// Removes the first delivery that `admit` accepts, or returns why it accepts none. Those that have expired wait
    /// until they can be ended.
    pub(super) fn pop(&self, now: Instant, admit: impl Fn(u64) -> Result<(), String>) -> Next {
        let mut state = self.state.lock();
        let mut refused = None;
        for index in 0..state.deliveries.len() {
            let delivery = state.deliveries.get(index);
            let admitted = delivery.map(|delivery| {
                if delivery.has_ended(now) {
                    return Err(ENDING.to_owned());
                }
                admit(delivery.number)
            });
            match admitted {
                Some(Err(why)) => refused = refused.or(Some(why)),
                Some(Ok(())) => match state.deliveries.remove(index) {
                    Some(delivery) => return Next::Attempt(Box::new(delivery)),
                    None => break,
                },
                None => break,
            }
        }
        refused.map_or(Next::Empty, Next::Refused)
    }

    /// Removes the expired and the cancelled deliveries.
    pub(super) fn remove_ended(&self, now: Instant) -> VecDeque<PendingDelivery> {
        self.remove(|delivery| delivery.has_ended(now))
    }

    /// Removes the deliveries that `is_removed` picks.
    pub(super) fn remove(
        &self,
        is_removed: impl Fn(&PendingDelivery) -> bool,
    ) -> VecDeque<PendingDelivery> {
        let mut state = self.state.lock();
        let deliveries = std::mem::take(&mut state.deliveries);
        let (removed, rest) = deliveries.into_iter().partition(is_removed);
        state.deliveries = rest;
        removed
    }

    /// Gives all deliveries the places that the store has for their numbers.
    pub(super) fn reorder(&self, order: impl Fn(u64) -> u64) {
        let mut state = self.state.lock();
        for delivery in &mut state.deliveries {
            delivery.order = order(delivery.number);
        }
        let deliveries = state.deliveries.make_contiguous();
        deliveries.sort_by_key(|delivery| delivery.order);
    }

    /// Returns when the next delivery expires.
    pub(super) fn next_expiry(&self) -> Option<Instant> {
        self.state
            .lock()
            .deliveries
            .iter()
            .map(|delivery| delivery.expires_at)
            .min()
    }

    pub(super) fn len(&self) -> usize {
        self.state.lock().deliveries.len()
    }
}

impl State {
    /// Inserts a delivery in the order of arrival.
    fn insert(&mut self, delivery: PendingDelivery) {
        let earlier = |other: &PendingDelivery| other.order < delivery.order;
        let at = self.deliveries.partition_point(earlier);
        self.deliveries.insert(at, delivery);
    }
}

/// Reason why a delivery that has expired or was cancelled is still there.
const ENDING: &str = "it is over, and that cannot be stored at present";

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use futures_util::FutureExt;
    use serde_json::json;

    use super::*;
    use crate::commit_point::CommitPoint;
    use crate::dispatch::in_flight::InFlight;
    use crate::dispatch::pace::Pace;
    use crate::fleet::CarriedFiles;
    use crate::history::{Config, History, RequestInfo, Requester};
    use crate::outcome::Status;
    use handset_phones::verb::Request;

    fn delivery(number: u64) -> PendingDelivery {
        let info = RequestInfo::new(
            Requester::Page {
                name: String::new(),
            },
            "clear",
            Vec::new(),
        );
        let pairs = [("keep", "1h")];
        let phone_ref =
            json!({ "text": "1001", "endpoint": null, "mac": null, "ip": null, "seen": null });
        let (commit_point, now) = (CommitPoint::default(), Instant::now());
        PendingDelivery {
            number,
            order: number,
            id: info.id.clone(),
            requester: info.requester.clone(),
            request: Arc::new(Request::parse("clear", pairs).unwrap()),
            phone: "1001".to_owned(),
            vendor: None,
            phone_ref: serde_json::from_value(phone_ref).unwrap(),
            accepted_at: now,
            expires_at: now + Duration::from_hours(number),
            record: History::new(Config::default()).begin(&info, "1001", None),
            guard: InFlight::default().enter(&info.id, "1001", &commit_point),
            commit_point,
            files: CarriedFiles::default(),
            pace: Pace::default(),
            result: None,
            unreachable_because: String::new(),
        }
    }

    fn numbers(deliveries: impl IntoIterator<Item = PendingDelivery>) -> Vec<u64> {
        deliveries
            .into_iter()
            .map(|delivery| delivery.number)
            .collect()
    }

    fn pop(backlog: &PhoneBacklog) -> Option<PendingDelivery> {
        match backlog.pop(Instant::now(), |_| Ok(())) {
            Next::Attempt(delivery) => Some(*delivery),
            Next::Refused(_) | Next::Empty => None,
        }
    }

    fn is_woken(backlog: &PhoneBacklog) -> bool {
        backlog.wake.notified().now_or_never().is_some()
    }

    #[tokio::test]
    async fn new_deliveries_wake_the_worker_and_failed_ones_do_not() {
        let backlog = PhoneBacklog::default();
        backlog.insert(delivery(2), |_| {
            panic!("the phone is not known to be unreachable");
        });
        backlog.insert(delivery(1), |_| {
            panic!("the phone is not known to be unreachable");
        });
        assert!(is_woken(&backlog) && !is_woken(&backlog));
        let first = pop(&backlog).unwrap();
        assert_eq!(first.number, 1);
        backlog.reinsert(PendingDelivery {
            unreachable_because: "connection refused".to_owned(),
            ..first
        });
        let mut notified = Vec::new();
        backlog.mark_unreachable("connection refused", |delivery| {
            notified.push(delivery.number);
        });
        assert!(!is_woken(&backlog), "it would be retried in a loop");
        assert_eq!((notified, backlog.len()), (vec![2], 2));
        let mut late = None;
        backlog.insert(delivery(3), |delivery| late = Some(delivery.queued()));
        let late = late.unwrap();
        assert!(late.status == Status::Queued && late.reason.ends_with("connection refused"));
        assert!(is_woken(&backlog));
        backlog.mark_reachable();
        backlog.insert(delivery(4), |_| panic!("the phone is reachable"));
        assert_eq!(numbers(std::iter::from_fn(|| pop(&backlog))), [1, 2, 3, 4]);
    }

    #[tokio::test]
    async fn expired_and_cancelled_deliveries_leave_the_backlog() {
        let backlog = PhoneBacklog::default();
        (1..=4).for_each(|number| backlog.insert(delivery(number), |_| {}));
        let cancelled = delivery(5);
        assert!(cancelled.commit_point.cancel());
        backlog.insert(cancelled, |_| {});
        let end = backlog.next_expiry().unwrap();
        assert!(end <= Instant::now() + Duration::from_hours(1));
        let ended = backlog.remove_ended(Instant::now() + Duration::from_mins(121));
        assert_eq!(numbers(ended), [1, 2, 5]);
        assert_eq!(numbers(std::iter::from_fn(|| pop(&backlog))), [3, 4]);
    }

    #[tokio::test]
    async fn deliveries_that_are_not_admitted_are_passed_over() {
        let backlog = PhoneBacklog::default();
        (1..=3).for_each(|number| backlog.insert(delivery(number), |_| {}));
        let admit = |number| match number {
            1 => Err("later".to_owned()),
            _ => Ok(()),
        };
        assert!(
            matches!(backlog.pop(Instant::now(), admit), Next::Attempt(next) if next.number == 2)
        );
        assert!(
            matches!(backlog.pop(Instant::now(), admit), Next::Attempt(next) if next.number == 3)
        );
        assert!(matches!(backlog.pop(Instant::now(), admit), Next::Refused(why) if why == "later"));
        assert_eq!(pop(&backlog).unwrap().number, 1);
        assert!(matches!(backlog.pop(Instant::now(), admit), Next::Empty));
    }

    #[tokio::test]
    async fn deliveries_follow_their_places() {
        let backlog = PhoneBacklog::default();
        (1..=3).for_each(|number| backlog.insert(delivery(number), |_| {}));
        backlog.reorder(|number| if number == 1 { 10 } else { number });
        assert_eq!(numbers(std::iter::from_fn(|| pop(&backlog))), [2, 3, 1]);
    }
}
