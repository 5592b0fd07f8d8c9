//! The sessions of the web page. They are bound to the token of their user and outlast a restart of the
//! daemon.
//!
//! The cookie holds a random id. handsetd keeps a hash of the id and a hash over the id and the user's
//! token; in memory, and in a file of the state directory. Who can read the file can neither open a session
//! nor test guesses of the token: both need the id. Who has the id opens the session only while the user
//! has the same token and role.

mod file;

use std::time::{Duration, SystemTime};

use handset_net::expiring::ExpiringMap;
use handset_net::random;
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::config::User;
use file::Hash;
pub(super) use file::{LIFETIME, SessionFile, StoredSession};

/// The open sessions of one user.
#[derive(Debug)]
pub(super) struct Sessions {
    open: Mutex<ExpiringMap<Hash, OpenSession>>,
    /// Cancelled when all sessions end.
    revoked: CancellationToken,
}

#[derive(Debug)]
struct OpenSession {
    session: Session,
    binding: Hash,
    expires: SystemTime,
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

    /// Starts a session of `user` and returns its id.
    pub(super) fn start(&self, user: &User, now: Instant) -> String {
        let id = random::hex_token::<32>();
        let expires = SystemTime::now() + LIFETIME;
        self.open(&id, binding(&id, user), expires, LIFETIME, now);
        id
    }

    /// Continues a stored session with the id `id`, if it was one of `user` as configured now.
    pub(super) fn restore(&self, id: &str, user: &User, stored: &StoredSession, now: Instant) {
        let is_bound = bool::from(stored.is_bound_to(&binding(id, user)));
        if is_bound && let Some(rest) = stored.remaining(SystemTime::now()) {
            self.open(id, binding(id, user), stored.expires(), rest, now);
        }
    }

    fn open(&self, id: &str, binding: Hash, expires: SystemTime, rest: Duration, now: Instant) {
        let ended = self.revoked.child_token();
        let open = OpenSession {
            _guard: ended.clone().drop_guard(),
            session: Session {
                // Of the id, so that forms of the page stay valid over a restart.
                csrf_token: hex::encode(digest(b"CSRF token", &[id.as_bytes()])),
                ended,
            },
            binding,
            expires,
        };
        self.open.lock().insert(key(id), open, rest, now);
    }

    pub(super) fn end(&self, id: &str, now: Instant) {
        self.open.lock().remove(&key(id), now);
    }

    /// Returns the session with the id `id`.
    pub(super) fn get(&self, id: &str, now: Instant) -> Option<Session> {
        // Hashes of ids reveal nothing about them, so the duration of a look-up does not either.
        let open = self.open.lock();
        open.get(&key(id), now).map(|open| open.session.clone())
    }

    /// Returns the sessions of the user called `user` as they are stored.
    pub(super) fn to_stored(&self, user: &str, now: Instant) -> Vec<StoredSession> {
        let open = self.open.lock();
        open.iter(now)
            .map(|(key, open)| StoredSession::new(user, key, &open.binding, open.expires))
            .collect()
    }
}

/// Returns under which key the session with the id `id` is kept.
pub(super) fn key(id: &str) -> Hash {
    digest(b"key", &[id.as_bytes()])
}

/// Returns what only a session with the id `id` of `user` with this token and role has.
fn binding(id: &str, user: &User) -> Hash {
    let User { name, token, role } = user;
    let parts = [id, name, token.expose(), role.word()];
    digest(b"binding", &parts.map(str::as_bytes))
}

/// Hashes parts. The first one is an id, which is random and as long as a hash, and is never stored.
fn digest(purpose: &[u8], parts: &[&[u8]]) -> Hash {
    let mut hash = Sha256::new();
    for part in std::iter::once(&purpose).chain(parts) {
        let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
        hash.update(length.to_le_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// Maximum number of sessions of one user; the oldest end first.
const MAX_SESSIONS: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::role::Role;
    use crate::admin::token::Token;

    fn user(token: &str, role: Role) -> User {
        User {
            name: "ann".to_owned(),
            token: Token::parse(token.into()).unwrap(),
            role,
        }
    }

    #[test]
    fn sessions_expire_and_the_oldest_end_when_there_are_too_many() {
        let (sessions, now) = (Sessions::new(CancellationToken::new()), Instant::now());
        let user = user("ann's token of many", Role::Read);
        let first = sessions.start(&user, now);
        assert!(sessions.get(&first, now).is_some());
        assert!(sessions.get("", now).is_none());
        assert!(sessions.get(&first, now + LIFETIME).is_none());
        let first = sessions.start(&user, now);
        let others: Vec<_> = (0..MAX_SESSIONS)
            .map(|_| sessions.start(&user, now + Duration::from_secs(1)))
            .collect();
        assert!(sessions.get(&first, now).is_none());
        assert!(others.iter().all(|id| sessions.get(id, now).is_some()));
        let session = sessions.get(&others[0], now).unwrap();
        assert!(!session.ended.is_cancelled());
        sessions.end(&others[0], now);
        assert!(sessions.get(&others[0], now).is_none());
        assert!(session.ended.is_cancelled());
    }

    #[test]
    fn stored_session_is_that_of_the_same_id_token_and_role_only() {
        let now = Instant::now();
        let same = user("ann's token of many", Role::Read);
        let sessions = Sessions::new(CancellationToken::new());
        let id = sessions.start(&same, now);
        let stored = &sessions.to_stored("ann", now)[0];
        let restored = |id: &str, user: &User| {
            let sessions = Sessions::new(CancellationToken::new());
            sessions.restore(id, user, stored, now);
            sessions.get(id, now)
        };
        let session = restored(&id, &same).unwrap();
        assert_eq!(
            session.csrf_token,
            sessions.get(&id, now).unwrap().csrf_token
        );
        assert!(restored(&id, &user("ann's other token", Role::Read)).is_none());
        assert!(restored(&id, &user("ann's token of many", Role::Send)).is_none());
        assert!(restored(&random::hex_token::<32>(), &same).is_none());
        let other_name = User {
            name: "bob".to_owned(),
            ..same.clone()
        };
        assert!(restored(&id, &other_name).is_none());
        // It lasts no longer than without a restart.
        let expired = StoredSession::new("ann", &key(&id), &binding(&id, &same), SystemTime::now());
        sessions.end(&id, now);
        sessions.restore(&id, &same, &expired, now);
        assert!(sessions.get(&id, now).is_none());
    }
}
