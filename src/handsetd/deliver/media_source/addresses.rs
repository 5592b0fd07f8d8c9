//! Guards against requests to link-local and metadata addresses (SSRF).
//!
//! The address itself is checked, after the name was resolved and before it is connected to: a name
//! that was checked earlier may resolve to another address a moment later (DNS rebinding).

use std::net::{IpAddr, SocketAddr};

use handset_net::destinations::Destinations;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use crate::deliver::look_up::LookUp;

/// Resolves names, and omits forbidden addresses.
#[derive(Debug)]
pub(super) struct GuardedResolver(pub(super) LookUp);

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let found = (self.0)(name.as_str().to_owned());
        Box::pin(async move {
            let mut addresses = found.await?;
            addresses.retain(|address| !is_forbidden_address(*address));
            if addresses.is_empty() {
                return Err(FORBIDDEN.into());
            }
            let addresses = addresses.into_iter();
            let addresses: Addrs = Box::new(addresses.map(|ip| SocketAddr::new(ip, 0)));
            Ok(addresses)
        })
    }
}

/// Returns whether the host of `url` is a forbidden IP address. Names are checked when they are
/// resolved.
pub(super) fn is_forbidden_literal(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => is_forbidden_address(address.into()),
        Some(Host::Ipv6(address)) => is_forbidden_address(address.into()),
        Some(Host::Domain(_)) | None => false,
    }
}

/// Returns whether nothing is fetched from an address, even if it is configured.
fn is_forbidden_address(address: IpAddr) -> bool {
    Destinations::any_host().check(address).is_err()
}

/// The error of a fetch from a forbidden address.
pub(super) const FORBIDDEN: &str =
    "nothing is fetched from link-local, multicast and metadata addresses";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forbidden_addresses_are_recognized_in_every_form() {
        for address in [
            "169.254.169.254",
            "169.254.0.1",
            "0.0.0.0",
            "0.1.2.3",
            "224.0.0.1",
            "255.255.255.255",
            "100.100.100.200",
            "168.63.129.16",
            "fe80::1",
            "febf::1",
            "ff02::1",
            "::",
            "fd00:ec2::254",
            "::ffff:169.254.169.254",
            "::169.254.169.254",
            "64:ff9b::169.254.169.254",
            "2002:a9fe:a9fe::1",
        ] {
            assert!(is_forbidden_address(address.parse().unwrap()), "{address}");
        }
        for address in [
            "127.0.0.1",
            "::1",
            "10.0.0.1",
            "192.168.1.1",
            "192.0.2.1",
            "100.100.100.201",
            "fd00::1",
            "2001:db8::1",
            "::ffff:192.0.2.1",
            "64:ff9b::192.0.2.1",
        ] {
            assert!(!is_forbidden_address(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn odd_spellings_of_an_address_are_recognized() {
        for host in [
            "169.254.169.254",
            "169.254.169.254.",
            "0251.0376.0251.0376",
            "0xa9.0xfe.0xa9.0xfe",
            "0xa9fea9fe",
            "2852039166",
            "169.254.43518",
            "%31%36%39.254.169.254",
            "１６９.254.169.254",
            "169。254。169。254",
            "[::ffff:169.254.169.254]",
            "[::ffff:a9fe:a9fe]",
            "[0:0:0:0:0:ffff:a9fe:a9fe]",
        ] {
            let url = Url::parse(&format!("http://{host}/latest")).unwrap();
            assert!(is_forbidden_literal(&url), "{host}: {url}");
        }
        assert!(!is_forbidden_literal(
            &Url::parse("http://pictures.example.com/").unwrap()
        ));
    }
}
