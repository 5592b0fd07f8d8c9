//! Which daemons reach the phone of a stored delivery.

use std::fmt;
use std::sync::Arc;

use crate::dispatch;
use crate::fleet::Routes;
use crate::resolver::{PhoneRef, PhoneResolver};

/// The daemons of a phone, as the outbox needs to know them.
pub(crate) trait PhoneDaemons: fmt::Debug + Send + Sync {
    /// Returns the daemons that reach the phone of a stored reference, including this one; the preferred
    /// holder comes first.
    fn reaching(&self, phone_ref: &str) -> Vec<String>;

    /// Returns whether this daemon may know that phone: a phone of a server that it is not configured for is
    /// another phone, even with the same name.
    fn may_know(&self, phone_ref: &str) -> bool;
}

/// The phones that the resolver and the other daemons know.
#[derive(Debug)]
pub(crate) struct KnownPhones {
    pub(crate) resolver: PhoneResolver,
    pub(crate) routes: Arc<dyn Routes>,
}

impl PhoneDaemons for KnownPhones {
    fn reaching(&self, phone_ref: &str) -> Vec<String> {
        let Ok(phone_ref) = serde_json::from_str::<PhoneRef>(phone_ref) else {
            return Vec::new();
        };
        let daemons = dispatch::reaching(&self.resolver, &*self.routes, &phone_ref);
        daemons.iter().map(ToString::to_string).collect()
    }

    fn may_know(&self, phone_ref: &str) -> bool {
        let Ok(phone_ref) = serde_json::from_str::<PhoneRef>(phone_ref) else {
            return false;
        };
        let mut server = phone_ref.server().into_iter();
        server.all(|server| self.resolver.has_server(server))
    }
}
