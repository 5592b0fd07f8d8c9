//! The `[admin]` section: the administrator's door.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use serde::Deserialize;

use super::check::Check;
use super::secret::Written;
use super::tree::Node;
use crate::admin::{Config, TlsFiles};

/// Reads the section.
pub(super) fn read(root: &mut Node, check: &mut Check) -> Config {
    let (raw, node) = check.section::<Raw>(root, "admin");
    let written = Written {
        name: "token",
        secret: raw.token,
        file: raw.token_file,
    };
    let credentials = ["admin.token".to_owned(), "token".to_owned()];
    let default = Config::default();
    let admin = Config {
        listen: raw.listen,
        token: check.secret(&node, written, &credentials),
        tls: raw.tls,
        plain: raw.plain.unwrap_or(default.plain),
        max_connections: raw.max_connections.unwrap_or(default.max_connections),
        max_connections_each: raw
            .max_connections_each
            .unwrap_or(default.max_connections_each),
    };
    check.door(&node, admin.address());
    check.count(&node, "max_connections", admin.max_connections);
    check.count(&node, "max_connections_each", admin.max_connections_each);
    if let Some(tls) = &admin.tls {
        let files: [&Path; 2] = [&tls.certificate_file, &tls.key_file];
        if let Some(file) = files.into_iter().find(|file| !file.is_absolute()) {
            let shown = file.display().to_string();
            check.fault(
                &node,
                "tls",
                format!("{shown:?} is no absolute path; begin it with /"),
            );
        }
    }
    if !admin.is_guarded() {
        let text = format!(
            "{} is not on loopback, where the token could be overheard; write tls = {{ \
             certificate_file = \"...\", key_file = \"...\" }}, or plain = true",
            admin.address()
        );
        check.fault(&node, "listen", text);
    }
    admin
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    listen: Option<SocketAddr>,
    token: Option<SecretString>,
    token_file: Option<PathBuf>,
    tls: Option<TlsFiles>,
    plain: Option<bool>,
    max_connections: Option<usize>,
    max_connections_each: Option<usize>,
}
