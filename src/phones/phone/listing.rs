//! Whether the configuration names a phone.

/// Whether the configuration names a phone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Listing {
    /// By a `[[phone]]`: it is contacted wherever it is.
    Listed,
    /// By nothing; all that is known about it is what it told Asterisk, true or not. It is contacted in
    /// the networks of the phones only.
    Unlisted,
}
