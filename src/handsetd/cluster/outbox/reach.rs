//! Which daemons reach the phone of a stored delivery.

use std::sync::Arc;

use super::nats::Reach;
use crate::dispatch;
use crate::fleet::Routes;
use crate::resolver::{PhoneRef, PhoneResolver};

/// What the resolver and the other daemons know.
#[derive(Debug)]
pub(crate) struct KnownPhones {
    pub(crate) resolver: PhoneResolver,
    pub(crate) routes: Arc<dyn Routes>,
}

impl Reach for KnownPhones {
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
