//! The `[admin]` section: the administrator's door.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use secrecy::SecretString;
use serde::Deserialize;

use super::check::Check;
use super::secret::Written;
use super::tree::Node;

/// Where the administrator's door is, and who may come in.
#[derive(Clone, Debug)]
pub struct Admin {
    /// The address to listen on.
    pub listen: SocketAddr,
    /// What a client must show; without it, nobody may come in.
    pub token: Option<SecretString>,
}

impl Default for Admin {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8091)),
            token: None,
        }
    }
}

/// Reads the section.
pub(super) fn read(root: &mut Node, check: &mut Check) -> Admin {
    if root
        .child("admin")
        .is_some_and(|node| !node.is_empty_table())
    {
        check.notice("[admin]: read, but this version does not open the administrator's door yet");
    }
    let (raw, node) = check.section::<Raw>(root, "admin");
    let written = Written {
        name: "token",
        secret: raw.token,
        file: raw.token_file,
    };
    let credentials = ["admin.token".to_owned(), "token".to_owned()];
    let listen = raw.listen.unwrap_or_else(|| Admin::default().listen);
    check.door(&node, listen);
    Admin {
        listen,
        token: check.secret(&node, written, &credentials),
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    listen: Option<SocketAddr>,
    token: Option<SecretString>,
    token_file: Option<PathBuf>,
}
