//! The users of the admin server, and how they prove who they are.

use std::sync::Arc;

use parking_lot::RwLock;
use subtle::Choice;
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::config::User;
use super::reply::Reply;
use super::role::Role;
use super::sessions::{Session, Sessions};
use super::token::Presented;
use crate::history::Requester;

/// The users. Clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Accounts(Arc<RwLock<Vec<Arc<Account>>>>);

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
    pub(crate) fn new(users: Vec<User>) -> Self {
        let accounts = Self::default();
        accounts.replace(users);
        accounts
    }

    /// Replaces all users. Sessions and streams of those that are removed or changed end.
    pub(crate) fn replace(&self, users: Vec<User>) {
        let mut accounts = self.0.write();
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
        }
    }

    /// Returns the user whose token is presented, in a time that depends on no token.
    pub(super) fn authenticate(&self, presented: &str) -> Option<Arc<Account>> {
        let presented = Presented::new(presented);
        let accounts = self.0.read();
        // Compares with all, so that the duration does not tell which one matches.
        let matches: Vec<Choice> = accounts
            .iter()
            .map(|account| account.user.token.is(&presented))
            .collect();
        let index = matches.iter().position(|matches| (*matches).into())?;
        accounts.get(index).cloned()
    }

    /// Returns the user and the session with the id `id`.
    pub(super) fn session(&self, id: &str, now: Instant) -> Option<(Arc<Account>, Session)> {
        let accounts = self.0.read();
        accounts.iter().find_map(|account| {
            let session = account.sessions.get(id, now)?;
            Some((Arc::clone(account), session))
        })
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
            (account.sessions.start(now), account)
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
}
