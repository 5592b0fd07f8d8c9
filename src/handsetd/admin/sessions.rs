//! The sessions of the web page.

use std::time::Duration;

use handset_net::expiring::ExpiringMap;
use handset_net::random;
use parking_lot::Mutex;
use tokio::time::Instant;

/// The CSRF tokens of the open sessions, by session id.
#[derive(Debug)]
pub(super) struct Sessions(Mutex<ExpiringMap<String, String>>);

impl Sessions {
    /// Starts a session and returns its id.
    pub(super) fn start(&self, now: Instant) -> String {
        let id = random::hex_token::<32>();
        let csrf_token = random::hex_token::<32>();
        self.0.lock().insert(id.clone(), csrf_token, LIFETIME, now);
        id
    }

    pub(super) fn end(&self, id: &str, now: Instant) {
        self.0.lock().remove(id, now);
    }

    /// Returns the token that every change in the session `id` must present, so that no other site can
    /// make the browser request one.
    pub(super) fn csrf_token(&self, id: &str, now: Instant) -> Option<String> {
        // Ids are random, so the duration of a look-up reveals nothing about others.
        self.0.lock().get(id, now).cloned()
    }
}

impl Default for Sessions {
    fn default() -> Self {
        Self(Mutex::new(ExpiringMap::new(MAX_SESSIONS)))
    }
}

/// How long a session lasts after the login.
pub(super) const LIFETIME: Duration = Duration::from_hours(12);

/// Maximum number of sessions; the oldest end first.
const MAX_SESSIONS: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_expire_and_the_oldest_end_when_there_are_too_many() {
        let (sessions, now) = (Sessions::default(), Instant::now());
        let first = sessions.start(now);
        assert!(sessions.csrf_token(&first, now).is_some());
        assert_eq!(sessions.csrf_token("", now), None);
        assert_eq!(sessions.csrf_token(&first, now + LIFETIME), None);
        let first = sessions.start(now);
        let others: Vec<_> = (0..MAX_SESSIONS)
            .map(|_| sessions.start(now + Duration::from_secs(1)))
            .collect();
        assert_eq!(sessions.csrf_token(&first, now), None);
        assert!(
            others
                .iter()
                .all(|id| sessions.csrf_token(id, now).is_some())
        );
        sessions.end(&others[0], now);
        assert_eq!(sessions.csrf_token(&others[0], now), None);
    }
}
