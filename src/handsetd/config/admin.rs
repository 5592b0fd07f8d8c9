//! The `[admin]` section: the admin API and page.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use handset_net::allow_list::AllowList;
use secrecy::SecretString;
use serde::Deserialize;

use super::secret::SecretSource;
use super::setting::Setting;
use super::validator::Validator;
use crate::admin::{Config, TlsFiles, Token};

/// Reads the section.
pub(super) fn read(root: &mut Setting, validator: &mut Validator) -> Config {
    let (raw, section) = validator.section::<Raw>(root, "admin");
    let source = SecretSource::new("token", raw.token, raw.token_file);
    let credentials = ["admin.token".to_owned(), "token".to_owned()];
    let default = Config::default();
    let admin = Config {
        listen: raw.listen,
        allow: raw.allow.unwrap_or(default.allow),
        token: validator.parsed_secret(&section, source, &credentials, Token::parse),
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
    if let Some(tls) = &admin.tls {
        let files: [&Path; 2] = [&tls.certificate_file, &tls.key_file];
        if let Some(file) = files.into_iter().find(|file| !file.is_absolute()) {
            let text = format!(
                "{:?} is not an absolute path; it must begin with /",
                file.display().to_string()
            );
            validator.reject(&section, "tls", text);
        }
    }
    if !admin.is_guarded() {
        let text = format!(
            "{} is not a loopback address, so the token could be intercepted; set tls = {{ \
             certificate_file = \"...\", key_file = \"...\" }}, or plain = true",
            admin.address()
        );
        validator.reject(&section, "listen", text);
    }
    admin
}

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
