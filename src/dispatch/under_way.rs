//! The deliveries that are under way, by the number of their request.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::history::Asker;
use crate::outcome::{DeliveryId, Outcome, Status};
use crate::phone::Vendor;
use crate::sendoff::Sendoff;

/// What is under way. Cheap to clone; all clones are one.
#[derive(Clone, Debug, Default)]
pub(super) struct UnderWay(Arc<Mutex<Places>>);

#[derive(Debug, Default)]
struct Places {
    next: u64,
    /// One for each task, so that it is as bounded as those are.
    by_number: HashMap<u64, Underway>,
}

#[derive(Debug)]
struct Underway {
    id: String,
    phone: String,
    sendoff: Sendoff,
    /// Who called it back.
    by: Option<Asker>,
}

/// The place of one delivery, which it leaves when this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    under_way: UnderWay,
    number: u64,
}

impl UnderWay {
    /// Takes a delivery in.
    pub(super) fn enter(&self, id: &DeliveryId, phone: &str, sendoff: &Sendoff) -> Place {
        let mut places = self.lock();
        let number = places.next;
        places.next = number.wrapping_add(1);
        let underway = Underway {
            id: id.to_string(),
            phone: phone.to_owned(),
            sendoff: sendoff.clone(),
            by: None,
        };
        places.by_number.insert(number, underway);
        Place {
            under_way: self.clone(),
            number,
        }
    }

    /// Returns how many there are.
    pub(super) fn len(&self) -> usize {
        self.lock().by_number.len()
    }

    /// Calls back those of the request `id` that are not sent; returns their phones.
    pub(super) fn call_back(&self, id: &str, asker: &Asker) -> Vec<String> {
        let mut places = self.lock();
        let of_request = places.by_number.values_mut().filter(|one| one.id == id);
        let mut phones = Vec::new();
        for one in of_request {
            // Told before it is called back, since the delivery asks as soon as it hears of it.
            if one.by.is_none() {
                one.by = Some(asker.clone());
            }
            if one.sendoff.call_back() {
                phones.push(one.phone.clone());
            }
        }
        phones.sort();
        phones
    }

    fn lock(&self) -> MutexGuard<'_, Places> {
        // Each entry is whole, whoever panicked.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// Says what came of a delivery that was called back.
    pub(super) fn withdrawn(&self, phone: &str, vendor: Option<Vendor>) -> Outcome {
        let by = self
            .under_way
            .lock()
            .by_number
            .get(&self.number)
            .and_then(|one| one.by.clone());
        let by = by.map(|asker| format!(" by {asker}")).unwrap_or_default();
        let reason = format!("called back{by} before anything was sent");
        Outcome::at(phone, vendor, Status::Unreachable, reason)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.under_way.lock().by_number.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_what_is_not_sent_is_called_back() {
        let under_way = UnderWay::default();
        let (id, other) = (DeliveryId::random(), DeliveryId::random());
        let sendoffs = [(); 3].map(|()| Sendoff::default());
        let [one, two, three] = &sendoffs;
        let places = [
            under_way.enter(&id, "1001", one),
            under_way.enter(&id, "1002", two),
            under_way.enter(&other, "1003", three),
        ];
        assert_eq!(two.begin().await, Ok(()));
        assert_eq!(under_way.call_back(&id.to_string(), &Asker::Page), ["1001"]);
        assert!(under_way.call_back("000000000000", &Asker::Page).is_empty());
        assert!(one.begin().await.is_err() && three.begin().await.is_ok());
        assert_eq!(under_way.len(), 3);
        drop(places);
        assert_eq!(under_way.len(), 0);
        assert!(
            under_way
                .call_back(&id.to_string(), &Asker::Page)
                .is_empty()
        );
    }
}
