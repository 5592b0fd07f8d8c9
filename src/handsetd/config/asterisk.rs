//! The `[[asterisk]]` sections: servers whose manager interface is to be used.

use std::path::PathBuf;

use secrecy::SecretString;
use serde::Deserialize;

use super::check::Check;
use super::names::Names;
use super::secret::Written;
use super::tree::Node;
use handset_ami as ami;

/// Reads the sections.
pub(super) fn read(root: &mut Node, check: &mut Check) -> Vec<ami::Config> {
    let list = check.list::<Raw>(root, "asterisk");
    let mut names = Names::new("[[asterisk]]");
    let servers = list.into_iter().filter_map(|(raw, node)| {
        names.claim(&node, &raw.name, check);
        let address = match raw.address.parse::<ami::Address>() {
            Ok(address) => Some(address),
            Err(error) => {
                check.fault(&node, "address", error.to_string());
                None
            }
        };
        let is_trusting = |tls: &ami::TlsConfig| tls.ca_file.is_none() && tls.pin.is_none();
        if raw.tls.as_ref().is_some_and(is_trusting) {
            let text = "names nothing to trust; write ca_file or pin";
            check.fault(&node, "tls", text);
        }
        let secret = secret(&raw.name, raw.secret, raw.secret_file, &node, check);
        Some(ami::Config {
            tls: raw.tls,
            ..ami::Config::new(&raw.name, address?, &raw.username, secret?)
        })
    });
    servers.collect()
}

/// Opens the password of the account; there must be one.
fn secret(
    server: &str,
    secret: Option<SecretString>,
    file: Option<PathBuf>,
    node: &Node,
    check: &mut Check,
) -> Option<SecretString> {
    let faults = check.faults.len();
    let credentials = [format!("asterisk.{server}.secret"), "secret".to_owned()];
    let written = Written {
        name: "secret",
        secret,
        file,
    };
    let opened = check.secret(node, written, &credentials);
    if opened.is_none() && check.faults.len() == faults {
        let credential = &credentials[0];
        let text = format!(
            "is missing; write secret or secret_file, or give systemd's credential {credential}"
        );
        check.fault(node, "secret", text);
    }
    opened
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
    tls: Option<ami::TlsConfig>,
}

fn local_manager() -> String {
    "127.0.0.1:5038".to_owned()
}
