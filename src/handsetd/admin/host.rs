//! Refuses requests to a foreign host name, so that no web page elsewhere can reach this server through
//! a browser on this machine.
//!
//! A web site can let its own name resolve to 127.0.0.1 (DNS rebinding). The browser then takes this
//! server for the site, and shows its scripts what needs no token. But it sends the name of the site
//! as `Host`.
//!
//! This concerns the server without `tls` and without `plain`, which listens on loopback only. A
//! certificate is not valid for a foreign name, and the names of a proxy are the proxy's.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::HOST;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::reply::Reply;
use super::state::AppState;

/// Middleware that requires a `Host` of this machine, on every path.
pub(super) async fn require_own_host(
    State(state): State<Arc<AppState>>,
    request: Request,
    next: Next,
) -> Response {
    match state
        .transport
        .own_address
        .map(|own| foreign_host(&request, own))
    {
        None | Some(None) => next.run(request).await,
        Some(Some(host)) => {
            let reason = format!(
                "{host:?} is not a name of this server; use localhost or its address, or set \
                 admin.plain = true if a proxy is in front of it"
            );
            Reply::refused(StatusCode::MISDIRECTED_REQUEST, reason).into_response()
        }
    }
}

/// Returns the host that the request names, if it is not this machine.
fn foreign_host(request: &Request, own: SocketAddr) -> Option<String> {
    hosts(request.uri(), request.headers()).find(|host| !is_own(host, own.ip()))
}

/// Returns the hosts of the request line and of all `Host` headers. HTTP/1.0 clients send none; every
/// browser does.
fn hosts<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> impl Iterator<Item = String> + 'a {
    let line = uri
        .authority()
        .map(|authority| authority.as_str().to_owned());
    let header =
        |value: &axum::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    line.into_iter()
        .chain(headers.get_all(HOST).iter().map(header))
}

fn is_own(host: &str, own: IpAddr) -> bool {
    let Ok(authority) = host.parse::<Authority>() else {
        return false;
    };
    let name = authority.host();
    let bare = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'));
    match bare.unwrap_or(name).parse::<IpAddr>() {
        Ok(ip) => ip.to_canonical().is_loopback() || ip.to_canonical() == own.to_canonical(),
        Err(_) => name.eq_ignore_ascii_case("localhost"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_this_machine_are_own() {
        let own = "127.0.0.1".parse().unwrap();
        for host in [
            "localhost",
            "LocalHost:8091",
            "127.0.0.1:8091",
            "127.1.2.3",
            "[::1]:8091",
            "[::ffff:127.0.0.1]",
        ] {
            assert!(is_own(host, own), "{host}");
        }
        for host in [
            "rebound.example",
            "localhost.example:8091",
            "127.0.0.1.example",
            "192.0.2.1",
            "[2001:db8::1]",
            "localhost.",
            "2130706433",
            "",
            "a b",
        ] {
            assert!(!is_own(host, own), "{host}");
        }
    }
}
