//! The `[admin]` section: the admin API and page.

use std::net::SocketAddr;
use std::path::PathBuf;

use handset_net::allow_list::AllowList;
use handset_net::server_certificate::TlsFiles;
use secrecy::SecretString;
use serde::Deserialize;

use super::diagnostic::Location;
use super::secret::SecretSource;
use super::setting::Setting;
use super::unique_names::UniqueNames;
use super::validator::Validator;
use crate::admin::{Config, Role, Token, User};

/// Reads the section.
pub(super) fn read(root: &mut Setting, validator: &mut Validator) -> Config {
    let mut section = validator.table(root, "admin");
    let users = validator.list::<RawUser>(&mut section, "user");
    let raw: Raw = validator.read(&mut section).unwrap_or_default();
    let source = SecretSource::new("token", raw.token, raw.token_file);
    let credentials = ["admin.token".to_owned(), "token".to_owned()];
    let default = Config::default();
    let mut admin = Config {
        listen: raw.listen,
        allow: raw.allow.unwrap_or(default.allow),
        token: validator.parsed_secret(&section, source, &credentials, Token::parse),
        users: Vec::new(),
        tls: raw.tls,
        plain: raw.plain.unwrap_or(default.plain),
        max_connections: raw.max_connections.unwrap_or(default.max_connections),
        max_connections_each: raw
            .max_connections_each
            .unwrap_or(default.max_connections_each),
    };
    validator.check_listen(&section, admin.address());
    validator.check_count(&section, "max_connections", admin.max_connections);
    validator.check_count(&section, "max_connections_each", admin.max_connections_each);
    validator.check_tls_files(&section, admin.tls.as_ref());
    if !admin.is_guarded() {
        let text = format!(
            "{} is not a loopback address, so the token could be intercepted; set tls = {{ \
             certificate_file = \"...\", key_file = \"...\" }}, or plain = true",
            admin.address()
        );
        validator.reject(&section, "listen", text);
    }
    admin.users = read_users(users, admin.token.as_ref(), &section, validator);
    admin
}

/// Reads the `[[admin.user]]` sections. Names and tokens are distinct, also from that of
/// `admin.token`.
fn read_users(
    list: Vec<(RawUser, Setting)>,
    administrator: Option<&Token>,
    admin: &Setting,
    validator: &mut Validator,
) -> Vec<User> {
    let mut names = UniqueNames::new("[[admin.user]]");
    let own = administrator.map(|token| (token.clone(), admin.location_of("token")));
    let mut tokens: Vec<(Token, Location)> = own.into_iter().collect();
    let mut users = Vec::new();
    for (raw, section) in list {
        if raw.name == Config::ADMINISTRATOR {
            let text = "\"admin\" is the name of the user of admin.token; choose another";
            validator.reject(&section, "name", text);
        } else if raw.name.chars().count() > MAX_NAME {
            let text = format!("must not be longer than {MAX_NAME} characters");
            validator.reject(&section, "name", text);
        } else {
            names.register(&section, &raw.name, validator);
        }
        let key = if raw.token_file.is_some() {
            "token_file"
        } else {
            "token"
        };
        let source = SecretSource::new("token", raw.token, raw.token_file);
        let credentials = [format!("admin.user.{}.token", raw.name)];
        let parsed = validator.required_parsed_secret(&section, source, &credentials, Token::parse);
        let Some(token) = parsed else {
            continue;
        };
        if let Some((_, other)) = tokens.iter().find(|(other, _)| *other == token) {
            let text = format!("is the same as the one at {other}; users need tokens of their own");
            validator.reject(&section, key, text);
            continue;
        }
        tokens.push((token.clone(), section.location_of(key)));
        users.push(User {
            name: raw.name,
            token,
            role: raw.role,
        });
    }
    users
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawUser {
    name: String,
    token: Option<SecretString>,
    token_file: Option<PathBuf>,
    role: Role,
}

/// The longest name of a user, in characters. It is part of every delivery's record and log line.
const MAX_NAME: usize = 64;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    listen: Option<SocketAddr>,
    allow: Option<AllowList>,
    token: Option<SecretString>,
    token_file: Option<PathBuf>,
    tls: Option<TlsFiles>,
    plain: Option<bool>,
    max_connections: Option<usize>,
    max_connections_each: Option<usize>,
}
