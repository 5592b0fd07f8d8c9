//! Under which address a phone reaches us.

use std::net::{IpAddr, SocketAddr};

use tokio::net::{UdpSocket, lookup_host};
use url::Url;

use handset_phones::phone::Address;

/// Returns the address of our door as `phone` reaches it: ours on the route to it.
///
/// Nothing is sent: the system knows the route once a UDP socket is connected.
pub(super) async fn door(phone: &Address, port: u16) -> Option<Url> {
    let remote = lookup_host((phone.host.as_str(), DISCARD))
        .await
        .ok()?
        .next()?;
    let local: IpAddr = match remote {
        SocketAddr::V4(_) => std::net::Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => std::net::Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((local, 0)).await.ok()?;
    socket.connect(remote).await.ok()?;
    let own = SocketAddr::new(socket.local_addr().ok()?.ip(), port);
    Url::parse(&format!("http://{own}")).ok()
}

/// A port that nothing is sent to.
const DISCARD: u16 = 9;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_phone_on_this_machine_reaches_us_on_this_machine() {
        let phone: Address = "127.0.21.1".parse().unwrap();
        let url = door(&phone, 8090).await.unwrap();
        assert_eq!(url.as_str(), "http://127.0.0.1:8090/");
    }
}
