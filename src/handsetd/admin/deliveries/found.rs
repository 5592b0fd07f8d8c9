//! The deliveries that daemons have found, as one list.

use std::cmp::Reverse;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};

use crate::admin::daemons::{Gathered, Missing, Question};
use crate::admin::question::LocalQuestion;
use crate::admin::state::Services;
use crate::history::{Order, Position, Record, Search};

/// Asks for deliveries, newest first.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(in crate::admin) struct FindDeliveries {
    pub(super) search: Search,
    /// The next part of the list begins after this place.
    #[serde(default)]
    pub(super) before: Option<Position>,
    /// How many are wanted at most.
    pub(super) limit: usize,
}

/// The deliveries of one daemon, newest first.
#[derive(Clone, Debug, Default)]
pub(in crate::admin) struct Records(Vec<Arc<Record>>);

/// A delivery in the list.
#[derive(Clone, Debug)]
pub(in crate::admin) struct Delivery {
    /// The daemon that has it; `None` without `[cluster]`.
    pub(in crate::admin) daemon: Option<Arc<str>>,
    pub(in crate::admin) record: Arc<Record>,
}

impl Question for FindDeliveries {
    const NAME: &'static str = "deliveries";
    type Answer = Records;

    fn shorten(Records(records): &mut Records) -> bool {
        records.truncate(records.len() / 2);
        !records.is_empty()
    }
}

impl LocalQuestion for FindDeliveries {
    async fn here(self, services: &Services) -> Records {
        let order = match services.daemons.own() {
            None => Order::Number,
            Some(daemon) => Order::Time {
                daemon: Arc::clone(daemon),
                before: self.before,
            },
        };
        let search = services.history.search(self.search, order, self.limit);
        Records(search.await)
    }
}

impl Delivery {
    /// Returns its place in the list of all daemons; `None` without `[cluster]`.
    pub(in crate::admin) fn position(&self) -> Option<Position> {
        let daemon = self.daemon.as_ref()?;
        Some(Position::of(&self.record, daemon))
    }

    /// Returns the JSON object of the API.
    pub(in crate::admin) fn to_json(&self) -> Value {
        let mut object = self.record.to_json();
        if let (Some(daemon), Some(position)) = (&self.daemon, self.position()) {
            object["daemon"] = json!(**daemon);
            object["position"] = json!(position.to_string());
        }
        object
    }
}

/// Merges what the daemons have found, newest first, up to `limit`.
pub(super) fn merge(found: Gathered<Records>, limit: usize) -> (Vec<Delivery>, Vec<Missing>) {
    let (rows, missing) = found.map(|Records(records)| records).into_rows();
    let mut deliveries: Vec<Delivery> = rows
        .into_iter()
        .map(|(daemon, record)| Delivery { daemon, record })
        .collect();
    // Without daemons, all are equal and stay in their order.
    deliveries.sort_by_cached_key(|delivery| Reverse(delivery.position()));
    deliveries.truncate(limit);
    (deliveries, missing)
}

impl Serialize for Records {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(AsRef::<Record>::as_ref))
    }
}

impl<'de> Deserialize<'de> for Records {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let records = Vec::<Record>::deserialize(deserializer)?;
        Ok(Self(records.into_iter().map(Arc::new).collect()))
    }
}
