//! The registered phones, as the directory sees them.

use super::{Endpoint, ServerName};

/// What is registered; completes the configuration where a name is not in it.
pub trait Registered {
    /// Returns the endpoint of this name that is registered with `server`, or with any, whatever its
    /// technology.
    fn endpoint(&self, name: &str, server: Option<&ServerName>) -> Option<Endpoint>;

    /// Returns the endpoints of all registered desk phones with their servers, in a fixed order.
    fn desk_phones(&self) -> Vec<(ServerName, Endpoint)>;

    /// Returns whether `server` has the endpoint: a phone is registered as it, was when the server was
    /// last connected, or the server said that it is configured.
    fn has(&self, endpoint: &Endpoint, server: &ServerName) -> bool;

    /// Returns whether the endpoint of both servers is one phone, which registers with both.
    fn is_one_phone(&self, endpoint: &Endpoint, servers: [&ServerName; 2]) -> bool;
}

/// Nothing is registered.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoneRegistered;

impl Registered for NoneRegistered {
    fn endpoint(&self, _: &str, _: Option<&ServerName>) -> Option<Endpoint> {
        None
    }

    fn desk_phones(&self) -> Vec<(ServerName, Endpoint)> {
        Vec::new()
    }

    fn has(&self, _: &Endpoint, _: &ServerName) -> bool {
        false
    }

    fn is_one_phone(&self, _: &Endpoint, _: [&ServerName; 2]) -> bool {
        false
    }
}
