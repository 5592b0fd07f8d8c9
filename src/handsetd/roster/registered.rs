use handset_phones::phone::Endpoint;

/// A phone that may be reachable again.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Registered {
    /// Any phone: all registrations of a server were loaded.
    Any,
    /// A phone of this endpoint registered or renewed its registration.
    Endpoint(Endpoint),
}
