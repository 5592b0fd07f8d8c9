//! What is kept for one phone, in order.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::time::Instant;

use super::parcel::Parcel;

/// The parcels for one phone that are not being delivered at this moment.
#[derive(Debug, Default)]
pub(super) struct Line {
    parcels: Mutex<Parcels>,
    /// Told when something may have changed: another parcel, or a phone that came back.
    pub(super) wake: Notify,
}

#[derive(Debug, Default)]
struct Parcels {
    waiting: VecDeque<Parcel>,
    /// Why the phone can't be reached, as long as that is so.
    away: Option<String>,
}

impl Line {
    /// Puts a parcel in its place. While the phone is away it counts as tried, and is returned to
    /// whoever tells of that by `tell`.
    pub(super) fn put(&self, mut parcel: Parcel, tell: impl FnOnce(&mut Parcel)) {
        let mut parcels = self.lock();
        if let Some(why) = &parcels.away
            && parcel.why.is_empty()
        {
            parcel.why.clone_from(why);
            tell(&mut parcel);
        }
        parcels.insert(parcel);
        drop(parcels);
        self.wake.notify_one();
    }

    /// Puts a parcel back that was tried in vain, which is no news to the task of the line.
    pub(super) fn put_back(&self, parcel: Parcel) {
        self.lock().insert(parcel);
    }

    /// Notes that the phone can't be reached, and hands each parcel that was not tried before to
    /// `tell`.
    pub(super) fn is_away(&self, why: &str, mut tell: impl FnMut(&mut Parcel)) {
        let mut parcels = self.lock();
        parcels.away = Some(why.to_owned());
        for parcel in &mut parcels.waiting {
            let is_new = parcel.why.is_empty();
            why.clone_into(&mut parcel.why);
            if is_new {
                tell(parcel);
            }
        }
    }

    /// Notes that the phone has answered.
    pub(super) fn is_there(&self) {
        self.lock().away = None;
    }

    /// Takes the first parcel out.
    pub(super) fn take(&self) -> Option<Parcel> {
        self.lock().waiting.pop_front()
    }

    /// Takes out what is over: its time is, or it was called back.
    pub(super) fn take_over(&self, now: Instant) -> VecDeque<Parcel> {
        let is_over = |parcel: &Parcel| parcel.until <= now || parcel.sendoff.is_called_back();
        let mut parcels = self.lock();
        let waiting = std::mem::take(&mut parcels.waiting);
        let (over, left) = waiting.into_iter().partition(is_over);
        parcels.waiting = left;
        over
    }

    /// Returns when the time of the next one is over.
    pub(super) fn next_end(&self) -> Option<Instant> {
        self.lock().waiting.iter().map(|parcel| parcel.until).min()
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
    fn insert(&mut self, parcel: Parcel) {
        let earlier = |other: &Parcel| other.number < parcel.number;
        let place = self.waiting.partition_point(earlier);
        self.waiting.insert(place, parcel);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use futures_util::FutureExt;
    use serde_json::json;

    use super::*;
    use crate::dispatch::under_way::UnderWay;
    use crate::history::{Asked, Asker, Config, History};
    use crate::outcome::Status;
    use crate::sendoff::Sendoff;
    use crate::verb::Request;

    fn parcel(number: u64) -> Parcel {
        let asked = Asked::new(Asker::Page, "clear", Vec::new());
        let pairs = [("keep", "1h")];
        let bearings =
            json!({ "text": "1001", "endpoint": null, "mac": null, "ip": null, "seen": null });
        let (sendoff, now) = (Sendoff::default(), Instant::now());
        Parcel {
            number,
            id: asked.id.clone(),
            request: Arc::new(Request::parse("clear", pairs).unwrap()),
            phone: "1001".to_owned(),
            vendor: None,
            bearings: serde_json::from_value(bearings).unwrap(),
            since: now,
            until: now + Duration::from_hours(number),
            entry: History::new(Config::default()).begin(&asked, "1001", None),
            place: UnderWay::default().enter(&asked.id, "1001", &sendoff),
            sendoff,
            told: None,
            why: String::new(),
        }
    }

    fn numbers(parcels: impl IntoIterator<Item = Parcel>) -> Vec<u64> {
        parcels.into_iter().map(|parcel| parcel.number).collect()
    }

    fn is_woken(line: &Line) -> bool {
        line.wake.notified().now_or_never().is_some()
    }

    #[tokio::test]
    async fn what_comes_wakes_the_line_and_what_was_tried_in_vain_does_not() {
        let line = Line::default();
        line.put(parcel(2), |_| panic!("nothing is known of the phone yet"));
        line.put(parcel(1), |_| panic!("nothing is known of the phone yet"));
        assert!(is_woken(&line) && !is_woken(&line));
        let first = line.take().unwrap();
        assert_eq!(first.number, 1);
        line.put_back(Parcel {
            why: "it is off".to_owned(),
            ..first
        });
        let mut told = Vec::new();
        line.is_away("it is off", |parcel| told.push(parcel.number));
        assert!(!is_woken(&line), "it would be tried again and again");
        assert_eq!((told, line.len()), (vec![2], 2));
        let mut late = None;
        line.put(parcel(3), |parcel| late = Some(parcel.held()));
        let late = late.unwrap();
        assert!(late.status == Status::Queued && late.reason.ends_with("it is off"));
        assert!(is_woken(&line));
        line.is_there();
        line.put(parcel(4), |_| panic!("the phone is there"));
        assert_eq!(numbers(std::iter::from_fn(|| line.take())), [1, 2, 3, 4]);
    }

    #[tokio::test]
    async fn what_is_over_or_called_back_is_taken_out_of_the_middle() {
        let line = Line::default();
        (1..=4).for_each(|number| line.put(parcel(number), |_| {}));
        let recalled = parcel(5);
        assert!(recalled.sendoff.call_back());
        line.put(recalled, |_| {});
        let end = line.next_end().unwrap();
        assert!(end <= Instant::now() + Duration::from_hours(1));
        let over = line.take_over(Instant::now() + Duration::from_mins(121));
        assert_eq!(numbers(over), [1, 2, 5]);
        assert_eq!(numbers(std::iter::from_fn(|| line.take())), [3, 4]);
    }
}
