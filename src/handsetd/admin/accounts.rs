//! The users of the admin server, and how they prove who they are.

use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use parking_lot::{Mutex, RwLock};
use subtle::Choice;
use tokio::task::spawn_blocking;
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::config::User;
use super::reply::Reply;
use super::role::Role;
use super::sessions::{self, Session, SessionFile, Sessions, StoredSession};
use super::token::Presented;
use crate::history::Requester;

/// The users. Clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Accounts(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    accounts: RwLock<Vec<Arc<Account>>>,
    /// Stored sessions that have not been continued yet.
    stored: Mutex<Vec<StoredSession>>,
    file: Option<SessionFile>,
}

/// A user with the sessions of the page.
#[derive(Debug)]
pub(super) struct Account {
    user: User,
    pub(super) sessions: Sessions,
    /// Cancelled when the user is removed or changed.
    revoked: CancellationToken,
}

/// A user and how the user makes a request.
#[derive(Clone, Debug)]
pub(super) struct Principal {
    account: Arc<Account>,
    pub(super) requester: Requester,
}

impl Accounts {
    /// Creates users whose sessions end with the process.
    #[cfg(test)]
    pub(crate) fn new(users: Vec<User>) -> Self {
        let accounts = Self::default();
        accounts.replace(users);
        accounts
    }

    /// Creates users whose sessions are stored in the state directory. Blocks.
    pub(crate) fn open(users: Vec<User>, state_dir: &Path) -> Self {
        let file = SessionFile::new(state_dir);
        let accounts = Self(Arc::new(Inner {
            accounts: RwLock::default(),
            stored: Mutex::new(file.read()),
            file: Some(file),
        }));
        accounts.replace(users);
        accounts
    }

    /// Replaces all users. Sessions and streams of those that are removed or changed end.
    ///
    /// What is stored is out of date then; see [`store_sessions`](Self::store_sessions).
    pub(crate) fn replace(&self, users: Vec<User>) {
        let mut accounts = self.0.accounts.write();
        let mut old = std::mem::take(&mut *accounts);
        *accounts = users
            .into_iter()
            .map(
                |user| match old.iter().position(|account| account.user == user) {
                    Some(index) => old.swap_remove(index),
                    None => Arc::new(Account::new(user)),
                },
            )
            .collect();
        for removed in old {
            removed.revoked.cancel();
            self.0
                .stored
                .lock()
                .retain(|stored| stored.user != removed.user.name);
        }
    }

    /// Starts a session of the page, and returns its id once it is stored.
    pub(super) async fn log_in(&self, account: &Account) -> String {
        let id = account.sessions.start(&account.user, Instant::now());
        self.store_sessions().await;
        id
    }

    /// Ends the session with the id `id`; returns once that is stored.
    pub(super) async fn log_out(&self, id: &str) {
        let now = Instant::now();
        if let Some((account, _)) = self.session(id, now) {
            account.sessions.end(id, now);
            self.store_sessions().await;
        }
    }

    /// Stores the sessions as they are now.
    pub(crate) async fn store_sessions(&self) {
        let accounts = self.clone();
        let write = move || {
            if let Some(file) = &accounts.0.file {
                file.write(|| accounts.all_sessions());
            }
        };
        // Fails only if the runtime ends.
        let _ = spawn_blocking(write).await;
    }

    fn all_sessions(&self) -> Vec<StoredSession> {
        let now = Instant::now();
        let accounts = self.0.accounts.read();
        let open = accounts
            .iter()
            .flat_map(|account| account.sessions.to_stored(account.name(), now));
        let mut all: Vec<_> = open.collect();
        let mut stored = self.0.stored.lock();
        stored.retain(|stored| stored.remaining(SystemTime::now()).is_some());
        all.extend(stored.iter().cloned());
        all
    }

    /// Returns the user whose token is presented, in a time that depends on no token.
    pub(super) fn authenticate(&self, presented: &str) -> Option<Arc<Account>> {
        let presented = Presented::new(presented);
        let accounts = self.0.accounts.read();
        // Compares with all, so that the duration does not reveal which one matches.
        let matches: Vec<Choice> = accounts
            .iter()
            .map(|account| account.user.token.is(&presented))
            .collect();
        let index = matches.iter().position(|matches| (*matches).into())?;
        accounts.get(index).cloned()
    }

    /// Returns the user and the session with the id `id`.
    pub(super) fn session(&self, id: &str, now: Instant) -> Option<(Arc<Account>, Session)> {
        let accounts = self.0.accounts.read();
        let open = |account: &Arc<Account>| {
            let session = account.sessions.get(id, now)?;
            Some((Arc::clone(account), session))
        };
        if let Some(found) = accounts.iter().find_map(open) {
            return Some(found);
        }
        let mut all_stored = self.0.stored.lock();
        let key = sessions::key(id);
        let index = all_stored.iter().position(|stored| stored.has_key(&key))?;
        let stored = all_stored.swap_remove(index);
        let account = accounts
            .iter()
            .find(|account| account.name() == stored.user)?;
        account.sessions.restore(id, &account.user, &stored, now);
        open(account)
    }
}

