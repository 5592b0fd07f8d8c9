//! Progress of a request to several phones.

use std::collections::BTreeMap;

use serde_json::Value;

/// Counts the finished deliveries of one request among the events of all.
#[derive(Debug)]
pub(super) struct Progress {
    verb: String,
    phone: Value,
    /// The ID of the request, known from the first event of one of its deliveries.
    id: Option<String>,
    /// The phones, and whether their deliveries are finished.
    finished: BTreeMap<String, bool>,
}

impl Progress {
    /// Creates the progress of a request that has not been sent yet.
    pub(super) fn new(verb: &str, body: &Value) -> Self {
        Self {
            verb: verb.to_owned(),
            phone: body["phone"].clone(),
            id: None,
            finished: BTreeMap::new(),
        }
    }

    /// Processes a delivery event; returns how many of how many deliveries are finished if it belongs to the
    /// request and there are several phones.
    pub(super) fn update(&mut self, event: &Value) -> Option<(u64, u64)> {
        let delivery = &event["fields"];
        let id = delivery["id"].as_str()?;
        let is_related = match &self.id {
            Some(known) => known == id,
            None => {
                delivery["asker"]["kind"] == "command-line"
                    && delivery["verb"] == *self.verb
                    && delivery["keys"]["phone"] == self.phone
            }
        };
        if !is_related {
            return None;
        }
        self.id = Some(id.to_owned());
        let phone = delivery["phone"].as_str()?;
        self.finished
            .insert(phone.to_owned(), !delivery["took"].is_null());
        self.counts()
    }

    /// Processes the outcome of the request, which may come before the events of its deliveries; returns what
    /// [`update`](Self::update) does. Where it is OK, all of them are finished.
    pub(super) fn conclude(&mut self, outcome: &Value) -> Option<(u64, u64)> {
        if outcome["status"] == "OK" {
            let phones = outcome["phone"].as_str().unwrap_or_default().split('&');
            self.finished
                .extend(phones.map(|phone| (phone.to_owned(), true)));
        }
        self.counts()
    }

    fn counts(&self) -> Option<(u64, u64)> {
        let is_finished = |is_finished: &&bool| **is_finished;
        let finished = self.finished.values().filter(is_finished).count();
        let all = u64::try_from(self.finished.len()).unwrap_or(u64::MAX);
        (all > 1).then(|| (u64::try_from(finished).unwrap_or(u64::MAX), all))
    }

    /// Returns whether a delivery is still unfinished.
    pub(super) fn is_open(&self) -> bool {
        self.finished.values().any(|is_finished| !is_finished)
    }

    /// Returns whether a line was shown.
    pub(super) fn is_shown(&self) -> bool {
        self.finished.len() > 1
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(id: &str, phone: &str, took: Option<f64>) -> Value {
        json!({"fields": {
            "id": id, "phone": phone, "took": took, "verb": "push",
            "asker": {"kind": "command-line"}, "keys": {"phone": "all"},
        }})
    }

    #[test]
    fn deliveries_of_other_requests_are_ignored() {
        let mut progress = Progress::new("push", &json!({"phone": "all"}));
        let mut update = |id, phone, took| progress.update(&event(id, phone, took));
        assert_eq!(update("a", "1", None), None);
        assert_eq!(update("a", "2", None), Some((0, 2)));
        assert_eq!(update("b", "3", None), None);
        assert_eq!(update("a", "1", Some(0.1)), Some((1, 2)));
        assert_eq!(update("a", "2", Some(0.2)), Some((2, 2)));
        let mut other = Progress::new("ring", &json!({"phone": "all"}));
        assert_eq!(other.update(&event("a", "1", None)), None);
    }

    #[test]
    fn all_deliveries_of_a_request_that_is_ok_are_finished_whatever_events_have_come() {
        let request = json!({"phone": "all"});
        let ok = json!({"status": "OK", "phone": "1&2"});
        let mut progress = Progress::new("push", &request);
        assert_eq!(progress.conclude(&ok), Some((2, 2)));
        assert!(progress.is_shown() && !progress.is_open());
        let mut progress = Progress::new("push", &request);
        progress.update(&event("a", "1", None));
        assert_eq!(progress.conclude(&ok), Some((2, 2)));
        let mut single = Progress::new("push", &request);
        let one = json!({"status": "OK", "phone": "1"});
        assert_eq!(single.conclude(&one), None);
        assert!(!single.is_shown() && !single.is_open());
        // Others may continue.
        for status in ["PARTIAL", "QUEUED"] {
            let mut open = Progress::new("push", &request);
            open.update(&event("a", "1", None));
            let outcome = json!({"status": status, "phone": "1&2"});
            assert_eq!(open.conclude(&outcome), None);
            assert!(open.is_open());
        }
    }
}
