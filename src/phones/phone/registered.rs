//! The registered phones, as the directory sees them.

use super::Endpoint;

/// What is registered; completes the configuration where a name is not in it.
pub trait Registered {
    /// Returns the endpoint of this name that is registered, whatever its technology.
    fn endpoint(&self, name: &str) -> Option<Endpoint>;

    /// Returns the endpoints of all registered desk phones, in a fixed order.
    fn desk_phones(&self) -> Vec<Endpoint>;
}

/// Nothing is registered.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoneRegistered;

impl Registered for NoneRegistered {
    fn endpoint(&self, _: &str) -> Option<Endpoint> {
        None
    }

    fn desk_phones(&self) -> Vec<Endpoint> {
        Vec::new()
    }
}