impl Account {
    fn new(user: User) -> Self {
        let revoked = CancellationToken::new();
        Self {
            user,
            sessions: Sessions::new(revoked.clone()),
            revoked,
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.user.name
    }
}

impl Principal {
    pub(super) fn new(account: Arc<Account>, requester: impl FnOnce(String) -> Requester) -> Self {
        let requester = requester(account.name().to_owned());
        Self { account, requester }
    }

    pub(super) fn name(&self) -> &str {
        self.account.name()
    }

    pub(super) fn role(&self) -> Role {
        self.account.user.role
    }

    /// Returns why the user may not do `what`, which requires `role`.
    pub(super) fn refusal(&self, role: Role, what: &str) -> Option<String> {
        let own = self.role();
        let name = self.name();
        (own < role).then(|| format!("{what} requires the role {role}; {name} has {own}"))
    }

    /// Requires a role for `what`.
    pub(super) fn require(&self, role: Role, what: &str) -> Result<(), Reply> {
        self.refusal(role, what)
            .map_or(Ok(()), |reason| Err(Reply::forbidden(reason)))
    }

    /// Completes when the user is removed or changed.
    pub(super) fn revoked(&self) -> WaitForCancellationFutureOwned {
        self.account.revoked.clone().cancelled_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::admin::token::Token;

    fn user(name: &str, token: &str, role: Role) -> User {
        User {
            name: name.to_owned(),
            token: Token::parse(token.into()).unwrap(),
            role,
        }
    }

    #[test]
    fn tokens_tell_users_apart() {
        let [one, other] = ["one token of many", "other token of many"];
        let accounts = Accounts::new(vec![
            user("one", one, Role::Read),
            user("other", other, Role::Send),
        ]);
        let name = |token| {
            let account = accounts.authenticate(token)?;
            Some(account.name().to_owned())
        };
        assert_eq!(name(one).as_deref(), Some("one"));
        assert_eq!(name(other).as_deref(), Some("other"));
        assert_eq!(name("one token of man"), None);
        assert!(Accounts::default().authenticate("").is_none());
    }

    #[test]
    fn sessions_end_with_their_user_and_survive_the_change_of_another() {
        let now = Instant::now();
        let [kept, changed] = ["kept token of many", "changed token of many"];
        let accounts = Accounts::new(vec![
            user("kept", kept, Role::Read),
            user("changed", changed, Role::Send),
        ]);
        let sessions = [kept, changed].map(|token| {
            let account = accounts.authenticate(token).unwrap();
            (account.sessions.start(&account.user, now), account)
        });
        let is_open = |id: &str| accounts.session(id, now).is_some();
        assert!(sessions.iter().all(|(id, _)| is_open(id)));
        accounts.replace(vec![
            user("changed", changed, Role::Read),
            user("kept", kept, Role::Read),
        ]);
        let [(kept_id, kept), (changed_id, changed)] = sessions;
        assert!(is_open(&kept_id) && !kept.revoked.is_cancelled());
        assert!(!is_open(&changed_id) && changed.revoked.is_cancelled());
    }

    #[tokio::test]
    async fn sessions_outlast_a_restart_until_logout_or_a_change() {
        let (folder, now) = (tempfile::tempdir().unwrap(), Instant::now());
        let users = |other: &str| {
            vec![
                user("ann", "ann's token of many", Role::Send),
                user("bob", other, Role::Send),
            ]
        };
        let same = "bob's token of many";
        let open = |other: &str| Accounts::open(users(other), folder.path());
        let accounts = open(same);
        let mut ids = Vec::new();
        for token in ["ann's token of many", "ann's token of many", same] {
            let account = accounts.authenticate(token).unwrap();
            ids.push(accounts.log_in(&account).await);
        }
        let file = folder.path().join("admin-sessions");
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(!text.contains("token") && ids.iter().all(|id| !text.contains(id)));
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let session = |accounts: &Accounts, at: usize| accounts.session(&ids[at], now);
        let before = session(&accounts, 0).unwrap().1.csrf_token;
        drop(accounts);
        let accounts = open(same);
        let (account, after) = session(&accounts, 0).unwrap();
        assert_eq!((account.name(), after.csrf_token), ("ann", before));
        // Before the other ones were used.
        accounts.log_out(&ids[0]).await;
        let accounts = open(same);
        assert!(session(&accounts, 0).is_none());
        assert!(session(&accounts, 1).is_some() && session(&accounts, 2).is_some());
        // While handsetd is not running, and by a reload.
        assert!(session(&open("bob's newer token"), 2).is_none());
        let accounts = open(same);
        accounts.replace(users("bob's newer token"));
        accounts.replace(users(same));
        assert!(session(&accounts, 2).is_none());
        accounts.store_sessions().await;
        let accounts = open(same);
        assert!(session(&accounts, 2).is_none() && session(&accounts, 1).is_some());
        // An invalid list of sessions opens none.
        std::fs::write(&file, text.replace("ann", "bob")).unwrap();
        let accounts = open(same);
        assert!((0..2).all(|at| session(&accounts, at).is_none()));
        std::fs::write(&file, "[{}]").unwrap();
        assert!((0..3).all(|at| session(&open(same), at).is_none()));
    }
}
