//! The events of a server, from its first one on.

use handset_ami::{Client, Events};

/// A server and its events.
#[derive(Debug)]
pub(crate) struct ServerEvents {
    pub(super) client: Client,
    pub(super) events: Events,
}

impl ServerEvents {
    /// Subscribes to the events of a client. If it does not connect before, none is missed, however late the
    /// rules listen.
    pub(crate) fn of(client: Client) -> Self {
        let events = client.events();
        Self { client, events }
    }

    /// Returns the client.
    pub(super) fn client(&self) -> &Client {
        &self.client
    }
}
