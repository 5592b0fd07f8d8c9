//! Settings of the parts of the daemon, derived from the configuration.

use std::io;
use std::net::SocketAddr;

use anyhow::Context;
use handset_phones::phone::{Address, Vendor};
use tracing::warn;
use url::Url;

use super::ami_clients;
use crate::config::Config;
use crate::content_store::ContentStore;
use crate::deliver::{self, ConfiguredCredentials, Courier, Owner, PushCredentials};
use crate::phone_networks::PhoneNetworks;
use crate::roster::Roster;
use crate::rules::Engine;
use crate::uacsta::Sessions;

/// Returns the settings of deliveries; `http` is the address of the phone-facing server, and `networks`
/// are those of the configuration or what later replaces them.
pub(crate) fn delivery_settings(
    config: &Config,
    http: SocketAddr,
    networks: PhoneNetworks,
) -> deliver::Config {
    deliver::Config {
        url: config.http.url.clone().or_else(|| own_url(http)),
        port: http.port(),
        screen_lifetime: config.http.screen_lifetime,
        media_lifetime: config.http.media_lifetime,
        networks,
        folders: config.media.folders.clone(),
        hosts: config.media.hosts.clone(),
        media_dir: Some(config.state.dir.join("served")),
        call_manager: config.cucm.clone(),
        circuit_breaker: true,
    }
}

/// Returns the URL of a server that listens on a single address; `None` if it listens on all addresses,
/// where the URL depends on the route to the phone.
fn own_url(address: SocketAddr) -> Option<Url> {
    let is_single = !address.ip().is_unspecified();
    is_single
        .then(|| Url::parse(&format!("http://{address}")).ok())
        .flatten()
}

/// Opens the courier; if the state directory is unusable, media do not survive a restart.
pub(super) fn open_courier(
    settings: deliver::Config,
    (content_store, push_credentials, roster, sessions): (
        ContentStore,
        PushCredentials,
        Roster,
        Sessions,
    ),
) -> io::Result<Courier> {
    let directory = settings.media_dir.clone().unwrap_or_default();
    match Courier::open(
        settings.clone(),
        content_store.clone(),
        push_credentials.clone(),
        roster.clone(),
        sessions.clone(),
    ) {
        Err(error) => {
            warn!(
                directory = %directory.display(),
                %error,
                "Cannot use the state directory (state.dir): phones cannot fetch ring tones and \
                 backgrounds again after a restart."
            );
            Courier::open(
                deliver::Config {
                    media_dir: None,
                    ..settings
                },
                content_store,
                push_credentials,
                roster,
                sessions,
            )
        }
        opened => opened,
    }
}

/// Returns the configured credentials that Cisco phones may present to the authentication URL.
pub(super) fn cisco_credentials(config: &Config) -> Vec<ConfiguredCredentials> {
    let is_cisco = |vendor: Option<Vendor>| vendor.is_none_or(|vendor| vendor == Vendor::Cisco);
    let phones = config
        .directory
        .entries()
        .iter()
        .filter(|entry| is_cisco(entry.vendor));
    let vendor = config.vendors.get(&Vendor::Cisco);
    let policy = vendor.map(|vendor| vendor.auth).unwrap_or_default();
    let own = phones.filter_map(|phone| {
        let credentials = phone.credentials.clone()?;
        Some(ConfiguredCredentials {
            owner: Some(Owner {
                name: phone.name.clone(),
                server: phone.server.clone(),
                mac: phone.mac,
                address: phone.address.as_ref().and_then(Address::ip),
            }),
            credentials: credentials.with_policy(phone.auth.unwrap_or(policy)),
        })
    });
    let shared = vendor.and_then(|vendor| vendor.credentials.clone());
    let shared = shared.map(|credentials| ConfiguredCredentials {
        owner: None,
        credentials: credentials.with_policy(policy),
    });
    own.chain(shared).collect()
}

/// Creates the clients of the `[[asterisk]]` sections, which do not connect yet.
pub(super) fn asterisk_configs(config: &Config) -> anyhow::Result<Vec<ami_clients::Server>> {
    let servers = config.asterisk.iter().map(|server| {
        ami_clients::Server::new(server)
            .with_context(|| format!("cannot use [[asterisk]] {}", server.name))
    });
    servers.collect()
}

/// Compiles the rules.
pub(super) fn engine(config: &Config) -> anyhow::Result<Engine> {
    Engine::new(&config.rules).map_err(|errors| {
        let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
        anyhow::anyhow!(errors.join("; ")).context("cannot use a [[rule]]")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn server_on_a_single_address_has_that_url() {
        let url = |address: &str| own_url(address.parse().unwrap()).map(String::from);
        assert_eq!(
            url("192.0.2.10:8090").as_deref(),
            Some("http://192.0.2.10:8090/")
        );
        assert_eq!(
            url("[2001:db8::1]:80").as_deref(),
            Some("http://[2001:db8::1]/")
        );
        assert_eq!(url("0.0.0.0:8090"), None);
        assert_eq!(url("[::]:8090"), None);
    }
}
