//! Binds the admin server at start-up, and finds its users.

use tracing::{error, info, warn};

use crate::admin;
use crate::config::Config;

/// Binds the admin server, and reads its users. Blocks briefly.
///
/// If the default address is in use, for example by another daemon, the daemon runs without an admin
/// server, because the address was not configured.
pub(super) fn bind_admin(
    config: &Config,
) -> Result<Option<(admin::Server, admin::Accounts)>, admin::Error> {
    match admin::Server::bind(&config.admin) {
        Err(admin::Error::Bind { listen, source }) if config.admin.listen.is_none() => {
            warn!(
                address = %listen,
                error = %source,
                "The admin server is disabled because its default address is in use; set admin.listen."
            );
            Ok(None)
        }
        bound => Ok(Some((bound?, admin::Accounts::new(users(config))))),
    }
}

/// Returns the administrator and the users of the configuration. Blocks briefly.
pub(super) fn users(config: &Config) -> Vec<admin::User> {
    let administrator = admin::User {
        name: admin::Config::ADMINISTRATOR.to_owned(),
        token: token(config),
        role: admin::Role::Admin,
    };
    std::iter::once(administrator)
        .chain(config.admin.users.iter().cloned())
        .collect()
}

/// Returns the token of the configuration, or else the one in the state directory.
fn token(config: &Config) -> admin::Token {
    if let Some(token) = &config.admin.token {
        return token.clone();
    }
    let path = admin::Token::path(&config.state.dir);
    match admin::Token::load_or_generate(&config.state.dir) {
        Ok(token) => {
            info!(path = %path.display(), "No admin.token is configured; using the token in this file.");
            token
        }
        Err(error) => {
            error!(
                path = %path.display(),
                %error,
                "No admin.token is configured, and none can be stored in the state directory (state.dir): \
                 nobody can log in to the admin server."
            );
            admin::Token::random()
        }
    }
}
