//! The keys whose messages were removed recently.

use std::collections::{HashSet, VecDeque};

use crate::cluster::outbox::message::Key;

/// The keys whose messages were removed recently: a late reply must not bring them back.
#[derive(Debug, Default)]
pub(super) struct RemovedKeys {
    keys: HashSet<Key>,
    in_order: VecDeque<Key>,
}

impl RemovedKeys {
    pub(super) fn add(&mut self, key: &Key) {
        if self.keys.insert(key.clone()) {
            self.in_order.push_back(key.clone());
        }
        if self.in_order.len() > MAX_REMOVED
            && let Some(oldest) = self.in_order.pop_front()
        {
            self.keys.remove(&oldest);
        }
    }

    pub(super) fn contains(&self, key: &Key) -> bool {
        self.keys.contains(key)
    }

    pub(super) fn remove(&mut self, key: &Key) {
        if self.keys.remove(key) {
            self.in_order.retain(|other| other != key);
        }
    }
}

/// Maximum number of remembered keys of removed messages: more than can be removed while a reply is on its
/// way.
const MAX_REMOVED: usize = 8192;
