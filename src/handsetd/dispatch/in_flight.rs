//! The deliveries that are under way, by the number of their request.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::commit_point::CommitPoint;
use crate::history::Requester;
use crate::outcome::{DeliveryId, Outcome, Status};
use handset_phones::phone::Vendor;

/// What is under way. Cheap to clone; all clones are one.
#[derive(Clone, Debug, Default)]
pub(super) struct InFlight(Arc<Mutex<Entries>>);

#[derive(Debug, Default)]
struct Entries {
    next: u64,
    /// One for each task, so that it is as bounded as those are.
    by_number: HashMap<u64, Underway>,
}

#[derive(Debug)]
struct Underway {
    id: String,
    phone: String,
    commit_point: CommitPoint,
    /// Who called it back.
    by: Option<Requester>,
}

/// The place of one delivery, which it leaves when this is dropped.
#[derive(Debug)]
pub(super) struct InFlightGuard {
    in_flight: InFlight,
    number: u64,
}

impl InFlight {
    /// Takes a delivery in.
    pub(super) fn enter(
        &self,
        id: &DeliveryId,
        phone: &str,
        commit_point: &CommitPoint,
    ) -> InFlightGuard {
        let mut places = self.lock();
        let number = places.next;
        places.next = number.wrapping_add(1);
        let underway = Underway {
            id: id.to_string(),
            phone: phone.to_owned(),
            commit_point: commit_point.clone(),
            by: None,
        };
        places.by_number.insert(number, underway);
        InFlightGuard {
            in_flight: self.clone(),
            number,
        }
    }

    /// Returns how many there are.
    pub(super) fn len(&self) -> usize {
        self.lock().by_number.len()
    }

    /// Calls back those of the request `id` that are not sent; returns their phones.
    pub(super) fn cancel(&self, id: &str, asker: &Requester) -> Vec<String> {
        let mut places = self.lock();
        let of_request = places.by_number.values_mut().filter(|one| one.id == id);
        let mut phones = Vec::new();
        for one in of_request {
            // Told before it is called back, since the delivery asks as soon as it hears of it.
            if one.by.is_none() {
                one.by = Some(asker.clone());
            }
            if one.commit_point.cancel() {
                phones.push(one.phone.clone());
            }
        }
        phones.sort();
        phones
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        // Each entry is whole, whoever panicked.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl InFlightGuard {
    /// Says what came of a delivery that was called back.
    pub(super) fn withdrawn(&self, phone: &str, vendor: Option<Vendor>) -> Outcome {
        let by = self
            .in_flight
            .lock()
            .by_number
            .get(&self.number)
            .and_then(|one| one.by.clone());
        let by = by.map(|asker| format!(" by {asker}")).unwrap_or_default();
        let reason = format!("called back{by} before anything was sent");
        Outcome::at(phone, vendor, Status::Unreachable, reason)
    }
}

impl Drop for InFlightGuard {
    fn drop(&mut self) {
        self.in_flight.lock().by_number.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_what_is_not_sent_is_called_back() {
        let in_flight = InFlight::default();
        let (id, other) = (DeliveryId::random(), DeliveryId::random());
        let sendoffs = [(); 3].map(|()| CommitPoint::default());
        let [one, two, three] = &sendoffs;
        let places = [
            in_flight.enter(&id, "1001", one),
            in_flight.enter(&id, "1002", two),
            in_flight.enter(&other, "1003", three),
        ];
        assert_eq!(two.commit().await, Ok(()));
        assert_eq!(
            in_flight.cancel(&id.to_string(), &Requester::Page),
            ["1001"]
        );
        assert!(
            in_flight
                .cancel("000000000000", &Requester::Page)
                .is_empty()
        );
        assert!(one.commit().await.is_err() && three.commit().await.is_ok());
        assert_eq!(in_flight.len(), 3);
        drop(places);
        assert_eq!(in_flight.len(), 0);
        assert!(
            in_flight
                .cancel(&id.to_string(), &Requester::Page)
                .is_empty()
        );
    }
}
