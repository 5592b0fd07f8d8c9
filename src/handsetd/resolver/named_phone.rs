//! A phone by its name, which need not be registered.

use handset_phones::phone::ServerName;

/// A phone by its name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct NamedPhone {
    /// The name, with that of its server where phones of several servers have it.
    pub(crate) name: String,
    /// The server of its endpoint, if known.
    pub(crate) server: Option<ServerName>,
}
