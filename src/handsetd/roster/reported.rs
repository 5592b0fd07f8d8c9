//! What servers have reported so far, also those that are away.

use std::net::IpAddr;

use handset_phones::phone::Endpoint;

use super::Roster;

impl Roster {
    /// Returns whether a server has the endpoint, as far as it has reported, also over an earlier connection.
    pub(crate) fn has_reported(&self, endpoint: &Endpoint) -> bool {
        let servers = self.list();
        let mut tables = servers.iter().map(|server| server.table.borrow());
        tables.any(|table| table.has(endpoint))
    }

    /// Returns whether a phone with this IP address was registered with a server when that last reported.
    pub(crate) fn has_reported_address(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        let servers = self.list();
        let mut tables = servers.iter().map(|server| server.table.borrow());
        tables.any(|table| table.has_address(ip))
    }

    /// Returns whether a server is reporting its registrations at present, after which more is known.
    pub(crate) fn is_loading(&self) -> bool {
        self.list().iter().any(|server| {
            let is_connected = server.client.state().borrow().is_connected();
            is_connected && server.table.borrow().is_loading()
        })
    }
}
