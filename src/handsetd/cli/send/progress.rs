//! How far a request to several phones has come.

use std::collections::BTreeMap;

use serde_json::Value;

/// Counts the deliveries of one request, by what the daemon tells of all.
#[derive(Debug)]
pub(super) struct Progress {
    verb: String,
    phone: Value,
    /// The number of the request, once one of its deliveries was told.
    id: Option<String>,
    /// The phones, and whether their deliveries are over.
    over: BTreeMap<String, bool>,
}

impl Progress {
    /// Creates the progress of a request that is not sent yet.
    pub(super) fn new(verb: &str, body: &Value) -> Self {
        Self {
            verb: verb.to_owned(),
            phone: body["phone"].clone(),
            id: None,
            over: BTreeMap::new(),
        }
    }

    /// Takes a delivery in; returns what there is to show, if it is one of ours and there are
    /// several.
    pub(super) fn note(&mut self, told: &Value) -> Option<String> {
        let delivery = &told["fields"];
        let id = delivery["id"].as_str()?;
        let is_ours = match &self.id {
            Some(known) => known == id,
            None => {
                delivery["asker"]["kind"] == "command-line"
                    && delivery["verb"] == *self.verb
                    && delivery["keys"]["phone"] == self.phone
            }
        };
        if !is_ours {
            return None;
        }
        self.id = Some(id.to_owned());
        let phone = delivery["phone"].as_str()?;
        self.over
            .insert(phone.to_owned(), !delivery["took"].is_null());
        let (all, over) = (
            self.over.len(),
            self.over.values().filter(|over| **over).count(),
        );
        (all > 1).then(|| format!("{over} of {all} phones"))
    }

    /// Returns whether more is to come.
    pub(super) fn is_open(&self) -> bool {
        self.over.values().any(|over| !over)
    }

    /// Returns whether there was something to show.
    pub(super) fn is_shown(&self) -> bool {
        self.over.len() > 1
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(id: &str, phone: &str, took: Option<f64>) -> Value {
        json!({"fields": {
            "id": id, "phone": phone, "took": took, "verb": "push",
            "asker": {"kind": "command-line"}, "keys": {"phone": "all"},
        }})
    }

    #[test]
    fn only_our_own_deliveries_count() {
        let mut progress = Progress::new("push", &json!({"phone": "all"}));
        let mut note = |id, phone, took| progress.note(&told(id, phone, took));
        assert_eq!(note("a", "1", None), None);
        assert_eq!(note("a", "2", None).as_deref(), Some("0 of 2 phones"));
        assert_eq!(note("b", "3", None), None);
        assert_eq!(note("a", "1", Some(0.1)).as_deref(), Some("1 of 2 phones"));
        assert_eq!(note("a", "2", Some(0.2)).as_deref(), Some("2 of 2 phones"));
        let mut other = Progress::new("ring", &json!({"phone": "all"}));
        assert_eq!(other.note(&told("a", "1", None)), None);
    }
}
