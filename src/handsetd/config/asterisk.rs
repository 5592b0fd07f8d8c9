//! The `[[asterisk]]` sections: servers whose manager interface (AMI) handsetd connects to.

use std::net::IpAddr;
use std::path::PathBuf;

use handset_ami as ami;
use handset_phones::phone::ServerName;
use secrecy::SecretString;
use serde::Deserialize;

use super::secret::SecretSource;
use super::setting::Setting;
use super::unique_names::UniqueNames;
use super::validator::Validator;

/// Reads the sections.
pub(super) fn read(root: &mut Setting, validator: &mut Validator) -> Vec<ami::Config> {
    let list = validator.list::<Raw>(root, "asterisk");
    let mut names = UniqueNames::new("[[asterisk]]");
    let servers = list.into_iter().filter_map(|(raw, section)| {
        let is_name = names.register(&section, &raw.name, validator);
        if let Err(error) = raw.name.parse::<ServerName>()
            && is_name
        {
            validator.reject(&section, "name", error.to_string());
        }
        let address = match raw.address.parse::<ami::Address>() {
            Ok(address) => Some(address),
            Err(error) => {
                validator.reject(&section, "address", error.to_string());
                None
            }
        };
        let trusts_nothing = |tls: &ami::TlsConfig| tls.ca_file.is_none() && tls.pin.is_none();
        if raw.tls.as_ref().is_some_and(trusts_nothing) {
            let text = "no certificate is trusted; add ca_file or pin";
            validator.reject(&section, "tls", text);
        }
        let source = SecretSource::new("secret", raw.secret, raw.secret_file);
        let credentials = [format!("asterisk.{}.secret", raw.name), "secret".to_owned()];
        let secret = validator.required_secret(&section, source, &credentials);
        let is_readable = raw.login == ami::LoginMethod::Plain && raw.tls.is_none();
        if is_readable && address.as_ref().is_some_and(is_remote) {
            validator.warn(format!(
                "[[asterisk]] {}: login = \"plain\" without tls sends the secret unencrypted over the \
                 network",
                raw.name
            ));
        }
        // A configuration with faults is not used, but phones may name this server.
        let secret = secret.unwrap_or_else(|| SecretString::from(""));
        Some(ami::Config {
            login: raw.login,
            tls: raw.tls,
            ..ami::Config::new(&raw.name, address?, &raw.username, secret)
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
    #[serde(default)]
    login: ami::LoginMethod,
    tls: Option<ami::TlsConfig>,
}

/// Returns whether the connection leaves this machine.
fn is_remote(address: &ami::Address) -> bool {
    let host = address.host();
    let ip = host.parse::<IpAddr>();
    host != "localhost" && !ip.is_ok_and(|ip| ip.to_canonical().is_loopback())
}

fn local_manager() -> String {
    "127.0.0.1:5038".to_owned()
}
