//! The options that select the daemon to ask: that of the configuration, or one on another machine.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use clap::Args;
use handset_net::files::{self, Links};
use handset_net::pin::Pin;
use url::{Host, Url};

use super::admin_client::AdminClient;
use super::config_file::ConfigFile;
use crate::admin::Token;

/// The daemon that a command asks.
#[derive(Args, Debug)]
pub(super) struct DaemonArgs {
    #[command(flatten)]
    pub(super) file: ConfigFile,
    // The help has a bare URL, which documentation must not have.
    #[arg(
        long,
        help = "Ask the daemon at this address, such as https://pbx.example.com:8091, instead of the one that runs \
                with the configuration of this machine, which is not read then",
        value_name = "URL",
        requires = "token_file",
        conflicts_with = "config"
    )]
    url: Option<Url>,
    /// Read the token for --url from this file, or from standard input if FILE is -
    #[arg(long, value_name = "FILE", requires = "url")]
    token_file: Option<PathBuf>,
    /// Accept only the certificate with this pin, sha256:HEX, for --url; without it, one that this machine's
    /// authorities vouch for
    #[arg(long, value_name = "PIN", requires = "url")]
    pin: Option<Pin>,
    /// Send the token for --url without encryption, through a network that you trust
    #[arg(long, requires = "url")]
    plain: bool,
}

impl DaemonArgs {
    /// Returns a client for the daemon.
    pub(super) fn client(&self) -> anyhow::Result<AdminClient> {
        match (&self.url, &self.token_file) {
            (Some(url), Some(file)) => {
                check(url, self.plain)?;
                AdminClient::at(url, &read_token(file)?, self.pin)
            }
            _ => AdminClient::new(&self.file.load()?),
        }
    }

    /// Returns whether the daemon is given by its address rather than by the configuration.
    pub(super) fn is_remote(&self) -> bool {
        self.url.is_some()
    }
}

/// Returns an error unless `url` is that of a server, and keeps the token secret on its way.
fn check(url: &Url, plain: bool) -> anyhow::Result<()> {
    ensure!(
        url.has_host() && matches!(url.path(), "" | "/") && url.query().is_none(),
        "--url must be the address of a server and nothing else, such as https://pbx.example.com:8091"
    );
    ensure!(
        url.username().is_empty() && url.password().is_none(),
        "--url must not contain a user name or password; the token is read from --token-file"
    );
    match url.scheme() {
        "https" => Ok(()),
        "http" if plain || is_loopback(url) => Ok(()),
        "http" => bail!(
            "the token would be sent to {url} without encryption; use https, or --plain if you trust \
             the network"
        ),
        other => bail!("--url must begin with https:// or http://, not {other}://"),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// Reads a token from a file, or from standard input if its path is `-`.
fn read_token(path: &Path) -> anyhow::Result<Token> {
    let (bytes, name) = if path == Path::new("-") {
        let mut bytes = Vec::new();
        let read = io::stdin().take(MAX_TOKEN).read_to_end(&mut bytes);
        read.context("cannot read the token from standard input")?;
        (bytes, "standard input".to_owned())
    } else {
        let name = path.display().to_string();
        let bytes = files::read(path, Links::Follow, MAX_TOKEN)
            .with_context(|| format!("cannot read {name} (--token-file)"))?;
        (bytes, name)
    };
    let text = String::from_utf8_lossy(&bytes);
    Token::parse(text.trim().into()).with_context(|| format!("the token in {name} is invalid"))
}

/// The longest file of a token, in bytes.
const MAX_TOKEN: u64 = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_sent_in_clear_only_to_this_machine_or_on_request() {
        let check = |url: &str, plain| {
            let checked = check(&Url::parse(url).unwrap(), plain);
            checked.map_err(|error| error.to_string())
        };
        for url in [
            "https://pbx.example.com",
            "https://192.0.2.1:8091/",
            "http://127.0.0.1:8091",
            "http://[::1]:8091",
            "http://localhost:8091",
        ] {
            assert_eq!(check(url, false), Ok(()), "{url}");
        }
        let refused = check("http://192.0.2.1:8091", false).unwrap_err();
        assert!(refused.contains("without encryption"), "{refused}");
        assert_eq!(check("http://192.0.2.1:8091", true), Ok(()));
        for url in [
            "https://pbx.example.com/api/v1",
            "https://admin:secret@pbx.example.com",
            "ftp://pbx.example.com",
            "data:text",
        ] {
            assert!(check(url, true).is_err(), "{url}");
        }
    }
}
