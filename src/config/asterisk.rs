//! The `[[asterisk]]` sections: servers whose manager interface is to be used.

use std::path::PathBuf;

use secrecy::SecretString;
use serde::Deserialize;

use super::check::Check;
use super::names::Names;
use super::secret::Written;
use super::tree::Node;
use crate::phone::Address;

/// An Asterisk server, and who handsetd is there.
#[derive(Clone, Debug)]
pub struct Asterisk {
    /// What the configuration calls it.
    pub name: String,
    /// Where its manager interface listens.
    pub address: Address,
    /// The manager account.
    pub username: String,
    /// The password of the account.
    pub secret: Option<SecretString>,
    /// How to encrypt the connection, if it shall be.
    pub tls: Option<Tls>,
}

/// How the connection to a server is encrypted.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub struct Tls {
    /// The certificates that the server's must descend from; without it, those of the system.
    pub ca_file: Option<PathBuf>,
    /// The name that the server's certificate must bear; without it, the host of the address.
    pub server_name: Option<String>,
}

/// Reads the sections.
pub(super) fn read(root: &mut Node, check: &mut Check) -> Vec<Asterisk> {
    let list = check.list::<Raw>(root, "asterisk");
    if !list.is_empty() {
        check.notice("[[asterisk]]: read, but this version does not connect to the manager yet");
    }
    let mut names = Names::new("[[asterisk]]");
    let servers = list.into_iter().filter_map(|(raw, node)| {
        names.claim(&node, &raw.name, check);
        let address = match raw.address.parse::<Address>() {
            Ok(address) => Some(address),
            Err(error) => {
                let text = format!("{error}; write it as 127.0.0.1:5038");
                check.fault(&node, "address", text);
                None
            }
        };
        let credentials = [format!("asterisk.{}.secret", raw.name), "secret".to_owned()];
        let written = Written {
            name: "secret",
            secret: raw.secret,
            file: raw.secret_file,
        };
        Some(Asterisk {
            secret: check.secret(&node, written, &credentials),
            address: address?,
            name: raw.name,
            username: raw.username,
            tls: raw.tls,
        })
    });
    servers.collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    name: String,
    #[serde(default = "local_manager")]
    address: String,
    username: String,
    secret: Option<SecretString>,
    secret_file: Option<PathBuf>,
    tls: Option<Tls>,
}

fn local_manager() -> String {
    "127.0.0.1:5038".to_owned()
}
