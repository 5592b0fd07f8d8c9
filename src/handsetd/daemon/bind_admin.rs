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
        bound => {
            let bound = bound?;
            let accounts = admin::Accounts::open(users(config), &config.state.dir);
            tell_token(config);
            Ok(Some((bound, accounts)))
        }
    }
}

/// Logs where an administrator finds the token, never the token itself.
fn tell_token(config: &Config) {
    let path = admin::Token::path(&config.state.dir);
    if config.admin.token.is_some() {
        info!("The token of the page and the admin API is admin.token of the configuration.");
    } else if path.is_file() {
        info!(path = %path.display(), "The token of the page and the admin API is in this file, since no admin.token is configured.");
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
        Ok(token) => token,
        Err(error) => {
            error!(
                path = %path.display(),
                %error,
                "No admin.token is configured, and none can be stored in the state directory (state.dir): \
                 no token opens the admin server."
            );
            admin::Token::random()
        }
    }
}
