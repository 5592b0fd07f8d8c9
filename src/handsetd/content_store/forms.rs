//! Pushed forms whose values come back to handsetd.

use std::sync::Arc;
use std::time::Duration;

use handset_net::expiring::ExpiringMap;
use handset_phones::screen::Screen;
use parking_lot::Mutex;
use tokio::time::Instant;

/// The forms, by unguessable tokens.
#[derive(Debug)]
pub(super) struct Forms(Mutex<ExpiringMap<Arc<str>, Arc<Screen>>>);

impl Default for Forms {
    fn default() -> Self {
        Self(Mutex::new(ExpiringMap::new(MAX_FORMS)))
    }
}

impl Forms {
    /// Stores a form for `lifetime`. When there is no room, the one that expires next makes some.
    pub(super) fn insert(&self, token: &str, form: Screen, lifetime: Duration) {
        let mut forms = self.0.lock();
        forms.insert(Arc::from(token), Arc::new(form), lifetime, Instant::now());
    }

    /// Returns a form unless it has expired. A user may send it again.
    pub(super) fn get(&self, token: &str) -> Option<Arc<Screen>> {
        self.0.lock().get(token, Instant::now()).cloned()
    }
}

/// Maximum of forms on all phones. Each takes a few hundred bytes.
const MAX_FORMS: usize = 10_000;
