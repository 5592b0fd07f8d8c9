//! Whether the configuration names a phone, and its address.

/// Whether the configuration names a phone, and its address.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Listing {
    /// A `[[phone]]` names it, and its address, wherever that is.
    Listed,
    /// A `[[phone]]` names it, but its address is what its account reported to Asterisk. It is contacted
    /// wherever a phone can be, which is not on the loopback interface, for example.
    Named,
    /// By nothing; all that is known about it is what it reported to Asterisk, true or not. It is contacted in
    /// the networks of the phones only.
    Unlisted,
}

impl Listing {
    /// Returns whether a `[[phone]]` names it.
    pub fn is_named(self) -> bool {
        self != Self::Unlisted
    }
}
