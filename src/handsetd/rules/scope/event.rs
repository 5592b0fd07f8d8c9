//! `event` and `values`: the headers of an event.

use std::collections::BTreeSet;
use std::sync::Arc;

use minijinja::value::{Enumerator, Object, Value};

use crate::rules::fact::Fact;

/// `event`: the first value of each header.
#[derive(Debug)]
pub(super) struct First(pub(super) Fact);

impl Object for First {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.0.value(key.as_str()?).map(Value::from)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        names(&self.0)
    }
}

/// `values`: all values of each header.
#[derive(Debug)]
pub(super) struct All(pub(super) Fact);

impl Object for All {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let wanted = key.as_str()?;
        let all = self.0.values();
        let all = all.filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
        Some(all.map(|(_, value)| value).collect())
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        names(&self.0)
    }
}

fn names(fact: &Fact) -> Enumerator {
    let names: BTreeSet<&str> = fact.values().map(|(name, _)| name).collect();
    Enumerator::Values(names.into_iter().map(Value::from).collect())
}
