//! Shared records in JSON.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serializer};

use crate::history::record::Record;

pub(super) fn serialize<S: Serializer>(
    records: &[Arc<Record>],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(records.iter().map(AsRef::<Record>::as_ref))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<Arc<Record>>, D::Error> {
    let records = Vec::<Record>::deserialize(deserializer)?;
    Ok(records.into_iter().map(Arc::new).collect())
}
