//! Why there is no connection, and what an administrator can do about it.

use std::error::Error;
use std::io;

use handset_net::pin::{Untrusted, WrongPin};

use super::address::Address;
use super::login::LoginError;

/// Why there is no connection. The text names the cause and its cure.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    #[error("the operating system provides no random numbers")]
    Random(#[from] io::Error),
    #[error(transparent)]
    Login(#[from] LoginError),
    #[error("the client was stopped")]
    Stopped,
    /// No TCP connection; the text has the cause.
    #[error("{0}")]
    Tcp(String),
    /// No TLS; the text has the cause.
    #[error("the TLS handshake failed: {0}")]
    Tls(String),
    #[error(
        "{server} accepts the connection and does not talk as Asterisk does; is this the port of the \
         manager interface, and is it one without TLS exactly if tls is not configured?"
    )]
    NoGreeting { server: String },
    #[error(
        "{server} does not answer; check the address, and whether a firewall drops the connection"
    )]
    NoAnswer { server: String },
}

impl ConnectError {
    /// Explains why connecting to `address` failed.
    pub(crate) fn tcp(address: &Address, has_tls: bool, error: &io::Error) -> Self {
        let server = server(address, has_tls);
        Self::Tcp(match error.kind() {
            io::ErrorKind::ConnectionRefused => {
                let enabled = if has_tls { "tlsenable" } else { "enabled" };
                format!(
                    "nothing listens at {server}: is Asterisk running, and is {enabled} = yes in \
                     manager.conf? After a change of it, run \"manager reload\" in Asterisk"
                )
            }
            _ => format!("cannot connect to {server}: {error}"),
        })
    }

    /// Explains why the TLS handshake with `address` failed.
    pub(crate) fn tls(address: &Address, error: &io::Error) -> Self {
        if let Some(untrusted) = Untrusted::among(error) {
            return Self::Tls(untrusted.to_string());
        }
        if let Some(wrong) = WrongPin::among(error) {
            return Self::Tls(wrong.to_string());
        }
        let tls = error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<rustls::Error>());
        let is_foreign = matches!(tls, Some(rustls::Error::InvalidMessage(_)))
            || error.kind() == io::ErrorKind::UnexpectedEof;
        if is_foreign {
            let server = server(address, true);
            return Self::Tls(format!(
                "{server} does not speak TLS; is tlsenable = yes in manager.conf, and is this the port \
                 of tlsbindaddr?"
            ));
        }
        let causes = std::iter::successors(error.source(), |error| (*error).source());
        Self::Tls(causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}")))
    }
}

/// Returns host and port.
pub(crate) fn server(address: &Address, has_tls: bool) -> String {
    let (host, port) = (address.host(), address.port(has_tls));
    if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_connection_names_the_address_and_the_setting() {
        let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
        let text = |address: &str, has_tls| {
            ConnectError::tcp(&address.parse().unwrap(), has_tls, &refused).to_string()
        };
        assert_eq!(
            text("127.0.0.1", false),
            "nothing listens at 127.0.0.1:5038: is Asterisk running, and is enabled = yes in \
             manager.conf? After a change of it, run \"manager reload\" in Asterisk"
        );
        let encrypted = text("[::1]", true);
        assert!(encrypted.starts_with("nothing listens at [::1]:5039: "));
        assert!(encrypted.contains("tlsenable = yes"), "{encrypted}");
        let other = io::Error::from(io::ErrorKind::HostUnreachable);
        let other = ConnectError::tcp(&"pbx.example.com".parse().unwrap(), false, &other);
        assert_eq!(
            other.to_string(),
            "cannot connect to pbx.example.com:5038: host unreachable"
        );
    }
}
