//! Editions of ECMA-323.

/// An edition of ECMA-323. It is part of the namespace of every message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Edition {
    /// The third, which nearly every phone speaks.
    Ed3,
    /// The fourth.
    Ed4,
    /// The fifth, in which Snom phones answer since firmware 8.7.3.
    Ed5,
}

impl Edition {
    /// Returns the namespace of messages.
    pub const fn namespace(self) -> &'static str {
        match self {
            Self::Ed3 => "http://www.ecma-international.org/standards/ecma-323/csta/ed3",
            Self::Ed4 => "http://www.ecma-international.org/standards/ecma-323/csta/ed4",
            Self::Ed5 => "http://www.ecma-international.org/standards/ecma-323/csta/ed5",
        }
    }
}
