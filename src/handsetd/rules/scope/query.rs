//! `query`: what a page was requested with.

use std::collections::BTreeSet;
use std::sync::Arc;

use minijinja::value::{Enumerator, Object, Value};

/// The first value of each name.
#[derive(Debug)]
pub(super) struct Query(pub(super) Vec<(String, String)>);

impl Object for Query {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let wanted = key.as_str()?;
        let (_, value) = self.0.iter().find(|(name, _)| name == wanted)?;
        Some(Value::from(value.as_str()))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let names: BTreeSet<&str> = self.0.iter().map(|(name, _)| name.as_str()).collect();
        Enumerator::Values(names.into_iter().map(Value::from).collect())
    }
}
