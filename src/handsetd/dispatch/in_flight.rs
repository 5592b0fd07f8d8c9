//! The deliveries in progress, by the id of their request.

use std::collections::HashMap;
use std::sync::Arc;

use handset_phones::phone::Vendor;
use parking_lot::Mutex;

use crate::commit_point::CommitPoint;
use crate::history::Requester;
use crate::outcome::{DeliveryId, Outcome, Status};

/// The deliveries in progress. Clones share the table.
#[derive(Clone, Debug, Default)]
pub(super) struct InFlight(Arc<Mutex<Entries>>);

#[derive(Debug, Default)]
struct Entries {
    next: u64,
    /// One for each delivery, so bounded as those are.
    by_number: HashMap<u64, Entry>,
}

#[derive(Debug)]
struct Entry {
    id: DeliveryId,
    phone: String,
    commit_point: CommitPoint,
    cancelled_by: Option<Requester>,
}

/// The entry of one delivery; dropping this removes it.
#[derive(Debug)]
pub(super) struct InFlightGuard {
    in_flight: InFlight,
    number: u64,
}

impl InFlight {
    /// Adds a delivery.
    pub(super) fn enter(
        &self,
        id: &DeliveryId,
        phone: &str,
        commit_point: &CommitPoint,
    ) -> InFlightGuard {
        let mut entries = self.0.lock();
        let number = entries.next;
        entries.next = number.wrapping_add(1);
        let entry = Entry {
            id: id.clone(),
            phone: phone.to_owned(),
            commit_point: commit_point.clone(),
            cancelled_by: None,
        };
        entries.by_number.insert(number, entry);
        InFlightGuard {
            in_flight: self.clone(),
            number,
        }
    }

    /// Returns the number of deliveries.
    pub(super) fn len(&self) -> usize {
        self.0.lock().by_number.len()
    }

    /// Cancels the deliveries of the request `id` that are not sent yet; returns their phones.
    pub(super) fn cancel(&self, id: &str, requester: &Requester) -> Vec<String> {
        let mut entries = self.0.lock();
        let of_request = entries
            .by_number
            .values_mut()
            .filter(|entry| entry.id.as_str() == id);
        let mut phones = Vec::new();
        for entry in of_request {
            // Set first: the delivery reads it as soon as it is cancelled.
            if entry.cancelled_by.is_none() {
                entry.cancelled_by = Some(requester.clone());
            }
            if entry.commit_point.cancel() {
                phones.push(entry.phone.clone());
            }
        }
        phones.sort();
        phones
    }
}

impl InFlightGuard {
    /// Returns the outcome of a cancelled delivery.
    pub(super) fn cancelled_outcome(&self, phone: &str, vendor: Option<Vendor>) -> Outcome {
        let by = self
            .in_flight
            .0
            .lock()
            .by_number
            .get(&self.number)
            .and_then(|entry| entry.cancelled_by.clone());
        let by = by
            .map(|requester| format!(" by {requester}"))
            .unwrap_or_default();
        let reason = format!("cancelled{by} before anything was sent");
        Outcome::at(phone, vendor, Status::Unreachable, reason)
    }
}

impl Drop for InFlightGuard {
    fn drop(&mut self) {
        self.in_flight.0.lock().by_number.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_unsent_deliveries_are_cancelled() {
        let in_flight = InFlight::default();
        let (id, other) = (DeliveryId::random(), DeliveryId::random());
        let commit_points = [(); 3].map(|()| CommitPoint::default());
        let [one, two, three] = &commit_points;
        let guards = [
            in_flight.enter(&id, "1001", one),
            in_flight.enter(&id, "1002", two),
            in_flight.enter(&other, "1003", three),
        ];
        assert_eq!(two.commit().await, Ok(()));
        assert_eq!(
            in_flight.cancel(
                &id.to_string(),
                &Requester::Page {
                    name: String::new()
                }
            ),
            ["1001"]
        );
        assert!(
            in_flight
                .cancel(
                    "000000000000",
                    &Requester::Page {
                        name: String::new()
                    }
                )
                .is_empty()
        );
        assert!(one.commit().await.is_err() && three.commit().await.is_ok());
        assert_eq!(in_flight.len(), 3);
        drop(guards);
        assert_eq!(in_flight.len(), 0);
        assert!(
            in_flight
                .cancel(
                    &id.to_string(),
                    &Requester::Page {
                        name: String::new()
                    }
                )
                .is_empty()
        );
    }
}
