//! The address at which a phone reaches handsetd.

use std::net::{IpAddr, SocketAddr, UdpSocket};

use handset_phones::phone::Address;
use url::Url;

use super::look_up::look_up;

/// Returns the base URL of the phone-facing HTTP server with the local address of the route to
/// `phone`; `None` if there is no route.
pub(super) async fn base_url_for(phone: &Address, port: u16) -> Option<Url> {
    let local = SocketAddr::new(towards(&phone.host).await?, port);
    Url::parse(&format!("http://{local}")).ok()
}

/// Returns the local address of the route to a host; `None` if there is no route.
///
/// Nothing is sent: connecting a UDP socket only looks the route up, and blocks as little as that does.
pub(super) async fn towards(host: &str) -> Option<IpAddr> {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let remote = match host.parse() {
        Ok(ip) => ip,
        Err(_) => look_up(host.to_owned()).await.ok()?.into_iter().next()?,
    };
    let local: IpAddr = match remote {
        IpAddr::V4(_) => std::net::Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => std::net::Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((local, 0)).ok()?;
    socket.connect((remote, DISCARD)).ok()?;
    Some(socket.local_addr().ok()?.ip())
}

/// Returns the IP addresses of a phone: itself, or those of its host name.
pub(super) async fn resolve(phone: &Address) -> Vec<IpAddr> {
    match phone.ip() {
        Some(ip) => vec![ip],
        // Connecting fails as well, and reports it.
        None => look_up(phone.host.clone()).await.unwrap_or_default(),
    }
}

/// Any port: nothing is sent to it.
const DISCARD: u16 = 9;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn phone_on_the_loopback_interface_uses_the_loopback_address() {
        let phone: Address = "127.0.21.1".parse().unwrap();
        let url = base_url_for(&phone, 8090).await.unwrap();
        assert_eq!(url.as_str(), "http://127.0.0.1:8090/");
    }
}
