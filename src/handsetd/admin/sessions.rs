//! The sessions of the web page.

use std::time::Duration;

use handset_net::expiring::ExpiringMap;
use handset_net::random;
use parking_lot::Mutex;
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};

/// The open sessions of one user.
#[derive(Debug)]
pub(super) struct Sessions {
    open: Mutex<ExpiringMap<String, OpenSession>>,
    /// Cancelled when all sessions end.
    revoked: CancellationToken,
}

#[derive(Debug)]
struct OpenSession {
    session: Session,
    /// Cancels `session.ended`.
    _guard: DropGuard,
}

/// A session.
#[derive(Clone, Debug)]
pub(super) struct Session {
    /// The token that every change in the session must present, so that no other site can make the
    /// browser request one.
    pub(super) csrf_token: String,
    /// Cancelled at logout, and when the user is removed or changed.
    pub(super) ended: CancellationToken,
}

impl Sessions {
    /// Creates an empty set; its sessions end when `revoked` is cancelled.
    pub(super) fn new(revoked: CancellationToken) -> Self {
        let open = Mutex::new(ExpiringMap::new(MAX_SESSIONS));
        Self { open, revoked }
    }

    /// Starts a session and returns its id.
    pub(super) fn start(&self, now: Instant) -> String {
        let id = random::hex_token::<32>();
        let ended = self.revoked.child_token();
        let open = OpenSession {
            _guard: ended.clone().drop_guard(),
            session: Session {
                csrf_token: random::hex_token::<32>(),
                ended,
            },
        };
        self.open.lock().insert(id.clone(), open, LIFETIME, now);
        id
    }

    pub(super) fn end(&self, id: &str, now: Instant) {
        self.open.lock().remove(id, now);
    }

    /// Returns the session with the id `id`.
    pub(super) fn get(&self, id: &str, now: Instant) -> Option<Session> {
        // Ids are random, so the duration of a look-up reveals nothing about others.
        let open = self.open.lock();
        open.get(id, now).map(|open| open.session.clone())
    }
}

/// How long a session lasts after the login.
pub(super) const LIFETIME: Duration = Duration::from_hours(12);

/// Maximum number of sessions of one user; the oldest end first.
const MAX_SESSIONS: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_expire_and_the_oldest_end_when_there_are_too_many() {
        let (sessions, now) = (Sessions::new(CancellationToken::new()), Instant::now());
        let first = sessions.start(now);
        assert!(sessions.get(&first, now).is_some());
        assert!(sessions.get("", now).is_none());
        assert!(sessions.get(&first, now + LIFETIME).is_none());
        let first = sessions.start(now);
        let others: Vec<_> = (0..MAX_SESSIONS)
            .map(|_| sessions.start(now + Duration::from_secs(1)))
            .collect();
        assert!(sessions.get(&first, now).is_none());
        assert!(others.iter().all(|id| sessions.get(id, now).is_some()));
        let session = sessions.get(&others[0], now).unwrap();
        assert!(!session.ended.is_cancelled());
        sessions.end(&others[0], now);
        assert!(sessions.get(&others[0], now).is_none());
        assert!(session.ended.is_cancelled());
    }
}
