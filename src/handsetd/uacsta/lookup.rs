//! What the rest of the daemon knows of a phone with an account for sessions.

use std::fmt;
use std::net::SocketAddr;

use handset_phones::csta::SessionDialect;
use handset_phones::phone::{ServerName, Vendor};

/// Finds phones. A trait because the resolver, which implements it, lies above.
pub(crate) trait PhoneLookup: fmt::Debug + Send + Sync {
    /// Returns the phone with this `csta` user, whose registration here has this User-Agent, which may be
    /// empty; `None` if no phone has the user any more.
    fn phone(&self, user: &str, user_agent: &str) -> Option<CstaPhone>;

    /// Returns the contact of the phone in Asterisk; otherwise why it is not called there.
    fn contact(&self, user: &str) -> Result<Contact, String>;
}

/// A phone, as far as sessions are concerned.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct CstaPhone {
    /// Its name, with that of its server where phones of several servers have it.
    pub(crate) name: String,
    /// The Asterisk server that it belongs to, if that is known.
    pub(crate) server: Option<ServerName>,
    /// Its vendor, if that is known.
    pub(crate) vendor: Option<Vendor>,
    /// How it is spoken to.
    pub(crate) dialect: SessionDialect,
}

/// Where Asterisk knows a phone to be.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Contact {
    /// The URI of its contact, unchanged.
    pub(crate) uri: String,
    /// Where that is, which may be called.
    pub(crate) address: SocketAddr,
}
