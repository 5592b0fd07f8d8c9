//! What is kept for one phone, in order.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::time::Instant;

use super::pending_delivery::PendingDelivery;

/// The parcels for one phone that are not being delivered at this moment.
#[derive(Debug, Default)]
pub(super) struct PhoneBacklog {
    parcels: Mutex<Parcels>,
    /// Told when something may have changed: another delivery, or a phone that came back.
    pub(super) wake: Notify,
}

#[derive(Debug, Default)]
struct Parcels {
    waiting: VecDeque<PendingDelivery>,
    /// Why the phone can't be reached, as long as that is so.
    away: Option<String>,
}

impl PhoneBacklog {
    /// Puts a delivery in its place. While the phone is away it counts as tried, and is returned to
    /// whoever tells of that by `tell`.
    pub(super) fn put(
        &self,
        mut delivery: PendingDelivery,
        tell: impl FnOnce(&mut PendingDelivery),
    ) {
        let mut parcels = self.lock();
        if let Some(why) = &parcels.away
            && delivery.why.is_empty()
        {
            delivery.why.clone_from(why);
            tell(&mut delivery);
        }
        parcels.insert(delivery);
        drop(parcels);
        self.wake.notify_one();
    }

    /// Puts a delivery back that was tried in vain, which is no news to the task of the line.
    pub(super) fn put_back(&self, delivery: PendingDelivery) {
        self.lock().insert(delivery);
    }

    /// Notes that the phone can't be reached, and hands each delivery that was not tried before to
    /// `tell`.
    pub(super) fn is_away(&self, why: &str, mut tell: impl FnMut(&mut PendingDelivery)) {
        let mut parcels = self.lock();
        parcels.away = Some(why.to_owned());
        for delivery in &mut parcels.waiting {
            let is_new = delivery.why.is_empty();
            why.clone_into(&mut delivery.why);
            if is_new {
                tell(delivery);
            }
        }
    }

    /// Notes that the phone has answered.
    pub(super) fn is_there(&self) {
        self.lock().away = None;
    }

    /// Takes the first delivery out.
    pub(super) fn take(&self) -> Option<PendingDelivery> {
        self.lock().waiting.pop_front()
    }

    /// Takes out what is over: its time is, or it was called back.
    pub(super) fn take_over(&self, now: Instant) -> VecDeque<PendingDelivery> {
        let is_over = |delivery: &PendingDelivery| {
            delivery.until <= now || delivery.commit_point.is_cancelled()
        };
        let mut parcels = self.lock();
        let waiting = std::mem::take(&mut parcels.waiting);
        let (over, left) = waiting.into_iter().partition(is_over);
        parcels.waiting = left;
        over
    }

    /// Returns when the time of the next one is over.
    pub(super) fn next_end(&self) -> Option<Instant> {
        self.lock()
            .waiting
            .iter()
            .map(|delivery| delivery.until)
            .min()
    }

    /// Returns how many there are.
    pub(super) fn len(&self) -> usize {
        self.lock().waiting.len()
    }

    fn lock(&self) -> MutexGuard<'_, Parcels> {
        // Parcels are whole, whoever panicked.
        self.parcels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Parcels {
    /// Keeps the order in which they were asked.
    fn insert(&mut self, delivery: PendingDelivery) {
        let earlier = |other: &PendingDelivery| other.number < delivery.number;
        let place = self.waiting.partition_point(earlier);
        self.waiting.insert(place, delivery);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use futures_util::FutureExt;
    use serde_json::json;

    use super::*;
    use crate::commit_point::CommitPoint;
    use crate::dispatch::in_flight::InFlight;
    use crate::history::{Config, History, RequestInfo, Requester};
    use crate::outcome::Status;
    use handset_phones::verb::Request;

    fn delivery(number: u64) -> PendingDelivery {
        let asked = RequestInfo::new(Requester::Page, "clear", Vec::new());
        let pairs = [("keep", "1h")];
        let phone_ref =
            json!({ "text": "1001", "endpoint": null, "mac": null, "ip": null, "seen": null });
        let (commit_point, now) = (CommitPoint::default(), Instant::now());
        PendingDelivery {
            number,
            id: asked.id.clone(),
            request: Arc::new(Request::parse("clear", pairs).unwrap()),
            phone: "1001".to_owned(),
            vendor: None,
            phone_ref: serde_json::from_value(phone_ref).unwrap(),
            since: now,
            until: now + Duration::from_hours(number),
            history_id: History::new(Config::default()).begin(&asked, "1001", None),
            in_flight: InFlight::default().enter(&asked.id, "1001", &commit_point),
            commit_point,
            told: None,
            why: String::new(),
        }
    }

    fn numbers(parcels: impl IntoIterator<Item = PendingDelivery>) -> Vec<u64> {
        parcels
            .into_iter()
            .map(|delivery| delivery.number)
            .collect()
    }

    fn is_woken(line: &PhoneBacklog) -> bool {
        line.wake.notified().now_or_never().is_some()
    }

    #[tokio::test]
    async fn what_comes_wakes_the_line_and_what_was_tried_in_vain_does_not() {
        let line = PhoneBacklog::default();
        line.put(delivery(2), |_| panic!("nothing is known of the phone yet"));
        line.put(delivery(1), |_| panic!("nothing is known of the phone yet"));
        assert!(is_woken(&line) && !is_woken(&line));
        let first = line.take().unwrap();
        assert_eq!(first.number, 1);
        line.put_back(PendingDelivery {
            why: "it is off".to_owned(),
            ..first
        });
        let mut told = Vec::new();
        line.is_away("it is off", |delivery| told.push(delivery.number));
        assert!(!is_woken(&line), "it would be tried again and again");
        assert_eq!((told, line.len()), (vec![2], 2));
        let mut late = None;
        line.put(delivery(3), |delivery| late = Some(delivery.held()));
        let late = late.unwrap();
        assert!(late.status == Status::Queued && late.reason.ends_with("it is off"));
        assert!(is_woken(&line));
        line.is_there();
        line.put(delivery(4), |_| panic!("the phone is there"));
        assert_eq!(numbers(std::iter::from_fn(|| line.take())), [1, 2, 3, 4]);
    }

    #[tokio::test]
    async fn what_is_over_or_called_back_is_taken_out_of_the_middle() {
        let line = PhoneBacklog::default();
        (1..=4).for_each(|number| line.put(delivery(number), |_| {}));
        let recalled = delivery(5);
        assert!(recalled.commit_point.cancel());
        line.put(recalled, |_| {});
        let end = line.next_end().unwrap();
        assert!(end <= Instant::now() + Duration::from_hours(1));
        let over = line.take_over(Instant::now() + Duration::from_mins(121));
        assert_eq!(numbers(over), [1, 2, 5]);
        assert_eq!(numbers(std::iter::from_fn(|| line.take())), [3, 4]);
    }
}
